"""Policies: whom to tell first, whom next when nobody answers, and how it ends."""

from collections.abc import Collection
from datetime import timedelta
from typing import Literal

import msgspec

from alerts.plans.contacts import refuse
from alerts.urgency import wants_answer
from classify.verdict import Label, Severity

Channels = Literal["first", "all"]
OFFICIAL, RULE = "official", "rule"
"""Words in ``tell``: the official's contacts in the registry; whom the rule of the alert names."""
CONTACT, SCHEDULE = "contact:", "schedule:"
"""What names in ``tell`` begin with."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom to tell, and how long to ``wait`` for an answer before the next step.

    Attributes:
        tell: ``rule``, ``official``, ``contact:NAME`` or ``schedule:NAME`` (who is on duty then).
        channels: the first channel of each contact, with the others instead of it, or all at once.
    """

    tell: tuple[str, ...]
    wait: timedelta = timedelta(minutes=10)
    channels: Channels = "first"

    def __post_init__(self) -> None:
        refuse(
            (not self.tell, "key 'tell': is empty"),
            (not timedelta(minutes=1) <= self.wait <= timedelta(days=7), "key 'wait': is not 1 minute to 7 days"),
        )


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"steps": "step"}):
    """Steps, gone through ``repeat`` times until somebody answers; after them the plan's last resort, if ``last_resort``."""

    name: str
    steps: tuple[Step, ...]
    repeat: int = 1
    last_resort: bool = True

    def __post_init__(self) -> None:
        refuse(
            (not self.name.strip(), "key 'name': is empty"),
            (not self.steps, "key 'step': there is none, so nobody would be told"),
            (not 1 <= self.repeat <= 20, "key 'repeat': is not 1 to 20"),
        )


URGENT = Policy(
    name="urgent",
    steps=(Step(tell=(RULE,)), Step(tell=(RULE,), channels="all")),
    repeat=3,
)
USUAL = Policy(name="usual", steps=(Step(tell=(RULE,)),), last_resort=False)
BUILT_IN: dict[str, Policy] = {each.name: each for each in (URGENT, USUAL)}
"""What holds where a rule names none; a plan may have policies of its own under these names."""


def usual_policy(severity: Severity, flagged: Collection[Label]) -> str:
    """The name of the policy for an alert whose rule names none."""
    return URGENT.name if wants_answer(severity, flagged) else USUAL.name
