"""All that is known of one post, and how two such states become one.

`join` is commutative, associative and idempotent: `review.precedence` orders all records about the same thing, and the
greater one stays. So whatever order, repetition and batches the records come in, they end the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from alerts.alert import DELIVERIES, Delivery
from classify.verdict import VERDICTS, Verdict
from review import precedence
from review.decision import DECISIONS, Decision
from review.index import Item, Raised, read_raised, without

Record = TypeVar("Record", Raised, Delivery, Decision)
About = TypeVar("About", Raised, Delivery)
Some = TypeVar("Some")


@dataclass(frozen=True, slots=True)
class Known:
    """A verdict, alerts and deliveries by their ids, decisions by their tenants: any may be missing.

    They come in any order.
    """

    verdict: Verdict | None = None
    alerts: Mapping[str, Raised] = field(default_factory=dict)
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)

    @property
    def others(self) -> tuple[Raised | Delivery | Decision, ...]:
        """The records besides the verdict."""
        return (*self.alerts.values(), *self.deliveries.values(), *self.decisions.values())

    @property
    def size(self) -> int:
        """How many records."""
        return (self.verdict is not None) + len(self.others)

    @property
    def oldest(self) -> datetime | None:
        """The moment of the oldest record besides the verdict."""
        return min((record.at for record in self.others), default=None)

    @property
    def mentioned(self) -> frozenset[str]:
        """The officials whom the post mentions."""
        return frozenset() if self.verdict is None else self.verdict.officials

    @property
    def about(self) -> frozenset[str]:
        """The officials because of whom any of it is held."""
        alerted = {alert.official for alert in self.alerts.values()}
        return self.mentioned | alerted | {delivery.official for delivery in self.deliveries.values()}

    def item(self) -> Item | None:
        """What the index shows; ``None`` without a verdict."""
        if self.verdict is None:
            return None
        return Item(self.verdict, _in_order(self.alerts), _in_order(self.deliveries), by_tenant(self.decisions))

    def without(self, official: str) -> "Known":
        """What stays after the erasure of ``official``: nothing of a post that mentions her alone."""
        verdict = self.verdict
        if verdict is not None and official in verdict.officials:
            verdict = without(verdict, official)
            if verdict is None:
                return Known()
        alerts = {id: alert for id, alert in self.alerts.items() if alert.official != official}
        deliveries = {id: delivery for id, delivery in self.deliveries.items() if delivery.official != official}
        return Known(verdict, alerts, deliveries, self.decisions)


def join(old: Known, new: Known) -> Known:
    """What is known by both together; ``old`` itself if ``new`` adds nothing to it."""
    verdict = _greater(old.verdict, new.verdict, precedence.of_verdict)
    alerts = _greatest(old.alerts, new.alerts, precedence.of_alert)
    deliveries = _greatest(old.deliveries, new.deliveries, precedence.of_delivery)
    decisions = _greatest(old.decisions, new.decisions, precedence.of_decision)
    joined = Known(verdict, alerts, deliveries, decisions)
    return old if joined == old else joined


def _greater(old: Some | None, new: Some | None, rank: Callable[[Some], Any]) -> Some | None:
    if new is None or old is new:
        return old
    return new if old is None or rank(new) > rank(old) else old


def _greatest(
    old: Mapping[str, Record], new: Mapping[str, Record], rank: Callable[[Record], Any]
) -> Mapping[str, Record]:
    return {**old, **{id: _greater(old.get(id), record, rank) or record for id, record in new.items()}}


def by_tenant(decisions: Mapping[str, Decision]) -> tuple[Decision, ...]:
    """The decisions in the order of their tenants."""
    return tuple(decisions[tenant] for tenant in sorted(decisions))


def _in_order(records: Mapping[str, About]) -> tuple[About, ...]:
    return tuple(sorted(records.values(), key=lambda record: (record.at, record.id)))


def of_item(item: Item) -> Known:
    """What is known by an item."""
    alerts = {alert.id: alert for alert in item.alerts}
    deliveries = {delivery.id: delivery for delivery in item.deliveries}
    return Known(item.verdict, alerts, deliveries, {decision.tenant: decision for decision in item.decisions})


def encode(known: Known) -> dict[str, Any]:
    """What is stored of it: each record in its wire form, as a string, so that it comes back byte for byte."""
    stored: dict[str, Any] = {}
    if known.verdict is not None:
        stored["verdict"] = VERDICTS.encode(known.verdict).decode()
    if known.alerts:
        stored["alerts"] = [msgspec.json.encode(alert).decode() for alert in known.alerts.values()]
    if known.deliveries:
        stored["deliveries"] = [DELIVERIES.encode(delivery).decode() for delivery in known.deliveries.values()]
    if known.decisions:
        stored["decisions"] = [DECISIONS.encode(decision).decode() for decision in by_tenant(known.decisions)]
    return stored


def decode(stored: Mapping[str, Any]) -> Known:
    """What `encode` stored.

    Raises:
        BadInput: this program cannot read it; a newer one has written it.
    """
    alerts = [read_raised(alert) for alert in stored.get("alerts", ())]
    deliveries = [DELIVERIES.decode(delivery.encode()) for delivery in stored.get("deliveries", ())]
    # Before there were tenants a document had one decision alone.
    old = [stored["decision"]] if "decision" in stored else []
    decisions = [DECISIONS.decode(decision.encode()) for decision in stored.get("decisions", old)]
    verdict = stored.get("verdict")
    return Known(
        VERDICTS.decode(verdict.encode()) if verdict is not None else None,
        {alert.id: alert for alert in alerts},
        {delivery.id: delivery for delivery in deliveries},
        {decision.tenant: decision for decision in decisions},
    )
