"""One source or one recipient is withdrawn: what is left of the consent, what an import may not bring back, and resumption."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.alert import ALERTS, Alert
from alerts.channels.files import Files
from alerts.delivery.outbox import Outbox
from flow.clock import ManualClock
from flow.database import Database
from flow.databases.sqlite import Sqlite
from flow.errors import BadInput, Stale
from flow.logs.memory import MemoryLog
from flow.logs.sqlite import SqliteLog
from ingest.holding import LogHolder
from ingest.post import POSTS
from registry.holder import Holder, Part
from registry.holding import RegistryHolder
from registry.ledger import Given, How
from registry.narrowing import narrowed
from registry.official import OFFICIALS, Consent, Contact, Official
from registry.stores.partial import SqlPartial
from registry.stores.sql import SqlStore
from registry.withdrawal import Erasure, Report
from review.index import Query
from review.indexes.sqlite import SqliteIndex
from tests import databases
from tests.alerts.people import alert, recipient, verdict
from tests.databases import open_file

from .people import NOW, START, official

GIVEN = Given("paper", by="p-1")
SOURCES = ("bluesky", "feed", "jsonl")
FEED, DESK = Part("source", "feed"), Part("recipient", "MARKER-DESK")
CONTACTS = (Contact(DESK.name, "outbox", "MARKER-ADDRESS", "sv"), Contact("Kansliet", "outbox", "kansli", "sv"))
LATER = NOW + timedelta(days=1)


def her(*consents: Consent, contacts: tuple[Contact, ...] = CONTACTS) -> Official:
    return official("anna", consents=consents or (Consent(("*",), START),), contacts=contacts)


# ---------------------------------------------------------------- what is left of the consent


def test_a_source_is_taken_out_of_what_has_not_ended() -> None:
    past = Consent(("feed", "bluesky"), START, NOW)
    left = narrowed(her(past, Consent(("*",), START), Consent(("feed",), LATER)), FEED, NOW, sources=SOURCES)
    assert left == her(past, Consent(("bluesky", "jsonl"), START))


def test_a_recipient_is_taken_out_of_consents_and_contacts() -> None:
    named = Consent(("*",), LATER, recipients=(DESK.name, "Kansliet"))
    all_of_them = Consent(("*",), START)
    left = narrowed(her(all_of_them, named), DESK, NOW, sources=SOURCES)
    assert left.contacts == CONTACTS[1:]
    first, second = left.consents
    assert second == replace(named, recipients=("Kansliet",))
    assert first == replace(all_of_them, left_out=first.left_out)
    told = {name: first.tells(name) for name in ("Kansliet", "whom her office names", DESK.name)}
    assert told == {"Kansliet": True, "whom her office names": True, DESK.name: False}
    assert DESK.name not in OFFICIALS.encode(left).decode()
    assert narrowed(left, DESK, NOW, sources=SOURCES) is left


def test_what_is_not_there_changes_nothing() -> None:
    official = her(Consent(("bluesky",), START))
    assert narrowed(official, FEED, NOW, sources=SOURCES) is official
    assert narrowed(official, Part("recipient", "nobody"), NOW, sources=SOURCES) is official
    assert narrowed(her(), Part("source", "fede"), NOW, sources=SOURCES) == her()


def test_the_rest_of_a_consent_must_be_something() -> None:
    with pytest.raises(BadInput, match=r"nothing else is left of her consent.*Withdraw all"):
        narrowed(her(Consent(("feed",), START)), FEED, NOW, sources=SOURCES)
    with pytest.raises(BadInput, match="nobody else is told"):
        narrowed(her(contacts=CONTACTS[:1]), DESK, NOW, sources=SOURCES)


# ---------------------------------------------------------------- where it is written down


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def store(database: Database) -> SqlStore:
    store = SqlStore(database, MemoryLog(clock=ManualClock(NOW)))
    store.put_all([her(), official("bo")])
    return store


@pytest.fixture
def partial(database: Database, store: SqlStore) -> SqlPartial:
    return SqlPartial(database, store)


def test_it_holds_at_once_and_is_pending_until_the_files_are_clean(store: SqlStore, partial: SqlPartial) -> None:
    revision = store.revision()
    assert partial.withdraw("anna", FEED, NOW, sources=SOURCES, given=GIVEN).erased_at is None
    assert not store.get("anna").consents_to("feed", NOW)
    assert store.get("anna").consents_to("bluesky", NOW)
    assert store.revision() == revision + 1
    entry = store.ledger("anna")[-1]
    assert (entry.act, entry.how, entry.by, entry.consents[0].scope) == (
        "changed",
        "paper",
        "p-1",
        ("bluesky", "jsonl"),
    )
    assert (partial.pending(), store.pending(), store.erasures().pending) == ([("anna", FEED)], [], 1)
    partial.note("anna", FEED, "log", 2)
    partial.note("anna", FEED, "log", 1)
    partial.erased("anna", FEED)
    assert partial.pending() == []
    assert store.erasures().since == NOW
    partial.scrubbed(partial.unscrubbed(), LATER)
    done = partial.withdrawal("anna", FEED)
    assert done is not None
    assert (done.at, done.erased_at, done.removed) == (NOW, LATER, {"log": 3})
    assert (store.erasures().pending, store.erasures().complete, store.erasures().seconds) == (0, 1, 86_400)
    assert partial.withdraw("anna", FEED, LATER, sources=SOURCES, given=GIVEN) == done


def test_a_part_that_was_complete_is_pending_again(store: SqlStore, partial: SqlPartial) -> None:
    for part in (FEED, DESK):
        partial.withdraw("anna", part, NOW, sources=SOURCES, given=GIVEN)
        partial.erased("anna", part)
    assert partial.complete() == [], "the files are not scrubbed yet"
    partial.scrubbed(partial.unscrubbed(), LATER)
    assert partial.complete() == [("anna", FEED)], "what recipients have been sent is no matter of a place"
    for part in (FEED, DESK):
        partial.reopen("anna", part)
    assert (partial.pending(), partial.complete()) == ([("anna", FEED)], [])
    partial.erased("anna", FEED)
    partial.scrubbed(partial.unscrubbed(), LATER)
    store.put_all([her(*store.get("anna").consents, Consent(("feed",), LATER, LATER + timedelta(days=1)))])
    partial.reopen("anna", FEED)
    assert (partial.pending(), partial.complete()) == ([], []), "what is held now is held by a new consent"


def test_what_she_has_never_consented_to_is_refused(partial: SqlPartial) -> None:
    for part in (Part("recipient", "nobody"), Part("source", "nowhere")):
        with pytest.raises(BadInput, match=f"her consent names no such {part.kind}"):
            partial.withdraw("anna", part, NOW, sources=SOURCES, given=GIVEN)
    with pytest.raises(BadInput, match="Did you mean 'anna'"):
        partial.withdraw("annu", FEED, NOW, sources=SOURCES, given=GIVEN)


@pytest.mark.parametrize("part", [FEED, DESK], ids=lambda part: part.kind)
def test_an_older_file_does_not_bring_it_back(store: SqlStore, partial: SqlPartial, part: Part) -> None:
    partial.withdraw("anna", part, NOW, sources=SOURCES, given=GIVEN)
    partial.erased("anna", part)
    with pytest.raises(BadInput, match=f"withdrew a {part.kind} at 2026-09-14T06:00:00Z: only a consent given later"):
        store.put_all([her()])
    store.put_all([her(Consent(("*",), LATER))])
    assert partial.withdraw("anna", part, LATER, sources=SOURCES, given=GIVEN).at == LATER
    store.put_all([official("bo", consents=(Consent(("feed",), START),), contacts=CONTACTS)])


@pytest.mark.parametrize("how", ["command", "portal"])
def test_what_she_said_on_the_portal_stays_her_word_when_a_part_is_withdrawn(
    store: SqlStore, partial: SqlPartial, how: How
) -> None:
    said = her(Consent(("*",), START, text=False))
    store.change(said, given=Given("portal", by="anna"))
    partial.withdraw("anna", FEED, NOW, sources=SOURCES, given=Given(how))
    partial.erased("anna", FEED)
    left = store.get("anna")
    for older in (Consent(("bluesky", "jsonl"), START), Consent(("bluesky",), START, text=False)):
        with pytest.raises(BadInput, match="has said on the portal"):
            store.put_all([her(older)])
    assert store.get("anna") == left
    store.put_all([her(*left.consents, Consent(("feed",), datetime.now(UTC) + timedelta(days=1)))])


def test_of_several_parts_all_are_withdrawn_or_none(store: SqlStore, partial: SqlPartial) -> None:
    with pytest.raises(BadInput, match="names no such source"):
        partial.withdraw_all("anna", [FEED, Part("source", "nowhere")], NOW, sources=SOURCES, given=GIVEN)
    assert (store.get("anna"), partial.pending()) == (her(), [])
    partial.withdraw_all("anna", [FEED, DESK], NOW, sources=SOURCES, given=GIVEN)
    assert sorted(partial.pending(), key=str) == sorted([("anna", DESK), ("anna", FEED)], key=str)


def test_all_of_her_is_more_than_a_part(store: SqlStore, partial: SqlPartial, database: Database) -> None:
    for part in (FEED, DESK):
        partial.withdraw("anna", part, NOW, sources=SOURCES, given=GIVEN)
    store.withdraw("anna", LATER)
    store.remove("anna")
    store.erased("anna")
    assert partial.pending() == []
    assert len(partial.unscrubbed()) == 2
    with pytest.raises(BadInput, match="withdrew on"):
        partial.withdraw("anna", FEED, LATER, sources=SOURCES, given=GIVEN)


# ---------------------------------------------------------------- carried out


class Killed(BaseException):
    """Nothing catches it, like a signal."""


class World:
    """All that an embedded Turvakt keeps, with a kill before or after the work of a holder, or before the scrubbing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.kill = folder, ManualClock(NOW), ""
        self.database: Sqlite
        self.open()
        self.store.put_all([her(), official("bo", family_names=("OTHER",))])

    def open(self) -> None:
        self.database = open_file(self.folder / "turvakt.db")
        self.log = SqliteLog(self.database, clock=self.clock)
        self.store = SqlStore(self.database, self.log)
        self.outbox = Outbox(self.database, clock=self.clock)
        self.index = SqliteIndex(self.database)
        self.files = Files(self.folder / "outbox", clock=self.clock)

    @property
    def erasure(self) -> Erasure:
        log = LogHolder(self.log, records={"posts": POSTS, "alerts": ALERTS})
        holders: list[Holder] = [log, self.outbox, self.files, self.index, RegistryHolder(self.store)]
        for holder in holders:
            erase = holder.erase

            def erasing(official: str, part: Part | None = None, erase=erase, name=holder.name) -> int:  # type: ignore[no-untyped-def]
                if self.kill == f"before {name}":
                    raise Killed
                removed = int(erase(official, part))
                if self.kill == f"after {name}":
                    raise Killed
                return removed

            holder.erase = erasing  # type: ignore[method-assign]
        return Erasure(
            store=self.store,
            partial=SqlPartial(self.database, self.store),
            holders=holders,
            scrub=self.scrub,
            clock=self.clock,
            sources=lambda: SOURCES,
        )

    def scrub(self) -> None:
        if self.kill == "scrub":
            raise Killed
        self.database.scrub()

    def put(self, raised: Alert) -> None:
        post = raised.verdict.post
        with self.log.write() as writer:
            writer.append("posts", post.id, POSTS.encode(post))
            writer.append("alerts", post.id, ALERTS.encode(raised))
        self.outbox.add([raised])
        self.index.write_verdicts([raised.verdict])
        self.index.write_alerts([raised])

    def restart(self) -> None:
        self.database.close()
        self.kill = ""
        self.open()

    def left(self, *needles: bytes) -> dict[str, int]:
        files = {file.name: file.read_bytes() for file in self.folder.rglob("*") if file.is_file()}
        assert {"turvakt.db", "turvakt.db-wal"} <= files.keys()
        return {name: content.count(each) for name, content in files.items() for each in needles if each in content}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    desk, office = recipient("MARKER-ADDRESS", channel="outbox"), recipient("kansli", channel="outbox")
    desk = type(desk)(DESK.name, desk.channel, desk.address, "sv", show_text=False)
    office = type(office)("Kansliet", office.channel, office.address, "sv", show_text=False)
    hers = verdict("feed:1", text="MARKER-TEXT zqxword", mentions=("anna",))
    world.put(alert(hers, desk, office))
    world.put(alert(verdict("feed:2", text="about both", mentions=("anna", "bo")), office, about="bo"))
    world.put(alert(verdict("bluesky:1", text="STAYS", mentions=("anna",)), desk, office))
    with closing(world.database):
        yield world


