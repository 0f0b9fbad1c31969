"""The one way into the outbox and out of it: message, link to answer by, and line in the history, all or none."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select

from alerts.alert import Alert, Delivery, Recipient
from alerts.content import Content, listed_in, occasion_of, recipients_of
from alerts.delivery.budget import Budgets
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.delivery.replacing import REPLACED
from alerts.incidents.case import Case, readable
from alerts.incidents.history import Event, History, Transition
from alerts.incidents.incident import LOCK
from alerts.incidents.links import LASTS, Link, Links
from alerts.incidents.unreached import pass_over
from alerts.listing import link_id
from alerts.tables import INCIDENT, INCIDENT_LINK
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

    def tell(
        self, contents: Iterable[Content], *, event: Event = "told", instead_of: Collection[str] = ()
    ) -> list[Item]:
        """Tell each recipient; what was told before is not told again, and what is beyond a budget is held back.

        Args:
            event: what the history calls it.
            instead_of: as for `alerts.delivery.outbox.Outbox.add`.

        Returns:
            The deliveries that are new.
        """
        contents = list(contents)
        if not contents:
            return []
        with self._database.transaction():
            if self._budgets is not None:
                # What is known does not go out again, and costs nothing.
                contents, held, used_up = self._budgets.sort(self._outbox.new_of(contents))
                self._history.add([self._held(*each, "digested") for each in held if each[0].incident])
                self._history.add([self._held(*each, "budget-used-up") for each in used_up if each[0].incident])
            items = self._outbox.add(contents, instead_of=instead_of)
            answered = [item for item in items if item.delivery.incident]
            listed = [link for item in items for link in self._listed(item)]
            self._links.add([*map(self._link, answered), *listed])
            self._history.add([self._transition(item, event) for item in answered])
        return items

    def went_to(self, deliveries: Collection[str], ways: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """As `alerts.delivery.outbox.Outbox.went_to`."""
        return self._outbox.went_to(deliveries, ways)

    def resume(self, case: Case) -> None:
        """Nobody has it in hand any more: what was put off until the morning for that is urgent again."""
        self._outbox.resume(case.id, official=case.official)

    def record(self, results: Sequence[Result]) -> frozenset[str]:
        """Write down what came of tries: the ends and the first failure of each delivery. Where a channel failed, the
        recipient's next one takes its turn; where all of a step have failed for good, or were withdrawn, the next step does.

        Returns:
            The ids of deliveries that were erased or replaced while they were on their way.
        """
        with self._database.transaction():
            ended = (each.delivery for each in results if each.delivery.state in ("failed", "withdrawn"))
            in_vain = {each.incident for each in ended if each.reason != REPLACED} - {""}
            if in_vain or any(_may_list(result.delivery) for result in results):
                # Before the outbox: whoever takes alerts does so, too. What is erased must not come back by a digest.
                self._database.lock(LOCK)
            erased = self._outbox.record(results)
            here = [result for result in results if result.delivery.id not in erased]
            told = [each for each in here if each.delivery.state == "delivered"]
            self._history.add([line for each in told for line in self._in_digest(each)])
            # What a newer message has replaced on its way has arrived all the same, and its link still stands.
            replaced = self._links.known(erased)
            arrived = [each for each in results if each.delivery.id in replaced and each.delivery.state == "delivered"]
            self._links.renew([id for each in (*told, *arrived) for id in _answered_by(each)])
            self._history.add(
                [_came_of(each) for each in (*here, *arrived) if each.delivery.incident and is_news(each)]
            )
            instead = {each.delivery.id: each.instead for each in here if each.instead is not None}
            self.tell(instead.values(), event="failed-over", instead_of=instead)
            pass_over(self._database, sorted(in_vain), self._clock.now())
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
        """A link to each incident that a digest lists: whoever gets it may have no account. Called while incidents are locked."""
        ids = listed_in(item.content)
        if not ids:
            return
        link = self._link(item)
        its = INCIDENT_LINK.c.incident.in_(ids), INCIDENT_LINK.c.contact == link.contact
        shown = select(INCIDENT_LINK.c.incident).where(*its, INCIDENT_LINK.c.show_text.is_(True))
        texts = {incident for (incident,) in self._database.query(shown)}
        for case in readable(self._database, INCIDENT.c.id.in_(ids)):
            yield replace(
                link,
                delivery=link_id(link.delivery, case.id),
                incident=case.id,
                official=case.official,
                # As the rule said that chose the contact: in a message of before, or in one that was held back.
                show_text=case.id in texts or _shows_text(case, link.contact),
            )

    def _in_digest(self, result: Result) -> Iterator[Transition]:
        """That somebody was told of what a digest has listed in brief."""
        there = select(INCIDENT.c.id, INCIDENT.c.official).where(INCIDENT.c.id.in_(result.listed))
        for incident, official in self._database.query(there) if result.listed else ():
            yield replace(_came_of(result), incident=incident, official=official, event="in-digest")

    def _transition(self, item: Item, event: Event) -> Transition:
        delivery = item.delivery
        return Transition(
            incident=delivery.incident,
            official=delivery.official,
            at=self._clock.now(),
            event=event,
            contact=item.recipient.name,
            channel=delivery.channel,
            result=occasion_of(item.content),
            step=delivery.step,
            delivery=delivery.id,
        )


def _may_list(delivery: Delivery) -> bool:
    """Whether it may be a digest: a bulletin of no incident."""
    return not delivery.alert and not delivery.incident


def _shows_text(case: Case, contact: str) -> bool:
    recipients = recipients_of(case.content) if case.content is not None else ()
    return any(each.name == contact and each.show_text for each in recipients)


def _answered_by(result: Result) -> Iterator[str]:
    """The ids of the links in a message."""
    yield result.delivery.id
    yield from (link_id(result.delivery.id, each) for each in result.listed)


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
