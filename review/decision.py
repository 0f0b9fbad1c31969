"""What a human decided about a post."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from flow.clock import Moment
from flow.codec import Codec

Outcome = Literal["confirmed", "false-alarm"]
TAKEN_BACK: Final = "taken-back"
"""In place of an outcome: what this tenant decided before holds no more, as if it had never decided."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A reviewer's word on a verdict. Of each tenant the newest decision on a post is the one that holds.

    Attributes:
        tenant: for whom it was decided; empty: for the whole installation, as by those who answer for all tenants, and in
            records older than this field.
    """

    post: str
    outcome: Outcome | Literal["taken-back"]
    by: str = field(repr=False)
    at: Moment
    tenant: str = ""
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


DECISIONS = Codec("decision", Decision)
