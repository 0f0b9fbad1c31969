"""An alert, and its delivery to one recipient."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from classify.verdict import Severity, Verdict
from flow.clock import Moment
from flow.codec import Codec
from registry.official import Language


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a rule chose: a contact of the official, and whether the rule lets the contact see the post's text.

    ``not_before`` holds the delivery back until quiet hours end. ``instead`` are the contact's other channels, each with its
    address, that are tried in this order where this one fails.
    """

    name: str = field(repr=False)
    channel: str
    address: str = field(repr=False)
    language: Language
    show_text: bool
    not_before: Moment | None = None
    instead: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


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
    def urgent(self) -> bool:
        """Whether no pause, budget or breaker may hold it up."""
        return "threat" in self.verdict.judgement.flagged or self.verdict.judgement.severity == "critical"

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
