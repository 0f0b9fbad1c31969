"""What whoever opens a link may read of the posts of her incident."""

from dataclasses import dataclass

from alerts.incidents.incident import Incident
from alerts.incidents.links import Link
from classify.verdict import SEVERITIES
from flow.clock import Clock
from registry.official import Official
from review.index import Index, Item
from review.scoped import Scoped

MOST = 5
"""Posts that are listed; all are in the console."""
_LOOKED_AT = 20
LONGEST = 3000
"""Characters of a post that are shown."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A post of an incident. ``readable``: rule and consent let this reader see its text."""

    alert: str
    item: Item
    readable: bool


def listed(
    index: Index,
    alerts: list[tuple[str, str]],
    *,
    incident: Incident,
    link: Link,
    official: Official | None,
    clock: Clock,
) -> list[Listed]:
    """The gravest of the incident's newest posts, without what they say about others.

    Args:
        alerts: the ids of alert and post of each of its alerts, the oldest first.
        official: whom it is about, as she is registered now.
    """
    own = Scoped(index, [incident.official], [incident.tenant])
    newest = list({post: alert for alert, post in reversed(alerts)}.items())[:_LOOKED_AT]
    found = [(alert, item) for post, alert in newest if (item := own.get(post)) is not None]
    found.sort(key=lambda each: _gravity(each[1]), reverse=True)
    return [
        Listed(alert, item, may_read(item, link=link, official=official, clock=clock)) for alert, item in found[:MOST]
    ]


def may_read(item: Item, *, link: Link, official: Official | None, clock: Clock) -> bool:
    """Whether the rule showed the contact texts, and a consent that is in force still lets her see this one."""
    if not link.show_text or official is None or not item.verdict.post.text:
        return False
    consents = official.consents_for(item.verdict.post.source, clock.now())
    flagged = item.verdict.judgement.flagged
    return any(each.text and each.tells(link.contact) and each.tells_of(flagged) for each in consents)


def is_told(link: Link, *, official: Official | None, clock: Clock) -> bool:
    """Whether the contact may still be told of the official at all; where an incident is about none, always."""
    if not link.official:
        return True
    now = clock.now()
    return official is not None and any(each.in_force(now) and each.tells(link.contact) for each in official.consents)


def _gravity(item: Item) -> tuple[bool, int]:
    judgement = item.verdict.judgement
    return "threat" in judgement.flagged, SEVERITIES.index(judgement.severity)
