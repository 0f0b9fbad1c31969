"""What whoever opens a link may read of the posts of her incident."""

from dataclasses import dataclass

from alerts.incidents.incident import Incident
from alerts.incidents.links import Link
from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Official
from review.index import Index, Item
from review.scoped import Scoped

MOST = 5
"""Posts that are listed; more are in the console."""
_LOOKED_AT = 20


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
) -> tuple[list[Listed], bool]:
    """The gravest of the incident's posts that are left, without what they say about others.

    Args:
        alerts: the ids of alert and post, once for each post, the gravest first.
        official: whom it is about, as she is registered now.

    Returns:
        Also whether any is left out since this program cannot read it: that somebody answers does not wait for that.

    Raises:
        Unavailable: the index is away.
    """
    own = Scoped(index, [incident.official], [incident.tenant])
    found, unread = list[Listed](), False
    for alert, post in alerts[:_LOOKED_AT]:
        try:
            item = own.get(post)
        except BadInput:
            unread = True
            continue
        if item is not None:
            found.append(Listed(alert, item, may_read(item, link=link, official=official, clock=clock)))
        if len(found) == MOST:
            break
    return found, unread


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
