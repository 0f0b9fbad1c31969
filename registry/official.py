"""An official who opted in, her consent, and whom to tell."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from flow.clock import Moment
from flow.codec import Codec

Language = Literal["sv", "fi", "en"]
Country = Literal["SE", "FI"]
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Consent:
    """What an official agreed to: which sources may be searched for her name, and when.

    ``scope`` holds names of sources (``bluesky``, ``feed`` ...) or ``*`` for all. In force from ``since`` up to, not
    including, ``until`` (``None``: until withdrawn).
    """

    scope: tuple[str, ...]
    since: Moment
    until: Moment | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def covers(self, source: str, at: datetime) -> bool:
        """Whether posts from ``source`` may be matched at the moment ``at``."""
        return self.in_force(at) and (EVERYTHING in self.scope or source in self.scope)

    def in_force(self, at: datetime) -> bool:
        """Whether it has begun and not ended at the moment ``at``."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk that is told: ``channel`` is a channel's name, ``address`` what that channel needs."""

    name: str = field(repr=False)
    channel: str
    address: str = field(repr=False)
    language: Language
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Official:
    """An elected official. ``handles`` maps a platform to her accounts there (handles, addresses or DIDs)."""

    id: str
    given_names: tuple[str, ...] = field(repr=False)
    family_names: tuple[str, ...] = field(repr=False)
    forms: tuple[str, ...] = field(repr=False)
    language: Language
    role: str
    party: str
    municipality: str
    country: Country
    handles: dict[str, tuple[str, ...]] = field(repr=False, hash=False)
    consents: tuple[Consent, ...]
    contacts: tuple[Contact, ...]
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def name(self) -> str:
        """Her full name as people write it."""
        return " ".join((*self.given_names, *self.family_names))

    def consents_to(self, source: str, at: datetime) -> bool:
        """Whether any consent in force at ``at`` covers ``source``."""
        return any(consent.covers(source, at) for consent in self.consents)


OFFICIALS = Codec("official", Official)
