"""The arithmetic of policies: which step comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert, Recipient
from alerts.plans.policies import Policy, usual_policy


@dataclass(frozen=True, slots=True)
class Place:
    """Where an incident stands in its policy: the step that was told last, from 1, and the rounds that are over."""

    step: int
    round: int


def after(policy: Policy, place: Place) -> Place | None:
    """What comes next; ``None``: all rounds are over."""
    if place.step < len(policy.steps):
        return Place(place.step + 1, place.round)
    return Place(1, place.round + 1) if place.round + 1 < policy.repeat else None


def escalates(policy: Policy) -> bool:
    """Whether anything happens when nobody answers."""
    return policy.last_resort or after(policy, Place(1, 0)) is not None


def insistence(policy: Policy) -> tuple[bool, bool]:
    """How much a policy insists on an answer, to compare by: one that goes on at all, one that ends with the last resort.

    Of two that do both, whoever wrote the rules has put first what is to hold: a shorter wait for other people is not more.
    """
    return escalates(policy), policy.last_resort


def answer_due(policy: Policy, step: int, recipients: Sequence[Recipient], now: datetime) -> datetime | None:
    """When the next step is told, if this one was told ``now`` and nobody answers; ``None``: never.

    Who is not to be disturbed before the morning has not failed to answer at night. Where nobody was told, it is now.
    """
    if not escalates(policy):
        return None
    return answered_until(policy, step, recipients, now) if recipients else now


def answered_until(policy: Policy, step: int, recipients: Sequence[Recipient], now: datetime) -> datetime:
    """How long these have to answer what they are told ``now``, whether or not anything follows; there is at least one."""
    told = min(each.not_before or now for each in recipients)
    # A policy may have become shorter since the incident came so far.
    return max(now, told) + policy.steps[min(step, len(policy.steps)) - 1].wait


def policy_of(alert: Alert) -> str:
    """The name of the policy that holds for an alert."""
    judgement = alert.verdict.judgement
    return alert.policy or usual_policy(judgement.severity, judgement.flagged)
