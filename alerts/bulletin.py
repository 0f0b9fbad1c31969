"""A message that is about no single post: an alarm to the operator, a digest, a drill, a campaign and the like."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from alerts.alert import ASKS_NOTHING, Recipient
from alerts.urgency import breaks_through
from classify.verdict import Severity
from flow.clock import Moment
from flow.codec import Codec

Kind = Literal[
    "operation", "drill", "digest-daily", "digest-weekly", "budget", "campaign", "task-overdue", "closed", "test"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
VALUES: dict[Kind, tuple[str, ...]] = {
    "operation": ("event", "trouble", "place", "since", "detail", "unused", "occasion"),
    "drill": ("occasion",),
    "digest-daily": ("since", "until", "incidents", "posts", "before", "open", "held", "listed", "more"),
    "digest-weekly": ("since", "until", "incidents", "posts", "before", "open", "held", "listed", "more"),
    "budget": ("per_hour", "held", "until", "contact", "untold", "listed", "more"),
    "campaign": ("posts", "accounts", "minutes", "occasion"),
    "task-overdue": ("task", "tasks", "due", "state", "incident_severity"),
    "closed": ("closed", "more"),
    "test": (),
}
"""The values that messages tell, all as text, moments as RFC 3339. ``before``: posts in the period before; ``event``: ``begins``,
``goes-on`` or ``over``; ``unused``: it is over only as nobody uses any longer what failed; ``untold``: there is no way to the
contact any more; ``detail``: several, each by the name of its text, as in ``detail.waited``; ``occasion``: as of alerts
(`alerts.alert.Occasion`); ``task``: its title in the recipient's language, or in ``tasks`` those of several; ``state`` and
``incident_severity``: of the incident; ``listed``: incidents, see `alerts.listing`; ``closed``: ids of incidents; ``more``: how
many are open, or closed, that it does not list."""


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What is told, to whom.

    Attributes:
        incident: the id of the incident that it belongs to; empty: to none.
        official: the id of the official whom it is about; empty: nobody. If set, her consent must allow to tell the recipient.
        values: what the message says, by name; each kind has its own. They hold no post's text and nobody's name.
        recipient: ``None`` as long as it is for several.
        step: of the policy of its incident, from 1.
        key: tells those of one kind and incident apart: the same one is told to the same address once.
    """

    kind: Kind
    incident: str
    official: str
    tenant: str
    severity: Severity
    threat: bool
    values: dict[str, str] = field(repr=False, hash=False)
    recipient: Recipient | None
    at: Moment
    step: int = 0
    key: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def asks_nothing(self) -> bool:
        """Whether it tells that nothing is to be done about its incident."""
        return self.values.get("occasion") in ASKS_NOTHING

    @property
    def breaks_through(self) -> bool:
        """See `alerts.urgency.breaks_through`."""
        return breaks_through(self.severity, threat=self.threat) and not self.asks_nothing


@dataclass(frozen=True, slots=True)
class Envelope:
    """A bulletin on the wire: there ``kind`` says what record it is."""

    bulletin: Bulletin
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


BULLETINS = Codec("bulletin", Envelope)
