"""Incidents that cannot be read: while versions change, a newer program has written them. The others go on all the same."""

from dataclasses import replace

import pytest
from sqlalchemy import ColumnElement, select, update

from alerts.bulletin import Bulletin
from alerts.tables import INCIDENT
from registry.holder import Part
from tests.alerts.people import AT
from tests.alerts.world import DESK, TEXTS, World
from turvakt.watch.unread import unread


def make_unreadable(world: World, condition: ColumnElement[bool]) -> None:
    newer = update(INCIDENT).where(condition).values(content=b'{"kind": "alert", "version": 99}')
    world.database.execute(newer)


def test_posts_about_the_same_official_are_told_of_in_an_incident_of_their_own(world: World) -> None:
    first = world.raised(1, TEXTS[1])
    world.take(first)
    world.deliver()
    unread = world.one.id
    make_unreadable(world, INCIDENT.c.id == unread)
    assert world.take(first) == []
    assert world.take(world.raised(2, TEXTS[1])) == [("raised", 1, DESK)]
    world.deliver()
    edited = replace(world.raised(1, TEXTS[1], severity="critical"), id=first.id)
    assert world.take(edited) == [("graver", 2, DESK)]
    burst = [world.raised(number, f"{TEXTS[number % 8]} {number}", author=str(number)) for number in range(10, 32)]
    assert "campaign" in {occasion for occasion, _, _ in world.take(*burst)}


def test_others_grow_and_go_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    trouble = Bulletin("operation", "", "", "", "critical", False, {"trouble": "stage-late"}, None, AT)
    for number in range(101):
        world.incidents.raise_("operation", subject=str(number), severity="critical", bulletin=trouble)
    make_unreadable(world, INCIDENT.c.kind == "operation")
    for number in (1, 2, 3):
        world.take(world.raised(number, TEXTS[1], severity="medium", labels=("doxxing",)))
    world.deliver()
    assert {told[:2] for told in world.pass_time(6, by=0.1)} == {("grown", 3)}
    assert {occasion for occasion, _, _ in world.pass_time(6, by=0.1)} == {"reminder"}
    said = [each for each in caplog.messages if "cannot be read" in each]
    assert len(said) == len(set(said)) == 101
    (trouble,) = unread(world.database)(world.clock.now())
    assert (trouble.details, trouble.severity) == ({"unanswered": "101"}, "critical")


def test_a_run_that_ends_tells_how_others_have_grown(world: World) -> None:
    for text in TEXTS[:2]:
        for number in range(3):
            world.take(world.raised(TEXTS.index(text) * 10 + number, text))
            world.deliver()
        world.clock.advance(601)
    first, _ = world.incidents.open()
    make_unreadable(world, INCIDENT.c.id == first.id)
    assert world.incidents.tell_growth() == 1


@pytest.mark.parametrize("part", [Part("recipient", "Beredskap Ekvik"), Part("source", "bluesky")])
def test_a_part_is_erased_of_what_cannot_be_read_too(world: World, part: Part) -> None:
    world.take(world.raised(1), world.raised(2, TEXTS[5]))
    incidents, history = world.incidents, world.incidents.history
    make_unreadable(world, INCIDENT.c.id == incidents.open()[0].id)
    assert incidents.count(world.her.id, part) > 0
    assert incidents.erase(world.her.id, part) > 0
    history.erase(world.her.id, part)
    assert (incidents.count(world.her.id, part), history.count(world.her.id, part)) == (0, 0)
    assert b"99" not in [value for (value,) in world.database.query(select(INCIDENT.c.content)) if value]


def test_what_a_platform_deletes_goes_from_what_cannot_be_read_too(world: World) -> None:
    world.take(world.raised(1, labels=("threat",)), world.raised(2, TEXTS[5], labels=("threat",)))
    unread = world.incidents.about([world.raised(1).id])[world.raised(1).id].id
    make_unreadable(world, INCIDENT.c.id == unread)
    assert world.incidents.forget(["bluesky:1", "bluesky:2"]) > 0
    contents = dict(world.database.query(select(INCIDENT.c.id, INCIDENT.c.content)))
    assert contents.pop(unread) is None
    assert [TEXTS[5] in value.decode() for value in contents.values()] == [False]
