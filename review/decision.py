"""What a human decided about a post."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from flow.clock import Moment
from flow.codec import Codec

Outcome = Literal["confirmed", "false-alarm"]
TAKEN_BACK: Final = "taken-back"
"""In place of an outcome: what this tenant decided before holds no more, as if it had never decided."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a decision has put out of force: the index holds the newest of each tenant alone."""

    outcome: Outcome
    by: str = field(repr=False)
    at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """A reviewer's word on a verdict. Of each tenant the newest decision on a post is the one that holds.

    Attributes:
        tenant: for whom it was decided; empty: for the whole installation, as by those who answer for all tenants, and in
            records older than this field.
        earlier: what this tenant had decided before its incident was called a false alarm, for when that is taken back.
    """

    post: str
    outcome: Outcome | Literal["taken-back"]
    by: str = field(repr=False)
    at: Moment
    tenant: str = ""
    earlier: Earlier | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Those of the ``decisions`` on a post that were not taken back."""
    return tuple(each for each in decisions if each.outcome != TAKEN_BACK)


def decided_for(decisions: Iterable[Decision], tenant: str) -> Decision | None:
    """Which of the ``decisions`` on a post holds for ``tenant``: her own before one of the whole installation."""
    found = {decision.tenant: decision for decision in in_force(decisions)}
    return found.get(tenant) or found.get("")


def counting_for(decisions: Iterable[Decision], tenants: Collection[str]) -> tuple[Decision, ...]:
    """Which of the ``decisions`` on a post count for these tenants: their own, else that of the whole installation."""
    found = in_force(decisions)
    own = tuple(each for each in found if each.tenant in tenants)
    return own or tuple(each for each in found if not each.tenant)


def false_alarm(post: str, decisions: Iterable[Decision], *, tenant: str, by: str, at: datetime) -> Decision:
    """A post of an incident that was called a false alarm.

    Args:
        decisions: what the index holds on it.
    """
    own = next((each for each in decisions if each.tenant == tenant), None)
    # Who calls the last post one and thereby closes its incident has said one thing, and takes it back as one.
    if own is None or own.outcome == TAKEN_BACK or (own.outcome, own.by) == ("false-alarm", by):
        return Decision(post, "false-alarm", by, at, tenant)
    return Decision(post, "false-alarm", by, at, tenant, Earlier(own.outcome, own.by, own.at))


def taken_back(
    post: str, decisions: Iterable[Decision], *, tenant: str, by: str, called_by: str, at: datetime
) -> Decision:
    """The post, once its incident was opened again: decided as it was before, or not at all.

    Args:
        decisions: what the index holds on it; that it was a false alarm may have not come there yet.
        called_by: who had called it one: what somebody else has decided is from before. Empty: it is not known any more.
        at: right after the false alarm, so that what was decided since stays.
    """
    own = next((each for each in in_force(decisions) if each.tenant == tenant and each.at <= at), None)
    before: Decision | Earlier | None = own
    if own is not None and own.outcome == "false-alarm" and called_by in ("", own.by):
        before = own.earlier
    if before is None:
        return Decision(post, TAKEN_BACK, by, at, tenant)
    return Decision(post, before.outcome, before.by, at, tenant)


DECISIONS = Codec("decision", Decision)
