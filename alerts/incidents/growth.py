"""How large an incident has become, and when that is told."""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, Told
from alerts.incidents.case import Case
from alerts.plans.plan import Plan
from classify.verdict import SEVERITIES
from registry.official import Official

GROWTH_WAITS = timedelta(minutes=5)
"""A growth that is no milestone is told so much later at the latest, but in quiet hours of what can wait."""


def growth_due(case: Case, plan: Plan, official: Official | None, now: datetime) -> datetime:
    """When a growth that is no milestone is told: in quiet hours of the rule that hold back what is so severe, when they end."""
    due = now + GROWTH_WAITS
    rule = plan.rule(case.content.rule) if isinstance(case.content, Alert) else None
    if rule is None or official is None or case.wants_answer:
        return due
    return rule.held_until(due, severity=SEVERITIES[case.severity], country=official.country) or due


def size(told: Told, case: Case) -> Told:
    """With how large and how grave ``case`` is."""
    minutes, severity = round((case.last_post_at - case.opened_at) / 60), SEVERITIES[case.severity]
    return replace(told, posts=case.posts, accounts=case.accounts, minutes=minutes, severity=severity)


def grown(case: Case) -> list[Alert]:
    """What tells how large it is now; it is taken as told."""
    case.told_posts, case.grow_at = case.posts, None
    if not isinstance(case.content, Alert):
        return []
    told = size(Told("grown", 0, 0, 0, step=1, key=f"grown {case.posts}"), case)
    return [replace(case.content, incident=case.id, told=told)]


def next_milestone(told: int) -> int:
    """The next of 2, 5, 10, 20, 50, 100 ... that is more than ``told``."""
    power = 1
    while True:
        for milestone in (2 * power, 5 * power, 10 * power):
            if milestone > told:
                return milestone
        power *= 10
