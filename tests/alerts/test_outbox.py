"""The outbox: nothing twice, nothing lost, nothing kept longer than needed."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, text, update

from alerts.alert import ALERTS, Alert, Delivery, Told
from alerts.bulletin import Bulletin
from alerts.delivery.holder import LOCK
from alerts.delivery.outbox import UNREADABLE_AGAIN, UNREADABLE_FOR, Item, Outbox, Result
from alerts.delivery.replacing import MOVED
from alerts.tables import OUTBOX
from classify.verdict import Label, Severity, Verdict
from flow.clock import ManualClock
from flow.database import Database
from registry.holder import Holder, Part
from tests import databases
from tests.alerts.people import AT, alert, recipient, verdict
from tests.turvakt.process import until

TEXT = "Tack Anna Lindqvist för den nya bron!"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def outbox(database: Database, clock: ManualClock) -> Outbox:
    return Outbox(database, clock=clock)


def of_incident(judged: Verdict, key: str = "2") -> Alert:
    return replace(alert(judged), incident="i1", told=Told("raised", 1, 1, 0, step=1, key=key))


def due(outbox: Outbox, channel: str = "email") -> list[Item]:
    return outbox.due(100, channel=channel)


def ended(delivery: Delivery, state: str = "delivered") -> Result:
    return Result(replace(delivery, state=state, attempts=delivery.attempts + 1))  # type: ignore[arg-type]


def stored(database: Database) -> str:
    return str(database.query(select(OUTBOX)))


def test_each_recipient_gets_a_delivery(outbox: Outbox) -> None:
    other = recipient("https://duty.example", channel="webhook")
    assert len(outbox.add([alert(None, recipient(), other)])) == 2
    assert outbox.channels() == ["email", "webhook"]
    (item,) = due(outbox, "webhook")
    assert item.recipient == other
    assert isinstance(item.content, Alert)
    assert item.content.recipients == (other,)
    assert (item.delivery.state, item.delivery.attempts, item.first_due) == ("waiting", 0, AT)
    assert outbox.counts() == {"waiting": 2, "delivered": 0, "failed": 0, "withdrawn": 0}


def test_a_replay_changes_nothing(outbox: Outbox) -> None:
    outbox.add([alert()])
    assert outbox.add([alert()]) == []
    outbox.record([ended(due(outbox)[0].delivery)])
    assert outbox.add([alert()]) == []
    assert due(outbox) == []


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        (of_incident(verdict("bluesky:2", severity="critical")), 1),
        (of_incident(verdict("bluesky:2", severity="medium")), 2),
        (of_incident(verdict("bluesky:2", labels=("threat",))), 1),
        (replace(of_incident(verdict("bluesky:2")), incident="another"), 2),
    ],
    ids=["graver", "less grave", "a threat", "about something else"],
)
def test_what_waits_is_replaced_by_what_says_it_too(outbox: Outbox, newer: Alert, left: int) -> None:
    outbox.add([of_incident(verdict(), key="1")])
    outbox.add([newer])
    assert len(due(outbox)) == left


def test_a_threat_is_replaced_only_by_a_message_about_the_same_post(outbox: Outbox) -> None:
    outbox.add([of_incident(verdict(labels=("threat",)), key="1")])
    outbox.add([of_incident(verdict("bluesky:2", labels=("threat",)))])
    assert len(due(outbox)) == 2
    outbox.add([of_incident(verdict("bluesky:2", labels=("threat",)), key="3")])
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:1", "bluesky:2"]


def test_of_two_that_come_together_the_last_stays(outbox: Outbox) -> None:
    outbox.add([of_incident(verdict(), key="1"), of_incident(verdict("bluesky:2"))])
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:2"]


def test_of_two_that_come_together_a_graver_one_stays_beside_a_later_one(outbox: Outbox) -> None:
    outbox.add([of_incident(verdict(severity="critical"), key="1"), of_incident(verdict("bluesky:2"))])
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:1", "bluesky:2"]


def test_what_is_to_be_done_neither_replaces_what_waits_nor_is_replaced(outbox: Outbox) -> None:
    outbox.add([of_incident(verdict(severity="low"))])
    tasks = [
        Bulletin("task-overdue", "i1", "anna-lindqvist", "ekvik", "high", True, {}, recipient(), AT, key=f"task {name}")
        for name in ("police", "protection")
    ]
    outbox.add(tasks)
    outbox.add([of_incident(verdict("bluesky:2", severity="critical"))])
    left = [item.content for item in due(outbox) if isinstance(item.content, Bulletin)]
    assert sorted(left, key=lambda bulletin: bulletin.key) == tasks
    assert len(due(outbox)) == 3


def test_a_bulletin_waits_like_an_alert(outbox: Outbox) -> None:
    told = Bulletin("drill", "i1", "", "", "low", False, {"channel": "email"}, recipient(), AT, step=1, key="1")
    assert len(outbox.add([told, told])) == 1
    (item,) = due(outbox)
    assert item.content == told
    assert (item.delivery.alert, item.delivery.post, item.delivery.incident, item.delivery.step) == ("", "", "i1", 1)


def test_quiet_hours_hold_back(outbox: Outbox, clock: ManualClock) -> None:
    outbox.add([alert(None, recipient(not_before=AT + timedelta(seconds=60)))])
    clock.advance(59)
    assert outbox.channels() == []
    assert due(outbox) == []
    clock.advance(1)
    assert outbox.channels() == ["email"]
    assert due(outbox)[0].first_due == AT + timedelta(seconds=60)


def test_what_is_looked_at_anew_is_of_that_incident_and_no_other_and_was_put_off(
    outbox: Outbox, clock: ManualClock
) -> None:
    morning = recipient(not_before=AT + timedelta(hours=8))
    for number, incident in enumerate(("i1", "i2")):
        outbox.add([replace(alert(verdict(f"bluesky:{number}"), morning), incident=incident)])
    outbox.add([replace(alert(None, recipient("busy@ekvik.example")), incident="i1")])
    (tried,) = due(outbox)
    failed = replace(tried.delivery, attempts=1, reason="busy")
    outbox.record([Result(failed, next_at=AT + timedelta(minutes=5))])
    clock.advance(60)
    outbox.resume("i1", official=tried.delivery.official)
    assert [(item.delivery.incident, item.first_due) for item in due(outbox)] == [("i1", AT + timedelta(minutes=1))]
    clock.advance(240)
    assert sorted(item.first_due for item in due(outbox)) == [AT, AT + timedelta(minutes=1)]


def test_overdue_counts_what_should_have_been_made(outbox: Outbox, clock: ManualClock) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2"), recipient(not_before=AT + timedelta(minutes=5)))])
    clock.advance(61)
    assert outbox.overdue(timedelta(minutes=1)) == 1
    outbox.record([ended(due(outbox)[0].delivery)])
    assert outbox.overdue(timedelta(minutes=1)) == 0


def test_tells_what_has_been_due_for_longest(outbox: Outbox, clock: ManualClock) -> None:
    assert outbox.oldest() == {}
    later = recipient(not_before=AT + timedelta(minutes=5))
    outbox.add([alert(), alert(verdict("bluesky:2", labels=("threat",)), later)])
    assert outbox.oldest() == {False: AT}
    clock.advance(600)
    outbox.add([alert(verdict("bluesky:3", labels=("threat",)))])
    assert outbox.oldest() == {False: AT, True: AT + timedelta(minutes=5)}
    outbox.record([ended(item.delivery) for item in due(outbox)])
    assert outbox.oldest() == {}


def test_failed_ones_are_counted_for_some_time(outbox: Outbox, clock: ManualClock) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2"))])
    outbox.record([ended(due(outbox)[0].delivery, "failed")])
    clock.advance(3600)
    assert outbox.failed(timedelta(hours=2)) == 1
    assert outbox.failed(timedelta(hours=1)) == 0


def test_knows_its_own(outbox: Outbox) -> None:
    outbox.add([alert()])
    own = due(outbox)[0].delivery.id
    assert outbox.known([own, "another"]) == {own}
    outbox.erase("anna-lindqvist")
    assert outbox.known([own, "another"]) == set()


def test_threats_go_first_then_the_gravest(outbox: Outbox, clock: ManualClock) -> None:
    for number, (severity, label) in enumerate([("medium", "hate"), ("critical", "hate"), ("low", "threat")]):
        judged = verdict(f"bluesky:{number}", severity=severity, labels=(label,))  # type: ignore[arg-type]
        outbox.add([alert(judged)])
        clock.advance(1)
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:2", "bluesky:1", "bluesky:0"]
    first = due(outbox)[0].delivery.id
    assert [item.delivery.post for item in outbox.due(1, channel="email", besides=[first])] == ["bluesky:1"]
    assert outbox.due(0, channel="email") == []


def test_a_failed_try_waits_for_its_time(outbox: Outbox, clock: ManualClock) -> None:
    outbox.add([alert()])
    delivery = replace(due(outbox)[0].delivery, attempts=1, reason="busy")
    outbox.record([Result(delivery, AT + timedelta(seconds=2))])
    assert due(outbox) == []
    clock.advance(2)
    (item,) = due(outbox)
    assert (item.delivery.attempts, item.delivery.reason, item.first_due) == (1, "busy", AT)


def test_after_the_clock_was_put_back_nothing_waits_until_it_is_that_late_once_more(
    outbox: Outbox, clock: ManualClock
) -> None:
    later = alert(verdict("bluesky:3"), recipient(not_before=AT + timedelta(hours=8)))
    outbox.add([alert(), alert(verdict("bluesky:2")), later])
    tried = next(item.delivery for item in due(outbox) if item.delivery.post == "bluesky:2")
    outbox.record([Result(replace(tried, attempts=1, at=AT), AT + timedelta(seconds=2))])
    clock.advance(-3600)
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:1", "bluesky:2"]
    again = replace(tried, attempts=2, at=clock.now())
    outbox.record([Result(again, clock.now() + timedelta(seconds=4))])
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:1"]


@pytest.mark.parametrize("state", ["delivered", "failed", "withdrawn"])
def test_what_has_ended_keeps_ids_state_and_time_only(outbox: Outbox, database: Database, state: str) -> None:
    outbox.add([alert()])
    assert "Ekvik" in stored(database)
    outbox.record([ended(due(outbox)[0].delivery, state)])
    for secret in ("bron", "Ekvik", "ekvik", "Anna", "kalle"):
        assert secret not in stored(database)
    assert outbox.counts()[state] == 1  # type: ignore[index]


def test_is_a_holder(outbox: Outbox) -> None:
    holder: Holder = outbox
    assert holder.name == "alerts"


def test_erases_what_is_about_one_source(outbox: Outbox) -> None:
    for id in ("blue%ky:1", "bluesky:1", "blue%ky-2:1"):
        outbox.add([alert(verdict(id))])
    outbox.add([alert(verdict("blue%ky:1", mentions=("aino",)))])
    outbox.record([ended(due(outbox)[0].delivery)])
    part = Part("source", "blue%ky")
    assert outbox.count("anna-lindqvist", part) == outbox.erase("anna-lindqvist", part) == 1
    assert outbox.count("anna-lindqvist", part) == outbox.erase("anna-lindqvist", part) == 0
    assert (outbox.count("anna-lindqvist"), outbox.count("aino")) == (2, 1)


def test_erases_what_waits_for_one_recipient(outbox: Outbox, database: Database) -> None:
    desk = recipient("a@ekvik.example")
    other = replace(recipient("b@ekvik.example"), name="Kansliet")
    outbox.add([alert(verdict(), desk, other), alert(verdict("bluesky:2"), desk, other)])
    outbox.add([alert(verdict("bluesky:3", mentions=("aino",)), desk)])
    first = next(item for item in due(outbox) if item.recipient.address == desk.address)
    outbox.record([ended(first.delivery)])
    about = {item.recipient.address for item in due(outbox) if item.delivery.official == "anna-lindqvist"}
    assert about == {desk.address, other.address}
    part = Part("recipient", desk.name)
    mine = outbox.count("anna-lindqvist", part)
    assert mine == outbox.erase("anna-lindqvist", part) > 0
    assert outbox.count("anna-lindqvist", part) == outbox.erase("anna-lindqvist", part) == 0
    left = [(item.delivery.official, item.recipient.name) for item in due(outbox)]
    assert left.count(("anna-lindqvist", "Kansliet")) == 2
    assert ("anna-lindqvist", desk.name) not in left


def test_erases_what_was_replaced_and_still_names_a_recipient(outbox: Outbox) -> None:
    for key in ("2", "3"):
        outbox.add([of_incident(verdict(), key)])
    part = Part("recipient", recipient().name)
    assert [contact for _, contact in outbox.replaced(9, besides=())] == [part.name]
    assert outbox.count("anna-lindqvist", part) == outbox.erase("anna-lindqvist", part) == 2
    assert outbox.replaced(9, besides=()) == []


def test_what_cannot_be_read_may_be_for_any_recipient(outbox: Outbox, database: Database) -> None:
    outbox.add([alert()])
    database.execute(update(OUTBOX).values(alert=b"{"))
    assert outbox.erase("anna-lindqvist", Part("recipient", "Kansliet")) == 1


def test_erasure_takes_all_and_says_what_was_on_its_way(outbox: Outbox) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2")), alert(verdict("bluesky:3", mentions=("aino",)))])
    items = due(outbox)
    outbox.record([ended(items[0].delivery)])
    assert outbox.count("anna-lindqvist") == 2
    assert outbox.erase("anna-lindqvist") == 2
    assert outbox.erase("anna-lindqvist") == 0
    assert (outbox.count("anna-lindqvist"), outbox.count("aino")) == (0, 1)
    hers = [item.delivery for item in items if item.delivery.official == "anna-lindqvist"]
    assert outbox.record([ended(each) for each in hers]) == {each.id for each in hers}
    assert outbox.counts()["delivered"] == 0


def test_a_deleted_post_goes_with_its_deliveries(outbox: Outbox) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2"))])
    assert outbox.forget(["bluesky:1", "bluesky:9"]) == 1
    assert [item.delivery.post for item in due(outbox)] == ["bluesky:2"]


def test_a_deleted_threat_is_still_told_of_but_without_content(outbox: Outbox, database: Database) -> None:
    outbox.add([alert(verdict(labels=("threat",)))])
    assert outbox.forget(["bluesky:1"]) == 1
    assert outbox.forget(["bluesky:1"]) == 0
    for secret in ("bron", "kalle", "social.example"):
        assert secret not in stored(database)
    (item,) = due(outbox)
    assert isinstance(item.content, Alert)
    assert item.content.verdict.post.deleted_at == AT
    assert item.content.verdict.judgement.flagged == ("threat",)
    outbox.record([ended(item.delivery)])
    assert outbox.forget(["bluesky:1"]) == 1
    assert outbox.counts()["delivered"] == 0


@pytest.mark.parametrize(
    ("severity", "labels", "stays"),
    [("high", ("doxxing",), True), ("critical", ("hate",), True), ("high", ("hate",), False)],
)
def test_so_is_an_exposed_home_and_what_is_critical(
    outbox: Outbox, database: Database, severity: Severity, labels: tuple[Label, ...], stays: bool
) -> None:
    outbox.add([alert(verdict(severity=severity, labels=labels))])
    assert outbox.forget(["bluesky:1"]) == 1
    assert len(due(outbox)) == stays
    for secret in ("bron", "kalle", "social.example"):
        assert secret not in stored(database)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_an_end_that_comes_while_a_threat_is_forgotten_waits_for_it(
    database: Database, outbox: Outbox, clock: ManualClock
) -> None:
    outbox.add([alert(verdict(labels=("threat",)))])
    (item,) = due(outbox)
    recording: list[Future[frozenset[str]]] = []

    def record() -> None:
        recording.append(others.submit(outbox.record, [ended(item.delivery)]))
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        until(lambda: recording[0].done() or others.submit(database.query, waiting).result() == [(1,)])

    with ThreadPoolExecutor(2) as others:
        Outbox(cast(Database, Between(database, record)), clock=clock).forget([item.delivery.post])
        recording[0].result(30)
    assert outbox.counts()["delivered"] == 1
    assert TEXT not in stored(database)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_who_records_ends_and_who_adds_do_not_wait_for_each_other(database: Database, outbox: Outbox) -> None:
    """Both change the same deliveries; the server would end one of them only after a second."""
    judged = [verdict(f"bluesky:{number}", labels=("threat",)) for number in (1, 2)]
    outbox.add([of_incident(each, key=each.post.id) for each in judged])
    results = [ended(item.delivery) for item in due(outbox)]
    adding: list[Future[list[Item]]] = []

    def add() -> None:
        newer = [of_incident(each, key=f"newer {each.post.id}") for each in reversed(judged)]
        adding.append(others.submit(outbox.add, newer))
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        until(lambda: adding[0].done() or others.submit(database.query, waiting).result() == [(1,)])
        # It waits before it has taken any of them.
        free = select(OUTBOX.c.id).with_for_update(skip_locked=True)
        assert len(others.submit(database.query, free).result()) == 1

    with ThreadPoolExecutor(2) as others:
        Outbox(cast(Database, Between(database, add)), clock=outbox._clock).record(results)
        assert len(adding[0].result(30)) == 2
    assert outbox.counts()["delivered"] == 2


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_who_has_nothing_to_add_or_to_record_waits_for_nobody(database: Database, outbox: Outbox) -> None:
    with ThreadPoolExecutor(1) as others, database.transaction():
        database.lock(LOCK)
        assert others.submit(outbox.add, []).result(30) == []
        assert others.submit(outbox.record, []).result(30) == frozenset()


class Between:
    """A database; something else happens after the first statement that changes anything."""

    def __init__(self, inner: Database, then: Callable[[], None]) -> None:
        self._inner = inner
        self._then = [then]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, *arguments: Any) -> int:
        changed = self._inner.execute(*arguments)
        while self._then:
            self._then.pop()()
        return changed


def test_retention_spares_what_waits(outbox: Outbox, clock: ManualClock) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2"))])
    outbox.record([ended(due(outbox)[0].delivery)])
    assert outbox.expire(AT) == 0
    assert outbox.expire(AT + timedelta(days=1)) == 1
    assert outbox.counts()["waiting"] == 1


def test_export_gives_all_that_is_held(outbox: Outbox) -> None:
    outbox.add([alert(), alert(verdict("bluesky:2"))])
    outbox.record([ended(outbox.due(1, channel="email")[0].delivery)])
    exported = sorted(outbox.export("anna-lindqvist"), key=lambda each: str(each["state"]))
    assert [each["state"] for each in exported] == ["delivered", "waiting"]
    assert exported[0]["alert"] is None
    assert exported[1]["alert"]["verdict"]["post"]["text"] == TEXT
    assert exported[1]["at"] == AT.isoformat()
    assert outbox.export("aino") == []


def test_export_tells_an_official_nothing_about_others(outbox: Outbox, database: Database) -> None:
    outbox.add([alert(verdict(mentions=("aino", "anna-lindqvist", "bo")), about="anna-lindqvist")])
    (exported,) = outbox.export("anna-lindqvist")
    assert [each["official"] for each in exported["alert"]["verdict"]["post"]["mentions"]] == ["anna-lindqvist"]
    database.execute(update(OUTBOX).values(alert=b"torn, about aino"))
    assert outbox.export("anna-lindqvist")[0]["alert"] == {"unreadable": 16}


UNREADABLE = {
    "another version": b'{"kind": "alert", "version": 99}',
    "another occasion": ALERTS.encode(alert()).replace(b'"told":null', b'"told":{"occasion":"of-tomorrow"}'),
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_one_that_cannot_be_read_does_not_stop_the_others_and_waits_for_who_can(
    outbox: Outbox, database: Database, clock: ManualClock, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """While versions change, a newer process may have written what an older one is to send."""
    outbox.add([alert(), alert(verdict("bluesky:2"))])
    readable = database.query(select(OUTBOX.c.alert).where(OUTBOX.c.post == "bluesky:1"))[0][0]
    written = update(OUTBOX).where(OUTBOX.c.post == "bluesky:1")
    database.execute(written.values(alert=value))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert [item.delivery.post for item in due(outbox)] == ["bluesky:2"]
            clock.advance(UNREADABLE_AGAIN.total_seconds())
    assert len(caplog.messages) == 1
    assert TEXT not in caplog.text
    assert outbox.counts() == {"waiting": 2, "delivered": 0, "failed": 0, "withdrawn": 0}
    tried = select(OUTBOX.c.attempts, OUTBOX.c.reason).where(OUTBOX.c.post == "bluesky:1")
    ((attempts, reason),) = database.query(tried)
    assert attempts == 0  # the first try is still to come, after which the next channel takes its turn
    assert "alert" in reason
    database.execute(written.values(alert=readable))
    assert {item.delivery.post for item in due(outbox)} == {"bluesky:1", "bluesky:2"}


def test_however_much_cannot_be_read_what_can_be_is_due(outbox: Outbox, database: Database) -> None:
    threats = [verdict(f"bluesky:{number}", severity="critical", labels=("threat",)) for number in range(50)]
    outbox.add([alert(each) for each in threats])
    database.execute(update(OUTBOX).values(alert=UNREADABLE["another version"]))
    outbox.add([alert(verdict(f"mastodon:{number}", severity="low")) for number in range(3)])
    (first,) = outbox.due(1, channel="email")
    others = outbox.due(4, channel="email", besides=[first.delivery.id])
    assert sorted(item.delivery.post for item in (first, *others)) == [f"mastodon:{number}" for number in range(3)]


def test_what_nobody_can_read_for_a_week_is_given_up(outbox: Outbox, database: Database, clock: ManualClock) -> None:
    outbox.add([alert()])
    database.execute(update(OUTBOX).values(alert=UNREADABLE["another version"]))
    clock.advance(UNREADABLE_FOR.total_seconds())
    assert due(outbox) == []
    assert outbox.counts()["failed"] == 1
    assert database.query(select(OUTBOX.c.alert)) == [(UNREADABLE["another version"],)]


def test_a_deleted_post_leaves_also_what_cannot_be_read(outbox: Outbox, database: Database) -> None:
    outbox.add([alert(verdict(labels=("threat",)))])
    database.execute(update(OUTBOX).values(alert=UNREADABLE["another occasion"]))
    assert outbox.forget(["bluesky:1"]) == 1
    assert TEXT not in stored(database)


def test_who_has_her_former_address_again_is_told_by_it_once_more(outbox: Outbox) -> None:
    (item,) = outbox.add([alert()])
    assert outbox.add([alert()]) == []
    outbox.record([Result(replace(item.delivery, state="withdrawn", reason=MOVED), contact=item.recipient.name)])
    (again,) = outbox.add([alert()])
    assert [each.delivery.id for each in outbox.due(9, channel="email")] == [again.delivery.id] == [item.delivery.id]


def test_a_try_in_vain_does_not_undo_that_the_message_has_arrived(outbox: Outbox) -> None:
    (item,) = outbox.add([alert()])
    arrived = Result(replace(item.delivery, state="delivered", attempts=1), contact=item.recipient.name)
    assert outbox.record([arrived]) == frozenset()
    for state in ("waiting", "failed"):
        late = Result(replace(item.delivery, state=state, attempts=2), contact=item.recipient.name)
        assert outbox.record([late]) == {item.delivery.id}
    assert outbox.counts()["delivered"] == 1
