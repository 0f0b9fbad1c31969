"""A trouble: something that must go on and does not. When the operator is told of it, and when it counts as over."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from classify.verdict import Severity

Kind = Literal[
    "worker-silent",
    "worker-stopped",
    "stage-late",
    "source-silent",
    "source-failing",
    "source-refuses",
    "deliveries-late",
    "channel-failing",
    "channel-unready",
    "message-returned",
    "store-away",
    "disk-full",
    "clock-jumped",
    "clock-apart",
    "certificate-ends",
    "key-ends",
    "backup-old",
    "drill-failed",
    "drill-unanswered",
    "plan-broken",
    "nobody-left",
    "incident-unreadable",
    "dead-letters",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Detail = Literal[
    "reason",
    "waited",
    "usual",
    "threat-due",
    "alert-due",
    "left-alone",
    "hosts-left-alone",
    "tried-again",
    "failed",
    "failed-before",
    "failed-at",
    "returned",
    "references",
    "drills",
    "no-way",
    "free",
    "full-in",
    "put-forward",
    "put-back",
    "ahead",
    "behind",
    "invalid",
    "ends",
    "ended",
    "unusable",
    "which",
    "missing",
    "newest",
    "file",
    "unanswered",
    "unhandled",
    "latest",
    "not-found",
]
DETAILS: tuple[Detail, ...] = get_args(Detail)
"""What can be said of a trouble: the texts ``detail`` in ``alerts/messages/translations/bulletins``."""
Event = Literal["begins", "goes-on", "over"]

BROKEN: frozenset[Kind] = frozenset(
    {"worker-silent", "worker-stopped", "stage-late", "deliveries-late", "store-away", "disk-full"}
)
"""While these last, alerts may reach nobody: the watcher outside is told, too."""
CRITICAL: frozenset[Kind] = BROKEN | {
    *("channel-failing", "message-returned", "nobody-left", "incident-unreadable", "dead-letters")
}
"""The operator is woken. Of the others she is told at her desk."""
AT_ONCE: frozenset[Kind] = frozenset(
    {
        *("clock-jumped", "backup-old", "certificate-ends", "key-ends"),
        *("drill-failed", "drill-unanswered", "nobody-left", "dead-letters"),
    }
)
"""What one look is enough for. All else must last: much is over after a restart or a cut connection."""
HOLDS = timedelta(minutes=2)
"""How long a trouble lasts until it is told."""
CALM = timedelta(minutes=10)
"""How long it must be gone until it counts as over; twice as long for each time that it came back."""
MOST_CALM = timedelta(hours=6)
REMEMBERED = timedelta(hours=24)
"""How long it is known that there was one: what comes back within this time comes and goes."""

_WORSE: tuple[Detail, ...] = ("left-alone", "latest")
"""What tells since when it is as bad as it is."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a probe found.

    Attributes:
        place: the part of Turvakt, such as ``collector:bluesky``: never the name of a person, a file or an address.
        since: when it began, as far as is known.
        details: what is to be said of it, each with its value: numbers, moments as RFC 3339, the name of a plan's file,
            and error messages in English; nothing of a post or a person.
    """

    kind: Kind
    place: str
    since: datetime
    details: dict[Detail, str] = field(default_factory=dict, hash=False)

    @property
    def severity(self) -> Severity:
        """How urgently the operator is wanted."""
        return "critical" if self.kind in CRITICAL else "high"

    @property
    def is_for_outside(self) -> bool:
        """Whether the watcher outside is told, too: the operator may hear of it from nobody else."""
        return self.kind in BROKEN or "no-way" in self.details


State = Literal["suspected", "told", "over"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a trouble.

    Attributes:
        told_at: when the operator was told last.
        gone_at: since when no look has found it.
        returns: how often it came back since it was first told.
        incident: the one that tells of it.
    """

    trouble: Trouble
    state: State
    told_at: datetime | None = None
    gone_at: datetime | None = None
    returns: int = 0
    incident: str = ""

    @property
    def calm(self) -> timedelta:
        """How long it must be gone until it counts as over."""
        return min(CALM * 2.0 ** min(self.returns, 10), MOST_CALM)


def look(
    known: Known | None, found: Trouble | None, now: datetime, *, repeat: timedelta
) -> tuple[Known | None, Event | None]:
    """What is known of a trouble after one more look, and what the operator is to be told; ``None``: nothing.

    ``begins`` and ``over`` take turns: she is told of each end, and of nothing twice. One that comes and goes is one trouble.

    Args:
        repeat: after which time she is told again of one that goes on; sooner where it has become worse.
    """
    if known is not None:
        known = _until(known, now)
    if found is None:
        return (None, None) if known is None else _gone(known, now)
    if known is None:
        known = Known(found, "suspected")
    elif known.state == "told":
        worse = _is_worse(known, found, now)
        known = replace(known, trouble=replace(found, since=known.trouble.since))
        returned = known.gone_at is not None
        known = replace(known, gone_at=None, returns=known.returns + returned)
        if worse or (known.told_at is not None and now - known.told_at >= repeat):
            return replace(known, told_at=now), "goes-on"
        return known, None
    elif known.state == "over":
        known = replace(known, trouble=found, state="suspected", returns=known.returns + 1, gone_at=None)
    else:
        known = replace(known, trouble=replace(found, since=known.trouble.since))
    if found.kind in AT_ONCE or now - known.trouble.since >= HOLDS:
        return replace(known, state="told", told_at=now), "begins"
    return known, None


def _until(known: Known, now: datetime) -> Known:
    """What is known, where a clock that was ahead has dated some of it later than ``now``: that is as of now."""
    trouble = replace(known.trouble, since=min(known.trouble.since, now))
    told_at, gone_at = (at and min(at, now) for at in (known.told_at, known.gone_at))
    return replace(known, trouble=trouble, told_at=told_at, gone_at=gone_at)


def _is_worse(known: Known, found: Trouble, now: datetime) -> bool:
    """Whether all of a channel fails by now, another of its hosts, or another alert waits, and she was told of less.

    What comes and goes again and again is not told each time.
    """
    newest = max(
        (found.details[name] for name in _WORSE if name in found.details), key=datetime.fromisoformat, default=""
    )
    told_at = known.told_at
    return bool(newest) and told_at is not None and datetime.fromisoformat(newest) > told_at and now - told_at >= CALM


def _gone(known: Known, now: datetime) -> tuple[Known | None, Event | None]:
    since = known.gone_at or now
    if known.state == "suspected":
        # One that was told before keeps its memory.
        return (replace(known, state="over", gone_at=since), None) if known.returns else (None, None)
    if known.state == "over":
        return (None, None) if now - since >= REMEMBERED else (known, None)
    if now - since >= known.calm:
        return replace(known, state="over", gone_at=since), "over"
    return replace(known, gone_at=since), None
