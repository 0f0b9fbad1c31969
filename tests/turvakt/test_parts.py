"""The parts together, in one process, with a clock that stands still."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from rich.console import Console as Screen

from alerts.alert import Delivery
from flow.clock import ManualClock
from flow.errors import Unavailable
from ingest.collector import Collected, Deletion
from ingest.post import Author, Post
from registry.importing import read_officials
from registry.tenant import Tenant
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, START
from turvakt.asked import everything
from turvakt.bluesky_accounts import BlueskyAccounts
from turvakt.display import Display, Progress, summary, summary_table
from turvakt.metrics import Metrics
from turvakt.monitor import Monitor
from turvakt.status import not_ready, status
from turvakt.sums import Stock, disagreements, take_stock
from turvakt.tally import Observed, Tally
from turvakt.wiring import Parts

THREAT = "Anna Lindqvist, jag ska döda dig i natt. Jag vet var du bor."


class Given:
    """A collector of what it is given."""

    name = reads = "web"
    fault = None

    def __init__(self, *items: Post | Deletion) -> None:
        self._items = items

    async def collect(self, cursor: str | None):  # type: ignore[no-untyped-def]
        yield Collected(self._items, "end")

    def parse(self, raw: bytes) -> Post:
        raise NotImplementedError


def post(number: int, text: str) -> Post:
    return Post(
        id=f"web:{number}", source="web", text=text, created_at=START, collected_at=START, author=Author(id="kalle")
    )


def watch(parts: Parts, *items: Post | Deletion, **listeners: object) -> Tally:
    tally = Tally()
    observed = Observed(tally, *listeners.values())  # type: ignore[arg-type]
    asyncio.run(Monitor(parts, observed=observed, collectors=[Given(*items)], once=True).run())
    return tally


def held(parts: Parts, marker: str) -> list[str]:
    """The files in the data folder that contain ``marker``."""
    parts.database.scrub()
    folder = parts.settings.data_dir
    return [file.name for file in folder.rglob("*") if file.is_file() and marker.encode() in file.read_bytes()]


def test_a_threat_reaches_the_contact_without_its_text(parts: Parts) -> None:
    tally = watch(parts, post(1, THREAT))
    assert (tally.alerts, tally.deliveries["delivered"]) == (1, 1)
    (file,) = (parts.settings.data_dir / "outbox").iterdir()
    message = file.read_text("utf-8")
    assert "Anna Lindqvist" in message
    assert "döda dig" not in message
    item = parts.index.get("web:1")
    assert item is not None
    assert item.deliveries[0].state == "delivered"


def test_a_deletion_upstream_removes_the_text_everywhere(parts: Parts) -> None:
    watch(parts, post(1, THREAT))
    assert held(parts, "döda dig")
    tally = watch(parts, Deletion("web:1", START))
    assert tally.removed == 1
    assert parts.index.get("web:1") is None
    assert held(parts, "döda dig") == []


def test_a_message_that_a_killed_process_wrote_during_an_erasure_goes_at_the_next_start(parts: Parts) -> None:
    watch(parts, post(1, THREAT))
    (file,) = (parts.settings.data_dir / "outbox").iterdir()
    message = file.read_bytes()
    parts.erasure.withdraw("anna-lindqvist")
    file.write_bytes(message)  # it was on its way, and the process was killed before it could take it back
    watch(parts)
    assert not file.exists()
    assert held(parts, "Lindqvist") == []


def test_retention_removes_what_is_old(parts: Parts, clock: ManualClock) -> None:
    watch(parts, post(1, THREAT), post(2, "Tack Anna Lindqvist för den nya bron"))
    clock.advance(timedelta(days=31).total_seconds())
    report = parts.expire()
    assert report.posts == {"ekvik": {"unflagged": 1}}
    assert report.records["log"] > 0
    assert set(parts.index.ids()) == {"web:1"}
    assert parts.log.browse("verdicts") == []
    clock.advance(timedelta(days=731).total_seconds())
    assert parts.expire().posts == {"ekvik": {"open-case": 1}}
    assert set(parts.index.ids()) == set()
    assert held(parts, "döda dig") == []


def test_status_tells_what_waits(parts: Parts, clock: ManualClock) -> None:
    watch(parts, post(1, THREAT))
    now = status(parts)
    assert now["officials"]["consenting"] == 11
    assert now["index"]["verdicts"] == 1
    assert now["outbox"]["delivered"] == 1
    assert set(now["lag"].values()) == {0}
    assert now["not_ready"] == []
    with parts.log.write() as writer:
        for number in range(parts.settings.flow.most_waiting + 1):
            writer.append("posts", str(number), b"{}")
    assert not_ready(parts) == [f"{parts.settings.flow.most_waiting + 1} entries wait before stage classify"]


def test_failed_deliveries_stay_in_sight_over_a_weekend(parts: Parts, clock: ManualClock) -> None:
    watch(parts, post(1, THREAT))
    parts.database.execute("UPDATE outbox SET state = 'failed'")
    clock.advance(2 * 24 * 3600)
    assert not_ready(parts) == ["1 delivery failed in the last 3 days"]
    clock.advance(2 * 24 * 3600)
    assert not_ready(parts) == []


def test_metrics_count_what_happened(parts: Parts) -> None:
    metrics = Metrics(everything(parts))
    watch(parts, post(1, THREAT), post(2, "inget"), metrics=metrics)
    shown = metrics.exposition().decode()
    assert 'turvakt_posts_total{collector="web",outcome="read"} 2.0' in shown
    assert 'turvakt_flagged_total{label="threat"} 1.0' in shown
    assert 'turvakt_deliveries_total{channel="outbox",state="delivered"} 1.0' in shown
    assert "turvakt_notify_seconds_count 1.0" in shown
    assert "turvakt_officials 11.0" in shown
    assert 'turvakt_stage_lag{stage="classify"} 0.0' in shown


def test_each_recipient_is_timed_also_after_a_restart(parts: Parts, clock: ManualClock) -> None:
    """What is to be told of a delivery comes with it: nothing is remembered in this process."""
    metrics = Metrics(everything(parts))
    for number, channel in enumerate(("email", "webhook")):
        sent = Delivery(str(number), "a", "web:1", "anna-lindqvist", channel, "delivered", 1, clock.now(), START)
        metrics.delivery(sent)
    assert "turvakt_notify_seconds_count 2.0" in metrics.exposition().decode()


def test_the_display_shows_texts_only_where_people_are_invented(parts: Parts) -> None:
    screen = Screen(record=True, width=120, force_terminal=True)
    tally = Tally()
    with Display(screen, tally, heading="Turvakt") as display:
        watch(parts, post(1, THREAT), tally=tally, display=display)
        display.waiting("outbox", Unavailable("the disk is full"))
    shown = screen.export_text()
    assert "anna-lindqvist" in shown
    assert "waiting: outbox: the disk is full" in shown
    assert "döda dig" not in shown
    with Display(screen, tally, heading="Turvakt", texts=True) as display:
        watch(parts, post(2, THREAT), tally=tally, display=display)
    assert "döda dig" in screen.export_text()


def test_without_a_terminal_progress_is_told_now_and_then(parts: Parts) -> None:
    screen = Screen(record=True, width=120)
    tally = Tally()
    progress = Progress(screen, tally, every_seconds=0)
    watch(parts, post(1, THREAT), tally=tally, progress=progress)
    progress.waiting("stages", Unavailable("the disk is full"))
    assert "1 post read, 1 matched" in screen.export_text(clear=False)
    assert "the disk is full" in screen.export_text()


def demo_counts(parts: Parts) -> tuple[Tally, Stock]:
    tally, before = Tally(), take_stock(parts)
    stream = parts.jsonl(str(DEMO_POSTS), follow=False)
    asyncio.run(Monitor(parts, observed=Observed(tally), collectors=[stream], once=True).run())
    return tally, before


def test_the_numbers_of_a_run_add_up_also_at_night(parts: Parts, clock: ManualClock) -> None:
    clock.advance(timedelta(hours=16).total_seconds())  # 22:00 UTC: some alerts are held back until the morning
    parts.store.put_all(read_officials(OFFICIALS))
    watch(parts, post(1, THREAT), tally=Tally())  # what was there before counts for nothing
    tally, before = demo_counts(parts)
    after = take_stock(parts)
    assert after.deliveries["waiting"] > 0
    assert after.deliveries["delivered"] > 1
    assert disagreements(tally, before=before, after=after, lines=560) == []


def test_sums_that_do_not_add_up_are_told(parts: Parts, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1).total_seconds())
    tally, before = demo_counts(parts)
    assert disagreements(tally, before=before, after=take_stock(parts), lines=561) == [
        "lines of the file = posts read: 561 is not 560"
    ]
    lost, *_ = (parts.settings.data_dir / "outbox").iterdir()
    lost.unlink()
    for table in ("index_post", "index_alert", "outbox"):
        parts.database.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT 1)")  # noqa: S608
    parts.database.execute("DELETE FROM incident_post WHERE number IN (SELECT number FROM incident_post LIMIT 1)")
    with parts.log.write() as writer:
        writer.append("posts.dead", "k", b"{}")
    told = disagreements(tally, before=before, after=take_stock(parts))
    beginnings = ("posts matched", "dead letters", "alerts taken", "alerts taken", "messages", "deliveries told of")
    assert len(told) == len(beginnings)
    for begin, problem in zip(beginnings, told, strict=True):
        assert problem.startswith(begin)


def test_the_summary_is_a_table_for_people() -> None:
    assert summary_table(summary(Tally(), waiting=0, seconds=2.0)).row_count > 15


async def test_bluesky_accounts_follow_the_registry(parts: Parts, clock: ManualClock) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        handle = request.url.params["handle"]
        asked.append(handle)
        return httpx.Response(200, json={"did": f"did:plc:{handle.partition('.')[0]}"})

    rounds = 0

    async def sleep(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            parts.store.withdraw("anna-lindqvist", clock.now())
            parts.store.remove("anna-lindqvist")
            clock.advance(7 * 3600)
        if rounds == 3:
            raise asyncio.CancelledError

    transport = httpx.MockTransport(answer)
    accounts = BlueskyAccounts(
        parts.officials, resolver="https://resolver.example", clock=clock, transport=transport, sleep=sleep
    )
    anna = parts.officials.get("anna-lindqvist")
    assert anna is not None
    (handle,) = anna.handles["bluesky"]
    with pytest.raises(asyncio.CancelledError):
        await accounts.run()
    assert asked.count(handle) == 1, "who withdrew is not asked for again"
    assert handle not in accounts().values()
    assert len(accounts()) == len(set(asked)) - 1


def test_officials_are_shown_how_long_their_tenant_keeps_posts(parts: Parts) -> None:
    parts.store.put_tenant(Tenant("ekvik", "municipality", "Ekvik", "SE", {"low": 13}))
    parts.store.put_tenant(Tenant("haaby", "municipality", "Håby", "SE"))
    ours, others = (parts.shown(parts.store.tenant(id), "sv") for id in ("ekvik", "haaby"))
    assert "Ekvik" in ours.texts.summary
    assert "13 dagar" in ours.texts.kept
    assert "30 dagar" in others.texts.kept
    assert ours.reference != others.reference
