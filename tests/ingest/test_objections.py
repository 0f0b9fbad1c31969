"""Authors who objected: what was decided is known again, names nobody, and keeps their posts out."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flow.database import Database
from flow.errors import BadInput
from ingest.objections import Decision, Objections, accounts
from ingest.post import Author, Post
from tests import databases
from tests.databases import open_file

ACCOUNT = ("web", "u1")
AT = datetime(2026, 9, 14, 6, tzinfo=UTC)
UPHELD = Decision(True, "she never wrote about her office", "vera", AT)
POST = Post("web:1", "web", "Hej Anna", AT, AT, author=Author(id="u1", handle="Kalle.example"))


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


def test_a_decision_is_known_again_by_whoever_asks(database: Database) -> None:
    Objections(database).decide(ACCOUNT, UPHELD)
    again = Objections(database)
    assert again.on(ACCOUNT) == UPHELD
    assert again.on(("web", "u2")) is None
    assert again.on(("feed", "u1")) is None
    assert again.upheld([ACCOUNT, ("web", "u2"), ("feed", "u1")]) == {ACCOUNT}
    assert again.upheld([]) == set()


def test_the_newest_decision_holds(database: Database) -> None:
    objections = Objections(database)
    objections.decide(ACCOUNT, UPHELD)
    refused = replace(UPHELD, upheld=False, reason="threats")
    objections.decide(ACCOUNT, refused)
    assert (objections.on(ACCOUNT), objections.upheld([ACCOUNT])) == (refused, set())
    assert objections.counts() == {"upheld": 0, "refused": 1}


def test_a_handle_is_the_same_in_upper_and_lower_case(database: Database) -> None:
    objections = Objections(database)
    objections.decide(("web", "kalle.EXAMPLE"), UPHELD)
    assert objections.upheld(accounts(POST)) == {("web", "Kalle.example")}


def test_a_decision_needs_a_reason(database: Database) -> None:
    with pytest.raises(BadInput, match="reason"):
        Objections(database).decide(ACCOUNT, replace(UPHELD, reason=" "))


def test_no_file_holds_the_account(tmp_path: Path) -> None:
    with closing(open_file(tmp_path / "turvakt.db")) as file:
        Objections(file).decide(("web", "did:plc:kallemarker"), UPHELD)
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert UPHELD.reason.encode() in held
    assert b"kallemarker" not in held
