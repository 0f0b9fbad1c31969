"""An alert, and its delivery to one recipient."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

from classify.verdict import Verdict
from flow.clock import Moment
from flow.codec import Codec
from registry.official import Language


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a rule chose: a contact of the official, and whether the rule lets the contact see the post's text.

    ``not_before`` holds the delivery back until quiet hours end.
    """

    name: str = field(repr=False)
    channel: str
    address: str = field(repr=False)
    language: Language
    show_text: bool
    not_before: Moment | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """A verdict that a rule sends to people, about one official.

    One alert per official, so that nobody learns from an alert about one official that another one is registered.
    """

    id: str
    rule: str
    official: str
    official_name: str = field(repr=False)
    verdict: Verdict
    recipients: tuple[Recipient, ...]
    raised_at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


State = Literal["waiting", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one alert has come on its way to one recipient.

    ``id`` is also the idempotency key that channels pass on. ``failed`` means given up after the last try. The address
    stays in the outbox; the delivery itself names nobody.
    """

    id: str
    alert: str
    post: str
    official: str
    channel: str
    state: State
    attempts: int
    at: Moment
    reason: str | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


def alert_id(*, rule: str, official: str, post: str) -> str:
    """The same rule, official and post always give the same id, so that a replay raises nothing twice."""
    return _digest("alert", rule, official, post)


def delivery_id(*, alert: str, channel: str, address: str) -> str:
    """The same alert to the same address always gives the same id."""
    return _digest("delivery", alert, channel, address)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:24]


ALERTS = Codec("alert", Alert)
DELIVERIES = Codec("delivery", Delivery)
