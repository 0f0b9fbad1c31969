"""The watch over a whole Turvakt: who is told of what stands still, and that it is over."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import msgspec
import pytest
from sqlalchemy import insert, select, update

from alerts.bulletin import Bulletin
from alerts.tables import INCIDENT
from flow.clock import ManualClock
from flow.errors import Unavailable
from registry.importing import read_officials
from tests.turvakt.process import OFFICIALS
from tests.turvakt.silence.watcher_outside import Outside, outside
from turvakt.sections import OperatorContact
from turvakt.settings import Settings
from turvakt.status import status
from turvakt.watch.beats import LOST, Beat, Beats
from turvakt.watch.channels import place_of
from turvakt.watch.operator import OperatorTeller, hold_drill, recipients
from turvakt.watch.pinger import Pinger
from turvakt.watch.probes import Probe
from turvakt.watch.setup import drills, watcher, ways
from turvakt.watch.tables import TROUBLE
from turvakt.watch.trouble import Trouble
from turvakt.watch.troubles import Troubles, standing
from turvakt.watch.watcher import Seen, Watcher, ask
from turvakt.wiring import Parts

CONTACTS = [
    {"name": "Desk", "channel": "email", "address": "desk@turvakt.example", "language": "fi"},
    {"name": "Desk", "channel": "outbox", "address": "desk", "language": "fi"},
    {"name": "Owner", "channel": "outbox", "address": "owner", "language": "sv", "drill": False},
]


PLAN = """
[[rule]]
name = "rest"
severity = "low"
contacts = ["contact:Rut"]

[[contact]]
name = "Rut"
language = "sv"
channels = [{ channel = "email", address = "rut@ekvik.example" }]
drill = false
"""


@pytest.fixture
def heard() -> Iterator[Outside]:
    with outside() as heard:
        yield heard


def say(plan: Path, text: str) -> None:
    plan.write_text(text, "utf-8")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    say(file, PLAN)
    return file


@pytest.fixture
def parts(tmp_path: Path, clock: ManualClock, heard: Outside, plan: Path) -> Iterator[Parts]:
    operator = {"contacts": CONTACTS, "ping_url": heard.url, "disk_free": 0, "drill": "mon 10:00"}
    given = {"data": {"dir": str(tmp_path / "data")}, "operator": operator, "alerts": {"rules": str(plan)}}
    settings = msgspec.convert(given, Settings)
    with Parts(settings, clock=clock) as parts:
        yield parts


async def at_once(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def told(parts: Parts) -> list[tuple[str, str, str]]:
    """Channel, trouble and event of each bulletin that waits."""
    found = []
    for channel in parts.outbox.channels():
        for item in parts.outbox.due(100, channel=channel):
            content = item.content
            assert isinstance(content, Bulletin)
            found.append((channel, content.values.get("trouble", content.kind), content.values.get("event", "")))
    return sorted(found)


def bulletins(parts: Parts, trouble: str) -> list[dict[str, str]]:
    """What waits for the operator's desk about a kind of trouble, in order."""
    contents = [item.content for item in parts.outbox.due(100, channel="email")]
    found = [each for each in contents if isinstance(each, Bulletin) and each.values.get("trouble") == trouble]
    return [each.values for each in sorted(found, key=lambda each: each.at)]


def watch_over(parts: Parts) -> Watcher:
    return watcher(parts, step=at_once, monotonic=lambda: parts.clock.now().timestamp())


async def looks(watch: Watcher, clock: ManualClock, minutes: int, *, beats: Beats | None = None) -> None:
    for _ in range(minutes):
        clock.advance(60)
        if beats is not None:
            beats.write([Beat("worker:run", clock.now())], {})
        await watch.look()


