"""What is told of channels: what does not get through is a trouble until something does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from access.person import Grant, Person
from access.tables import LETTER
from alerts.delivery.limits import ENOUGH, LEFT_ALONE
from alerts.tables import OUTBOX
from flow.clock import ManualClock
from turvakt.status import status
from turvakt.watch.beats import LOST, Beat, Beats
from turvakt.watch.channels import Channels, deliveries, place_of, places_of
from turvakt.watch.trouble import Trouble
from turvakt.watch.troubles import Troubles
from turvakt.wiring import Parts

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WAYS = [
    ("email", "desk@turvakt.example"),
    ("ntfy", "a-topic"),
    ("webhook", "https://one.example/1"),
    ("webhook", "https://two.example/2"),
]

Add = Callable[..., None]


@pytest.fixture
def add(parts: Parts, clock: ManualClock) -> Add:
    """Puts a delivery into the outbox, which has the moments and the state that are given."""
    start = clock.now()

    def add(name: str, channel: str, **values: object) -> None:
        row = dict.fromkeys(("slot", "alert_id", "post", "official", "incident", "thread", "contact"), "")
        moments = dict.fromkeys(("first_due", "due", "at", "collected_at"), start.timestamp())
        numbers = {"severity": 2, "threat": 0, "attempts": 0, "step": 0}
        parts.database.execute(insert(OUTBOX), row | moments | numbers | {"id": name, "channel": channel} | values)

    return add


def channels(parts: Parts, ways: list[tuple[str, str]] = WAYS) -> Channels:
    return Channels(parts.database, Beats(parts.database), ways=lambda: ways, own=lambda: [("outbox", "operator")])


def test_deliveries_that_do_not_get_through_are_troubles(parts: Parts, clock: ManualClock, add: Add) -> None:
    start = clock.now()
    late, failing = deliveries(parts.outbox), channels(parts)
    add("1", "email", state="waiting", attempts=2)
    add("2", "outbox", state="delivered", attempts=1)
    assert (list(late(start)), list(failing(start))) == ([], [])
    clock.advance(31 * 60)
    assert [each.details for each in late(clock.now())] == [{"alert-due": "31"}]
    add("3", "sms", state="waiting", threat=1)
    add("4", "carrier-pigeon of Anna", state="failed", at=clock.now().timestamp())
    assert [each.details for each in late(clock.now())] == [{"threat-due": "31"}]
    parts.database.execute(delete(OUTBOX).where(OUTBOX.c.id == "3"))
    add("5", "sms", state="waiting", threat=1, attempts=3, reason=f"channel sms: {LEFT_ALONE}")
    assert [each.details for each in late(clock.now())] == [
        {"alert-due": "31"}
    ]  # the failing channel explains the threat
    add("6", "email", state="waiting", attempts=3, reason="channel email: the server does not answer")
    add("7", "email", state="waiting", attempts=4, at=clock.now().timestamp(), reason=f"channel email: {ENOUGH}")
    assert [each.details for each in late(clock.now())] == [{"alert-due": "31"}]  # one address may fail alone
    parts.database.execute(delete(OUTBOX).where(OUTBOX.c.id == "1"))
    assert list(late(clock.now())) == []
    at = {"failed-at": start.isoformat(), "reason": "channel email: the server does not answer"}
    assert {each.place: each.details for each in failing(clock.now())} == {
        "channel:email": {"tried-again": "2", **at},
        "channel:sms": {"tried-again": "1"},
        "channel:other": {"failed": "1"},
    }
    clock.advance(3601)
    assert {each.place for each in failing(clock.now())} == {"channel:email", "channel:sms"}


def test_a_channel_that_is_left_alone_is_a_trouble_until_it_works(parts: Parts, clock: ManualClock) -> None:
    """However long nobody tries it, and whatever process comes after that which tried."""
    beats, start, failing = Beats(parts.database), clock.now(), channels(parts)
    beats.write([Beat("channel:ntfy", start + MINUTE, None, start, "no answer")], {})
    clock.advance(timedelta(days=30).total_seconds())
    beats.tidy(clock.now(), wanted=places_of(WAYS))
    (trouble,) = failing(clock.now())
    assert (trouble.place, trouble.since) == ("channel:ntfy", start)
    last = {"failed-at": (start + MINUTE).isoformat(), "reason": "no answer"}
    assert trouble.details == {"left-alone": start.isoformat(), **last}
    assert list(channels(parts, WAYS[:1])(clock.now())) == []  # nobody is told by it any longer
    beats.write([Beat("channel:ntfy", clock.now(), clock.now())], {})
    assert list(failing(clock.now())) == []


def test_a_malformed_web_address_hides_no_failing_channel(parts: Parts, clock: ManualClock) -> None:
    Beats(parts.database).write([Beat("channel:ntfy", clock.now(), None, clock.now(), "no answer")], {})
    ways = [*WAYS, ("webhook", "https://[one.example/1")]
    assert [each.place for each in channels(parts, ways)(clock.now())] == ["channel:ntfy"]


def test_letters_go_by_mail_whoever_is_told_of_alerts(parts: Parts, clock: ManualClock) -> None:
    Beats(parts.database).write([Beat("channel:email", clock.now(), None, clock.now(), "no answer")], {})
    assert [each.place for each in channels(parts, [])(clock.now())] == ["channel:email"]


def test_one_of_several_hosts_that_is_left_alone_is_told_as_that(parts: Parts, clock: ManualClock) -> None:
    beats, start = Beats(parts.database), clock.now()
    one, two = place_of("webhook", "one.example"), place_of("webhook", "two.example")
    assert "example" not in one
    beats.write([Beat(one, start, None, start, "no answer"), Beat(two, start, start)], {})
    last = {"failed-at": start.isoformat(), "reason": "no answer"}
    assert [(each.place, each.details) for each in channels(parts)(start)] == [
        ("channel:webhook", {"hosts-left-alone": "1", "latest": start.isoformat(), **last})
    ]


def test_the_watcher_outside_is_told_of_channels_only_while_the_operator_has_none(
    parts: Parts, clock: ManualClock
) -> None:
    beats, start = Beats(parts.database), clock.now()
    one, two = place_of("webhook", "one.example"), place_of("webhook", "two.example")
    own = Channels(parts.database, beats, ways=lambda: WAYS, own=lambda: [WAYS[0], WAYS[3]])
    lost = f"{LOST}the receiver answers 404"
    beats.write([Beat(one, start, None, start, lost), Beat("channel:email", start, None, start, "no answer")], {})
    assert {each.place: each.is_for_outside for each in own(start + HOUR)} == {
        "channel:webhook": False,
        "channel:email": False,
    }
    beats.write([Beat(two, start, None, start, lost)], {})
    assert not any(each.is_for_outside for each in own(start)), "the message about it may still come through"
    assert [(each.is_for_outside, each.details["no-way"]) for each in own(start + 10 * MINUTE)] == [(True, "")] * 2
    beats.write([Beat("channel:email", start + HOUR, start + HOUR)], {})
    assert [each.is_for_outside for each in own(start + HOUR)] == [False]


def test_the_watcher_outside_is_told_of_failing_channels_where_the_operator_has_none(
    parts: Parts, clock: ManualClock, add: Add
) -> None:
    beats, start = Beats(parts.database), clock.now()
    failing = Channels(parts.database, beats, ways=lambda: WAYS)
    add("1", "email", state="waiting", threat=1, attempts=40, reason="channel email: the server does not answer")
    beats.write([Beat("channel:email", start, None, start, "the server does not answer")], {})
    assert [each.is_for_outside for each in failing(start)] == [True]
    beats.write([Beat("channel:email", start + MINUTE, start + MINUTE)], {})
    assert [each.is_for_outside for each in failing(start + HOUR)] == [False], "others get it, one address does not"


def test_a_way_of_the_operator_that_is_tried_in_vain_does_not_work_though_it_has_no_beat(
    parts: Parts, clock: ManualClock, add: Add
) -> None:
    """As of a channel that is not set up."""
    beats, start = Beats(parts.database), clock.now()
    own = Channels(parts.database, beats, ways=lambda: WAYS, own=lambda: [("sms", "+46700000000"), WAYS[0]])
    add("1", "sms", state="waiting", attempts=40, severity=4, reason="channel sms: is not set up")
    worked = start - MINUTE
    beats.write([Beat("channel:email", start, None, start, "no answer"), Beat("channel:sms", worked, worked)], {})
    assert not any(each.is_for_outside for each in own(start + MINUTE)), "it may only be slow"
    assert [each.is_for_outside for each in own(start + 10 * MINUTE)] == [True, True]
    beats.write([Beat("channel:sms", start + HOUR, start + HOUR)], {})
    assert not any(each.is_for_outside for each in own(start + HOUR)), "one number fails alone"


@pytest.mark.parametrize(
    ("said", "is_for_outside"),
    [("the recipient was refused for good (550)", False), ("given up after 9 tries. no answer", True)],
)
def test_a_channel_that_refuses_an_address_is_still_a_way_to_tell_the_operator(
    parts: Parts, clock: ManualClock, said: str, is_for_outside: bool
) -> None:
    """Else a dead machine would go unnoticed while nothing else is sent."""
    beats, start = Beats(parts.database), clock.now()
    own = Channels(parts.database, beats, ways=lambda: WAYS, own=lambda: WAYS[:1])
    beats.write([Beat("channel:email", start, None, start, f"{LOST}{said}")], {})
    assert [each.is_for_outside for each in own(start + HOUR)] == [is_for_outside]


def test_what_nobody_is_told_by_any_longer_is_unused_but_what_works_again_is_not(
    parts: Parts, clock: ManualClock
) -> None:
    beats, start = Beats(parts.database), clock.now()
    one = place_of("webhook", "one.example")
    beats.write([Beat(one, start, None, start, "no answer")], {})
    (trouble,) = channels(parts)(start)
    assert not channels(parts).unused(trouble)
    assert channels(parts, WAYS[:2]).unused(trouble)
    without = channels(parts, [*WAYS[:2], WAYS[3]])
    assert list(without(start)) == []
    assert without.unused(trouble)
    assert not without.unused(Trouble("channel-failing", "channel:webhook", start + HOUR))  # of the other host, later
    beats.write([Beat(one, start + MINUTE, start + MINUTE)], {})
    assert not without.unused(trouble)


def test_a_delivery_that_failed_is_told_for_an_hour_whoever_it_was_for(
    parts: Parts, clock: ManualClock, add: Add
) -> None:
    start, failing = clock.now(), channels(parts)
    failed = {"state": "failed", "at": start.timestamp(), "reason": "refused for good"}
    add("1", "email", **(failed | {"at": (start - 48 * HOUR).timestamp(), "reason": "of long ago"}))
    add("2", "email", **failed)
    add("3", "sms", **failed)  # by which nobody is told any longer
    last = {"failed-at": start.isoformat(), "reason": "refused for good"}
    assert [each.details for each in failing(start)] == [{"failed": "1", **last}] * 2
    assert list(failing(start + HOUR)) == []


def test_a_letter_that_failed_is_told_beside_deliveries(parts: Parts, clock: ManualClock, add: Add) -> None:
    """An official whose letters of alerts come back hears nothing, and nobody else would know."""
    start, failing = clock.now(), channels(parts)
    person = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "sv", grants=(Grant("official", "ekvik", "anna"),))
    values = {"number": "1", "alert": "a", "alerts": "a", "wish": "at-once"}
    for about in ("a", "b"):
        parts.letters.add(person, "alert", values, once=about, official="anna")
    assert list(failing(start)) == []
    for waiting in parts.letters.due():
        parts.letters.ended(waiting, "failed")
    [trouble] = failing(start)
    assert (trouble.place, trouble.since, trouble.details) == ("channel:email", start, {"failed": "2"})
    add("1", "email", state="failed", at=start.timestamp(), reason="no such address")
    [trouble] = failing(start)
    assert (trouble.details["failed"], trouble.details["reason"]) == ("3", "no such address")
    assert list(failing(start + HOUR)) == []


def test_a_letter_that_cannot_be_read_is_told_when_it_is_given_up(parts: Parts, clock: ManualClock) -> None:
    person = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "sv", grants=(Grant("official", "ekvik", "anna"),))
    parts.letters.add(person, "names-answered", {}, official="anna")
    parts.database.execute(update(LETTER).values(content=b'{"kind": "letter", "version": 99}'))
    clock.advance(2 * HOUR.total_seconds())
    assert parts.letters.due() == []
    [trouble] = channels(parts)(clock.now())
    assert (trouble.since, trouble.details) == (clock.now(), {"failed": "1"})


@pytest.mark.parametrize("said", ["given up after 9 tries. no answer", "failed over after 3 tries. no answer"])
def test_what_a_channel_did_not_take_is_over_when_it_takes_something(
    parts: Parts, clock: ManualClock, add: Add, said: str
) -> None:
    """But what it refused may concern one address alone, and whoever has that one is told by nothing else."""
    beats, start, failing = Beats(parts.database), clock.now(), channels(parts)
    for name in ("email", "ntfy"):
        add(name, name, state="failed", at=start.timestamp(), reason=said)
    beats.write([Beat("channel:email", start - MINUTE, start - MINUTE)], {})  # before
    assert [each.details["failed"] for each in failing(start)] == ["1", "1"]
    beats.write([Beat("channel:email", start + MINUTE, start + MINUTE)], {})
    assert [each.place for each in failing(start)] == ["channel:email", "channel:ntfy"]  # the clock was put back since
    clock.advance(60)
    assert [each.place for each in failing(clock.now())] == ["channel:ntfy"]
    add("3", "email", state="failed", at=start.timestamp(), reason="no such address")
    told = {each.place: each.details for each in failing(clock.now())}
    assert (told["channel:email"]["failed"], told["channel:email"]["reason"]) == ("1", "no such address")


def test_what_one_of_several_hosts_did_not_take_is_told_until_that_one_does(
    parts: Parts, clock: ManualClock, add: Add
) -> None:
    beats, start, failing = Beats(parts.database), clock.now(), channels(parts)
    one, two = place_of("webhook", "one.example"), place_of("webhook", "two.example")
    add("1", "webhook", state="failed", at=start.timestamp(), reason="given up after 9 tries. no answer")
    lost = Beat(one, start, None, start, f"{LOST}given up after 9 tries. no answer")
    beats.write([lost, Beat(two, start + MINUTE, start + MINUTE)], {})
    (trouble,) = failing(start + MINUTE)
    assert trouble.details["failed-before"] == "1"
    beats.write([Beat(one, start + MINUTE, start + MINUTE)], {})
    assert list(failing(start + MINUTE)) == []


def test_a_receiver_for_whom_a_delivery_failed_is_a_trouble_until_it_takes_something(
    parts: Parts, clock: ManualClock, add: Add
) -> None:
    """Whatever gets through to other hosts, and when nothing is left of the delivery: retention or an erasure removed it."""
    beats, start, failing = Beats(parts.database), clock.now(), channels(parts)
    one, two = place_of("webhook", "one.example"), place_of("webhook", "two.example")
    add("1", "webhook", state="failed", at=start.timestamp(), reason="refused for good")
    beats.write([Beat(one, start, None, start, f"{LOST}refused for good")], {})
    last = {"failed-at": start.isoformat(), "reason": "refused for good"}
    assert [each.details for each in failing(start)] == [{"failed": "1", **last}]
    parts.database.execute(delete(OUTBOX))
    clock.advance(48 * 3600)
    beats.write([Beat(two, clock.now(), clock.now())], {})
    add("2", "webhook", state="delivered", at=clock.now().timestamp())
    (trouble,) = failing(clock.now())
    assert (trouble.place, trouble.since, trouble.details) == ("channel:webhook", start, {"failed-before": "1", **last})
    beats.write([Beat(one, clock.now(), clock.now())], {})
    assert list(failing(clock.now())) == []


def test_the_status_tells_what_the_watch_does(parts: Parts, clock: ManualClock, add: Add) -> None:
    start = clock.now()
    add("1", "email", state="waiting", attempts=1)
    add("2", "outbox", state="delivered", attempts=1)
    alone = Trouble("channel-failing", "channel:email", start - HOUR, {"left-alone": start.isoformat()})

    class Silent:
        def tell(self, event: str, trouble: Trouble, *, incident: str) -> str:
            return "1"

    Troubles(parts.database, teller=Silent(), repeat=HOUR).take([alone], start)
    told = {each["place"]: (each["worked_at"], each["left_alone"]) for each in status(parts)["watch"]["parts"]}
    assert told == {"channel:email": (None, start.isoformat()), "channel:outbox": (start.isoformat(), None)}
