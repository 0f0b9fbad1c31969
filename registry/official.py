"""An official who opted in, her consent, and whom to tell."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from flow.clock import Moment
from flow.codec import Codec

Language = Literal["sv", "fi", "en"]
Country = Literal["SE", "FI"]
Notice = Literal["at-once", "daily", "never"]
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Consent:
    """What an official agreed to, and when it holds: from ``since`` up to, not including, ``until`` (``None``: until withdrawn).

    Attributes:
        scope: names of the sources (``bluesky``, ``feed`` ...) in which she may be looked for, or ``*`` for all.
        labels: what people may be told of, or ``*`` for all; a post with none of these raises no alert.
        recipients: names of those of her contacts who may be told, or ``*`` for all of them.
        text: contacts may see the text of a post, where a rule shows it.
        evidence: posts may be secured as evidence.
        statistics: posts about her count in what analysts see.
        sample: a small random part of the posts that were not flagged may be kept for review.
        left_out: who of all is not told, as she has withdrawn it: a digest of each name, which itself is kept nowhere.
    """

    scope: tuple[str, ...]
    since: Moment
    until: Moment | None = None
    labels: tuple[str, ...] = (EVERYTHING,)
    recipients: tuple[str, ...] = (EVERYTHING,)
    text: bool = True
    evidence: bool = True
    statistics: bool = True
    sample: bool = False
    left_out: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def covers(self, source: str, at: datetime) -> bool:
        """Whether posts from ``source`` may be matched at the moment ``at``."""
        return self.in_force(at) and (EVERYTHING in self.scope or source in self.scope)

    def tells_of(self, labels: Collection[str]) -> bool:
        """Whether people may be told of a post with these labels."""
        return EVERYTHING in self.labels or any(label in self.labels for label in labels)

    def tells(self, recipient: str) -> bool:
        """Whether the contact with this name may be told."""
        if self.left_out and digest_of_name(recipient) in self.left_out:
            return False
        return EVERYTHING in self.recipients or recipient in self.recipients

    def telling(self, recipient: str) -> "Consent":
        """The same, which also lets the contact with this name be told."""
        named = self.recipients if EVERYTHING in self.recipients else (*self.recipients, recipient)
        left_out = tuple(each for each in self.left_out if each != digest_of_name(recipient))
        return replace(self, recipients=named, left_out=left_out)

    def in_force(self, at: datetime) -> bool:
        """Whether it has begun and not ended at the moment ``at``."""
        return self.since <= at and self.is_open(at)

    def is_open(self, at: datetime) -> bool:
        """Whether it has not ended by the moment ``at``; it may begin later."""
        return self.until is None or at < self.until


def digest_of_name(recipient: str) -> str:
    """By what a recipient is known again who is not named any more."""
    return hashlib.sha256(f"turvakt recipient\x00{recipient}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk that is told: ``channel`` is a channel's name, ``address`` what that channel needs."""

    name: str = field(repr=False)
    channel: str
    address: str = field(repr=False)
    language: Language
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an official herself wants to be told of alerts about her, and by whom.

    Attributes:
        notice: at once, once a day, or never.
        text: the text of the post comes with it.
        through: the name of the person who tells her; empty: Turvakt does.
        quiet: hours in which she is not to be disturbed, like ``22:00-07:00``; empty: none.
    """

    notice: Notice = "at-once"
    text: bool = False
    through: str = field(default="", repr=False)
    quiet: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Proposed:
    """Names and accounts that an official has entered and nobody has confirmed: nothing is looked for by them.

    Attributes:
        given_names, family_names: those that she wants to have instead of hers; both empty: no others.
    """

    given_names: tuple[str, ...] = field(default=(), repr=False)
    family_names: tuple[str, ...] = field(default=(), repr=False)
    forms: tuple[str, ...] = field(default=(), repr=False)
    handles: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Official:
    """An elected official, or a function: a service, a board, a unit.

    Attributes:
        handles: maps a platform to her accounts there (handles, addresses or DIDs).
        is_function: not a person; the consent is that of the manager who answers for it, ``responsible``.
        tenant: the id of her tenant; empty: that of her municipality (see `registry.tenant.tenant_of`).
    """

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
    is_function: bool = False
    responsible: str = field(default="", repr=False)
    tenant: str = ""
    wishes: Wishes = Wishes()
    proposed: Proposed = Proposed()
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def name(self) -> str:
        """Her full name as people write it; of a function, and of who has no other, the first form."""
        return " ".join((*self.given_names, *self.family_names)) or next(iter(self.forms), "")

    def consents_to(self, source: str, at: datetime) -> bool:
        """Whether any consent in force at ``at`` covers ``source``."""
        return any(consent.covers(source, at) for consent in self.consents)

    def counts(self, source: str, at: datetime) -> bool:
        """Whether a post from ``source`` that came in ``at`` that moment counts in what analysts see."""
        return any(consent.statistics for consent in self.consents_for(source, at))

    def consents_for(self, source: str, at: datetime) -> tuple[Consent, ...]:
        """Those in force at ``at`` that cover ``source``: what any of them allows is allowed."""
        return tuple(consent for consent in self.consents if consent.covers(source, at))


OFFICIALS = Codec("official", Official)