PLACES = ["log", "alerts", "outbox", "index"]
KILLS = [*(f"{when} {place}" for place in PLACES for when in ("before", "after")), "scrub", ""]


@pytest.mark.parametrize("kill", KILLS)
def test_a_source_goes_whenever_it_is_killed(world: World, kill: str) -> None:
    epoch = world.log.epoch()
    assert world.left(b"MARKER-TEXT")
    world.kill = kill
    if kill:
        with pytest.raises(Killed):
            world.erasure.withdraw("anna", FEED)
        assert not world.store.get("anna").consents_to("feed", NOW)
        with pytest.raises(Stale), world.log.write(epoch=epoch):
            pass
        world.restart()
        world.erasure.resume()
    report = world.erasure.withdraw("anna", FEED)
    assert (report.official, report.at, report.part) == ("anna", NOW, FEED)
    if not kill:
        assert report == Report("anna", NOW, {"log": 4, "alerts": 2, "index": 3}, FEED)
    assert world.left(b"MARKER-TEXT", b"zqxword") == {}
    assert world.left(b"STAYS")
    assert world.left(b"about both")
    assert world.erasure.resume() == []
    assert world.store.get("anna").consents_to("bluesky", NOW)
    assert [id for id, _ in world.index._records("anna", "")] == ["bluesky:1"]


