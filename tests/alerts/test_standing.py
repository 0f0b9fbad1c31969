"""Why nobody has been told of an alert yet, as its official may read it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.alert import Alert, State
from alerts.delivery.outbox import Result
from alerts.delivery.standing import Standings, Why
from tests.alerts.world import World
from tests.databases import open_file

TEXT = "Jag kommer hem till dig i natt och då är det slut, vänta du bara"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Of an incident of hers, her contacts have been told."""
    database = open_file(tmp_path / "t.db")
    world = World(database)
    world.take(world.raised(1, TEXT))
    world.deliver()
    yield world
    database.close()


def stands(world: World, alert: Alert) -> Why | None:
    standing = Standings(world.database, clock=world.clock).of([alert.id], world.her.id).get(alert.id)
    return standing.why if standing else None


def came_of(world: World, state: State) -> None:
    """What waits has come to that."""
    ends = [replace(item.delivery, state=state, attempts=1, at=world.clock.now()) for item in world.waiting().values()]
    assert ends
    world.telling.record([Result(each, next_at=world.clock.now() if state == "waiting" else None) for each in ends])


def test_what_its_incident_takes_in_without_a_word_has_joined_it(world: World) -> None:
    for number in (2, 3):
        again = world.raised(number, TEXT)
        world.take(again)
        world.deliver()
    assert stands(world, again) == "joined"


@pytest.mark.parametrize(
    ("state", "why"), [("delivered", None), ("failed", "failed"), ("waiting", "underway"), ("withdrawn", "joined")]
)
def test_what_had_a_message_of_its_own_stands_as_that_does(world: World, state: State, why: Why | None) -> None:
    threat = world.raised(2, TEXT, severity="critical", labels=("threat",))
    world.take(threat)
    came_of(world, state)
    assert world.one.posts == 2
    assert stands(world, threat) == why


def test_what_another_rule_has_told_of_a_post_is_told(world: World) -> None:
    threat = world.raised(2, TEXT, severity="critical", labels=("threat",))
    world.take(threat)
    world.deliver()
    again = world.raised(2, TEXT, severity="critical", labels=("threat",), rule="another")
    world.take(again)
    assert stands(world, again) is None
