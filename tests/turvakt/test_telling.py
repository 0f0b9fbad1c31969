"""Officials who sign in are told of new alerts as they wish: once each, not in quiet hours, not without consent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from access.people import People
from access.person import Grant, Person
from alerts.incidents.history import Event, Transition
from alerts.notices import Notice
from flow.clock import ManualClock
from registry.official import Contact, Wishes
from registry.official import Notice as Wish
from review.index import Page, Query
from tests.alerts.people import alert as alert_of
from tests.alerts.people import verdict as judged_post
from tests.review.people import START, alert, verdict
from tests.review.writes import make_unreadable
from tests.turvakt.test_informing import DEPUTY, HERSELF
from turvakt.monitor import Monitor
from turvakt.tally import Observed
from turvakt.telling import LOOK_AT_ALL, WAIT, Teller
from turvakt.wiring import Parts

ID = "anna-lindqvist"
EVA = Contact("Eva Berg", "email", "eva@ekvik.example", "sv")


@pytest.fixture
def people(parts: Parts) -> People:
    people = People(parts.database)
    for each in (HERSELF, DEPUTY):
        people.add(each)
        parts.accounts.passwords.store(each.id, "digest")
    return people


def change(parts: Parts, **changes: Any) -> None:
    parts.store.put_all([replace(parts.store.get(ID), **changes)])


def raise_alert(parts: Parts, name: str, **changes: Any) -> None:
    minutes = (parts.clock.now() - START) / timedelta(minutes=1)
    changes = {"labels": ("threat",), **changes}
    judged = verdict(name, "Akta dig", officials=(ID,), severity="high", judged=minutes, source="web", **changes)
    parts.index.write_verdicts([judged])
    parts.index.write_alerts([alert(judged, official=ID, id=f"a{name}", raised=minutes)])


def sent(parts: Parts) -> list[dict[str, str]]:
    """How many alerts the letters are about that have come since, and which; each goes to herself, and is sent by that."""
    waiting = parts.letters.due()
    assert all((each.letter.purpose, each.letter.email) == ("alert", HERSELF.email) for each in waiting)
    assert all(each.official == ID for each in waiting)
    for each in waiting:
        parts.letters.ended(each, "sent")
    return [{name: each.letter.values[name] for name in ("number", "alert")} for each in waiting]


@pytest.fixture
def teller(parts: Parts) -> Teller:
    return Teller(parts)


Look = Callable[[], list[dict[str, str]]]


@pytest.fixture
def look(parts: Parts, teller: Teller) -> Look:
    """What is told by the next look of one that goes on."""

    def next_look() -> list[dict[str, str]]:
        teller.tell()
        return sent(parts)

    return next_look


@pytest.mark.usefixtures("people")
def test_an_alert_is_told_at_once_and_once(parts: Parts, clock: ManualClock, look: Look) -> None:
    assert look() == []
    raise_alert(parts, "1")
    assert look() == [{"number": "1", "alert": "a1"}]
    clock.advance(3600)
    assert look() == []


@pytest.mark.usefixtures("people")
def test_a_second_rule_about_the_same_post_is_nothing_new(parts: Parts, clock: ManualClock, look: Look) -> None:
    raise_alert(parts, "1")
    assert len(look()) == 1
    clock.advance(3600)
    threat = verdict("1", officials=(ID,), severity="high", labels=("threat",), source="web")
    parts.index.write_alerts([alert(threat, official=ID, id="second", raised=60)])
    assert look() == []


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("anew", [False, True])
def test_what_becomes_a_threat_by_an_edit_is_told_again(
    parts: Parts, clock: ManualClock, look: Look, anew: bool
) -> None:
    def again() -> list[dict[str, str]]:
        if not anew:
            return look()
        Teller(parts).tell()  # as after a restart
        return sent(parts)

    raise_alert(parts, "1", labels=("harassment",))
    assert look() == [{"number": "1", "alert": "a1"}]
    clock.advance(3600)
    raise_alert(parts, "1", labels=("harassment", "hate"))
    assert again() == []
    clock.advance(3600)
    raise_alert(parts, "1")
    assert again() == [{"number": "1", "alert": "a1"}]
    clock.advance(3600)
    raise_alert(parts, "1", labels=("harassment",))
    assert again() == []
    clock.advance(3600)
    raise_alert(parts, "1")
    assert again() == []


@pytest.mark.usefixtures("people")
def test_a_wave_is_told_together(parts: Parts, clock: ManualClock, look: Look) -> None:
    raise_alert(parts, "1")
    assert len(look()) == 1
    for name in ("2", "3"):
        clock.advance(60)
        raise_alert(parts, name)
        assert look() == []
    clock.advance(15 * 60)
    assert look() == [{"number": "2", "alert": ""}]
    clock.advance(15 * 60)
    assert look() == []


@pytest.mark.usefixtures("people")
def test_quiet_hours_hold_it_until_their_end(parts: Parts, clock: ManualClock, look: Look) -> None:
    change(parts, wishes=Wishes(quiet="22:00-09:30"))  # it is 8 in Stockholm
    raise_alert(parts, "1")
    assert look() == []
    clock.advance(90 * 60 - 1)
    assert look() == []
    clock.advance(1)
    assert look() == [{"number": "1", "alert": "a1"}]


@pytest.mark.usefixtures("people")
def test_daily_is_one_letter_in_the_morning(parts: Parts, clock: ManualClock, look: Look) -> None:
    change(parts, wishes=Wishes(notice="daily"))
    for name in ("1", "2"):
        clock.advance(60)
        raise_alert(parts, name)
        assert look() == []
    clock.advance(86400 - 2 * 60 - 1)  # it was 8 in Stockholm
    assert look() == []
    clock.advance(1)
    assert look() == [{"number": "2", "alert": ""}]
    clock.advance(60)
    raise_alert(parts, "3")
    assert look() == []
    clock.advance(86400)
    assert look() == [{"number": "1", "alert": "a3"}]


@pytest.mark.usefixtures("people")
def test_who_does_not_want_to_be_told_is_not_written_to(parts: Parts, look: Look) -> None:
    change(parts, wishes=Wishes(notice="never"))
    raise_alert(parts, "1")
    assert look() == []


def tell_eva(parts: Parts, name: str, event: Event) -> None:
    """Take the alert into an incident, if it is in none; this became of the message to Eva about it."""
    if not parts.incidents.about([f"a{name}"]):
        judged = judged_post(f"web:{name}", text=f"Helt annan text {name}")
        parts.incidents.take([replace(alert_of(judged), id=f"a{name}", raised_at=parts.clock.now())])
    incident = parts.incidents.about([f"a{name}"])[f"a{name}"]
    told = Transition(incident.id, ID, parts.clock.now(), event, contact=EVA.name, delivery=f"d{name}")
    parts.incidents.history.add([told])


@pytest.mark.parametrize("notice", ["at-once", "daily"])
@pytest.mark.usefixtures("people")
def test_whom_somebody_else_is_to_tell_is_written_to_unless_that_one_has_heard_of_the_alert(
    parts: Parts, clock: ManualClock, look: Look, notice: Wish
) -> None:
    change(parts, wishes=Wishes(notice=notice, through="Eva Berg"), contacts=(EVA,))
    clock.advance(86_400 - 3 * 3600)  # 5 in the morning
    raise_alert(parts, "1")
    tell_eva(parts, "1", "delivered")
    clock.advance(60)
    raise_alert(parts, "2")
    tell_eva(parts, "2", "failed")
    clock.advance(WAIT.total_seconds() - 10)
    assert look() == [], "she may hear of it yet"
    clock.advance(2 * 3600 + 10)
    assert look() == [{"number": "1", "alert": "a2"}]
    clock.advance(86_400)
    assert look() == []


@pytest.mark.parametrize("after", [120, 20 * 3600])
@pytest.mark.parametrize("received", [False, True])
@pytest.mark.usefixtures("people")
def test_what_comes_back_from_who_is_to_tell_her_was_not_heard_unless_it_had_arrived(
    parts: Parts, clock: ManualClock, look: Look, after: int, received: bool
) -> None:
    """However long after the server had taken it."""
    change(parts, wishes=Wishes(through="Eva Berg"), contacts=(EVA,))
    raise_alert(parts, "1")
    tell_eva(parts, "1", "delivered")
    clock.advance(WAIT.total_seconds())
    assert look() == []
    clock.advance(after)
    if received:
        tell_eva(parts, "1", "received")
    tell_eva(parts, "1", "failed")
    found = []
    for _ in range(int(LOOK_AT_ALL.total_seconds()) // 60):
        clock.advance(60)
        found += look()
    assert found == ([] if received else [{"number": "1", "alert": "a1"}])


@pytest.mark.parametrize("by", ["nobody", "person", "deputy", "herself"])
def test_who_has_no_alert_to_tell_her_of_keeps_no_letter_from_her(
    parts: Parts, people: People, look: Look, by: str
) -> None:
    """An account alone brings nobody an alert."""
    names = {"herself": HERSELF.name, "deputy": DEPUTY.name}
    change(parts, wishes=Wishes(through=names.get(by, EVA.name)))
    if by == "person":
        people.add(Person("eva", EVA.name, EVA.address, "sv", (Grant("officer", "ekvik"),)))
    raise_alert(parts, "1")
    assert len(look()) == 1


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("limit", ["scope", "labels", "until"])
def test_what_her_consent_does_not_cover_is_not_told(parts: Parts, limit: str, clock: ManualClock, look: Look) -> None:
    limits: dict[str, Any] = {"scope": ("bluesky",), "labels": ("sexual",), "until": clock.now() + timedelta(minutes=1)}
    raise_alert(parts, "1")
    change(parts, consents=(replace(parts.store.get(ID).consents[0], **{limit: limits[limit]}),))
    clock.advance(60)
    assert look() == []


def test_who_has_not_joined_or_is_gone_is_not_written_to(parts: Parts, people: People, look: Look) -> None:
    raise_alert(parts, "1")
    parts.accounts.passwords.remove(HERSELF.id)
    assert look() == []
    parts.accounts.passwords.store(HERSELF.id, "digest")
    people.put(replace(HERSELF, active=False))
    assert look() == []
    people.put(HERSELF)
    assert len(look()) == 1


async def send(parts: Parts) -> None:
    """Let the postman work until no letter waits, or what waits has to wait longer."""

    async def step(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return function(*args, **named)

    running = asyncio.create_task(parts.postman(step, base_url="https://turvakt.ekvik.example").run())
    async with asyncio.timeout(30):
        while parts.letters.due():
            await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("wish", ["at-once", "daily"])
async def test_each_alert_that_she_was_written_to_about_is_in_the_record_once_the_letter_is_sent(
    parts: Parts, teller: Teller, clock: ManualClock, wish: Wish
) -> None:
    change(parts, wishes=Wishes(notice=wish))
    for name in ("1", "2"):
        raise_alert(parts, name)
    clock.advance(86_400)
    assert teller.tell() == 1
    assert parts.notices.of(ID) == [], "it is not sent yet"
    clock.advance(60)
    await send(parts)
    written = [Notice(each, ID, clock.now(), "letter", "turvakt", "none", wish) for each in ("a1", "a2")]
    assert sorted(parts.notices.of(ID), key=lambda each: each.alert) == written
    assert [each["how"] for each in parts.notices.export(ID)] == ["letter", "letter"]
    parts.erasure.withdraw(ID)
    assert parts.notices.of(ID) == []


@pytest.mark.usefixtures("people")
async def test_a_letter_that_is_given_up_or_about_something_else_is_no_notice(parts: Parts, teller: Teller) -> None:
    raise_alert(parts, "1")
    teller.tell()
    (waiting,) = parts.letters.due()
    parts.letters.ended(waiting, "failed")
    parts.letters.add(HERSELF, "names-answered", {}, official=ID)
    await send(parts)
    assert parts.letters.counts() == {"failed": 1, "sent": 1}
    assert parts.notices.of(ID) == []


@pytest.mark.usefixtures("people")
def test_a_letter_that_waits_goes_with_her(parts: Parts, teller: Teller) -> None:
    raise_alert(parts, "1")
    teller.tell()
    parts.erasure.withdraw(ID)
    assert [each.letter.purpose for each in parts.letters.due()] == ["erased"]


@pytest.mark.usefixtures("people")
def test_one_who_looks_for_the_first_time_tells_nothing_twice(parts: Parts, look: Look, clock: ManualClock) -> None:
    raise_alert(parts, "1")
    assert len(look()) == 1
    clock.advance(3600)
    assert (Teller(parts).tell(), sent(parts)) == (0, [])


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("through", ["", EVA.name])
def test_while_nothing_happens_one_question_is_asked(
    parts: Parts, look: Look, clock: ManualClock, through: str
) -> None:
    """However many officials there are, and also after alerts that have been told, or are told to nobody."""
    index = parts.index
    asked: list[Query] = []

    class Counting:
        def search(self, query: Query) -> Page:
            asked.append(query)
            return index.search(query)

    raise_alert(parts, "1")
    threat = verdict("other", officials=("lena-berg",), severity="high", labels=("threat",), source="web")
    index.write_verdicts([threat])
    index.write_alerts([alert(threat, official="lena-berg", id="other", raised=0)])
    if through:
        change(parts, wishes=Wishes(through=through), contacts=(EVA,))
        tell_eva(parts, "1", "received")
    parts.__dict__["_embedded_index"] = Counting()  # which the parts make when it is first asked for
    assert len(look()) == (0 if through else 1)
    asked.clear()
    clock.advance(60)
    assert look() == []
    assert [(query.official, query.alerted) for query in asked] == [(None, True)]


@pytest.mark.usefixtures("people")
def test_an_alert_that_comes_long_after_the_judgement_is_told_within_the_hour(
    parts: Parts, look: Look, clock: ManualClock
) -> None:
    assert look() == []
    clock.advance(LOOK_AT_ALL.total_seconds() - 1)
    late = verdict("1", officials=(ID,), severity="high", labels=("threat",), judged=1, source="web")
    parts.index.write_verdicts([late])
    parts.index.write_alerts([alert(late, official=ID, id="late", raised=59)])
    look()
    clock.advance(LOOK_AT_ALL.total_seconds())
    look()
    assert parts.letters.latest(ID, "alert") is not None


class Told(Exception):
    """What the test waits for has come."""


@pytest.mark.usefixtures("people")
async def test_the_embedded_monitor_tells_whatever_else_a_newer_program_has_written(parts: Parts) -> None:
    raise_alert(parts, "1")
    raise_alert(parts, "2")
    make_unreadable(parts.file, "post", "web:2")

    async def until_told() -> None:
        with Parts(parts.settings, clock=parts.clock) as beside:
            async with asyncio.timeout(30):
                while not beside.letters.counts():
                    await asyncio.sleep(0.02)
        raise Told

    with pytest.raises(Told):
        await Monitor(parts, observed=Observed(), collectors=[], beside={"until-told": until_told}).run()
