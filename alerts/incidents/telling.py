"""The one way into the outbox and out of it: message, link to answer by, and line in the history, all or none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.content import Content
from alerts.delivery.budget import Budgets
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.incidents.history import Event, History, Transition
from alerts.incidents.links import LASTS, Link, Links
from alerts.listing import link_id, read
from alerts.tables import INCIDENT
from flow.clock import Clock
from flow.database import Database


class Telling:
    """Over the outbox, the links and the history of one database.

    Args:
        budgets: hold back what is beyond that of an address; ``None``: there are none.
    """

    def __init__(self, database: Database, *, outbox: Outbox, clock: Clock, budgets: Budgets | None = None) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._budgets = budgets
        self._links = Links(database, clock=clock)
        self._history = History(database)

    def tell(self, contents: Iterable[Content], *, event: Event = "told") -> list[Item]:
        """Tell each recipient; what was told before is not told again, and what is beyond a budget is held back.

        Args:
            event: what the history calls it.

        Returns:
            The deliveries that are new.
        """
        with self._database.transaction():
            if self._budgets is not None:
                contents, held, used_up = self._budgets.sort(contents)
                self._history.add([self._held(*each, "digested") for each in held if each[0].incident])
                self._history.add([self._held(*each, "budget-used-up") for each in used_up if each[0].incident])
            items = self._outbox.add(contents)
            answered = [item for item in items if item.delivery.incident]
            listed = [(item, link) for item in items for link in self._listed(item)]
            self._links.add([*map(self._link, answered), *(link for _, link in listed)])
            self._history.add([self._transition(item, event) for item in answered])
            self._history.add([self._in_digest(item, link) for item, link in listed])
        return items

    def record(self, results: Sequence[Result]) -> frozenset[str]:
        """Write down what came of tries: the ends and the first failure of each delivery. Where a channel failed, the
        recipient's next one takes its turn.

        Returns:
            The ids of deliveries that were erased while they were on their way.
        """
        with self._database.transaction():
            erased = self._outbox.record(results)
            here = [result for result in results if result.delivery.id not in erased]
            self._history.add([_came_of(each) for each in here if each.delivery.incident and is_news(each)])
            self.tell([each.instead for each in here if each.instead is not None], event="failed-over")
        return erased

    def _held(self, alert: Alert, recipient: Recipient, event: Event) -> Transition:
        return Transition(
            incident=alert.incident,
            official=alert.official,
            at=self._clock.now(),
            event=event,
            contact=recipient.name,
            channel=recipient.channel,
            step=alert.told.step if alert.told else 0,
        )

    def _link(self, item: Item) -> Link:
        delivery, recipient = item.delivery, item.recipient
        return Link(
            delivery=delivery.id,
            incident=delivery.incident,
            official=delivery.official,
            contact=recipient.name,
            language=recipient.language,
            show_text=recipient.show_text,
            expires=self._clock.now() + LASTS,
        )

    def _listed(self, item: Item) -> Iterator[Link]:
        """A link to each incident that a digest lists: whoever gets it may have no account."""
        listed = item.content.values.get("listed", "") if isinstance(item.content, Bulletin) else ""
        ids = [each.incident for each in read(listed)]
        if not ids:
            return
        link, found = self._link(item), select(INCIDENT.c.id, INCIDENT.c.official).where(INCIDENT.c.id.in_(ids))
        for incident, official in self._database.query(found):
            id = link_id(link.delivery, incident)
            yield replace(link, delivery=id, incident=incident, official=official, show_text=False)

    def _in_digest(self, item: Item, link: Link) -> Transition:
        told = self._transition(item, "in-digest")
        return replace(told, incident=link.incident, official=link.official)

    def _transition(self, item: Item, event: Event) -> Transition:
        delivery = item.delivery
        return Transition(
            incident=delivery.incident,
            official=delivery.official,
            at=self._clock.now(),
            event=event,
            contact=item.recipient.name,
            channel=delivery.channel,
            step=delivery.step,
            delivery=delivery.id,
        )


def is_news(result: Result) -> bool:
    """Whether others want to know of it: it has ended, or failed for the first time."""
    delivery = result.delivery
    return delivery.state != "waiting" or (result.tried and delivery.attempts == 1)


def _came_of(result: Result) -> Transition:
    delivery, state = result.delivery, result.delivery.state
    return Transition(
        incident=delivery.incident,
        official=delivery.official,
        at=delivery.at,
        event="delayed" if state == "waiting" else state,
        contact=result.contact,
        channel=delivery.channel,
        result=delivery.reason or "",
        step=delivery.step,
        delivery=delivery.id,
    )
