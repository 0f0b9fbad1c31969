"""What the metrics say of the demo's posts, and what they never say."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.alert import Delivery
from alerts.channels import CHANNELS
from alerts.incidents.history import Transition
from classify.verdict import LABELS, SEVERITIES
from flow.clock import ManualClock
from flow.errors import Unavailable
from ingest.collectors import COLLECTORS
from tests.alerts.people import alert, verdict
from tests.turvakt.process import DEMO_POSTS
from turvakt.adapters import switched_on
from turvakt.asked import Reading, disk, everything
from turvakt.metrics import TAKEN, Metrics
from turvakt.monitor import Monitor
from turvakt.settings import Settings
from turvakt.tally import Observed, Tally
from turvakt.watch.trouble import KINDS
from turvakt.wiring import Parts

STAGES = {
    *("classify", "route", "deliver"),
    *("index-verdicts", "index-alerts", "index-deliveries", "index-decisions"),
}
KNOWN = {
    "collector": set(COLLECTORS),
    "source": {*COLLECTORS, "other"},
    "channel": {*CHANNELS, "other"},
    "stage": STAGES,
    "severity": set(SEVERITIES),
    "label": set(LABELS),
    "language": {"sv", "fi", "other"},
    "reason": {"language", "no-text", "too-short"},
    "models": {"linear", "both"},
    "state": {"waiting", "delivered", "failed", "withdrawn"},
    "kind": {"threat", "other", *KINDS},
    "part": {"lag", "age", "outbox", "channels", "incidents", "registry", "watch", "disk", "model"},
    "until": {"notified", "acknowledged", "closed"},
    "quantile": {"0.5", "0.95"},
    "outcome": set(TAKEN),
    "worker": {"run"},
    "status": {"2xx", "3xx", "4xx", "5xx"},
}
OF_THE_BUILD = {"version", "python", "model", "lacks", "le"}

START = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(metrics: Metrics) -> Samples:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"turvakt_{name}", frozenset(labels.items())]


@pytest.fixture
def clock() -> ManualClock:
    """Behind the posts of the demo."""
    return ManualClock(START)


def of_the_demo(parts: Parts) -> tuple[Metrics, Tally]:
    metrics, tally = Metrics(everything(parts), stages=STAGES, collectors=["jsonl"], clock=parts.clock), Tally()
    parts.cascade_told = metrics.cascade
    stream = parts.jsonl(str(DEMO_POSTS), follow=False)
    asyncio.run(Monitor(parts, observed=Observed(tally, metrics), collectors=[stream], once=True).run())
    return metrics, tally


def test_the_figures_of_a_run_add_up(parts: Parts) -> None:
    metrics, tally = of_the_demo(parts)
    found = samples(metrics)
    judged = value(found, "judge_seconds_count")
    assert judged == tally.verdicts > 0
    by_source = {labels: each for (name, labels), each in found.items() if name == "turvakt_collect_seconds_count"}
    assert sum(by_source.values()) == judged
    unable = sum(each for (name, _), each in found.items() if name == "turvakt_unable_total")
    by_models = [each for (name, _), each in found.items() if name == "turvakt_cascade_posts_total"]
    assert len(by_models) == 2
    assert sum(by_models) == judged - unable
    assert value(found, "notify_seconds_count") == tally.deliveries["delivered"] > 0
    assert value(found, "outbox_deliveries", state="delivered") == tally.deliveries["delivered"]
    for stage in STAGES - {"index-decisions"}:
        assert value(found, "stage_batch_entries_sum", stage=stage) == tally.handled[stage] > 0
        assert value(found, "stage_lag", stage=stage) == value(found, "stage_oldest_seconds", stage=stage) == 0
    assert value(found, "collector_read_timestamp_seconds", collector="jsonl") == START.timestamp()
    assert 0 < value(found, "disk_free_bytes") < value(found, "disk_size_bytes")
    assert all(value(found, "part_known", part=part) == 1 for part in KNOWN["part"])


def test_labels_have_few_values_that_are_known_beforehand(parts: Parts) -> None:
    metrics, _ = of_the_demo(parts)
    metrics.delivery(Delivery("1", "a", "web:1", "anna-lindqvist", "carrier-pigeon", "failed", 1, START, START))
    found = samples(metrics)
    for _, labels in found:
        for label, of_it in labels:
            assert label in OF_THE_BUILD or of_it in KNOWN[label], (label, of_it)
    assert value(found, "deliveries_total", channel="other", state="failed") == 1
    shown = metrics.exposition().decode()
    for official in parts.officials.all():
        assert official.id not in shown
        assert not any(name in shown for name in (*official.given_names, *official.family_names))


def test_counts_begin_at_zero_so_that_the_first_is_seen_to_come(parts: Parts) -> None:
    found = samples(Metrics(stages=["classify"], collectors=["feed"], clock=parts.clock))
    assert value(found, "stage_dead_total", stage="classify") == 0
    assert value(found, "posts_total", collector="feed", outcome="read") == 0
    assert value(found, "collector_read_timestamp_seconds", collector="feed") == START.timestamp()
    for channel in ("email", "other"):
        assert value(found, "deliveries_total", channel=channel, state="failed") == 0
    assert value(found, "alerts_total", severity="critical") == 0


def test_housekeeping_that_is_never_done_grows_old_from_the_start(clock: ManualClock) -> None:
    for worker, since in {"run": START.timestamp(), "house": START.timestamp(), "route": 0}.items():
        assert value(samples(Metrics(worker=worker, clock=clock)), "housekeeping_timestamp_seconds") == since


def test_a_folder_that_is_missing_takes_nothing_else_along(tmp_path: Path) -> None:
    found = samples(Metrics({"disk": disk(tmp_path / "nowhere"), "lag": lambda: [Reading("stage_lag", 7, ("route",))]}))
    assert value(found, "part_known", part="disk") == 0
    assert value(found, "stage_lag", stage="route") == 7


def test_what_waits_grows_old(parts: Parts, clock: ManualClock) -> None:
    metrics = Metrics(everything(parts))
    with parts.log.write() as writer:
        writer.append("posts", "web:1", b"{}")
    parts.store.withdraw("anna-lindqvist", START)
    clock.advance(90)
    found = samples(metrics)
    assert value(found, "stage_lag", stage="classify") == 1
    assert value(found, "stage_oldest_seconds", stage="classify") == 90
    assert value(found, "erasures_pending") == 1
    assert value(found, "erasure_oldest_seconds") == 90
    parts.store.erased("anna-lindqvist")
    parts.store.scrubbed(parts.store.unscrubbed(), START + timedelta(seconds=60))
    found = samples(metrics)
    assert value(found, "erasures_pending") == value(found, "erasure_oldest_seconds") == 0
    assert value(found, "erasures_total") == 1
    assert value(found, "erasures_seconds_total") == 60


def test_how_long_people_took_is_told_by_nearest_rank_and_beside_it_how_many_still_wait(
    parts: Parts, clock: ManualClock
) -> None:
    her, opened = "anna-lindqvist", clock.now()
    answered = [
        each
        for minutes in range(1, 21)
        for each in (
            Transition(f"i{minutes}", her, opened, "opened"),
            Transition(f"i{minutes}", her, opened + timedelta(minutes=minutes), "acknowledged", actor="Kim"),
        )
    ]
    parts.incidents.history.add([*answered, *(Transition(f"late{each}", her, opened, "opened") for each in range(3))])
    clock.advance(86_400)
    found = samples(Metrics(everything(parts)))
    assert value(found, "incident_seconds", until="acknowledged", quantile="0.5") == 10 * 60
    assert value(found, "incident_seconds", until="acknowledged", quantile="0.95") == 19 * 60
    assert value(found, "incidents_pending", until="acknowledged") == 3
    assert (
        value(found, "incidents_pending", until="closed") == value(found, "incidents_pending", until="notified") == 23
    )
    assert not [labels for name, labels in found if name.endswith("incident_seconds") and ("until", "closed") in labels]


@pytest.mark.parametrize(("number", "median", "most"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (21, 11, 20), (100, 50, 95)])
def test_percentiles_of_few_and_many(parts: Parts, clock: ManualClock, number: int, median: int, most: int) -> None:
    for seconds in range(1, number + 1):
        at = clock.now() + timedelta(seconds=seconds)
        of = [Transition(f"i{seconds}", "anna-lindqvist", clock.now(), "opened")]
        parts.incidents.history.add([*of, Transition(f"i{seconds}", "anna-lindqvist", at, "delivered")])
    found = samples(Metrics(everything(parts)))
    quantiles = [value(found, "incident_seconds", until="notified", quantile=each) for each in ("0.5", "0.95")]
    assert quantiles == [median, most]
    assert value(found, "incidents_pending", until="notified") == 0


def test_open_incidents_are_counted_by_severity_and_those_of_them_that_nobody_has_answered(parts: Parts) -> None:
    grave = [
        verdict(f"web:{each}", text=f"Nummer {each * 7919}", severity="critical", labels=("threat",)) for each in (1, 2)
    ]
    parts.incidents.take([*map(alert, grave), alert(verdict("web:3", text="Helt annat om vägen", severity="medium"))])
    answered = parts.incidents.about([alert(grave[0]).id])[alert(grave[0]).id]
    parts.incidents.answer(answered.id, "on-it", by="Kim")
    found = samples(Metrics(everything(parts)))
    assert (
        value(found, "incidents_open", severity="medium")
        == value(found, "incidents_unanswered", severity="medium")
        == 1
    )
    open_, unanswered = (value(found, each, severity="critical") for each in ("incidents_open", "incidents_unanswered"))
    assert (open_, unanswered) == (2, 1)
    assert value(found, "incidents_open", severity="low") == 0
    parts.incidents.answer(answered.id, "resolve", by="Kim")
    assert value(samples(Metrics(everything(parts))), "incidents_open", severity="critical") == 1


def test_a_part_that_is_away_takes_nothing_else_with_it(tmp_path: Path) -> None:
    away = True

    def lag() -> list[Reading]:
        if away:
            raise Unavailable("no answer", place="kafka")
        return [Reading("stage_lag", 7, ("route",))]

    metrics = Metrics({"lag": lag, "disk": disk(tmp_path)}, worker="route")
    found = samples(metrics)
    assert value(found, "part_known", part="lag") == 0
    assert ("turvakt_stage_lag", frozenset({("stage", "route")})) not in found
    assert value(found, "part_known", part="disk") == 1
    assert value(found, "disk_free_bytes") > 0
    away = False
    found = samples(metrics)
    assert value(found, "part_known", part="lag") == 1
    assert value(found, "stage_lag", stage="route") == 7


def test_the_collectors_of_a_worker_are_known_before_they_are_made(tmp_path: Path) -> None:
    given = {
        "data": {"dir": str(tmp_path)},
        "bluesky": {"enabled": True},
        "mastodon": {"servers": ["https://social.example"]},
        "feed": {"urls": ["https://news.example/feed"]},
        "jsonl": {"path": "-"},
    }
    for settings in (Settings(), msgspec.convert(given, Settings)):
        with Parts(settings) as parts:
            assert switched_on(settings) == [collector.name for collector in parts.collectors()]
