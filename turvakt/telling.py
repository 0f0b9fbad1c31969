"""Officials who sign in are written to about new alerts themselves, when and as often as they wish."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from access.checking import folded
from access.people import People
from access.person import Person
from alerts.plans.contacts import contacts_of
from alerts.plans.hours import ZONES, quiet_end
from registry.official import Official
from registry.tenant import tenant_of
from review.index import Item, Query, Raised, every
from turvakt.counted import counted
from turvakt.wiring import Parts

LOOK_SECONDS = 30.0
LOOK_BACK = timedelta(days=3)
"""As long as she is still told of what she could not be told of before."""
LOOK_AT_ALL = timedelta(hours=1)
"""Between two looks at all alerts of that time: some may be raised long after the judgement, by which the index finds them, and
a message to whom she wishes to be told by may come back long after it was sent."""
MARGIN = timedelta(minutes=10)
"""How long an alert may take from the judgement into the index and still be found at once."""
WAIT = timedelta(hours=1)
"""How long whoever she wishes to be told by may take to hear of an alert, before she is written to herself."""
PAUSE = timedelta(minutes=15)
"""Between two letters to who wants to know at once: what comes meanwhile is told together, so that a wave is not two."""
MORNING = time(8)
"""When who wants to know daily is told, in her country; of what has come until then."""

_Found = tuple[Item, Raised]

logger = logging.getLogger(__name__)


async def keep_telling(parts: Parts, *, step: Callable[..., Awaitable[Any]]) -> None:
    """Write to officials of new alerts until cancelled. One process does so at a time."""
    teller = Teller(parts)
    while True:
        told = await step(teller.tell)
        if told:
            logger.info("%s written to about new alerts", counted(told, "official is", "officials are"))
        await asyncio.sleep(LOOK_SECONDS)


class Teller:
    """Remembers which alerts it has seen, and whom it has yet to tell: while nothing happens, a look is one question.

    What it remembers is lost with it, and costs one look at all: whom an alert was told to, `Letters` knows.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen: dict[str, datetime] = {}
        self._pending: dict[str, datetime] = {}  # by the official: her newest alert
        self._looked: datetime | None = None
        self._looked_at_all: datetime | None = None

    def tell(self) -> int:
        """Write to each official who wishes so and may be disturbed now; returns how many letters are new.

        An alert is told of once, and again if it becomes a threat.
        """
        parts = self._parts
        now = parts.clock.now()
        self._look(now)
        if not self._pending:
            return 0
        people = People(parts.database)
        everybody = people.all()
        waiting = ((person, official) for person in everybody for official in _herself(parts, person))
        return sum(
            self._tell(people, person, official, now)
            for person, official in waiting
            if official.id in self._pending and people.has_joined(person.id)
        )

    def _look(self, now: datetime) -> None:
        """Note whom alerts that have not been seen are about."""
        back = now - LOOK_BACK
        since = back
        if self._looked is not None and self._looked_at_all is not None and now - self._looked_at_all < LOOK_AT_ALL:
            since = self._looked - MARGIN
        else:
            self._looked_at_all, self._seen = now, {}
        for item in every(self._parts.index, Query(alerted=True, since=since)):
            for alert in item.alerts:
                # After an edit the same alert is raised again, and may have become a threat.
                if alert.at >= back and self._seen.get(alert.id) != alert.at:
                    self._seen[alert.id] = alert.at
                    self._pending[alert.official] = max(alert.at, self._pending.get(alert.official, alert.at))
        self._looked = now
        self._seen = {id: at for id, at in self._seen.items() if at >= back}
        self._pending = {id: at for id, at in self._pending.items() if at >= back}

    def _tell(self, people: People, person: Person, official: Official, now: datetime) -> bool:
        letters = self._parts.letters
        until = _until(official, now, latest=letters.latest(official.id, "alert"))
        if until is None:
            return False
        asked = Query(official=official.id, alerted=True, since=now - LOOK_BACK)
        # One post is told of once, by the first alert about it.
        found = [(item, alert) for item in every(self._parts.index, asked) if (alert := _hers(item, official))]
        recent = [(item, alert) for item, alert in found if now - LOOK_BACK <= alert.at]
        untold = self._untold(person, recent)
        if teller := self._through(official):
            untold = [(item, alert) for item, alert in untold if not self._has_heard(teller, alert)]
            until = min(until, now - WAIT)
        new = [(item, alert) for item, alert in untold if alert.at <= until and _may_be_told(item, official, now)]
        written = bool(new) and self._write(people, person, official, new)
        if not self._untold(person, untold):
            self._pending.pop(official.id, None)
        return written

    def _through(self, official: Official) -> str:
        """The name of whoever is to tell her, if it is that of a contact: nobody else hears of alerts; else empty."""
        through = folded(official.wishes.through)
        contacts = (*self._parts.plans.of(tenant_of(official)).all_contacts, *contacts_of(official))
        return through if through in {folded(each.name) for each in contacts} else ""

    def _has_heard(self, teller: str, alert: Raised) -> bool:
        """Whether a message about the incident has reached this contact since the alert came into it."""
        incidents = self._parts.incidents
        incident, came = incidents.about([alert.id]).get(alert.id), incidents.came(alert.id)
        if incident is None or came is None:
            return False
        became: dict[str, str] = {}
        for each in incidents.history.of(incident.id, events=("delivered", "received", "failed")):
            # What its channel took may still come back, but not what has been received.
            if folded(each.contact) == teller and each.at >= came and became.get(each.delivery) != "received":
                became[each.delivery] = each.event
        return any(event != "failed" for event in became.values())

    def _untold(self, person: Person, found: Sequence[_Found]) -> list[_Found]:
        """Those of which there was no letter as what they are now, nor as a threat."""
        ids = [id for item, alert in found for id in (_about(item, alert), alert.id)]
        left = set(self._parts.letters.untold(person, "alert", ids))
        return [(item, alert) for item, alert in found if {_about(item, alert), alert.id} <= left]

    def _write(self, people: People, person: Person, official: Official, new: Sequence[_Found]) -> bool:
        parts = self._parts
        alerts = [alert.id for _, alert in new]
        values = {
            "number": str(len(alerts)),
            "alert": alerts[0] if len(alerts) == 1 else "",
            "alerts": " ".join(alerts),
            "wish": official.wishes.notice,
        }
        once, *also = (_about(item, alert) for item, alert in new)
        with parts.database.transaction():
            if people.hold(person.id) is None:  # erased meanwhile
                return False
            return parts.letters.add(person, "alert", values, once=once, also=also, official=official.id)


