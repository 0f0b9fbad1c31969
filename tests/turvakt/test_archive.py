"""turvakt backup, restore and migrate."""

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from access.people import People
from flow.errors import Unavailable
from registry.ledger import Given
from tests.access.people import person
from tests.turvakt.archives import ARCHIVES
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, Program, line
from turvakt.archive import dump, read, sealed, sums
from turvakt.cli import main
from turvakt.schema import NEWEST
from turvakt.settings import Settings
from turvakt.wiring import Parts


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A Turvakt that has seen the posts of the demo, something unreadable, a decision and a withdrawal."""
    program = Program(tmp_path_factory.mktemp("full") / "data")
    program.run("officials", "import", str(OFFICIALS))
    posts = program.folder.parent / "posts.jsonl"
    posts.write_text(DEMO_POSTS.read_text("utf-8") + "{no post\n" + line(1, "Anna Lindqvist, Ekvik"), "utf-8")
    program.run("run", "--once", "--posts", str(posts))
    program.run("officials", "withdraw", "riitta-hakala-tuominen", "--yes")
    return program


def test_what_is_restored_is_what_was_there(full: Program, tmp_path: Path) -> None:
    archive = tmp_path / "turvakt.jsonl.gz"
    (told,) = full.json("backup", str(archive))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert told["records"]["item"] > 200
    assert told["records"]["outbox"] > 20
    assert told["records"]["dead"] == told["records"]["registry_withdrawal"] == 1
    other = Program(tmp_path / "other")
    assert other.json("restore", str(archive), "--yes") == [told]
    for what in (["officials", "list"], ["search", "--limit", "500"], ["dead", "list"]):
        theirs = other.json(*what)
        for each in theirs:
            each.pop("number", None)
        ours = full.json(*what)
        for each in ours:
            each.pop("number", None)
        assert theirs == ours, what
    (status,), (before,) = other.json("status"), full.json("status")
    for part in ("officials", "index", "outbox", "dead"):
        assert status[part] == before[part]
    # Where collectors go on is restored, too: the same file gives nothing new.
    (again,) = other.json("run", "--once", "--posts", str(full.folder.parent / "posts.jsonl"))
    assert again["read"] == 0


def test_no_line_is_there_before_the_stages_have_read_everything(parts: Parts) -> None:
    with parts.log.write() as writer:
        writer.append("posts", "web:1", b"{}")
    with pytest.raises(Unavailable, match="1 entries wait before stage classify"):
        dump(parts, patience=0.0)  # is not read from: whoever writes the lines down has not begun


def test_letters_that_open_an_account_are_left_out(parts: Parts) -> None:
    berit = person("berit")
    moment = parts.clock.now().isoformat()
    link = {"link": "https://turvakt.ekvik.example/invitation/zqxsecret", "until": moment}
    parts.letters.add(berit, "reset", link)
    parts.letters.add(berit, "invitation", link | {"tenant": "Ekvik"})
    parts.letters.add(berit, "invitation-watched", link | {"tenant": "Ekvik", "since": moment})
    parts.letters.add(berit, "consent-ends", {"until": moment})
    lines = list(dump(parts))
    assert not any(b"zqxsecret" in line or b"zqxsecret" in _content(line) for line in lines)
    assert sums(lines)["access_letter"][0] == 1
    for waiting in parts.letters.due():
        parts.letters.ended(waiting, "sent")
    assert sums(dump(parts))["access_letter"][0] == 4, "what was sent holds no link any more"


def _content(line: bytes) -> bytes:
    """What stands in the line of a letter."""
    part, record = json.loads(line)
    return base64.b64decode(record["content"]) if part == "access_letter" and record["content"] else b""


def test_who_withdrew_after_the_backup_is_erased_again(full: Program, tmp_path: Path) -> None:
    archive, withdrawals = tmp_path / "all.gz", tmp_path / "withdrawals.gz"
    copy = Program(tmp_path / "copy")
    full.run("backup", str(archive))
    copy.run("restore", str(archive), "--yes")
    copy.run("officials", "withdraw", "anna-lindqvist", "--yes")
    copy.run("backup", "--withdrawals", str(withdrawals))
    assert b"anna" not in gzip.decompress(withdrawals.read_bytes())
    other = Program(tmp_path / "other")
    other.run("restore", str(archive), "--withdrawals", str(withdrawals))
    assert "anna-lindqvist" not in {each["id"] for each in other.json("officials", "list")}
    for file in other.folder.iterdir():
        assert file.is_dir() or b"anna-lindqvist" not in file.read_bytes(), file.name


def test_what_was_withdrawn_in_part_after_the_backup_is_erased_again(full: Program, tmp_path: Path) -> None:
    archive, withdrawals = tmp_path / "all.gz", tmp_path / "withdrawals.gz"
    copy = Program(tmp_path / "copy")
    full.run("backup", str(archive))
    copy.run("restore", str(archive), "--yes")
    (her,) = [each for each in copy.json("officials", "list") if each["id"] == "anna-lindqvist"]
    contact = her["contacts"][0]["name"]
    copy.run("officials", "withdraw", "anna-lindqvist", "--source", "web", "--yes")
    assert copy.finish("officials", "withdraw", "anna-lindqvist", "--recipient", contact, "--yes").returncode == 2
    copy.run("backup", "--withdrawals", str(withdrawals))
    assert b"anna" not in gzip.decompress(withdrawals.read_bytes())
    other = Program(tmp_path / "other")
    told = other.run("restore", str(archive), "--withdrawals", str(withdrawals), "--yes")
    assert "1" in told
    (again,) = [each for each in other.json("officials", "list") if each["id"] == "anna-lindqvist"]
    assert "web" not in again["consents"][0]["scope"]
    assert "bluesky" in again["consents"][0]["scope"]
    (there,) = [each for each in copy.json("officials", "list") if each["id"] == "anna-lindqvist"]
    assert again["consents"] == there["consents"]


def test_what_cannot_be_withdrawn_again_is_told_and_holds_up_nobody_else(full: Program, tmp_path: Path) -> None:
    archive, withdrawals = tmp_path / "all.gz", tmp_path / "withdrawals.gz"
    copy, other = Program(tmp_path / "copy"), Program(tmp_path / "other")
    full.run("backup", str(archive))
    copy.run("restore", str(archive), "--yes")
    with Parts(msgspec.convert({"data": {"dir": str(copy.folder)}}, Settings)) as opened:
        anna = opened.store.get("anna-lindqvist")
        new = replace(anna.contacts[0], name="Säkerhet", address="ny@ekvik.example")
        opened.store.change(replace(anna, contacts=(*anna.contacts, new)), given=Given("command"))
    copy.run("officials", "withdraw", "anna-lindqvist", "--recipient", anna.contacts[0].name, "--yes")
    copy.run("officials", "withdraw", "lena-berg", "--yes")
    copy.run("backup", "--withdrawals", str(withdrawals))
    done = other.finish("restore", str(archive), "--withdrawals", str(withdrawals))
    assert done.returncode == 4
    assert "withdrew something that cannot be taken out alone: anna-lindqvist" in " ".join(done.stderr.decode().split())
    left = {each["id"] for each in other.json("officials", "list")}
    assert "anna-lindqvist" in left
    assert "lena-berg" not in left


def test_who_objected_or_was_removed_after_the_backup_is_left_alone_and_removed_again(
    full: Program, tmp_path: Path
) -> None:
    archive, early, late = (tmp_path / f"{name}.gz" for name in ("all", "early", "late"))
    copy, other, third = (Program(tmp_path / name) for name in ("copy", "other", "third"))

    def invite(name: str, *roles: str) -> str:
        given = [each for role in roles for each in ("--role", role)]
        (told,) = full.json("people", "invite", f"{name}@ekvik.example", "--name", name, "--language", "sv", *given)
        return str(told["id"])

    eva, siv = invite("eva", "officer:ekvik"), invite("siv", "officer:ekvik", "analyst:ekvik")
    full.run("backup", "--withdrawals", str(early))
    ulla = invite("ulla", "officer:ekvik")
    full.run("backup", str(archive))
    copy.run("restore", str(archive), "--yes")
    authors = [each["verdict"]["post"]["author"]["id"] for each in copy.json("search")]
    by = next(each for each in authors if each)
    copy.run("people", "remove", eva, "--yes")
    with Parts(msgspec.convert({"data": {"dir": str(copy.folder)}}, Settings)) as opened:
        people = People(opened.database)
        people.put(replace(people.get(siv), grants=people.get(siv).grants[1:], offers=people.get(siv).offers[1:]))
        expected = people.all()
    copy.run("authors", "object", "web", by, "--uphold", "--reason", "a namesake", "--yes")
    copy.run("backup", "--withdrawals", str(late))
    told = gzip.decompress(late.read_bytes())
    assert not any(name.encode() in told for name in (eva, siv, ulla, by, "ekvik"))
    other.run("restore", str(archive), "--withdrawals", str(late))
    with Parts(msgspec.convert({"data": {"dir": str(other.folder)}}, Settings)) as opened:
        assert People(opened.database).all() == expected
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    other.run("run", "--once", "--posts", str(empty))
    (found,) = other.json("authors", "find", "web", by)
    assert (found["posts"], found["objection"]["upheld"]) == ([], True)
    third.run("restore", str(archive), "--withdrawals", str(early))
    assert {each["id"] for each in third.json("people", "list")} == {eva, siv, ulla}, "what is older says of nobody"


@pytest.mark.parametrize("file", sorted(ARCHIVES.glob("*.gz")), ids=lambda file: file.name)
def test_an_archive_of_a_version_before_is_restored(tmp_path: Path, file: Path) -> None:
    old, new = Program(tmp_path / "old"), Program(tmp_path / "new")
    old.run("restore", str(file), "--yes")
    old.run("backup", str(tmp_path / "again.gz"))
    kept = _records(tmp_path / "again.gz")
    (post,) = kept["incident_post"]
    assert (post["post"], post["told"]) == ("web:1", 1)
    assert len(kept["registry_official"]) == len(kept["registry_consent"]) == 12
    assert len(kept["dead"]) == len(kept["item"]) == len(kept["outbox"]) == 1
    old.run("officials", "withdraw", "anna-lindqvist", "--yes")
    old.run("backup", "--withdrawals", str(tmp_path / "withdrawals.gz"))
    new.run("restore", str(file), "--withdrawals", str(tmp_path / "withdrawals.gz"))
    assert "anna-lindqvist" not in {each["id"] for each in new.json("officials", "list")}
    assert new.json("search") == []


def test_there_is_an_archive_of_this_version_for_those_to_come() -> None:
    with gzip.open(ARCHIVES / f"abusive-{NEWEST}.jsonl.gz") as lines:
        assert json.loads(next(lines))[1]["tables"] == NEWEST


def test_who_withdrew_is_erased_also_if_something_differs(full: Program, tmp_path: Path) -> None:
    archive, withdrawals = tmp_path / "all.gz", tmp_path / "withdrawals.gz"
    copy, other = Program(tmp_path / "copy"), Program(tmp_path / "other")
    full.run("backup", str(archive))
    copy.run("restore", str(archive), "--yes")
    copy.run("officials", "withdraw", "anna-lindqvist", "--yes")
    copy.run("backup", "--withdrawals", str(withdrawals))
    with gzip.open(archive) as lines:
        # Two cursors of one collector, of which one alone can be kept.
        records = [("cursor", ["feed", "1"]), ("cursor", ["feed", "2"]), *read(lines)]
    archive.write_bytes(gzip.compress(b"\n".join(sealed(records, datetime.now(UTC)))))
    other.run("restore", str(archive), "--withdrawals", str(withdrawals), code=4)
    assert "anna-lindqvist" not in {each["id"] for each in other.json("officials", "list")}
    for file in other.folder.iterdir():
        assert file.is_dir() or b"anna-lindqvist" not in file.read_bytes(), file.name


def _records(archive: Path) -> dict[str, list[Any]]:
    """The records in an archive, by part."""
    found: dict[str, list[Any]] = {}
    with gzip.open(archive) as lines:
        for part, record in read(lines):
            found.setdefault(part, []).append(record)
    return found


@pytest.mark.parametrize(
    "damage", ["cut", "cut at a line", "altered", "line lost", "longer", "no archive", "not gzip", "later"]
)
def test_a_damaged_archive_is_refused_before_anything_is_written(full: Program, tmp_path: Path, damage: str) -> None:
    archive = tmp_path / "turvakt.jsonl.gz"
    full.run("backup", str(archive))
    lines = gzip.decompress(archive.read_bytes()).splitlines(keepends=True)
    match damage:
        case "cut":
            archive.write_bytes(archive.read_bytes()[:-2000])
        case "cut at a line":
            archive.write_bytes(gzip.compress(b"".join(lines[:-3])))
        case "longer":
            archive.write_bytes(gzip.compress(b"".join([*lines, lines[-2]])))
        case "no archive":
            archive.write_bytes(gzip.compress(b"Anna Lindqvist\n"))
        case "altered":
            lines[-2] = lines[-2].replace(b"2026", b"2027", 1)
            archive.write_bytes(gzip.compress(b"".join(lines)))
        case "line lost":
            archive.write_bytes(gzip.compress(b"".join(lines[:50] + lines[51:])))
        case "not gzip":
            archive.write_bytes(b"".join(lines))
        case "later":
            archive.write_bytes(gzip.compress(b"".join([b'["turvakt", 99]\n', *lines[1:]])))
    other = Program(tmp_path / "other")
    other.run("restore", str(archive), "--yes", code=2)
    good = tmp_path / "good.gz"
    full.run("backup", str(good))
    other.run("restore", str(good), "--withdrawals", str(archive), code=2)
    assert other.json("officials", "list") == []


def test_nothing_is_restored_over_something(full: Program, tmp_path: Path) -> None:
    archive = tmp_path / "turvakt.jsonl.gz"
    full.run("backup", str(archive))
    (before,) = full.json("status")
    full.run("restore", str(archive), "--yes", code=2)
    assert full.json("status") == [before]


def test_moves_to_another_folder(full: Program, tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    target.write_text(f'[data]\ndir = "{tmp_path / "moved"}"\n', "utf-8")
    (told,) = full.json("migrate", "--to", str(target), "--yes")
    moved = Program(tmp_path / "moved")
    (status,), (before,) = moved.json("status"), full.json("status")
    assert told["records"]["item"] == status["index"]["verdicts"] == before["index"]["verdicts"]
    assert status["outbox"] == before["outbox"]


def test_does_not_move_to_where_it_is(full: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "same.toml"
    target.write_text(f'[data]\ndir = "{full.folder}"\n', "utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["migrate", "--to", str(target), "--yes"], environ={"TURVAKT_DATA_DIR": str(full.folder)})
    assert "where everything is already" in capsys.readouterr().err