async def test_what_stands_still_is_told_by_all_ways_once_and_so_is_its_end(
    parts: Parts, clock: ManualClock, heard: Outside
) -> None:
    beats, watch = Beats(parts.database), watch_over(parts)
    await looks(watch, clock, 5, beats=beats)
    assert (told(parts), heard.heard) == ([], ["alive"] * 5)
    await looks(watch, clock, 20)
    silent = [(channel, "worker-silent", "begins") for channel in ("email", "outbox", "outbox")]
    assert told(parts) == silent
    assert heard.heard[5:] == ["alive"] + ["fail"] * 19
    (incident,) = parts.incidents.open()
    assert (incident.kind, incident.subject, incident.severity) == ("operation", "worker-silent worker:run", "critical")
    assert [each["kind"] for each in status(parts)["watch"]["troubles"]] == ["worker-silent"]
    await looks(watch, clock, 12, beats=beats)
    assert sorted({event for _, _, event in told(parts)}) in (["begins", "over"], ["over"])
    assert parts.incidents.open() == []
    assert status(parts)["watch"]["troubles"] == []
    assert heard.heard[-12:] == ["alive"] * 12


async def test_the_end_of_what_rang_somebody_up_rings_nobody_up(parts: Parts, clock: ManualClock) -> None:
    ringing = OperatorContact(name="Desk", channel="voice", address="+46700000000", language="fi")
    settings = msgspec.structs.replace(parts.settings.operator, contacts=[*parts.settings.operator.contacts, ringing])
    teller = OperatorTeller(settings, parts.incidents, parts.telling, clock=clock)
    trouble = Trouble("stage-late", "stage:route", clock.now())
    incident = teller.tell("begins", trouble, incident="")
    teller.tell("over", trouble, incident=incident)
    assert told(parts) == [(each, "stage-late", "over") for each in ("email", "outbox", "outbox")]


@pytest.mark.parametrize("order", [("voice", "email"), ("email", "voice")])
def test_the_end_of_a_lesser_trouble_comes_by_the_way_that_does_not_ring(
    parts: Parts, clock: ManualClock, order: tuple[str, ...]
) -> None:
    ways = [OperatorContact(name="Desk", channel=each, address=f"by {each}") for each in order]
    settings = msgspec.structs.replace(parts.settings.operator, contacts=ways)
    teller = OperatorTeller(settings, parts.incidents, parts.telling, clock=clock)
    incident = teller.tell("begins", trouble := Trouble("backup-old", "backup", clock.now()), incident="")
    teller.tell("over", trouble, incident=incident)
    [ended] = [
        item
        for channel in parts.outbox.channels()
        for item in parts.outbox.due(100, channel=channel)
        if isinstance(item.content, Bulletin) and item.content.values["event"] == "over"
    ]
    assert (ended.recipient.channel, ended.recipient.instead) == ("email", ())


async def test_a_receiver_that_has_refused_a_message_keeps_no_dead_machine_from_being_noticed(
    parts: Parts, clock: ManualClock, plan: Path, heard: Outside
) -> None:
    beats, at = Beats(parts.database), clock.now()
    say(
        plan,
        PLAN.replace(
            'channel = "email", address = "rut@ekvik.example"', 'channel = "webhook", address = "https://h.example"'
        ),
    )
    beats.write([Beat(place_of("webhook", "h.example"), at, None, at, f"{LOST}the receiver answers 404")], {})
    await looks(watch_over(parts), clock, 8, beats=beats)
    assert [(each["event"], each["place"]) for each in bulletins(parts, "channel-failing")] == [
        ("begins", "channel:webhook")
    ]
    assert heard.heard == ["alive"] * 8


async def test_a_channel_works_again_when_it_has_been_seen_to(parts: Parts, clock: ManualClock) -> None:
    """And not when nobody tries it any longer, or when other processes have taken over."""
    beats, start = Beats(parts.database), clock.now()
    beats.write([Beat("channel:email", start, None, start, "no answer")], {})
    for _ in range(4):
        await looks(watch_over(parts), clock, 40, beats=beats)
    assert {event for _, trouble, event in told(parts) if trouble == "channel-failing"} == {"begins"}
    beats.write([Beat("channel:email", clock.now(), clock.now())], {})
    await looks(watch_over(parts), clock, 12, beats=beats)
    assert ("outbox", "channel-failing", "over") in told(parts)
    assert "unused" not in bulletins(parts, "channel-failing")[-1]


