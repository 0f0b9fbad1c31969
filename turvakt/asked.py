"""The metrics that are asked of the parts at each scrape: what stands, not what has happened."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from alerts.channel import Channel
from alerts.delivery.limits import Limited
from alerts.delivery.outbox import Outbox
from alerts.incidents.incidents import Incidents
from classify.classifier import Classifier
from classify.verdict import SEVERITIES
from flow.clock import Clock
from flow.database import Database
from flow.errors import TurvaktError, Unavailable
from flow.log import Log
from registry.expiry import Ending
from registry.store import Store
from turvakt.folder import faults
from turvakt.reading import STAGES
from turvakt.watch.beats import Beats
from turvakt.watch.trouble import KINDS
from turvakt.watch.troubles import standing
from turvakt.wiring import Parts

Family = GaugeMetricFamily | CounterMetricFamily

_FAMILIES: Final[dict[str, tuple[type[Family], str, tuple[str, ...]]]] = {
    "stage_lag": (GaugeMetricFamily, "Entries that wait before a stage", ("stage",)),
    "stage_oldest_seconds": (GaugeMetricFamily, "How long the oldest of them has waited; 0 if none waits", ("stage",)),
    "outbox_deliveries": (GaugeMetricFamily, "Deliveries by state", ("state",)),
    "outbox_oldest_seconds": (GaugeMetricFamily, "How long the oldest delivery that is due has been due", ("kind",)),
    "breaker_open": (
        GaugeMetricFamily,
        "1 while a channel is left alone, as it failed too often in a row",
        ("channel",),
    ),
    "incidents_open": (GaugeMetricFamily, "Incidents that are not closed", ("severity",)),
    "incidents_unanswered": (GaugeMetricFamily, "Those of them that nobody has answered", ("severity",)),
    "incident_seconds": (
        GaugeMetricFamily,
        "How long it took from the opening of incidents of the last 7 days, of those that have come so far",
        ("until", "quantile"),
    ),
    "incidents_pending": (GaugeMetricFamily, "Incidents of the last 7 days that have not come so far", ("until",)),
    "officials": (GaugeMetricFamily, "Officials with a consent in force", ()),
    "consents_ending": (GaugeMetricFamily, "Consents that end within 30 days and are followed by nothing", ()),
    "erasures_pending": (GaugeMetricFamily, "Erasures that are not complete", ()),
    "erasure_oldest_seconds": (GaugeMetricFamily, "Time since the oldest withdrawal that is not carried out", ()),
    "erasures": (CounterMetricFamily, "Erasures that are complete", ()),
    "erasures_seconds": (CounterMetricFamily, "Time from the withdrawals to the ends of these, in all", ()),
    "disk_free_bytes": (GaugeMetricFamily, "Free space where the data folder lies", ()),
    "disk_size_bytes": (GaugeMetricFamily, "Size of what it lies on", ()),
    "troubles": (GaugeMetricFamily, "Troubles that the operator was told of and that last", ("kind",)),
    "beat_seconds": (GaugeMetricFamily, "Time since the last sign of life of a part of Turvakt", ("place",)),
    "model_info": (
        GaugeMetricFamily,
        "Always 1; the classifier in use and the parts that it lacks",
        ("model", "lacks"),
    ),
    "part_known": (GaugeMetricFamily, "1 if this part could be asked at this scrape, else 0", ("part",)),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One series of the metric ``turvakt_<name>`` and its value; ``labels`` are values only, in the metric's order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


Question = Callable[[], Iterable[Reading]]
"""Asks one part. Raises `flow.errors.TurvaktError` where that gives no answer."""


class Asked(Collector):
    """Puts ``questions``, by the names of the parts, at each scrape. What a part that is away would say is left out.

    Args:
        seconds: how long all of them may take; a part that takes longer counts as away until it has answered.
    """

    def __init__(self, questions: Mapping[str, Question], *, seconds: float = 3.0) -> None:
        self._questions = questions
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="turvakt-asked")
        self._asking: dict[str, Future[list[Reading]]] = {}
        self._one_scrape = Lock()

    def describe(self) -> Iterator[Family]:
        """Nobody is asked before the first scrape."""
        yield from _families().values()

    def collect(self) -> Iterator[Family]:
        """Every metric, also where it has no series now."""
        families = _families()
        for part, readings in self._answers().items():
            families["part_known"].add_metric((part,), 0 if readings is None else 1)
            for reading in readings or ():
                families[reading.name].add_metric(reading.labels, reading.value)
        yield from families.values()

    def _answers(self) -> dict[str, list[Reading] | None]:
        """What each part says; ``None`` if it is away."""
        with self._one_scrape:
            late = {part: asking for part, asking in self._asking.items() if not asking.done()}
            for part, question in self._questions.items():
                self._asking[part] = late.get(part) or self._pool.submit(_ask, question)
            done, _ = wait(self._asking.values(), timeout=self._seconds)
            return {part: _said(asking) if asking in done else None for part, asking in self._asking.items()}


def _ask(question: Question) -> list[Reading]:
    return list(question())


def _said(asking: Future[list[Reading]]) -> list[Reading] | None:
    try:
        return asking.result()
    except TurvaktError:
        return None


def _families() -> dict[str, Family]:
    return {name: kind(f"turvakt_{name}", help, labels=labels) for name, (kind, help, labels) in _FAMILIES.items()}


def lags(log: Log, readers: Mapping[str, str]) -> Question:
    """How much waits before each stage of ``readers``, which names the topic that it reads."""
    return lambda: [Reading("stage_lag", log.lag(topic, stage), (stage,)) for stage, topic in readers.items()]


def ages(readers: Mapping[str, str], *, oldest: Callable[[str, str], datetime | None], clock: Clock) -> Question:
    """How old the oldest of that is; ``oldest`` is given topic and stage, and says when it came, or ``None``."""

    def ask() -> Iterator[Reading]:
        now = clock.now()
        for stage, topic in readers.items():
            age = (now - (oldest(topic, stage) or now)).total_seconds()
            yield Reading("stage_oldest_seconds", max(0.0, age), (stage,))

    return ask


def outbox(outbox: Outbox, *, clock: Clock) -> Question:
    """The deliveries under way."""

    def ask() -> Iterator[Reading]:
        for state, number in outbox.counts().items():
            yield Reading("outbox_deliveries", number, (state,))
        now, oldest = clock.now(), outbox.oldest()
        for threat, kind in ((True, "threat"), (False, "other")):
            yield Reading("outbox_oldest_seconds", (now - oldest.get(threat, now)).total_seconds(), (kind,))

    return ask


def channels(channels: Callable[[], Mapping[str, Channel]]) -> Question:
    """The circuit breakers of the channels by which messages go out here."""

    def ask() -> Iterator[Reading]:
        for name, channel in channels().items():
            if isinstance(channel, Limited):
                yield Reading("breaker_open", channel.open_since is not None, (name,))

    return ask


def incidents(incidents: Incidents, *, clock: Clock) -> Question:
    """The incidents, and how long people took with those of the last week."""

    def ask() -> Iterator[Reading]:
        # Drills and what is wrong in Turvakt would blur how long people take.
        found = [each for each in incidents.open() if each.official]
        for severity in SEVERITIES:
            of = [each for each in found if each.severity == severity]
            yield Reading("incidents_open", len(of), (severity,))
            yield Reading("incidents_unanswered", sum(each.state != "acknowledged" for each in of), (severity,))
        times = incidents.history.times(clock.now() - timedelta(days=7))
        for until in ("notified", "acknowledged", "closed"):
            took = sorted(seconds for each in times if (seconds := getattr(each, until)) is not None)
            for percent in (50, 95) if took else ():
                yield Reading("incident_seconds", _percentile(took, percent), (until, str(percent / 100)))
            # Beside it, as it is not known yet how long these will have taken.
            yield Reading("incidents_pending", len(times) - len(took), (until,))

    return ask


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The least that so many of a hundred do not exceed (nearest rank)."""
    return ordered[-(-percent * len(ordered) // 100) - 1]


def registry(
    store: Store, *, consenting: Callable[[], int], ending: Callable[[], Collection[Ending]], clock: Clock
) -> Question:
    """The officials, their consents and their erasures."""

    def ask() -> Iterator[Reading]:
        erasures, now = store.erasures(), clock.now()
        yield Reading("officials", consenting())
        yield Reading("consents_ending", len(ending()))
        yield Reading("erasures_pending", erasures.pending)
        yield Reading("erasure_oldest_seconds", (now - (erasures.since or now)).total_seconds())
        yield Reading("erasures", erasures.complete)
        yield Reading("erasures_seconds", erasures.seconds)

    return ask


def disk(folder: Path) -> Question:
    """The space where ``folder`` lies."""

    def ask() -> Iterator[Reading]:
        with faults(folder):
            usage = shutil.disk_usage(folder)
        yield Reading("disk_free_bytes", usage.free)
        yield Reading("disk_size_bytes", usage.total)

    return ask


def watch(database: Callable[[], Database], *, clock: Clock) -> Question:
    """What the watch knows."""

    def ask() -> Iterator[Reading]:
        now, lasting = clock.now(), Counter(trouble.kind for trouble in standing(database()))
        for kind in KINDS:
            yield Reading("troubles", lasting[kind], (kind,))
        for beat in Beats(database()).all():
            if not beat.is_of_channel:  # of which `channels` tells
                yield Reading("beat_seconds", max(0.0, (now - beat.at).total_seconds()), (beat.place,))

    return ask


def model(classifier: Callable[[], Classifier]) -> Question:
    """The classifier in use."""

    def ask() -> Iterator[Reading]:
        used = classifier()
        yield Reading("model_info", 1, (used.model, " ".join(used.lacks)))

    return ask


def everything(parts: Parts) -> dict[str, Question]:
    """What the one process of the embedded runtime is asked."""

    return {
        "lag": lags(parts.log, STAGES),
        "age": ages(STAGES, oldest=parts.oldest_unread, clock=parts.clock),
        "outbox": outbox(parts.outbox, clock=parts.clock),
        "channels": channels(lambda: parts.channels),
        "incidents": incidents(parts.incidents, clock=parts.clock),
        "registry": _registry(parts),
        "watch": watch(lambda: parts.database, clock=parts.clock),
        "disk": disk(parts.settings.data_dir),
        "model": model(lambda: parts.classifier),
    }


def _registry(parts: Parts) -> Question:
    return registry(parts.store, consenting=parts.consenting, ending=parts.ending, clock=parts.clock)


def of_worker(parts: Parts, name: str, *, opened: Callable[[], bool]) -> dict[str, Question]:
    """What the worker ``name`` of a cluster is asked: a stage about what waits before it, a service about what it looks after.

    Args:
        opened: whether the worker has reached all that it needs. Before that, nothing may be opened by a question.
    """

    def later(make: Callable[[], Question]) -> Question:
        def ask() -> Iterable[Reading]:
            if not opened():
                raise Unavailable("the worker starts, or waits for a server that is away")
            return make()()

        return ask

    if name in STAGES:
        own = {name: STAGES[name]}
        questions = {
            "lag": later(lambda: lags(parts.log, own)),
            "age": later(lambda: ages(own, oldest=parts.oldest_unread, clock=parts.clock)),
        }
        return questions | ({"model": later(lambda: model(lambda: parts.classifier))} if name == "classify" else {})
    questions = {"disk": disk(parts.settings.data_dir)}
    if name == "dispatch":
        questions["outbox"] = later(lambda: outbox(parts.outbox, clock=parts.clock))
        questions["channels"] = later(lambda: channels(lambda: parts.channels))
        questions["incidents"] = later(lambda: incidents(parts.incidents, clock=parts.clock))
    if name == "house":
        questions["registry"] = later(lambda: _registry(parts))
        questions["watch"] = later(lambda: watch(lambda: parts.database, clock=parts.clock))
    return questions
