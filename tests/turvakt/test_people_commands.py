"""``turvakt people``: links are printed once, and what they open is told."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from access.accounts import Accounts
from access.joining import Joined
from access.tables import METADATA
from flow.clock import SystemClock
from tests.access.people import CHEAP, PASSWORD
from tests.turvakt.process import OFFICIALS, Program
from turvakt.schema import open_file

EMAIL = "berit.holm@ekvik.example"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data", TURVAKT_WEB_BASE_URL="https://turvakt.ekvik.example", TURVAKT_WEB_KEY="a key")
    program.run("officials", "import", str(OFFICIALS))
    return program


def invited(program: Program, *arguments: str) -> dict[str, Any]:
    (found,) = program.json("people", "invite", *arguments)
    return dict(found)


def joins(program: Program, link: str) -> Joined:
    prefix = "https://turvakt.ekvik.example/invitation/"
    assert link.startswith(prefix)
    clock = SystemClock()
    with closing(open_file(program.folder / "turvakt.db")) as database:
        accounts = Accounts.over(database, key="a key", origin="https://x.example", clock=clock, hasher=CHEAP)
        enrolment = accounts.joining.begin(link.removeprefix(prefix), PASSWORD)
        assert enrolment is not None
        code = pyotp.TOTP(enrolment.secret).at(clock.now())
        done = accounts.joining.by_app(enrolment.ticket, code, client="Firefox")
        assert isinstance(done, Joined)
        return done


def states(program: Program) -> dict[str, str]:
    return {each["email"]: each["state"] for each in program.json("people", "list")}


def test_the_first_administrator_is_invited_joins_and_is_signed_out(program: Program) -> None:
    found = invited(program, EMAIL, "--name", "Berit Holm", "--role", "administrator:ekvik", "--role", "operator")
    assert states(program) == {EMAIL: "invited"}
    person = joins(program, found["link"]).person
    assert (person.id, person.name, person.language) == (found["id"], "Berit Holm", "sv")
    assert [(each.role, each.tenant) for each in person.grants] == [("administrator", "ekvik"), ("operator", "")]
    assert states(program) == {EMAIL: "signed in (1)"}
    (session,) = program.json("people", "sessions", person.id)
    assert (session["client"], session["method"]) == ("Firefox", "password+totp")
    assert session["id"] in program.run("people", "sessions", person.id)
    assert "1 sessions ended" in program.run("people", "end", person.id, "--session", session["id"])
    assert "0 sessions ended" in program.run("people", "end", person.id, code=1)
    assert states(program) == {EMAIL: "joined"}
    told = [(each["action"], each["who"], each["tenant"]) for each in program.json("audit", "list")]
    assert ("invited", "command", "ekvik") in told
    assert ("session-ended", "command", "ekvik") in told


def test_who_has_joined_gets_roles_without_a_link_and_a_link_without_roles(program: Program) -> None:
    first = invited(program, EMAIL, "--name", "Berit Holm", "--role", "officer:ekvik", "--language", "fi")
    joins(program, first["link"])
    more = invited(program, EMAIL.upper(), "--role", "deputy:ekvik:anna-lindqvist", "--role", "officer:ekvik")
    assert (more["id"], more["link"]) == (first["id"], None)
    (listed,) = program.json("people", "list")
    assert [each["role"] for each in listed["grants"]] == ["officer", "deputy"]
    assert "deputy:ekvik" in program.run("people", "list")
    lost = invited(program, EMAIL)
    assert "are worthless" in program.run("people", "end", first["id"])
    assert "0 sessions ended" in program.run("people", "end", first["id"], code=1)
    again = invited(program, EMAIL)
    assert again["id"] == lost["id"] == first["id"]
    joins(program, again["link"])


def test_for_people_the_link_stands_on_a_line_of_its_own(program: Program) -> None:
    shown = program.run("people", "invite", EMAIL, "--name", "Berit Holm", "--role", "officer:ekvik")
    lines = shown.splitlines()
    assert lines[-1].startswith("https://turvakt.ekvik.example/invitation/")
    assert "For her alone, once, until" in lines[-2]
    joins(program, lines[-1])


def test_a_tenant_that_nobody_knows_is_told(program: Program) -> None:
    done = program.finish("people", "invite", EMAIL, "--name", "Berit Holm", "--role", "officer:evkik")
    assert done.returncode == 0
    assert b"No official belongs to the tenant 'evkik' yet; misspelt?" in done.stderr


def test_an_official_is_one_person_of_her_own_tenant(program: Program) -> None:
    hers = ("--name", "Anna Lindqvist", "--role")
    wrong = program.finish("people", "invite", EMAIL, *hers, "official:evkik:anna-lindqvist")
    assert wrong.returncode == 2
    assert b"the official belongs to another tenant. Write official:ekvik:anna-lindqvist" in wrong.stderr
    first = invited(program, EMAIL, *hers, "official:ekvik:anna-lindqvist")
    second = program.finish("people", "invite", "zqx@ekvik.example", *hers, "official:ekvik:anna-lindqvist")
    assert second.returncode == 2
    assert f"somebody else is this official already. See 'turvakt people list': {first['id']}" in second.stderr.decode()
    assert states(program) == {EMAIL: "invited"}
    assert invited(program, EMAIL, "--role", "official:ekvik:anna-lindqvist")["id"] == first["id"]
    invited(program, "zqx@ekvik.example", *hers, "deputy:ekvik:anna-lindqvist")


def test_an_official_whom_nobody_knows_is_told(program: Program) -> None:
    done = program.finish("people", "invite", EMAIL, "--name", "Anna L", "--role", "official:ekvik:ana-lindqvist")
    assert done.returncode == 0
    assert b"No official has the id 'ana-lindqvist' yet" in done.stderr
    new = program.finish("people", "invite", "zqx@ekvik.example", "--name", "Zqx Zqy", "--role", "official:ekvik:zqx")
    assert (new.returncode, b"No official has the id" in new.stderr) == (0, False)


def test_the_manager_of_a_function_is_invited_as_its_official(program: Program) -> None:
    told = ("--function", "Socialtjänsten i Ekvik", "--form", "Ekviks soc", "--handle", "bluesky:soc.ekvik.example")
    invited(program, EMAIL, "--name", "Berit", "--role", "official:ekvik:ekvik-soc", *told)
    ((grant,),) = [each["grants"] for each in program.json("people", "list")]
    assert grant["function"] == {
        "name": "Socialtjänsten i Ekvik",
        "forms": ["Ekviks soc"],
        "handles": {"bluesky": ["soc.ekvik.example"]},
        "extra": {},
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--role", "officer:ekvik"), b"who is new needs a name. Add --name"),
        (("--name", "Berit Holm"), b"nobody has this address. Give who is new a --role and a --name"),
        (("--name", "Berit Holm", "--role", "king:ekvik"), b"role is unknown"),
        (("--name", "Berit Holm", "--role", "officer"), b"tenant is none"),
        (("--name", "Berit Holm", "--role", "official:ekvik"), b"Write official:TENANT:ID"),
        (("--name", "Berit", "--role", "official:ekvik:new-1"), b"name is one word"),
        (
            ("--name", "Berit Holm", "--role", "officer:ekvik", "--function", "Ekviks soc"),
            b"one --role official:TENANT",
        ),
        (("--name", "Berit Holm", "--role", "officer:ekvik", "--language", "de"), b"--language: is no language"),
    ],
)
def test_what_is_refused(program: Program, arguments: tuple[str, ...], told: bytes) -> None:
    done = program.finish("people", "invite", EMAIL, *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert program.json("people", "list") == []


def test_who_is_removed_leaves_nothing_in_the_files_but_what_she_did(program: Program) -> None:
    found = invited(program, "zqxberit@ekvik.example", "--name", "Zqxname Holm", "--role", "officer:ekvik")
    joins(program, found["link"])
    assert program.finish("people", "remove", found["id"]).returncode == 2  # nobody was asked
    assert f"{found['id']} removed" in program.run("people", "remove", found["id"], "--yes")
    assert program.json("people", "list") == []
    assert program.finish("people", "remove", found["id"], "--yes").returncode == 2
    for needle in (b"zqxberit", b"Zqxname"):
        assert [file.name for file in program.folder.rglob("*") if file.is_file() and needle in file.read_bytes()] == []
    assert "person-removed" in [each["action"] for each in program.json("audit", "list")]


def test_an_erased_official_takes_along_who_is_nothing_else(program: Program) -> None:
    hers = ("--name", "Zqxanna Lindqvist", "--role", "official:ekvik:anna-lindqvist")
    joins(program, invited(program, "zqxanna@ekvik.example", *hers)["link"])
    invited(program, EMAIL, "--name", "Berit Holm", "--role", "deputy:ekvik:anna-lindqvist", "--role", "officer:ekvik")
    (report,) = program.json("officials", "withdraw", "anna-lindqvist", "--yes")
    assert report["removed"]["people"] == 2
    (left,) = program.json("people", "list")
    assert (left["email"], [each["role"] for each in left["grants"]]) == (EMAIL, ["officer"])
    with closing(open_file(program.folder / "turvakt.db")) as database:
        stored = {table.name: str(database.query(select(table))).lower() for table in METADATA.sorted_tables}
    # The letter that tells her of it, until it is sent.
    assert [name for name, rows in stored.items() if "zqxanna" in rows] == ["access_letter"]
