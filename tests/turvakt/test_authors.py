"""The rights of authors, by the commands."""

import json
from pathlib import Path

import pytest

from tests.turvakt.process import Program, line

KALLE = {"author": {"id": "u7", "handle": "Kalle.example", "name": "Kalle Karlsson"}}


def posts(folder: Path) -> str:
    lines = [
        line(1, "Tack Anna Lindqvist i Ekvik för den nya bron", **KALLE),
        line(2, "Anna Lindqvist, jag ska döda dig", **KALLE),
        line(3, "Hej Anna Lindqvist", author={"id": "u8", "handle": "lisa.example", "name": "Lisa"}),
    ]
    file = folder / "posts.jsonl"
    file.write_text("".join(lines), "utf-8")
    return str(file)


def test_an_author_gets_what_is_held_of_her_and_nothing_about_others(program: Program, tmp_path: Path) -> None:
    program.run("run", "--once", "--posts", posts(tmp_path))
    (found,) = program.json("authors", "find", "web", "kalle.EXAMPLE")
    assert sorted(found["posts"]) == ["web:1", "web:2"]
    assert "döda" not in json.dumps(found, ensure_ascii=False)
    (hers,) = (json.loads(each) for each in program.run("authors", "export", "web", "u7").splitlines())
    assert sorted(each["post"]["id"] for each in hers["posts"]) == ["web:1", "web:2"]
    assert hers["objection"] is None
    told = json.dumps(hers)
    assert "anna-lindqvist" not in told
    assert "mentions" not in hers["posts"][0]["post"]


def test_an_upheld_objection_erases_and_keeps_nothing_any_more(program: Program, tmp_path: Path) -> None:
    program.run("run", "--once", "--posts", posts(tmp_path))
    program.run("authors", "object", "web", "u7", "--uphold", "--reason", "a namesake", "--yes")
    again = tmp_path / "again.jsonl"
    again.write_text(line(4, "Anna Lindqvist, jag kommer hem till dig", **KALLE), "utf-8")
    program.run("run", "--once", "--posts", str(again))
    assert {each["verdict"]["post"]["id"] for each in program.json("search")} == {"web:3"}
    (found,) = program.json("authors", "find", "web", "u7")
    assert (found["posts"], found["objection"]["upheld"]) == ([], True)


def test_a_refused_one_changes_nothing_but_is_written_down(program: Program, tmp_path: Path) -> None:
    program.run("run", "--once", "--posts", posts(tmp_path))
    program.run("authors", "object", "web", "u7", "--refuse", "--reason", "threats", "--yes")
    (found,) = program.json("authors", "find", "web", "u7")
    assert len(found["posts"]) == 2
    assert (found["objection"]["upheld"], found["objection"]["reason"]) == (False, "threats")
    program.run("authors", "object", "web", "u7", "--refuse", "--reason", " ", "--yes", code=2)


def test_erasure_goes_the_way_of_deletions(program: Program, tmp_path: Path) -> None:
    program.run("run", "--once", "--posts", posts(tmp_path))
    program.run("authors", "erase", "web", "Kalle.example", "--yes")
    empty = tmp_path / "empty.jsonl"
    empty.write_text(line(9, "Ingen alls"), "utf-8")
    program.run("run", "--once", "--posts", str(empty))
    assert {each["verdict"]["post"]["id"] for each in program.json("search")} == {"web:3"}


@pytest.mark.parametrize(
    ("arguments", "actions", "why"),
    [
        (("find",), ["author-looked-up"], ""),
        (("export",), ["author-exported"], ""),
        (("erase", "--yes"), ["author-erased"], ""),
        (("object", "--refuse", "--reason", "threats", "--yes"), ["author-objected"], "refused: threats"),
        (("object", "--uphold", "--reason", "a namesake", "--yes"), ["author-objected", "author-erased"], ""),
    ],
)
def test_all_of_it_is_in_the_audit_log_without_the_account(
    program: Program, tmp_path: Path, arguments: tuple[str, ...], actions: list[str], why: str
) -> None:
    program.run("run", "--once", "--posts", posts(tmp_path))
    command, *options = arguments
    for account in ("u7", "nobody"):
        program.run("authors", command, "web", account, *options)
    named = [each for action in actions for each in program.json("audit", "list", "--action", action)]
    assert sorted((each["action"], each["tenant"], each["official"]) for each in named) == sorted(
        (action, *about) for action in actions for about in (("ekvik", "anna-lindqvist"), ("", ""))
    )
    assert not why or {each["why"] for each in named} == {why}
    assert "u7" not in json.dumps(named)
    program.run("audit", "verify")
