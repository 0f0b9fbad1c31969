"""The audit log by the commands."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from access.audit import Audit
from access.audit_entry import Act
from access.people import People
from access.person import Grant, Person
from flow.clock import ManualClock
from tests.turvakt.process import Program, line
from turvakt.schema import open_file
from turvakt.wiring import Parts

ACTS = (
    Act("vera", "signed-in", "ekvik", session="s1"),
    Act("vera", "text-read", "ekvik", "anna-lindqvist", "web:1", "on duty", "s1"),
    Act("liv", "text-read", "sundby", "bo", "web:2"),
)


@pytest.fixture
def filled(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data")
    program.folder.mkdir()
    clock = ManualClock(datetime(2026, 11, 2, 8, tzinfo=UTC))
    file = open_file(program.folder / "turvakt.db")
    for act in ACTS:
        Audit(file, clock=clock).write_all([act])
        clock.advance(60)
    file.close()
    return program


def test_it_lists_the_newest_first(filled: Program) -> None:
    assert [each["number"] for each in filled.json("audit", "list")] == [3, 2, 1]
    (entry,) = filled.json("audit", "list", "--tenant", "ekvik", "--action", "text-read")
    assert entry == {
        "number": 2,
        "at": "2026-11-02T08:01:00Z",
        "who": "vera",
        "session": "s1",
        "action": "text-read",
        "tenant": "ekvik",
        "official": "anna-lindqvist",
        "post": "web:1",
        "why": "on duty",
        "erased": [],
    }
    assert [each["number"] for each in filled.json("audit", "list", "--who", "vera", "--before", "2")] == [1]
    assert "on duty" in filled.run("audit", "list", "--official", "anna-lindqvist")
    assert filled.json("audit", "list", "--official", "nobody") == []


def test_a_search_is_written_down_for_each_official_whom_it_shows(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    texts = ("Tack Anna Lindqvist i Ekvik", "Hej Anna Lindqvist i Ekvik")
    file.write_text("".join(line(number, text) for number, text in enumerate(texts)), "utf-8")
    program.run("run", "--once", "--posts", str(file))
    assert len(program.json("search")) == 2
    program.run("search", "nosuchword")
    (entry,) = program.json("audit", "list", "--action", "texts-listed")
    assert (entry["who"], entry["tenant"], entry["official"]) == ("command", "ekvik", "anna-lindqvist")


def test_an_unknown_action_is_refused(filled: Program) -> None:
    assert b"Choose from signed-in" in filled.finish("audit", "list", "--action", "looked").stderr
    filled.run("audit", "list", "--action", "looked", code=2)


def test_it_verifies_and_gives_an_anchor(filled: Program) -> None:
    assert filled.run("audit", "verify") == "The audit log is what was written, up to entry 3.\n"
    anchor = filled.run("audit", "verify", "--anchor").strip()
    assert filled.json("audit", "verify", "--against", anchor) == [{"entries_to": 3, "anchor": anchor}]
    assert b"is no anchor" in filled.finish("audit", "verify", "--against", "3").stderr
    file = open_file(filled.folder / "turvakt.db")
    file.execute("DELETE FROM access_audit WHERE number = 3")
    file.execute("DELETE FROM access_audit_name WHERE number = 3")
    file.close()
    filled.run("audit", "verify")
    filled.run("audit", "verify", "--against", anchor, code=4)
    file = open_file(filled.folder / "turvakt.db")
    file.execute("UPDATE access_audit SET action = 'signed-out' WHERE number = 1")
    file.close()
    done = filled.finish("audit", "verify")
    assert (done.returncode, b"entry 1 is not what was written" in done.stderr) == (4, True)


def test_erasing_an_official_leaves_no_trace_of_her_in_the_file(parts: Parts) -> None:
    people = People(parts.database)
    hers, deputy = Grant("official", "ekvik", "anna-lindqvist"), Grant("deputy", "ekvik", "anna-lindqvist")
    people.add(Person("p-annamarker", "Anna", "anna@ekvik.example", "sv", (hers,)))
    people.add(Person("p-officer", "Vera", "vera@ekvik.example", "sv", (deputy, Grant("officer", "ekvik"))))
    about = {"official": "anna-lindqvist", "post": "web:postmarker", "why": "whymarker"}
    parts.audit.write("p-officer", "text-read", tenant="ekvik", **about)
    parts.audit.write("p-annamarker", "signed-in", tenant="ekvik")
    parts.audit.write("p-officer", "signed-out", tenant="ekvik")
    parts.erasure.withdraw("anna-lindqvist")
    assert [(each.act.who, each.act.action) for each in parts.audit.read(tenant="ekvik")] == [
        ("p-officer", "signed-out"),
        ("", "signed-in"),
        ("p-officer", "text-read"),
    ]
    parts.audit.verify()
    held = b"".join(file.read_bytes() for file in parts.settings.data_dir.glob("turvakt.db*"))
    assert b"text-read" in held
    assert b"postmarker" not in held
    assert b"whymarker" not in held
