"""An alert, and its delivery to one recipient."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from alerts.urgency import breaks_through
from classify.verdict import Severity, Verdict
from flow.clock import Moment
from flow.codec import Codec
from registry.official import Language

RINGS = "voice"
"""The channel that rings people up."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a rule chose: a contact of the official, and whether the rule lets the contact see the post's text.

    ``not_before`` holds the delivery back until quiet hours end. ``instead`` are the contact's other channels, each with its
    address, that are tried in this order where this one fails. ``rule`` names the rule that chose her; empty: none did, or the
    record is older than this field.
    """

    name: str = field(repr=False)
    channel: str
    address: str = field(repr=False)
    language: Language
    show_text: bool
    not_before: Moment | None = None
    instead: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    rule: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def without_calls(self) -> "Recipient | None":
        """The same by the first way that rings nobody up, with the others of that kind instead; ``None``: there is none."""
        ways = [way for way in ((self.channel, self.address), *self.instead) if way[0] != RINGS]
        if not ways:
            return None
        (channel, address), *others = ways
        return replace(self, channel=channel, address=address, instead=tuple(others))


Occasion = Literal[
    "raised",
    "grown",
    "graver",
    "reminder",
    "escalated",
    "handed-over",
    "handed-to-last",
    "last-resort",
    "answered",
    "overtaken",
]
"""Why somebody is told of an incident: it is new, it has grown, it has become graver, it is told again, others have not answered,
somebody has handed it over, also to the last resort, nobody has answered at all, somebody has while the message waited, or
somebody else has answered what was hers."""
ASKS_NOTHING: frozenset[str] = frozenset({"answered", "overtaken"})
"""Occasions on which nothing is to be done: nobody is woken for them, nor rung up."""


@dataclass(frozen=True, slots=True)
class Told:
    """On what occasion somebody is told of an incident, and how large it is then.

    ``minutes`` lie between its first and its newest post. ``step`` is that of the policy, from 1. ``key`` tells occasions of one
    incident apart: the same one is told to the same address once. ``severity`` is the gravest of the incident so far, in records
    older than this field ``none``.
    """

    occasion: Occasion
    posts: int
    accounts: int
    minutes: int
    step: int
    key: str = ""
    severity: Severity = "none"
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """A verdict that a rule sends to people, about one official.

    One alert per official, so that nobody learns from an alert about one official that another one is registered.
    ``rules`` names all rules that match its verdict, empty in records older than this field; ``policy`` the most insistent of the
    policies that they ask for; empty: the usual one. ``incident`` and ``told`` are set on its way to a recipient.
    """

    id: str
    rule: str
    official: str
    official_name: str = field(repr=False)
    verdict: Verdict
    recipients: tuple[Recipient, ...]
    raised_at: Moment
    policy: str = ""
    incident: str = ""
    told: Told | None = None
    rules: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def asks_nothing(self) -> bool:
        """Whether it tells that nothing is to be done."""
        return self.told is not None and self.told.occasion in ASKS_NOTHING

    @property
    def breaks_through(self) -> bool:
        """See `alerts.urgency.breaks_through`."""
        judgement = self.verdict.judgement
        grave = breaks_through(judgement.severity, threat="threat" in judgement.flagged)
        return grave and not self.asks_nothing

    @property
    def officials(self) -> frozenset[str]:
        """The ids of those whom it is about, or whom its post mentions too."""
        return self.verdict.officials | {self.official}

    def without(self, official: str) -> "Alert | None":
        """The alert without the mentions of ``official``; ``None`` if it is about her."""
        verdict = None if official == self.official else self.verdict.without(official)
        return replace(self, verdict=verdict) if verdict else None

    def not_to(self, official: str, recipient: str) -> "Alert":
        """The alert without one recipient, by name, if it is about ``official``; else itself."""
        left = tuple(each for each in self.recipients if each.name != recipient)
        return self if official != self.official or left == self.recipients else replace(self, recipients=left)


State = Literal["waiting", "delivered", "failed", "withdrawn"]
NOT_ARRIVED = "the service took the message on, and says that it has not arrived"
"""The reason of what has failed after it was delivered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one alert has come on its way to one recipient.

    ``id`` is also the idempotency key that channels pass on. ``failed`` means given up after the last try, or refused
    for good; ``withdrawn`` that the official's consent ended first. ``collected_at`` is when the post was collected.
    The address stays in the outbox; the delivery itself names nobody. ``incident`` and ``step`` say which step of which incident
    it is; a bulletin has no ``alert`` and no ``post``.
    """

    id: str
    alert: str
    post: str
    official: str
    channel: str
    state: State
    attempts: int
    at: Moment
    collected_at: Moment
    reason: str | None = None
    incident: str = ""
    step: int = 0
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def officials(self) -> frozenset[str]:
        """The id of the one whom its alert is about."""
        return frozenset({self.official})

    def without(self, official: str) -> "Delivery | None":
        """Itself, or ``None`` if it is about ``official``."""
        return None if official == self.official else self


def alert_id(*, rule: str, official: str, post: str) -> str:
    """The same rule, official and post always give the same id, so that a replay raises nothing twice."""
    return digest("alert", rule, official, post)


def delivery_id(*, about: str, channel: str, address: str, key: str = "") -> str:
    """The same occasion (``key``) of the same alert or incident always gives the same id for the same address."""
    return digest("delivery", about, channel, address, key)


def digest(*parts: str) -> str:
    """An id for what consists of these parts."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:24]


ALERTS = Codec("alert", Alert)
DELIVERIES = Codec("delivery", Delivery)