async def test_a_channel_that_was_taken_out_of_the_plans_is_not_said_to_work_again(
    parts: Parts, clock: ManualClock, plan: Path
) -> None:
    beats = Beats(parts.database)
    say(
        plan,
        PLAN.replace(
            'channel = "email", address = "rut@ekvik.example"', 'channel = "ntfy", address = "ekvik-9f3k2m7q"'
        ),
    )
    beats.write([Beat("channel:ntfy", clock.now(), None, clock.now(), "no answer")], {})
    watch = watch_over(parts)
    await looks(watch, clock, 5, beats=beats)
    assert [each["event"] for each in bulletins(parts, "channel-failing")] == ["begins"]
    say(plan, PLAN)
    await looks(watch, clock, 12, beats=beats)
    over = bulletins(parts, "channel-failing")[-1]
    assert (over["event"], over["unused"]) == ("over", "yes")


async def test_a_source_that_was_switched_off_is_not_said_to_be_readable_again(
    parts: Parts, clock: ManualClock
) -> None:
    since = clock.now().timestamp()
    row = {"kind": "source-failing", "place": "collector:feed", "state": "told", "since": since, "told_at": since}
    parts.database.execute(insert(TROUBLE), row | {"returns": 0, "incident": "1", "details": "{}"})
    await looks(watch_over(parts), clock, 12, beats=Beats(parts.database))
    assert [each["unused"] for each in bulletins(parts, "source-failing")] == ["yes"]


async def test_a_key_that_the_plan_does_not_name_any_longer_is_not_said_to_be_good(
    parts: Parts, clock: ManualClock
) -> None:
    since = clock.now().timestamp()
    row = {"kind": "key-ends", "place": "key:0a1b2c", "state": "told", "since": since, "told_at": since}
    parts.database.execute(insert(TROUBLE), row | {"returns": 0, "incident": "1", "details": "{}"})
    await looks(watch_over(parts), clock, 12, beats=Beats(parts.database))
    assert [each["unused"] for each in bulletins(parts, "key-ends")] == ["yes"]


async def test_a_changed_plan_that_is_not_in_force_is_told_until_it_is(
    parts: Parts, clock: ManualClock, plan: Path
) -> None:
    beats, watch = Beats(parts.database), watch_over(parts)
    await looks(watch, clock, 1, beats=beats)
    say(plan, PLAN.replace("contact:Rut", "contact:Chief"))
    await looks(watch, clock, 4, beats=beats)
    (begins,) = bulletins(parts, "plan-broken")
    assert str(plan.parent) not in str(begins)
    assert (begins["event"], begins["place"], begins["detail.file"]) == ("begins", "plans", "rules.toml")
    assert begins["detail.reason"].startswith("rule 'rest': key 'contacts[0]': there is no [[contact]] of that name")
    assert [each.severity for each in parts.incidents.open()] == ["high"]
    say(plan, PLAN)
    await looks(watch, clock, 12, beats=beats)
    assert bulletins(parts, "plan-broken")[-1]["event"] == "over"


def test_everybody_who_may_be_told_counts(parts: Parts) -> None:
    parts.store.put_all(read_officials(OFFICIALS))
    known = set(ways(parts))
    assert {("email", "desk@turvakt.example"), ("outbox", "owner")} <= known
    assert {(each.channel, each.address) for official in parts.store.officials() for each in official.contacts} <= known


async def test_after_a_restart_nothing_is_told_twice(parts: Parts, clock: ManualClock) -> None:
    await looks(watch_over(parts), clock, 10)
    before = told(parts)
    await looks(watch_over(parts), clock, 10)
    assert told(parts) == before != []


async def test_what_a_later_version_wrote_holds_up_no_look(parts: Parts, clock: ManualClock) -> None:
    await looks(watch_over(parts), clock, 10)
    more = {"of-tomorrow": "7", "reason": "no answer"}
    parts.database.execute(update(TROUBLE).values(details=msgspec.json.encode(more).decode()))
    assert [each.details for each in standing(parts.database)] == [{"reason": "no answer"}]
    before = told(parts)
    await looks(watch_over(parts), clock, 10)
    assert told(parts) == before


async def test_a_kind_of_trouble_that_a_later_version_knows_is_left_to_it(parts: Parts, clock: ManualClock) -> None:
    beats = Beats(parts.database)
    since = clock.now().timestamp()
    row = {"kind": "of-tomorrow", "place": "moon", "state": "told", "since": since, "told_at": since}
    parts.database.execute(insert(TROUBLE), row | {"returns": 0, "incident": "1", "details": "{}"})
    before = parts.database.query(select(TROUBLE))
    await looks(watch_over(parts), clock, 30, beats=beats)
    assert told(parts) == []
    assert parts.database.query(select(TROUBLE)) == before
    assert status(parts)["watch"]["troubles"] == []


