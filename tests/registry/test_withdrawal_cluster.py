"""A withdrawal in a cluster: registry and outbox in PostgreSQL, the epoch of Kafka's log, and no trace in the server's files."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from alerts.delivery.outbox import Outbox
from flow.clock import ManualClock
from flow.databases.postgres import Postgres
from flow.errors import Stale, Unavailable
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from registry.holder import Holder, Part
from registry.holding import RegistryHolder
from registry.official import Contact
from registry.stores.partial import SqlPartial
from registry.stores.sql import SqlStore
from registry.withdrawal import Erasure, Report
from review.indexes.memory import MemoryIndex
from tests.alerts.people import alert, recipient, verdict
from tests.servers.fixtures import Place, StartServer
from tests.servers.postgres import Postgres as Server
from tests.servers.postgres import sql
from turvakt.schema import upgrade

from .people import NOW, official

HER = official("marker-id", family_names=("MARKER-FAMILY",), forms=("MARKER-FORM",))
OTHER = official("other-id", family_names=("OTHER-FAMILY",))


class World:
    def __init__(self, database: Postgres, log: KafkaLog) -> None:
        self.clock = ManualClock(NOW)
        self.database, self.log = database, log
        self.store, self.outbox = SqlStore(database, log), Outbox(database, clock=self.clock)
        self.holders: list[Holder] = [self.outbox, RegistryHolder(self.store)]

    def withdraw(self) -> Report:
        return self.erasure.withdraw("marker-id")

    def resume(self) -> list[Report]:
        return self.erasure.resume()

    @property
    def erasure(self) -> Erasure:
        return Erasure(
            store=self.store,
            partial=SqlPartial(self.database, self.store),
            scrub=self.database.scrub,
            clock=self.clock,
            holders=self.holders,
        )


@pytest.fixture
def server(start_server: StartServer) -> Server:
    return start_server(Server())


@pytest.fixture
def world(server: Server, kafka: Place) -> Iterator[World]:
    with closing(Postgres(server.address)) as database:
        upgrade(database)
        connection = Connection([kafka.address])
        with closing(KafkaLog(connection, database, clock=ManualClock(NOW), prefix=kafka.prefix, readers={})) as log:
            world = World(database, log)
            world.store.put_all([HER, OTHER])
            world.outbox.add([alert(verdict(mentions=("marker-id",)), recipient("MARKER-ADDRESS"))])
            world.outbox.add([alert(verdict("bluesky:2", mentions=("other-id",)), recipient("OTHER-ADDRESS"))])
            yield world


def files(server: Server, marker: str) -> list[Path]:
    return [path for path in server.folder.rglob("*") if path.is_file() and marker.encode() in path.read_bytes()]


def test_what_a_hand_over_that_lost_its_lock_writes_is_erased_all_the_same(world: World, server: Server) -> None:
    index, epoch = MemoryIndex(), world.log.epoch()
    world.holders.append(index)
    about_her = verdict(mentions=("marker-id",))
    with pytest.raises(Unavailable), world.log.write(epoch=epoch):
        (own,) = world.database.query("SELECT pg_backend_pid()")[0]
        sql(server.address, f"SELECT pg_terminate_backend({own})")  # as a restart of the server does
        with ThreadPoolExecutor() as another:
            assert another.submit(world.withdraw).result().removed == {"alerts": 1, "registry": 1}
        index.write_verdicts([about_her])
    assert world.erasure.look_again(index) == 1
    assert world.store.erasures().pending == 1
    assert [report.removed for report in world.resume()] == [{"alerts": 1, "registry": 1, "index": 1}]
    assert (index.count("marker-id"), world.store.erasures().pending) == (0, 0)
    assert world.erasure.look_again(index) == 0


def test_leaves_no_trace_in_the_files_but_all_that_is_of_others(world: World, server: Server) -> None:
    sql(server.address, "CHECKPOINT")
    assert all(files(server, marker) for marker in ("MARKER-FAMILY", "MARKER-ADDRESS", "marker-id"))
    epoch = world.log.epoch()
    assert world.withdraw().removed == {"alerts": 1, "registry": 1}
    with pytest.raises(Stale), world.log.write(epoch=epoch):
        pass
    assert [files(server, marker) for marker in ("MARKER", "marker-id")] == [[], []]
    assert files(server, "OTHER-FAMILY")
    assert files(server, "OTHER-ADDRESS")
    assert world.store.officials() == [OTHER]
    assert world.store.unscrubbed() == []


@pytest.mark.parametrize("part", [Part("source", "feed"), Part("recipient", "MARKER-DESK")], ids=lambda part: part.kind)
def test_a_part_leaves_no_trace_and_takes_nothing_else(world: World, server: Server, part: Part) -> None:
    contacts = (Contact("MARKER-DESK", "outbox", "MARKER-AT", "sv"), Contact("Kansliet", "outbox", "kansli", "sv"))
    world.store.put_all([official("anna", contacts=contacts)])
    desk, office = (replace(recipient(each.address), name=each.name) for each in contacts)
    of_feed = verdict("feed:1", text="MARKER-TEXT" if part.kind == "source" else "text", mentions=("anna",))
    world.outbox.add([alert(of_feed, office)])
    world.outbox.add([alert(verdict("bluesky:3", text="STAYS", mentions=("anna",)), office)])
    if part.kind == "recipient":
        world.outbox.add([alert(verdict("bluesky:4", text="MARKER-TEXT", mentions=("anna",)), desk)])
    sql(server.address, "CHECKPOINT")
    assert files(server, "MARKER-TEXT")
    epoch = world.log.epoch()
    assert replace(world.erasure, sources=lambda: ["feed", "bluesky"]).withdraw("anna", part).removed == {"alerts": 1}
    with pytest.raises(Stale), world.log.write(epoch=epoch):
        pass
    assert [
        files(server, marker) for marker in ("MARKER-TEXT", "feed:1" if part.kind == "source" else "bluesky:4")
    ] == [[], []]
    assert files(server, "STAYS")
    if part.kind == "recipient":
        assert world.store.get("anna").contacts == contacts[1:]
    else:
        assert not world.store.get("anna").consents_to("feed", NOW)
    assert world.erasure.resume() == []


def test_stays_pending_until_the_files_are_clean(world: World, server: Server) -> None:
    with psycopg.connect(server.address) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1 FROM pg_class")
        with pytest.raises(Unavailable, match="an old transaction"):
            world.withdraw()
    assert world.store.pending() == []
    assert len(world.store.unscrubbed()) == 1
    assert files(server, "MARKER")
    world.resume()
    assert world.store.unscrubbed() == []
    assert files(server, "MARKER") == []
