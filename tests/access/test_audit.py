"""The audit log: what was done is found again, and whatever somebody does to the log is noticed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from access.audit import Audit
from access.audit_entry import ACTIONS, TEXTS, Act, Anchor, Link, canonical
from access.audit_holding import AuditHolder
from access.permissions import Actor
from access.person import Grant, Person
from access.tables import AUDIT, AUDIT_NAME
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Broken
from registry.holder import Part
from tests import databases

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
VERA = Actor(Person("p1", "Vera Ekvik", "vera@ekvik.example", "sv", (Grant("officer", "ekvik"),)), "s1")


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock=clock)


@pytest.fixture
def holder(audit: Audit) -> AuditHolder:
    return AuditHolder(audit, people=lambda official: ["karin-p"] if official == "karin" else [])


def fill(audit: Audit, clock: ManualClock) -> None:
    """Five acts, an hour apart, of two tenants and three officials."""
    for act in (
        Act("p1", "signed-in", "ekvik", session="s1"),
        Act("p1", "text-read", "ekvik", "karin", "web:1", "on duty", "s1"),
        Act("p1", "text-read", "ekvik", "bo", "forum:2", session="s1"),
        Act("p2", "text-read", "sundby", "liv", "web:3", session="s2"),
        Act("karin-p", "consent-changed", "ekvik", "karin", session="s3"),
    ):
        audit.write_all([act])
        clock.advance(3600)


def test_what_was_done_is_read_newest_first(audit: Audit, clock: ManualClock) -> None:
    audit.write(VERA, "text-read", tenant="ekvik", official="karin", post="web:1", why="on duty")
    clock.advance(60)
    audit.write("command", "exported", official="karin")
    newer, older = audit.read()
    assert (newer.number, newer.at, newer.erased) == (2, START + timedelta(minutes=1), frozenset())
    assert newer.act == Act("command", "exported", official="karin")
    assert (older.number, older.at) == (1, START)
    assert older.act == Act("p1", "text-read", "ekvik", "karin", "web:1", "on duty", "s1")


def test_a_tenant_reads_its_own_alone(audit: Audit, clock: ManualClock) -> None:
    fill(audit, clock)
    assert [each.number for each in audit.read(tenant="ekvik")] == [5, 3, 2, 1]
    assert [each.number for each in audit.read(tenant="sundby")] == [4]
    assert audit.read(tenant="sundby", official="karin") == []


def test_it_is_asked_for_an_official_a_person_an_action_and_by_pages(audit: Audit, clock: ManualClock) -> None:
    fill(audit, clock)
    assert [each.number for each in audit.read(official="karin")] == [5, 2]
    assert [each.number for each in audit.read(official="karin", actions=TEXTS)] == [2]
    assert [each.number for each in audit.read(who="p1")] == [3, 2, 1]
    assert [each.number for each in audit.read(limit=2)] == [5, 4]
    assert [each.number for each in audit.read(limit=2, after=4)] == [3, 2]


def test_an_act_that_failed_leaves_no_entry(database: Database, audit: Audit) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction():
        audit.write("p1", "decided", tenant="ekvik")
        raise ZeroDivisionError
    assert audit.read() == []


def test_many_who_write_at_once_make_one_chain(audit: Audit) -> None:
    with ThreadPoolExecutor(6) as people:
        list(people.map(lambda n: audit.write(f"p{n}", "text-read", official="karin"), range(60)))
    assert [each.number for each in audit.read(limit=100)] == [*range(60, 0, -1)]
    assert audit.verify().number == 60


def test_an_untouched_log_is_whole_in_several_batches(audit: Audit) -> None:
    audit.write_all(Act("p1", "text-read", "ekvik", "karin", f"web:{n}") for n in range(2100))
    assert audit.verify().number == 2100


def test_an_empty_log_is_whole(audit: Audit) -> None:
    assert audit.verify() == Anchor(0, b"")


def same(column: str, value: object) -> Callable[[Database], None]:
    """Writes ``value`` into a column of the third entry."""
    return lambda database: void(database.execute(update(AUDIT).where(AUDIT.c.number == 3).values({column: value})))


def name(naming: str, value: str) -> Callable[[Database], None]:
    third = (AUDIT_NAME.c.number == 3) & (AUDIT_NAME.c.naming == naming)
    return lambda database: void(database.execute(update(AUDIT_NAME).where(third).values(value=value)))


def void(_: object) -> None:
    pass


def removed(database: Database) -> None:
    for table in (AUDIT, AUDIT_NAME):
        database.execute(delete(table).where(table.c.number == 3))


def removed_and_closed_up(database: Database) -> None:
    removed(database)
    for table in (AUDIT, AUDIT_NAME):
        for number in (4, 5):
            database.execute(update(table).where(table.c.number == number).values(number=number - 1))


def swapped(database: Database) -> None:
    for table in (AUDIT, AUDIT_NAME):
        for old, new in ((3, 9), (4, 3), (9, 4)):
            database.execute(update(table).where(table.c.number == old).values(number=new))


def first_removed(database: Database) -> None:
    for table in (AUDIT, AUDIT_NAME):
        database.execute(delete(table).where(table.c.number < 3))


def inserted(database: Database) -> None:
    """Moves the later ones up and puts one in between that fits the one before it."""
    for table in (AUDIT, AUDIT_NAME):
        for number in (5, 4, 3):
            database.execute(update(table).where(table.c.number == number).values(number=number + 1))
    before = bytes(database.query(select(AUDIT.c.digest).where(AUDIT.c.number == 2))[0][0])
    append(database, 3, before)


def append(database: Database, number: int, before: bytes) -> None:
    link = Link(number, START.timestamp(), "signed-out", "ekvik", {})
    row = {"number": number, "at": link.at, "action": link.action, "tenant": link.tenant, "seals": b"{}"}
    database.execute(insert(AUDIT), row | {"lacks": None, "digest": link.digest(before)})


def put_before_the_first(database: Database) -> None:
    append(database, 0, b"")


def appended_without_the_chain(database: Database) -> None:
    append(database, 6, b"")


def name_removed(database: Database) -> None:
    database.execute(delete(AUDIT_NAME).where(AUDIT_NAME.c.number == 3, AUDIT_NAME.c.naming == "who"))


def name_added(database: Database) -> None:
    database.execute(insert(AUDIT_NAME), {"number": 3, "naming": "why", "value": "leave", "salt": b"1"})


def stray_name(database: Database) -> None:
    database.execute(insert(AUDIT_NAME), {"number": 8, "naming": "who", "value": "p1", "salt": b"1"})


def names_moved(database: Database) -> None:
    for old, new in ((3, 9), (4, 3), (9, 4)):
        database.execute(update(AUDIT_NAME).where(AUDIT_NAME.c.number == old).values(number=new))


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (same("at", START.timestamp()), "entry 3 is not what was written"),
        (same("action", "signed-in"), "entry 3 is not what was written"),
        (same("tenant", "sundby"), "entry 3 is not what was written"),
        (same("seals", b"{}"), "entry 3 is not what was written"),
        (same("seals", b"{"), "entry 3 was changed"),
        (same("digest", b"1"), "entry 3 is not what was written"),
        (same("lacks", canonical({"names": 9, "first": 1, "before": ""})), "entry 3 is not what was written"),
        (same("lacks", canonical({"names": 0, "first": 4, "before": ""})), "entry 1 does not belong there"),
        (same("lacks", canonical({"names": 0, "first": 1, "before": "x"})), "entry 3 was changed"),
        (same("lacks", b"\xff"), "entry 3 was changed"),
        (name("who", "p9"), r"entry 3 does not name what was written \(who\)"),
        (name("official", "karin"), r"entry 3 does not name what was written \(official\)"),
        (name("post", "web:9"), r"entry 3 does not name what was written \(post\)"),
        (name_removed, "entry 3 lacks a name that no erasure has removed"),
        (name_added, r"entry 3 does not name what was written \(why\)"),
        (names_moved, "entry 3 does not name what was written"),
        (stray_name, "entry 8 has names, but is not there"),
        (removed, "entry 3 is missing"),
        (removed_and_closed_up, "entry 3 is not what was written, or not where"),
        (first_removed, "entry 1 is missing"),
        (swapped, "entry 3 is not what was written, or not where"),
        (inserted, "entry 4 is not what was written, or not where"),
        (put_before_the_first, "entry 0 does not belong there"),
        (appended_without_the_chain, "entry 6 is not what was written"),
    ],
)
def test_tampering_is_noticed(
    audit: Audit, database: Database, clock: ManualClock, tamper: Callable[[Database], None], told: str
) -> None:
    fill(audit, clock)
    assert audit.verify().number == 5
    tamper(database)
    with pytest.raises(Broken, match=told):
        audit.verify()


def test_an_end_that_was_cut_off_is_noticed_by_an_anchor(audit: Audit, database: Database, clock: ManualClock) -> None:
    fill(audit, clock)
    anchor = audit.verify()
    for table in (AUDIT, AUDIT_NAME):
        database.execute(delete(table).where(table.c.number > 3))
    assert audit.verify().number == 3  # alone it does not know
    with pytest.raises(Broken, match="entries 4 to 5 are missing"):
        audit.verify(anchor)
    audit.write_all([Act("p1", "signed-out"), Act("p1", "signed-out"), Act("p1", "signed-out")])
    with pytest.raises(Broken, match="entry 5 or one before it was written anew"):
        audit.verify(anchor)


def test_an_emptied_log_is_noticed_by_an_anchor(audit: Audit, database: Database, clock: ManualClock) -> None:
    fill(audit, clock)
    anchor = audit.verify()
    for table in (AUDIT, AUDIT_NAME):
        database.execute(delete(table))
    with pytest.raises(Broken, match="entries 1 to 5 are missing"):
        audit.verify(anchor)


def test_an_anchor_holds_while_the_log_grows(audit: Audit, clock: ManualClock) -> None:
    anchors = [audit.verify()]
    for _ in range(3):
        fill(audit, clock)
        anchors.append(audit.verify())
    assert [each.number for each in anchors] == [0, 5, 10, 15]
    assert {audit.verify(each) for each in anchors} == {anchors[-1]}


def test_an_anchor_is_written_and_read() -> None:
    for anchor in (Anchor(0, b""), Anchor(12, bytes(range(32)))):
        assert Anchor.parse(f" {anchor}\n") == anchor
    for wrong in ("", "x", "3", "3:", "1:ab", "-1:", f"1:{'x' * 64}", f"0:{'a' * 64}", "²:"):
        assert Anchor.parse(wrong) is None


def test_names_are_erased_and_the_chain_holds(audit: Audit, clock: ManualClock, holder: AuditHolder) -> None:
    fill(audit, clock)
    anchor = audit.verify()
    assert holder.count("karin") == 2
    assert holder.erase("karin") == 2
    assert (holder.count("karin"), holder.erase("karin"), holder.export("karin")) == (0, 0, [])
    assert audit.verify(anchor).number == 7  # what she did herself is one more removal
    entries = {each.number: each for each in audit.read()}
    assert entries[2].act == Act("p1", "text-read", "ekvik", session="s1")
    assert entries[2].erased == {"official", "post", "why"}
    assert entries[5].act == Act("", "consent-changed", "ekvik")
    assert entries[5].erased == {"who", "session", "official"}
    assert entries[3].act.official == "bo"
    assert entries[6].act == Act("system", "names-removed")


def test_no_name_is_left_in_any_table(
    audit: Audit, database: Database, clock: ManualClock, holder: AuditHolder
) -> None:
    fill(audit, clock)
    holder.erase("karin")
    held = repr([database.query(select(table)) for table in (AUDIT, AUDIT_NAME)])
    assert not [each for each in ("karin", "web:1", "on duty", "s3") if each in held]


def test_a_name_that_is_removed_after_an_erasure_is_missing(
    audit: Audit, database: Database, clock: ManualClock, holder: AuditHolder
) -> None:
    fill(audit, clock)
    holder.erase("karin")
    name_removed(database)
    with pytest.raises(Broken, match="knows of 6 erased names before it, and 7 are gone"):
        audit.verify()


def test_a_name_that_comes_back_after_an_erasure_is_noticed(
    audit: Audit, database: Database, clock: ManualClock, holder: AuditHolder
) -> None:
    fill(audit, clock)
    of_second = AUDIT_NAME.c.number == 2, AUDIT_NAME.c.naming == "official"
    ((value, salt),) = database.query(select(AUDIT_NAME.c.value, AUDIT_NAME.c.salt).where(*of_second))
    holder.erase("karin")
    database.execute(insert(AUDIT_NAME), {"number": 2, "naming": "official", "value": value, "salt": bytes(salt)})
    with pytest.raises(Broken, match="knows of 6 erased names before it, and 5 are gone"):
        audit.verify()


def test_a_part_takes_the_posts_of_one_source(audit: Audit, clock: ManualClock, holder: AuditHolder) -> None:
    fill(audit, clock)
    audit.write("p1", "text-read", tenant="ekvik", official="karin", post="forum:7")
    part = Part("source", "web")
    assert holder.count("karin", part) == 1
    assert (holder.erase("karin", part), holder.erase("karin", part)) == (1, 0)
    assert holder.erase("karin", Part("recipient", "Vera Ekvik")) == 0
    assert [each.act.post for each in audit.read(official="karin")] == ["forum:7", ""]
    audit.verify()


def test_a_post_that_its_platform_deleted_is_forgotten(audit: Audit, clock: ManualClock, holder: AuditHolder) -> None:
    fill(audit, clock)
    assert holder.forget([]) == 0
    assert (holder.forget(["web:1", "web:3"]), holder.forget(["web:1"])) == (2, 0)
    entries = audit.read(actions=["text-read"])
    assert [(each.act.official, each.act.post) for each in entries] == [("liv", ""), ("bo", "forum:2"), ("karin", "")]
    audit.verify()


def test_what_is_old_goes_from_the_front_and_the_chain_holds(
    audit: Audit, clock: ManualClock, holder: AuditHolder
) -> None:
    fill(audit, clock)
    first = audit.verify()
    assert holder.expire(START) == 0
    holder.erase("karin")
    assert holder.expire(START + timedelta(hours=2)) == 2
    assert holder.expire(START + timedelta(hours=2)) == 0
    assert [each.number for each in audit.read()] == [8, 7, 6, 5, 4, 3]
    later = audit.verify(first)
    assert later.number == 8
    assert holder.expire(clock.now() + timedelta(days=1)) == 6
    assert [each.act for each in audit.read()] == [Act("system", "expired")]
    assert audit.verify(later).number == 9
    with pytest.raises(Broken, match=r"the anchor's entry 5 has expired\. Take a later anchor"):
        audit.verify(first)


def test_what_remains_after_an_expiry_is_still_guarded(
    audit: Audit, database: Database, clock: ManualClock, holder: AuditHolder
) -> None:
    fill(audit, clock)
    holder.expire(START + timedelta(hours=2))
    for table in (AUDIT, AUDIT_NAME):
        database.execute(delete(table).where(table.c.number == 3))
    with pytest.raises(Broken, match="entry 3 is missing"):
        audit.verify()


def test_the_official_is_told_who_did_what_about_her(audit: Audit, clock: ManualClock, holder: AuditHolder) -> None:
    fill(audit, clock)
    assert holder.export("karin") == [
        {
            "number": 2,
            "at": "2026-11-02T09:00:00+00:00",
            "action": "text-read",
            "who": "p1",
            "post": "web:1",
            "why": "on duty",
        },
        {"number": 5, "at": "2026-11-02T12:00:00+00:00", "action": "consent-changed", "who": "karin-p"},
    ]


def test_verifying_goes_on_while_names_are_erased(audit: Audit, clock: ManualClock, holder: AuditHolder) -> None:
    for _ in range(20):
        fill(audit, clock)
    with ThreadPoolExecutor(2) as both:
        erased = both.submit(lambda: [audit.remove_names([n], ["official", "who"]) for n in range(100, 0, -1)])
        while not erased.done():
            audit.verify()
        erased.result()
    assert audit.verify().number == 200


def test_actions_that_show_texts_are_actions() -> None:
    assert TEXTS.issubset(ACTIONS)


def test_it_shows_nobody_when_printed() -> None:
    act = Act("vera", "text-read", "ekvik", "karin", "web:1", "on duty", "s1")
    assert not [each for each in ("vera", "karin", "web:1", "duty", "s1") if each in repr(act)]
