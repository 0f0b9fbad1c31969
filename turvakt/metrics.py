"""The closed list of metrics. docs/metrics.md describes each; a test keeps the two alike."""

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from alerts.alert import Alert, Delivery
from alerts.channels import CHANNELS
from classify.calibration import LANGUAGES
from classify.classifier import Judges
from classify.remote.service import Outcome
from classify.verdict import LABELS, SEVERITIES, Unable, Verdict
from flow.clock import Clock, SystemClock
from flow.errors import Unavailable
from ingest.collectors import COLLECTORS
from ingest.intake import Taken
from review.drift import BOUNDS
from turvakt.asked import Asked, Question
from turvakt.comparison import Compared, Lost

STEP: Final = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
COLLECT: Final = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
JUDGE: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
NOTIFY: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 300.0, 1800.0, 36_000.0)
BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
KEEP_HOUSE: Final = ("run", "house")
TAKEN: Final = ("read", "matched", "duplicates", "deleted", "rejected")


class Metrics:
    """Prometheus metrics of this process (implements `turvakt.tally.Listener` and `turvakt.shadow.Listener`).

    Args:
        questions: what is asked at each scrape, see `turvakt.asked`.
        worker: what this process is: ``run``, a stage or a service.
        stages: those that run here; their counts begin at zero, so that the first of each is seen to come.
        collectors: the names of those that read here, likewise.
    """

    def __init__(
        self,
        questions: Mapping[str, Question] = {},
        *,
        worker: str = "run",
        stages: Iterable[str] = (),
        collectors: Iterable[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self.registry = registry = CollectorRegistry()
        self._clock = clock or SystemClock()

        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(f"turvakt_{name}", help, labels, registry=registry)

        def histogram(name: str, help: str, *labels: str, buckets: Iterable[float]) -> Histogram:
            return Histogram(f"turvakt_{name}", help, labels, buckets=tuple(buckets), registry=registry)

        def gauge(name: str, help: str, *labels: str) -> Gauge:
            return Gauge(f"turvakt_{name}", help, labels, registry=registry)

        self._posts = counter("posts", "Posts by what became of them at the intake", "collector", "outcome")
        self._read_at = gauge("collector_read_timestamp_seconds", "When a collector last read something", "collector")
        self._verdicts = counter("verdicts", "Verdicts", "language", "severity")
        self._flagged = counter("flagged", "Flagged labels; a post may have several", "label")
        self._unable = counter("unable", "Posts that could not be judged", "reason")
        self._probability = histogram(
            "probability", "Probability of each label of a post", "language", "label", buckets=BOUNDS
        )
        self._cascade = counter("cascade_posts", "Posts by the models of the cascade that judged them", "models")
        self._remote = counter("remote_posts", "Posts by what became of them at the remote model", "outcome")
        self._collect = histogram("collect_seconds", "From publication to collection", "source", buckets=COLLECT)
        self._judge = histogram("judge_seconds", "From the collection of a post to its verdict", buckets=JUDGE)
        self._notify = histogram(
            "notify_seconds", "From the collection of a post to the delivery of its alert", buckets=NOTIFY
        )
        self._alerts = counter("alerts", "Alerts raised", "severity")
        self._deliveries = counter("deliveries", "Deliveries that have ended", "channel", "state")
        self._waits = counter("waits", "Pauses because something was unavailable", "place")
        self._handled = counter("stage_records", "Records that a stage has handled", "stage")
        self._dead = counter("stage_dead", "Records that became dead letters in a stage", "stage")
        self._seconds = histogram("stage_seconds", "Time of a batch in a stage", "stage", buckets=STEP)
        self._batch = histogram("stage_batch_entries", "Entries of a batch in a stage", "stage", buckets=BATCH)
        self._pages = histogram("console_seconds", "Time of the console's answers to people", "status", buckets=STEP)
        self._kept_house = gauge("housekeeping_timestamp_seconds", "When housekeeping was last done")
        self._removed = counter("retention_removed", "Records that retention has removed")
        self._shadow = counter("shadow_posts", "Posts by what became of them in the shadow", "outcome")
        self._shadow_severities = counter(
            "shadow_severities", "Posts by the severities that both classifiers gave them", "current", "candidate"
        )
        self._shadow_labels = counter("shadow_labels", "Labels by which of the classifiers flagged them", "label", "by")
        self._shadow_alerts = counter("shadow_alerts", "Alerts by what the candidate would have done", "change")
        build = gauge("build_info", "Always 1; what this process is", "version", "python", "worker")
        build.labels(version("turvakt"), platform.python_version(), worker).set(1)
        registry.register(Asked(questions))
        ProcessCollector(namespace="turvakt", registry=registry)
        if worker in KEEP_HOUSE:
            self._kept_house.set(self._clock.now().timestamp())
        self._begin(stages, collectors)

    def _begin(self, stages: Iterable[str], collectors: Iterable[str]) -> None:
        """Only what is already there is seen to rise."""
        for stage in stages:
            for of_stage in (self._handled, self._dead, self._seconds, self._batch):
                of_stage.labels(stage)
        for collector in collectors:
            self._read_at.labels(collector).set(self._clock.now().timestamp())
            for outcome in TAKEN:
                self._posts.labels(collector, outcome)
        for severity in SEVERITIES:
            self._alerts.labels(severity)
        for label in LABELS:
            self._flagged.labels(label)
        for reason in get_args(Unable):
            self._unable.labels(reason)
        for language in LANGUAGES:
            for severity in SEVERITIES:
                self._verdicts.labels(language, severity)
        self._verdicts.labels("other", "none")
        for channel in (*CHANNELS, "other"):
            for state in ("delivered", "failed"):
                self._deliveries.labels(channel, state)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def taken(self, collector: str, taken: Taken) -> None:
        for outcome in TAKEN:
            self._posts.labels(collector, outcome).inc(getattr(taken, outcome))
        if taken.read or taken.deleted:
            self._read_at.labels(collector).set(self._clock.now().timestamp())

    def verdict(self, verdict: Verdict) -> None:
        post, judgement = verdict.post, verdict.judgement
        if post.deleted_at is not None:
            return
        source = post.source if post.source in COLLECTORS else "other"  # files may name theirs as they like
        published = post.edited_at or post.created_at
        self._collect.labels(source).observe(max(0.0, (post.collected_at - published).total_seconds()))
        self._judge.observe(max(0.0, (verdict.judged_at - post.collected_at).total_seconds()))
        self._verdicts.labels(judgement.language, judgement.severity).inc()
        for label in judgement.flagged:
            self._flagged.labels(label).inc()
        if judgement.unable:
            self._unable.labels(judgement.unable).inc()
            return
        for label, score in judgement.labels.items():
            self._probability.labels(judgement.language, label).observe(score.probability)

    def cascade(self, judges: Judges, many: int) -> None:
        """Which models of the cascade judged ``many`` posts."""
        self._cascade.labels(judges).inc(many)

    def remote(self, outcome: Outcome, many: int) -> None:
        """What became of ``many`` posts that the remote model might have judged."""
        self._remote.labels(outcome).inc(many)

    def page(self, status: int, seconds: float) -> None:
        """The console has answered a person."""
        self._pages.labels(f"{status // 100}xx").observe(seconds)

    def house(self, removed: int) -> None:
        """Housekeeping was done, and retention removed so many records."""
        self._kept_house.set(self._clock.now().timestamp())
        self._removed.inc(removed)

    def compared(self, compared: Compared) -> None:
        self._shadow.labels("judged").inc()
        self._shadow_severities.labels(compared.current, compared.candidate).inc()
        for label, said in compared.labels.items():
            self._shadow_labels.labels(label, said).inc()
        for change, many in compared.alerts.items():
            self._shadow_alerts.labels(change).inc(many)

    def not_compared(self, lost: Lost) -> None:
        self._shadow.labels(lost).inc()

    def alert(self, alert: Alert) -> None:
        self._alerts.labels(alert.verdict.judgement.severity).inc()

    def delivery(self, delivery: Delivery) -> None:
        channel = delivery.channel if delivery.channel in CHANNELS else "other"
        self._deliveries.labels(channel, delivery.state).inc()
        if delivery.state == "delivered":
            self._notify.observe(max(0.0, (delivery.at - delivery.collected_at).total_seconds()))

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        self._handled.labels(name).inc(handled)
        self._dead.labels(name).inc(dead)
        self._seconds.labels(name).observe(seconds)
        self._batch.labels(name).observe(handled + dead)

    def waiting(self, place: str, error: Unavailable) -> None:
        self._waits.labels(place).inc()
