"""What people would have been told by a set of rules if nobody had answered: stored verdicts go the whole way once more, from
routing to delivery, by a clock that is moved on and in a database in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from alerts.content import listed_in
from alerts.delivery.budget import HOUR, Budgets
from alerts.delivery.collected import Collected
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.incidents.whom import Operator
from alerts.plans.plan import Plans
from alerts.routing import alerts_about
from alerts.tables import DIGEST_ENTRY, INCIDENT, INCIDENT_EVENT, INCIDENT_POST, METADATA, OUTBOX
from classify.verdict import Verdict
from flow.clock import ManualClock
from flow.databases.columns import moment
from flow.databases.sqlite import InMemory
from ingest.post import Post
from registry.official import Official

_AT_ONCE = 500
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_JUST_AFTER = timedelta(milliseconds=1)
"""Moments are rounded in the tables: so much later what is due is so for certain."""
_NEXT = select(
    select(func.min(INCIDENT.c.next_at)).where(INCIDENT.c.next_at.is_not(None)).scalar_subquery(),
    select(func.min(OUTBOX.c.due)).where(text("state = 'waiting'")).scalar_subquery(),
    select(func.min(DIGEST_ENTRY.c.at) + HOUR.total_seconds()).scalar_subquery(),
)
"""When something is due: about an incident, a message that quiet hours held back, a budget's digest."""
_EVENTS = select(
    INCIDENT_EVENT.c.incident, INCIDENT_EVENT.c.event, func.count(), func.max(INCIDENT_EVENT.c.at)
).group_by(INCIDENT_EVENT.c.incident, INCIDENT_EVENT.c.event)
_POSTS = select(
    *(INCIDENT_POST.c.official, INCIDENT_POST.c.post, INCIDENT_POST.c.alert, INCIDENT_POST.c.incident),
    *(INCIDENT_POST.c.threat, INCIDENT_POST.c.at),
).order_by(INCIDENT_POST.c.number)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a post about an official.

    Attributes:
        alert: the id of its first alert.
        opens: whether its incident was opened by it.
        is_told: whether anybody was told of its incident once it belonged to it, be it in a digest.
        steps: how many further steps of its incident were told, in all rounds.
        reaches_last: whether it came to the last resort.
    """

    alert: str
    is_threat: bool
    opens: bool
    is_told: bool
    steps: int
    reaches_last: bool


class Rerun:
    """One set of rules. Digests of a day or a week, which go by no post, are not sent.

    Args:
        officials: of whom it is told, by id.
        account: knows an author again, as for `alerts.incidents.incidents.Incidents`.
        sent: is told of each message, and when it goes out.
    """

    def __init__(
        self,
        plans: Plans,
        *,
        officials: Mapping[str, Official],
        account: Callable[[Post], str],
        operator: Operator,
        sent: Callable[[Item, datetime], None],
    ) -> None:
        self._plans = plans
        self._officials = officials
        self._sent = sent
        self._clock = clock = ManualClock(_BEGINNING)
        self._database = database = InMemory()
        with database.connection() as connection:
            METADATA.create_all(connection)
        self._outbox = Outbox(database, clock=clock)
        budgets = Budgets(database, plans=lambda: plans, officials=officials.get, operator=operator, clock=clock)
        self._telling = Telling(database, outbox=self._outbox, budgets=budgets, clock=clock)
        self._incidents = Incidents(
            database,
            telling=self._telling,
            plans=lambda: plans,
            officials=officials.get,
            account=account,
            operator=operator,
            clock=clock,
        )
        self._collected = Collected(
            database,
            telling=self._telling,
            plans=lambda: plans,
            officials=officials.values,
            operator=operator,
        )

    def take(self, verdicts: Sequence[Verdict], at: datetime) -> None:
        """Do what is due before the moment ``at``, and then let these come in; moments are given in their order."""
        self.go_on(until=at)
        self._move(at)
        alerts = alerts_about(verdicts, plans=self._plans, officials=self._officials.get, clock=self._clock)
        if alerts:
            self._incidents.take(alerts)
            self._deliver()

    def go_on(self, *, until: datetime | None = None) -> None:
        """Do what is due, each thing at its time; without ``until`` until nothing is left to come."""
        while (due := self._next()) is not None and (until is None or due < until):
            self._move(due + _JUST_AFTER)
            for incident in self._incidents.due(self._clock.now()):
                self._incidents.advance(incident)
            self._collected.send(self._clock.now())
            self._deliver()

    def outcomes(self) -> dict[tuple[str, str], Outcome]:
        """What became of each post, by official and post."""
        events: dict[str, dict[str, tuple[int, float]]] = {}
        for incident, event, many, last in self._database.query(_EVENTS):
            events.setdefault(incident, {})[event] = many, last
        found: dict[tuple[str, str], Outcome] = {}
        opened: set[str] = set()
        for official, post, alert, incident, threat, at in self._database.query(_POSTS):
            of = events.get(incident, {})
            outcome = Outcome(
                alert,
                is_threat=bool(threat),
                opens=incident not in opened,
                is_told=any(of[each][1] >= at for each in ("delivered", "digested") if each in of),
                steps=sum(of[each][0] for each in ("escalated", "repeated") if each in of),
                reaches_last="last-resort" in of,
            )
            opened.add(incident)
            found.setdefault((official, post), outcome)
        return found

    def close(self) -> None:
        """Forget all of it."""
        self._database.close()

    def _next(self) -> datetime | None:
        moments = [each for each in self._database.query(_NEXT)[0] if each is not None]
        return moment(min(moments)) if moments else None

    def _move(self, at: datetime) -> None:
        self._clock.advance(max(0.0, (at - self._clock.now()).total_seconds()))

    def _deliver(self) -> None:
        now = self._clock.now()
        for item in self._due():
            self._sent(item, now)

    def _due(self) -> Iterator[Item]:
        """What goes out now, each at its first try."""
        now = self._clock.now()
        for channel in self._outbox.channels():
            while items := self._outbox.due(_AT_ONCE, channel=channel):
                self._telling.record([_delivered(item, now) for item in items])
                yield from items


def _delivered(item: Item, now: datetime) -> Result:
    delivery = replace(item.delivery, state="delivered", attempts=1, at=now)
    return Result(delivery, contact=item.recipient.name, listed=tuple(listed_in(item.content)))
