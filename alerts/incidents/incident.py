"""An incident: the alerts about one official that people are told of, answer and close together."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from classify.verdict import Severity
from flow.clock import Moment

Kind = Literal["posts", "campaign", "operation", "drill"]
"""``posts``: flagged posts about an official; ``campaign``: so many at once that this is news of its own; ``operation``:
something in Turvakt itself is wrong; ``drill``: a test of the channels."""
State = Literal["triggered", "escalated", "acknowledged", "resolved", "expired"]
Action = Literal["acknowledge", "on-it", "hand-over", "false-alarm", "resolve", "reopen"]
"""Seen; seen and I take it; tell the next step at once; closed, and it was none; closed; it is not over, and I take it."""

OPEN: tuple[State, ...] = ("triggered", "escalated", "acknowledged")
ACTIONS: tuple[Action, ...] = get_args(Action)
LOCK = "incidents"
"""Held in a database by whoever changes incidents, or writes what belongs to one: nothing of it may outlast an erasure."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What people are told of, and how far they have come with it.

    Attributes:
        official: her id; empty for the kinds ``operation`` and ``drill``.
        subject: what an alarm to the operator is about, such as ``collector:bluesky``; else empty.
        severity: the gravest so far.
        threat: a post was flagged as a threat.
        policy: the name of the policy by which it escalates.
        step: how many steps of the policy have been told in this round.
        round: how many times all steps have been gone through before.
        next_at: when something is to be done about it, if nobody answers.
        changed_at: of the newest post, answer or step.
        posts: how many posts it has.
        accounts: how many accounts wrote them, as far as platforms tell.
        owner: the name of the contact, or the id of the person, who takes care of it.
        escalate_at: when the next step, or the last resort, is told, if nobody answers.
        series: how often it has begun again at its first step, since it became graver or another post came that wants an answer.
    """

    id: str
    kind: Kind
    tenant: str
    official: str
    subject: str
    severity: Severity
    threat: bool
    state: State
    policy: str
    step: int
    round: int
    next_at: Moment | None
    opened_at: Moment
    changed_at: Moment
    posts: int = 0
    accounts: int = 0
    owner: str = field(default="", repr=False)
    escalate_at: Moment | None = None
    series: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it still wants somebody's attention."""
        return self.state in OPEN
