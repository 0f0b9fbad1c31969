"""Whoever was alarmed about an official who withdraws is told that it is closed, and not whom it was about."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from alerts.bulletin import Bulletin
from alerts.content import encoded
from alerts.delivery.outbox import Item, Result
from alerts.incidents.closing import MOST
from flow.errors import Unavailable
from registry.holder import Part
from registry.official import Contact
from registry.withdrawal import Erasure
from tests.web.answering import ANNA, EVA, KAJ, Answerable, Away

PER = "Per Holm"
RULES = """
[[rule]]
name = "threat"
severity = "low"
contacts = ["official"]

[[contact]]
name = "Kaj Dahl"
language = "sv"
quiet = "22:00-07:00"
channels = [
  { channel = "voice", address = "+46701740605" },
  { channel = "email", address = "kaj@ekvik.example" },
  { channel = "voice", address = "+46701740606" },
]

[[contact]]
name = "Per Holm"
language = "sv"
channels = [{ channel = "voice", address = "+46701740607" }]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Answerable]:
    world = Answerable(tmp_path / "data", rules=RULES)
    world.her = replace(world.her, contacts=(*world.her.contacts, Contact(PER, "voice", "+46701740607", "sv")))
    world.parts.store.put_all([world.her])
    with world.parts:
        yield world


def waiting(world: Answerable) -> list[Item]:
    world.clock.advance(24 * 3600)  # beyond all quiet hours
    return [item for name in ("email", "voice") for item in world.parts.outbox.due(100, channel=name)]


def delivered(world: Answerable, items: list[Item]) -> None:
    ended = [replace(item.delivery, state="delivered", attempts=1, at=world.clock.now()) for item in items]
    told = zip(ended, items, strict=True)
    world.parts.telling.record([Result(each, contact=item.recipient.name) for each, item in told])


def alarmed(world: Answerable, *ids: str) -> list[str]:
    """Incidents of which all have had a message, by id."""
    for id in ids:
        world.wait(hours=1)
        world.raised(id)
    items = [item for name in ("email", "voice") for item in world.parts.outbox.due(100, channel=name)]
    delivered(world, items)
    return [each.id for each in world.parts.incidents.open()]


def test_who_was_alarmed_is_told_calmly_and_of_nobody(world: Answerable) -> None:
    (incident,) = alarmed(world, "bluesky:1")
    world.parts.incidents.answer(incident, "on-it", by=KAJ)
    night = datetime.combine(world.clock.now().date(), time(23, 30), UTC)
    world.wait(seconds=(night - world.clock.now()).total_seconds())
    world.parts.erasure.withdraw(ANNA)
    (eva,) = (item.recipient.name for item in world.parts.outbox.due(100, channel="email"))
    assert eva == EVA  # Kaj sleeps
    items = waiting(world)
    assert [item.recipient.address for item in items] == ["eva@ekvik.example", "kaj@ekvik.example"]
    for item in items:
        assert isinstance(item.content, Bulletin)
        assert (item.content.kind, item.content.severity, item.recipient.instead) == ("closed", "none", ())
        assert item.content.values == {"closed": incident, "more": "0"}
        assert "anna" not in encoded(item.content).decode().lower()


def test_several_are_told_of_in_one_message_and_those_that_were_closed_in_none(world: Answerable) -> None:
    ids = alarmed(world, *(f"bluesky:{number}" for number in range(MOST + 2)))
    world.parts.incidents.answer(ids[0], "resolve", by=KAJ)
    left = [each.id for each in world.parts.incidents.of_official(ANNA) if each.is_open]
    world.parts.erasure.withdraw(ANNA)
    for item in waiting(world):
        assert isinstance(item.content, Bulletin)
        listed = item.content.values["closed"].split()
        assert (len(listed), item.content.values["more"]) == (MOST, "1")
        assert set(listed) < set(left)


def test_whoever_no_message_has_reached_is_told_nothing(world: Answerable) -> None:
    world.raised()
    world.parts.erasure.withdraw(ANNA)
    assert waiting(world) == []


def test_a_part_that_she_takes_back_closes_nothing(world: Answerable) -> None:
    alarmed(world, "bluesky:1")
    world.parts.erasure.withdraw(ANNA, Part("recipient", EVA))
    assert waiting(world) == []


def test_an_interrupted_erasure_tells_once_and_leaves_nothing(world: Answerable) -> None:
    alarmed(world, "bluesky:1")

    def interrupted() -> None:
        raise Unavailable("is away", place="database")

    away: Erasure = replace(world.parts.erasure, scrub=interrupted)
    with pytest.raises(Unavailable):
        away.withdraw(ANNA)
    world.parts.erasure.prepare(ANNA)
    world.parts.erasure.resume()
    items = waiting(world)
    assert len(items) == 2
    delivered(world, items)
    world.parts.scrub()
    files = [file for file in (world.parts.settings.data_dir).rglob("*") if file.is_file()]
    assert [file for file in files if b"eva@ekvik.example" in file.read_bytes()] == []


def test_what_is_answered_while_the_erasure_waits_tells_nobody_anew(world: Answerable) -> None:
    answered, _ = alarmed(world, "bluesky:1", "bluesky:2")
    away: Erasure = replace(world.parts.erasure, holders=[Away()])
    with pytest.raises(Unavailable):
        away.withdraw(ANNA)
    world.parts.incidents.answer(answered, "resolve", by=KAJ)
    world.parts.erasure.resume()
    assert world.parts.incidents.of_official(ANNA) == []
    assert len(waiting(world)) == 2


def test_a_contact_of_hers_is_told_and_not_her_namesake_in_the_plan(world: Answerable) -> None:
    hers = Contact(KAJ, "email", "kaj@hemma.example", "sv")
    world.her = replace(world.her, contacts=(hers,))
    world.parts.store.put_all([world.her])
    alarmed(world, "bluesky:1")
    world.parts.erasure.withdraw(ANNA)
    assert [item.recipient.address for item in waiting(world)] == [hers.address]


def test_rules_that_are_wrong_hold_no_erasure_up(tmp_path: Path) -> None:
    world = Answerable(tmp_path / "data", rules=RULES)
    alarmed(world, "bluesky:1")
    world.parts.close()
    (tmp_path / "rules.toml").write_text("[[rule]]\nnope = 1\n", "utf-8")
    again = Answerable(tmp_path / "data", rules="[[rule]]\nnope = 1\n", new=False)
    with again.parts:
        assert again.parts.erasure.withdraw(ANNA).removed["incidents"] > 0
        assert waiting(again) == []
