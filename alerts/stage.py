"""The two stages of alerts: ``route`` raises them, ``deliver`` puts them into the outbox."""

from collections.abc import Callable, Collection, Sequence

from alerts.alert import ALERTS, DELIVERIES, Alert, Delivery
from alerts.delivery.outbox import Result
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling, is_news
from alerts.plans.plan import Plans
from alerts.routing import route
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Verdict
from flow.clock import Clock
from flow.log import Log
from flow.stage import Output, Stage
from registry.official import Official

TOPIC = "alerts"
DELIVERIES_TOPIC = "deliveries"


def route_stage(
    *, plans: Plans, officials: Callable[[str], Official | None], clock: Clock, stop_after: int = 100
) -> Stage[Verdict]:
    """From ``verdicts`` to ``alerts``."""

    def handle(verdicts: Sequence[Verdict]) -> list[Output]:
        alerts = route(verdicts, plans=plans, officials=officials, clock=clock)
        return [Output(TOPIC, alert.verdict.post.id, ALERTS.encode(alert), alert) for alert in alerts]

    return Stage("route", source=VERDICTS_TOPIC, codec=VERDICTS, clock=clock, handle=handle, stop_after=stop_after)


def deliver_stage(
    *, incidents: Incidents, clock: Clock, wake: Callable[[], None], stop_after: int = 100
) -> Stage[Alert]:
    """From ``alerts`` into incidents and the outbox; ``wake`` is called when there is something to deliver."""

    def apply(alerts: Sequence[Alert]) -> None:
        if incidents.take(alerts):
            wake()

    return Stage("deliver", source=TOPIC, codec=ALERTS, clock=clock, apply=apply, stop_after=stop_after)


def recording(
    *, telling: Telling, log: Log, told: Callable[[Delivery], None] = lambda delivery: None
) -> Callable[[Sequence[Result]], Collection[str]]:
    """How a `alerts.delivery.dispatcher.Dispatcher` writes results down: outbox, history, topic ``deliveries``, all or none.

    Into the topic go the ends and the first failure of each delivery, not every try. Bulletins are about no alert, and no reader
    of the topic knows them. ``told`` is told of each when it is safe.
    """

    def commit(results: Sequence[Result]) -> Collection[str]:
        with log.write() as writer:
            erased = telling.record(results)
            there = (each for each in results if each.delivery.id not in erased and each.delivery.alert)
            news = [each.delivery for each in there if is_news(each)]
            for delivery in news:
                writer.append(DELIVERIES_TOPIC, delivery.post, DELIVERIES.encode(delivery))
        for delivery in news:
            told(delivery)
        return erased

    return commit