def test_the_operator_is_told_by_the_next_way_where_the_first_fails(parts: Parts, clock: ManualClock) -> None:
    settings, now = parts.settings.operator, clock.now()
    desk, owner = recipients(settings, at=now, severity="high")
    assert (desk.channel, desk.instead, desk.language) == ("email", (("outbox", "desk"),), "fi")
    assert (owner.channel, owner.instead) == ("outbox", ())
    assert [each.channel for each in recipients(settings, at=now, severity="critical")] == ["email", "outbox", "outbox"]


def test_what_gives_no_answer_is_a_trouble_and_leaves_open_what_it_would_have_said(clock: ManualClock) -> None:
    def away(now: object) -> list[Trouble]:
        raise Unavailable("no answer", place="postgres")

    def faulty(now: object) -> list[Trouble]:
        raise KeyError("a name")

    now = clock.now()
    late, jumped = Trouble("store-away", "log", now, {"reason": "no answer"}), Trouble("clock-jumped", "clock", now)
    assert [
        ask(Probe("log", frozenset({"stage-late"}), away), now),
        ask(Probe("disk", frozenset({"disk-full"}), faulty), now),
        ask(Probe("clock", frozenset({"clock-jumped"}), lambda now: [jumped]), now),
    ] == [
        Seen((late,), frozenset({"stage-late"})),
        Seen(unknown=frozenset({"disk-full"}), faulty=True),
        Seen((jumped,)),
    ]


async def test_a_probe_that_hangs_holds_up_neither_the_others_nor_the_ping(clock: ManualClock, heard: Outside) -> None:
    """As one of a network disk does whose server is away."""
    hangs, asked = Event(), []
    taken: list[tuple[list[Trouble], frozenset[str]]] = []

    def hang(now: object) -> list[Trouble]:
        asked.append(now)
        hangs.wait()
        return []

    async def note(function: object, *given: Any, unknown: frozenset[str] = frozenset()) -> None:
        if len(given) == 2:
            taken.append((given[0], unknown))

    jumped = Trouble("clock-jumped", "clock", clock.now())
    probes = [
        Probe("backup", frozenset({"backup-old"}), hang),
        Probe("clock", frozenset({"clock-jumped"}), lambda now: [jumped]),
    ]
    troubles = Troubles(None, teller=None, repeat=timedelta(hours=1))  # type: ignore[arg-type]  # it is never reached
    pinger = Pinger(heard.url)
    watch = Watcher(
        probes,
        troubles,
        pinger=pinger,
        also=lambda now: None,
        step=note,
        clock=clock,
        seconds=0.05,  # type: ignore[arg-type]
    )
    try:
        for _ in range(3):
            await watch.look()
            clock.advance(60)
    finally:
        hangs.set()
    assert len(asked) == 1, "no second thread hangs there, too"
    assert [([each.kind for each in found], unknown) for found, unknown in taken] == [
        (["store-away", "clock-jumped"], {"backup-old"})
    ] * 3
    assert heard.heard == ["fail"]


def test_a_trouble_that_cannot_be_seen_to_keeps_no_other_from_being_told(parts: Parts, clock: ManualClock) -> None:
    class Faulty:
        told: ClassVar[list[str]] = []

        def tell(self, event: str, trouble: Trouble, *, incident: str) -> str:
            if trouble.kind == "backup-old":
                raise KeyError("a name")
            self.told.append(f"{trouble.kind} {event}")
            return "1"

    now, troubles = clock.now(), Troubles(parts.database, teller=Faulty(), repeat=timedelta(hours=1))
    assert troubles.take([Trouble("backup-old", "backup", now), Trouble("clock-jumped", "clock", now)], now)
    assert Faulty.told == ["clock-jumped begins"]
    assert not troubles.take([Trouble("clock-jumped", "clock", now)], now)


