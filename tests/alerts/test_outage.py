"""All channels are down for an hour, and ten thousand posts come in within a minute: what arrives in the end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.alert import Alert
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Item
from tests.alerts.test_incidents_always import Fickle, render, step, text
from tests.alerts.world import TEXTS, World
from tests.databases import open_file


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = open_file(tmp_path / "t.db")
    yield World(database)
    database.close()


async def deliver(world: World, *channels: Fickle) -> None:
    """Try all that is due once."""
    dispatcher = Dispatcher(
        outbox=world.outbox,
        channels={each.name: each for each in channels},
        render=render,
        commit=world.telling.record,
        allowed=lambda told, recipient: told,
        step=step,
        clock=world.clock,
        idle_seconds=0.001,
    )
    running = asyncio.create_task(dispatcher.run())
    assert await dispatcher.drained(at_most=20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_all_channels_are_down_for_an_hour_and_come_back(world: World) -> None:
    taken: list[str] = []
    channels = Fickle("email", taken), Fickle("sms", taken)
    for each in channels:
        each.state = "down"
    world.incidents.take([world.raised(1, TEXTS[1], labels=("threat",)), world.raised(2, TEXTS[2])])
    for _ in range(60):
        await deliver(world, *channels)
        world.clock.advance(60)
        world.escalator.turn(world.clock.now())
    assert taken == []
    waiting = [item for item in every(world) if isinstance(item.content, Alert)]
    addresses = [(item.delivery.incident, item.delivery.channel, item.recipient.address) for item in waiting]
    assert len(addresses) == len(set(addresses)), "what waits is replaced by what says it, too"
    for each in channels:
        each.state = "up"
    world.clock.advance(600)
    await deliver(world, *channels)
    assert world.outbox.counts()["waiting"] == 0
    assert len(taken) == len(addresses), "each address learns of each incident once"
    reached = {incident.id for incident in world.incidents.open()}
    assert {item.delivery.incident for item in waiting if item.delivery.id in taken} == reached
    assert len(reached) == 2


def every(world: World) -> list[Item]:
    world.clock.advance(600)
    return list(world.waiting().values())


def test_ten_thousand_posts_in_a_minute_are_few_messages_and_every_threat(world: World) -> None:
    threats = [f"bluesky:{number}" for number in range(0, 10_000, 100)]
    posts = [
        world.raised(
            number,
            text(number),
            labels=("threat",) if number % 100 == 0 else ("harassment",),
            author=str(number % 50),
        )
        for number in range(10_000)
    ]
    told: dict[str, Item] = {}
    for at in range(0, 10_000, 500):
        world.incidents.take(posts[at : at + 500])
        told |= world.waiting()
        world.deliver()
        world.clock.advance(3)
    of_threats = {item.delivery.post for item in told.values()} & set(threats)
    assert of_threats == set(threats)
    others = [item for item in told.values() if item.delivery.post not in of_threats]
    assert len(others) < 50
    assert sum(each.posts for each in world.incidents.open() if each.kind == "posts") == 10_000
    assert [each.kind for each in world.incidents.open()].count("campaign") == 1
