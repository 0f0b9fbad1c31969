"""What services that carried a message tell of it: that it has arrived, or that it has not."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import or_, select, update

from alerts.alert import DELIVERIES, NOT_ARRIVED, RINGS, Delivery
from alerts.delivery.holder import DELIVERY
from alerts.delivery.outbox import delivery_of
from alerts.incidents.history import Event, History, Transition
from alerts.incidents.incident import LOCK
from alerts.incidents.incidents import Incidents
from alerts.incidents.links import Link, Links
from alerts.incidents.unreached import pass_over
from alerts.stage import DELIVERIES_TOPIC
from alerts.tables import OUTBOX
from flow.clock import Clock
from flow.database import Database
from flow.log import Log, Writer

_RESULT = "receipt"


class Receipts:
    """Writes them into the history, in ``database``, and what becomes of deliveries by them into ``log``; then tells ``told``."""

    def __init__(
        self,
        database: Database,
        incidents: Incidents,
        *,
        log: Log,
        clock: Clock,
        told: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        self._database = database
        self._log = log
        self._incidents = incidents
        self._clock = clock
        self._told = told
        self._links = Links(database, clock=clock)
        self._history = History(database)

    def note(self, link: Link, event: Event, *, channel: str) -> None:
        """Write down what came of the message of ``link``, once: services tell again what was not confirmed to them.

        A message that has arrived is not sent again, though nobody knew whether its service had taken it. One that has not
        arrived has failed: the contact's next way takes its turn, and where nobody else was reached, the next step follows. A
        call that nobody took is no failure.
        """
        now = self._clock.now()
        told = Transition(link.incident, link.official, now, event, delivery=link.delivery)
        news: list[Delivery] = []
        with self._log.write() as writer, self._database.transaction():
            self._database.lock(LOCK)
            if self._links.find(link.delivery) is None:
                return  # it was erased meanwhile
            became = self._history.of_delivery(link.delivery)
            noted = [each.event for each in became if each.result == _RESULT]
            if event not in noted:
                step = max((each.step for each in became), default=0)
                self._history.add([replace(told, contact=link.contact, channel=channel, result=_RESULT, step=step)])
            # Also what was noted before: it may have come twice, and this be about the second time.
            itself = OUTBOX.c.id == link.delivery
            if event == "received":
                arrived = {"state": "delivered", "reason": None, "at": now.timestamp(), "alert": None, "contact": ""}
                # Services may say both, and last what is true: one that gave up may have handed it over all the same.
                doubted = or_(OUTBOX.c.state == "waiting", OUTBOX.c.reason == NOT_ARRIVED)
                if self._database.execute(update(OUTBOX).where(itself, doubted).values(**arrived)):
                    self._links.renew([link.delivery])
                    news = self._publish(link.delivery, writer)
            elif event == "failed" and channel != RINGS and "received" not in noted:
                failed = {"state": "failed", "reason": NOT_ARRIVED, "at": now.timestamp()}
                if self._database.execute(update(OUTBOX).where(itself, OUTBOX.c.state == "delivered").values(**failed)):
                    self._incidents.tell_otherwise(link)
                    pass_over(self._database, [link.incident], now)
                    news = self._publish(link.delivery, writer)
        for each in news:
            self._told(each)

    def _publish(self, delivery: str, writer: Writer) -> list[Delivery]:
        """As `alerts.stage.recording` does of what comes of tries; returns the delivery, if it is of an alert."""
        rows = self._database.query(select(*DELIVERY).where(OUTBOX.c.id == delivery, OUTBOX.c.alert_id != ""))
        found = [delivery_of(row) for row in rows]
        for each in found:
            writer.append(DELIVERIES_TOPIC, each.post, DELIVERIES.encode(each))
        return found
