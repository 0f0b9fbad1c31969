"""The closed list of metrics. docs/metrics.md describes each; a test keeps the two alike."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from alerts.alert import Alert, Delivery
from classify.remote.service import Outcome
from classify.verdict import Verdict
from flow.errors import Unavailable
from ingest.intake import Taken
from review.drift import BOUNDS
from turvakt.comparison import Compared, Lost

SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Metrics:
    """Prometheus metrics of this process (implements `turvakt.tally.Listener` and `turvakt.shadow.Listener`).

    Args:
        lags: how many entries wait before each stage, asked at each scrape.
        officials: how many officials have a consent in force, asked at each scrape.
    """

    def __init__(self, *, lags: Callable[[], Mapping[str, int]], officials: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._lags = lags

        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(f"turvakt_{name}", help, labels, registry=self.registry)

        self._posts = counter("posts", "Posts by what became of them at the intake", "collector", "outcome")
        self._verdicts = counter("verdicts", "Verdicts", "language", "severity")
        self._flagged = counter("flagged", "Flagged labels; a post may have several", "label")
        self._unable = counter("unable", "Posts that could not be judged", "reason")
        self._probability = Histogram(
            "turvakt_probability",
            "Probability of each label of a post that could be judged",
            ["language", "label"],
            buckets=BOUNDS,
            registry=self.registry,
        )
        self._remote = counter("remote_posts", "Posts by what became of them at the remote model", "outcome")
        self._alerts = counter("alerts", "Alerts raised", "severity")
        self._deliveries = counter("deliveries", "Deliveries that have ended", "channel", "state")
        self._waits = counter("waits", "Pauses because something was unavailable", "place")
        self._handled = counter("stage_records", "Records that a stage has handled", "stage")
        self._dead = counter("stage_dead", "Records that became dead letters in a stage", "stage")
        self._seconds = Histogram(
            "turvakt_stage_seconds", "Time of a batch in a stage", ["stage"], buckets=SECONDS, registry=self.registry
        )
        self._notify = Histogram(
            "turvakt_notify_seconds",
            "From the collection of a post to the delivery of its alert",
            buckets=(0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0),
            registry=self.registry,
        )
        self._shadow = counter("shadow_posts", "Posts by what became of them in the shadow", "outcome")
        self._shadow_severities = counter(
            "shadow_severities", "Posts by the severities that both classifiers gave them", "current", "candidate"
        )
        self._shadow_labels = counter("shadow_labels", "Labels by which of the classifiers flagged them", "label", "by")
        self._shadow_alerts = counter(
            "shadow_alerts", "Alerts by what the candidate would have done with them", "change"
        )
        self._lag = Gauge("turvakt_stage_lag", "Entries that wait before a stage", ["stage"], registry=self.registry)
        consenting = Gauge("turvakt_officials", "Officials with a consent in force", registry=self.registry)
        consenting.set_function(officials)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        for stage, lag in self._lags().items():
            self._lag.labels(stage).set(lag)
        return generate_latest(self.registry)

    def taken(self, collector: str, taken: Taken) -> None:
        for outcome in ("matched", "duplicates", "deleted", "rejected"):
            self._posts.labels(collector, outcome).inc(getattr(taken, outcome))
        self._posts.labels(collector, "read").inc(taken.read)

    def verdict(self, verdict: Verdict) -> None:
        if verdict.post.deleted_at is not None:
            return
        judgement = verdict.judgement
        self._verdicts.labels(judgement.language, judgement.severity).inc()
        for label in judgement.flagged:
            self._flagged.labels(label).inc()
        if judgement.unable:
            self._unable.labels(judgement.unable).inc()
            return
        for label, score in judgement.labels.items():
            self._probability.labels(judgement.language, label).observe(score.probability)

    def remote(self, outcome: Outcome, many: int) -> None:
        """What became of ``many`` posts that the remote model might have judged."""
        self._remote.labels(outcome).inc(many)

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
        self._deliveries.labels(delivery.channel, delivery.state).inc()
        if delivery.state == "delivered":
            self._notify.observe(max(0.0, (delivery.at - delivery.collected_at).total_seconds()))

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        self._handled.labels(name).inc(handled)
        self._dead.labels(name).inc(dead)
        self._seconds.labels(name).observe(seconds)

    def waiting(self, place: str, error: Unavailable) -> None:
        self._waits.labels(place).inc()