async def test_the_end_of_a_trouble_is_told_though_its_incident_cannot_be_read(
    parts: Parts, clock: ManualClock, heard: Outside
) -> None:
    """A later version has written it, which was taken back since."""
    beats, watch = Beats(parts.database), watch_over(parts)
    await looks(watch, clock, 5)
    parts.database.execute(update(INCIDENT).values(content=b'{"kind":"bulletin","v":99}'))
    await looks(watch, clock, 12, beats=beats)
    assert ("outbox", "worker-silent", "over") in told(parts)
    await looks(watch, clock, 5)
    assert [each["event"] for each in bulletins(parts, "worker-silent")][-1] == "begins"


async def test_the_watch_itself_gives_signs_of_life(parts: Parts, clock: ManualClock) -> None:
    await looks(watch_over(parts), clock, 2)
    assert {beat.place: beat.at for beat in Beats(parts.database).all()} == {"watch": clock.now()}


async def test_the_watch_does_not_end_what_it_watches(clock: ManualClock, heard: Outside) -> None:
    """A fault of its own is told outside, and it looks again."""
    tries: list[object] = []

    async def fails(*given: object, **named: object) -> None:
        tries.append(given)
        raise KeyError("a name")

    async def sleep(seconds: float) -> None:
        clock.advance(60)
        if len(tries) == 5:
            raise asyncio.CancelledError

    troubles = Troubles(None, teller=None, repeat=timedelta(hours=1))  # type: ignore[arg-type]  # it is never reached
    watch = Watcher([], troubles, pinger=Pinger(heard.url), also=tries.append, step=fails, clock=clock, sleep=sleep)  # type: ignore[arg-type]
    with pytest.raises(asyncio.CancelledError):
        await watch.run()
    assert heard.heard == ["start", "alive", "fail", "fail"]


async def test_a_probe_that_is_faulty_is_told_outside(clock: ManualClock, heard: Outside) -> None:
    """Nobody knows whether what it looks for is there: that all is well cannot be said."""

    def faulty(now: object) -> list[Trouble]:
        raise KeyError("a name")

    async def nothing(*given: object, **named: object) -> None: ...

    troubles = Troubles(None, teller=None, repeat=timedelta(hours=1))  # type: ignore[arg-type]  # it is never reached
    probes = [Probe("disk", frozenset({"disk-full"}), faulty)]
    watch = Watcher(probes, troubles, pinger=Pinger(heard.url), also=lambda now: None, step=nothing, clock=clock)  # type: ignore[arg-type]
    for _ in range(3):
        await watch.look()
        clock.advance(60)
    assert heard.heard == ["fail"]  # as of any trouble: once it has lasted for two minutes


def test_a_drill_goes_to_contacts_that_only_a_rule_names(parts: Parts, plan: Path, clock: ManualClock) -> None:
    itself = '{ name = "Kim", channel = "outbox", address = "kim", language = "fi" }'
    say(plan, PLAN.replace('"contact:Rut"', f'"contact:Rut", {itself}'))
    clock.advance(5)
    drills(parts).hold(clock.now())
    assert told(parts) == [("email", "drill", ""), ("outbox", "drill", ""), ("outbox", "drill", "")]


def test_a_drill_goes_to_every_way_of_everybody_but_who_does_without(parts: Parts, clock: ManualClock) -> None:
    incident = drills(parts).hold(clock.now())
    assert told(parts) == [("email", "drill", ""), ("outbox", "drill", "")]
    events = [(each.event, each.channel) for each in parts.incidents.history.of(incident)]
    assert {("told", "email"), ("told", "outbox")} <= set(events)
    clock.advance(timedelta(days=1).total_seconds())
    assert {each.kind for each in drills(parts)(clock.now())} == {"drill-failed", "drill-unanswered"}
    parts.incidents.answer(incident, "acknowledge", by="Desk")
    assert {each.kind for each in drills(parts)(clock.now())} == {"drill-failed"}


def test_a_drill_that_everybody_does_without_is_none(parts: Parts, clock: ManualClock) -> None:
    owner = msgspec.structs.replace(parts.settings.operator, contacts=parts.settings.operator.contacts[2:])
    assert hold_drill(owner, (), parts.incidents, now=clock.now()) is None
    assert (parts.incidents.open(), told(parts)) == ([], [])