def _herself(parts: Parts, person: Person) -> list[Official]:
    """Of the officials who ``person`` is, those who want to know."""
    known = [parts.officials.get(grant.official) for grant in person.grants if grant.role == "official"]
    return [each for each in known if person.active and each is not None and each.wishes.notice != "never"]


def _until(official: Official, now: datetime, *, latest: datetime | None) -> datetime | None:
    """Alerts raised until which moment she may be told of now; ``None``: of none.

    Args:
        latest: when she was written to last.
    """
    wishes, zone = official.wishes, ZONES[official.country]
    if wishes.quiet and quiet_end(now, quiet=wishes.quiet, timezone=zone) is not None:
        return None
    if wishes.notice == "at-once":
        return now if latest is None or now - latest >= PAUSE else None
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)
    morning = datetime.combine(day, MORNING, ZoneInfo(zone))
    return morning if latest is None or latest < morning else None


def _about(item: Item, alert: Raised) -> str:
    """What a letter of an alert is about: what was none may become a threat by an edit, and keeps its id."""
    return alert.id if "threat" in item.verdict.judgement.flagged else f"{alert.id}, no threat"


def _hers(item: Item, official: Official) -> Raised | None:
    return next((each for each in item.alerts if each.official == official.id), None)


def _may_be_told(item: Item, official: Official, now: datetime) -> bool:
    """Whether a consent in force covers the post, and what it was found to be."""
    verdict = item.verdict
    covering = official.consents_for(verdict.post.source, now)
    return any(consent.tells_of(verdict.judgement.flagged) for consent in covering)
