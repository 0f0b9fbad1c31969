"""Holds, withdrawal of a part, and the right of access, at the command line."""

import json
from pathlib import Path

import pytest

from tests.turvakt.process import OFFICIALS, Program, line

ID = "anna-lindqvist"
POST = "web:1"
BOTH = "Anna Lindqvist (Ekvik) ska bort, sade någon. zqxword"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data", TURVAKT_RETENTION_UNFLAGGED_DAYS="30")
    program.run("officials", "import", str(OFFICIALS))
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, BOTH) + line(2, BOTH + " 2", source="feed"), "utf-8")
    program.run("run", "--once", "--posts", str(posts))
    assert {each["verdict"]["post"]["id"] for each in program.json("search", "zqxword")} == {POST, "feed:2"}
    return program


def held(program: Program, needle: bytes) -> list[str]:
    return [file.name for file in program.folder.rglob("*") if file.is_file() and needle in file.read_bytes()]


def test_what_is_held_outlives_a_withdrawal_and_is_told(program: Program) -> None:
    hold = ("hold", "add", POST, "--official", ID, "--reason", "Anmälan K-1", "--until")
    assert "Hold 1 keeps a copy until 2030-01-31" in program.run(*hold, "2030-01-31")
    (listed,) = program.json("hold", "list", "--official", ID)
    assert (listed["number"], listed["post"], listed["reason"]) == (1, POST, "Anmälan K-1")
    assert "Anmälan K-1" in program.run("hold", "list")
    (report,) = program.json("officials", "withdraw", ID, "--yes")
    kept = {each["what"]: each for each in report["kept"]}
    assert kept.keys() == {"digest", "audit", "messages", "hold"}
    assert (kept["hold"]["until"], kept["hold"]["reason"]) == ("2030-01-31T00:00:00Z", "Anmälan K-1")
    assert report["copies_until"] > report["at"]
    exported = json.loads(program.run("export", "--official", ID))
    assert [place for place, records in exported.items() if records] == ["holds"]
    assert program.finish("export", "--official", ID, "--html", str(program.folder / "x.html")).returncode == 2
    assert held(program, b"zqxword") != []
    program.run("hold", "end", "1", "--yes")
    assert program.json("hold", "list") == []
    assert held(program, b"zqxword") == []
    assert b"withdrew on" in program.finish("export", "--official", ID).stderr


def test_each_tenant_sees_what_commands_did_about_its_officials(program: Program) -> None:
    program.run("hold", "add", POST, "--official", ID, "--reason", "Anmälan K-1", "--until", "2030-01-31")
    program.run("export", "--official", ID)
    program.run("hold", "end", "1", "--yes")
    program.run("officials", "withdraw", ID, "--source", "feed", "--yes")
    done = ("hold-added", "exported", "hold-ended", "consent-withdrawn")

    def entries() -> list[tuple[str, str]]:
        listed = [each for action in done for each in program.json("audit", "list", "--action", action)]
        assert {each["tenant"] for each in listed} == {"ekvik"}
        return [(each["action"], each["official"]) for each in listed]

    assert entries() == [(action, ID) for action in done]
    program.run("officials", "withdraw", ID, "--yes")
    assert entries() == [*((action, "") for action in done), ("consent-withdrawn", "")]


def test_one_source_is_withdrawn(program: Program) -> None:
    (report,) = program.json("officials", "withdraw", ID, "--source", "feed", "--yes")
    assert report["part"] == {"kind": "source", "name": "feed"}
    assert report["removed"]["index"] > 0
    found = [each["verdict"]["post"]["id"] for each in program.json("search", "zqxword")]
    assert found == [POST]
    assert held(program, b"zqxword 2") == []
    said = program.run("officials", "withdraw", ID, "--source", "feed", "--yes")
    assert "Consent to a source of anna-lindqvist ended" in said
    assert "What stays:" in said
    assert "Backups made before are gone by" in said
    refused = program.finish("officials", "import", str(OFFICIALS))
    assert refused.returncode == 2
    assert b"withdrew a source" in refused.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--source", "feed", "--recipient", "x"), b"names two"),
        (("--source", "feeed", "--yes"), b"her consent names no such source"),
        (("--recipient", "nobody", "--yes"), b"her consent names no such recipient"),
    ],
)
def test_what_cannot_be_withdrawn(program: Program, options: tuple[str, ...], said: bytes) -> None:
    done = program.finish("officials", "withdraw", ID, *options)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_she_gets_a_page_to_read(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "anna.html"
    program.run("export", "--official", ID, "--html", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert "zqxword" in file.read_text("utf-8")
    assert '<html lang="sv">' in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "web:9", "--official", ID, "--reason", "x", "--until", "2030-01-31"), b"holds no post with this id"),
        (("add", POST, "--official", ID, "--reason", "x", "--until", "soon"), b"--until: is no day or moment"),
        (("end", "9", "--yes"), b"no hold of that number"),
    ],
)
def test_holds_that_cannot_be(program: Program, arguments: tuple[str, ...], said: bytes) -> None:
    done = program.finish("hold", *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
