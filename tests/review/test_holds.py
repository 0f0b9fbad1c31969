"""Holds: what is kept whatever else goes, for how long, and who may be held."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput, Unavailable
from registry.holder import Holder, Part
from registry.official import Consent, Official
from review.holds import LONGEST, Holds
from tests import databases
from tests.databases import open_file
from tests.registry.people import official
from tests.review.people import START, at, verdict

UNTIL = START + timedelta(days=30)
OFFICIALS = {
    "anna": official("anna", consents=(Consent(("jsonl",), START - timedelta(days=1)),)),
    "bo": official("bo", consents=(Consent(("*",), START - timedelta(days=1), evidence=False),)),
}


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def holds(database: Database, clock: ManualClock) -> Holds:
    return Holds(database, officials=OFFICIALS.get, clock=clock)


BOTH = verdict("both", "om bron", officials=("anna", "bo"))


def test_keeps_a_copy_without_others(holds: Holds) -> None:
    hold = holds.add(BOTH, official="anna", reason=" K-1 ", until=UNTIL, by="p-1")
    assert holds.all() == holds.of("anna") == holds.by_author("jsonl", "u1") == [hold]
    assert (hold.reason, hold.by, hold.since, hold.until, hold.post) == ("K-1", "p-1", START, UNTIL, "jsonl:both")
    assert hold.verdict.officials == {"anna"}
    assert hold.verdict.post.text == "om bron"
    assert holds.of("bo") == holds.by_author("feed", "u1") == holds.by_author("jsonl", "u2") == []
    assert holds.held(["jsonl:both", "jsonl:other"]) == {"jsonl:both"}
    (exported,) = holds.export("anna")
    assert exported["reason"] == "K-1"
    assert exported["verdict"]["post"]["text"] == "om bron"
    assert "bo" not in {each["official"] for each in exported["verdict"]["post"]["mentions"]}


def test_nothing_but_its_end_removes_it(holds: Holds, clock: ManualClock) -> None:
    holder: Holder = holds
    hold = holds.add(BOTH, official="anna", reason="K-1", until=UNTIL)
    for part in (None, Part("source", "jsonl")):
        assert holder.erase("anna", part) == holder.count("anna", part) == 0
    assert holder.expire(at(10**9)) == 0
    assert holds.all() == [hold]
    clock.advance(30 * 86_400)
    assert holds.all() == holds.of("anna") == []
    assert holder.expire(START) == 1
    assert holder.expire(START) == 0


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_has_ended_leaves_the_files_too(tmp_path: Path, clock: ManualClock, by_hand: bool) -> None:
    database = open_file(tmp_path / "turvakt.db")
    holds = Holds(database, officials=OFFICIALS.get, clock=clock)
    marked = verdict("both", "MARKER-TEXT", officials=("anna",))
    hold = holds.add(marked, official="anna", reason="MARKER-REASON", until=UNTIL)
    if by_hand:
        holds.end(hold.number)
        with pytest.raises(BadInput, match="no hold of that number"):
            holds.end(hold.number)
    else:
        clock.advance(30 * 86_400)
    assert (holds.all(), holds.held([hold.post])) == ([], set())
    reader = sqlite3.connect(tmp_path / "turvakt.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM review_hold").fetchall()
    with pytest.raises(Unavailable):
        holds.expire(START)
    reader.close()
    assert holds.expire(START) == 1, "it is done again until the files are scrubbed"
    assert not any(b"MARKER" in each.read_bytes() for each in tmp_path.iterdir())
    database.close()


def test_that_the_platform_deleted_it_is_noted_beside_the_copy(holds: Holds, clock: ManualClock) -> None:
    hold = holds.add(BOTH, official="anna", reason="K-1", until=UNTIL)
    assert holds.forget(["jsonl:other"]) == holds.forget([]) == 0
    clock.advance(60)
    assert holds.forget(["jsonl:both", "jsonl:other"]) == 1
    clock.advance(60)
    assert holds.forget(["jsonl:both"]) == 0
    assert holds.all() == [replace(hold, deleted_at=at(1))]
    (exported,) = holds.export("anna")
    assert exported["deleted_at"] == at(1).isoformat()
    assert exported["sha256"] == hashlib.sha256(b"om bron").hexdigest()


def test_it_is_held_once_until_it_ends(holds: Holds, clock: ManualClock) -> None:
    first = holds.add(BOTH, official="anna", reason="K-1", until=UNTIL)
    with pytest.raises(BadInput, match="held for her already"):
        holds.add(BOTH, official="anna", reason="K-2", until=UNTIL)
    holds.end(first.number)
    second = holds.add(BOTH, official="anna", reason="K-2", until=UNTIL)
    clock.advance(31 * 86_400)
    third = holds.add(BOTH, official="anna", reason="K-3", until=UNTIL + timedelta(days=30))
    assert second.reason == "K-2"
    assert holds.all() == [third]
    with pytest.raises(BadInput, match="no hold of that number"):
        holds.end(-1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"official": "eva"}, "does not mention"),
        ({"official": "bo"}, "does not cover evidence"),
        (
            {"verdict": replace(BOTH, post=replace(BOTH.post, source="feed"))},
            "does not cover evidence from this source",
        ),
        ({"verdict": replace(BOTH, post=replace(BOTH.post, deleted_at=START))}, "was deleted"),
        ({"reason": " "}, "reason is missing"),
        ({"reason": "x" * 301}, "longer than 300"),
        ({"until": START}, "in the future"),
        ({"until": START + LONGEST + timedelta(seconds=1)}, "ten years at most"),
    ],
)
def test_what_cannot_be_held(holds: Holds, change: dict[str, object], expected: str) -> None:
    fields: dict[str, object] = {"verdict": BOTH, "official": "anna", "reason": "K-1", "until": UNTIL} | change
    judged = fields.pop("verdict")
    with pytest.raises(BadInput, match=expected):
        holds.add(judged, **fields)  # type: ignore[arg-type]
    assert holds.all() == []


def test_who_is_not_registered_cannot_be_held(database: Database, clock: ManualClock) -> None:
    def nobody(id: str) -> Official | None:
        return None

    with pytest.raises(BadInput, match="does not cover evidence"):
        Holds(database, officials=nobody, clock=clock).add(BOTH, official="anna", reason="K-1", until=UNTIL)
