"""How large an incident has become, and when that is told."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, Recipient, Told
from alerts.incidents.case import Case
from alerts.incidents.whom import Whom
from classify.verdict import SEVERITIES

GROWTH_WAITS = timedelta(minutes=5)
"""A growth that is no milestone is told so much later at the latest, but in quiet hours that hold it back."""


def growth_due(case: Case, whom: Whom, now: datetime) -> datetime:
    """When a growth that is no milestone is told: after a while, or later, when the first of those whom it tells may be told."""
    due = now + GROWTH_WAITS
    return min((whom.held_until(case, each, due) or due for each in told_of_growth(case, whom, now)), default=due)


def told_of_growth(case: Case, whom: Whom, now: datetime) -> tuple[Recipient, ...]:
    """Who hears how it grows: whom its posts were told to, and whoever has it, by one way that rings nobody up."""
    if not isinstance(case.content, Alert):
        return ()
    told = case.content.recipients
    hers = whom.ways_to(case, case.owner, now) if case.owner else []
    if addresses(hers) & addresses(told):
        return told
    silent = (each.without_calls() for each in hers)
    return (*told, *[each for each in silent if each is not None][:1])


def addresses(recipients: Iterable[Recipient]) -> set[tuple[str, str]]:
    """Channel and address of each."""
    return {(each.channel, each.address) for each in recipients}


def size(told: Told, case: Case) -> Told:
    """With how large and how grave ``case`` is."""
    minutes, severity = round((case.last_post_at - case.opened_at) / 60), SEVERITIES[case.severity]
    return replace(told, posts=case.posts, accounts=case.accounts, minutes=minutes, severity=severity)


def grown(case: Case, whom: Whom, now: datetime, *, but: Collection[tuple[str, str]] = ()) -> list[Alert]:
    """What tells how large it is now, to those whom no quiet hours hold back; to the others it is told when these end.

    Args:
        but: channels and addresses that hear of it by another message.
    """
    case.told_posts, case.grow_at = case.posts, None
    if not isinstance(case.content, Alert):
        return []
    ends = [(each, whom.held_until(case, each, now)) for each in told_of_growth(case, whom, now)]
    case.grow_at = min((end.timestamp() for _, end in ends if end is not None), default=None)
    awake = tuple(each for each, end in ends if end is None and (each.channel, each.address) not in but)
    told = size(Told("grown", 0, 0, 0, step=1, key=f"grown {case.posts}"), case)
    return [replace(case.content, incident=case.id, told=told, recipients=awake)] if awake else []


def next_milestone(told: int) -> int:
    """The next of 2, 5, 10, 20, 50, 100 ... that is more than ``told``."""
    power = 1
    while True:
        for milestone in (2 * power, 5 * power, 10 * power):
            if milestone > told:
                return milestone
        power *= 10