def test_what_comes_into_the_index_afterwards_is_erased(world: World) -> None:
    late = [each.verdict for each in world.index.search(Query(official="anna")).items]
    world.erasure.withdraw("anna", FEED)
    assert world.erasure.look_again(world.index) == 0
    world.index.write_verdicts(late)
    assert world.erasure.look_again(world.index) == 1
    assert [report.part for report in world.erasure.resume()] == [FEED]
    assert world.left(b"MARKER-TEXT", b"zqxword") == {}
    assert [id for id, _ in world.index._records("anna", "")] == ["bluesky:1"]
    assert world.erasure.look_again(world.index) == 0


@pytest.mark.parametrize("kill", KILLS)
def test_a_recipient_goes_whenever_it_is_killed(world: World, kill: str) -> None:
    world.kill = kill
    if kill:
        with pytest.raises(Killed):
            world.erasure.withdraw("anna", DESK)
        world.restart()
        world.erasure.resume()
    report = world.erasure.withdraw("anna", DESK)
    if not kill:
        assert report.removed == {"log": 2, "alerts": 2}
    assert world.left(b"MARKER-ADDRESS") == {}
    assert world.left(b"MARKER-DESK") == {"turvakt.db": 1}, "the ledger tells whom she had agreed to"
    assert world.left(b"MARKER-TEXT"), "the posts stay"
    assert {item.recipient.name for item in world.outbox.due(9, channel="outbox")} == {"Kansliet"}
    assert world.store.get("anna").contacts == CONTACTS[1:]
