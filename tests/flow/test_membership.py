"""What the brokers tell of a member of a group."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer

from flow.errors import Unavailable
from flow.kafka import Connection
from flow.runtimes.membership import Membership
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka, create_topics


@asynccontextmanager
async def asking(address: str, group: str, client: str, member: str | None = None) -> AsyncIterator[Membership]:
    membership = Membership(Connection([address]), group=group, client=client, member=member)
    try:
        yield membership
    finally:
        await membership.close()


@asynccontextmanager
async def joined(address: str, topic: str, client: str, member: str | None) -> AsyncIterator[None]:
    """A member of the group ``topic``.group, which reads ``topic``."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=address,
        group_id=f"{topic}.group",
        client_id=client,
        group_instance_id=member,
        auto_offset_reset="earliest",
        enable_auto_commit=False,  # aiokafka, stopped while it looks for a coordinator, would try to commit for ever
    )
    await consumer.start()
    try:
        yield
    finally:
        await consumer.stop()


async def answered(membership: Membership, *, seconds: float = 60.0) -> set[int] | None:
    """What it says as soon as somebody answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await membership.given()
        except Unavailable:
            assert time.monotonic() < deadline, "nobody ever answers"
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("members", [(None, None), ("stage-1", "stage-1-a")])
async def test_each_member_is_known_by_its_name_alone(kafka: Place, members: tuple[str | None, str | None]) -> None:
    topic = f"{kafka.prefix}words"
    create_topics(kafka.address, topic, partitions=4)
    group = f"{topic}.group"
    one, two = members
    async with (
        joined(kafka.address, topic, "one", one),
        asking(kafka.address, group, "one", one) as first,
        asking(kafka.address, group, "two", two) as second,
        asking(kafka.address, f"{topic}.nobody", "one", one) as nobody,
    ):
        assert await answered(first) == {0, 1, 2, 3}
        assert await answered(second) is None
        assert await answered(nobody) is None
        async with joined(kafka.address, topic, "two", two):
            deadline = time.monotonic() + 60.0
            while True:
                shared = await answered(first), await answered(second)
                if shared[0] and shared[1]:
                    break
                assert time.monotonic() < deadline, shared
                await asyncio.sleep(0.05)
            assert shared[0].isdisjoint(shared[1])
            assert shared[0] | shared[1] == {0, 1, 2, 3}


async def test_a_broker_that_was_away_is_asked_again(start_server: StartServer) -> None:
    kafka = start_server(Kafka())
    create_topics(kafka.address, "words", partitions=2)
    async with joined(kafka.address, "words", "one", None), asking(kafka.address, "words.group", "one") as membership:
        assert await answered(membership) == {0, 1}
        await asyncio.to_thread(kafka.kill)
        with pytest.raises(Unavailable):
            await membership.given()
        await asyncio.to_thread(kafka.start)
        deadline = time.monotonic() + 60.0
        while await answered(membership) != {0, 1}:  # it has to join again first
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def test_over_tls_with_log_in(start_server: StartServer) -> None:
    brokers = start_server(Kafka(secure=True))
    connection = Connection(
        [brokers.address],
        security="sasl-tls",
        username=brokers.user_name,
        password=brokers.password,
        certificates=str(brokers.certificate),
    )
    membership = Membership(connection, group="nobody", client="one", member=None)
    try:
        assert await answered(membership) is None
    finally:
        await membership.close()
