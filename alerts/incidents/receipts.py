"""What services that carried a message tell of it: that it has arrived, or that it has not."""

from dataclasses import replace

from alerts.incidents.history import Event, History, Transition
from alerts.incidents.incident import LOCK
from alerts.incidents.links import Link, Links
from flow.clock import Clock
from flow.database import Database

_RESULT = "receipt"


class Receipts:
    """Writes them into the history, in ``database``."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._links = Links(database, clock=clock)
        self._history = History(database)

    def note(self, link: Link, event: Event, *, channel: str) -> None:
        """Write down what came of the message of ``link``, once: services tell again what was not confirmed to them."""
        told = Transition(link.incident, link.official, self._clock.now(), event, delivery=link.delivery)
        with self._database.transaction():
            self._database.lock(LOCK)
            if self._links.find(link.delivery) is None:
                return  # it was erased meanwhile
            noted = [each.event for each in self._history.of_delivery(link.delivery) if each.result == _RESULT]
            if event not in noted:
                self._history.add([replace(told, contact=link.contact, channel=channel, result=_RESULT)])
