"""What officials are written to."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from access.people import People
from access.person import Grant, Person
from flow.clock import ManualClock
from flow.errors import Unavailable
from registry.holder import Part
from registry.holding import RegistryHolder
from turvakt.housekeeping import warn_of_ends
from turvakt.wiring import Parts

HERSELF = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "sv", (Grant("official", "ekvik", "anna-lindqvist"),))
DEPUTY = Person("kalle", "Kalle Ek", "kalle@ekvik.example", "sv", (Grant("deputy", "ekvik", "anna-lindqvist"),))


@pytest.fixture
def people(parts: Parts) -> People:
    people = People(parts.database)
    for each in (HERSELF, DEPUTY):
        people.add(each)
    return people


def test_who_was_erased_is_told_once_and_then_forgotten(parts: Parts, people: People) -> None:
    parts.letters.add(HERSELF, "reset", {"link": "https://t.example/r", "until": parts.clock.now().isoformat()})
    report = parts.erasure.withdraw("anna-lindqvist")
    assert people.of_official("anna-lindqvist") == []
    (waiting,) = parts.letters.due()
    letter = waiting.letter
    assert (letter.purpose, letter.email) == ("erased", "anna@ekvik.example")
    assert letter.values == {
        "at": report.at.isoformat(),
        "removed": str(sum(report.removed.values())),
        "kept": "0",
        "kept_until": "",
        "last_copy": (parts.clock.now() + timedelta(days=30)).isoformat(),
    }
    assert parts.erasure.resume() == []
    assert len(parts.letters.due()) == 1
    parts.letters.ended(waiting, "sent")
    assert parts.letters.clean() == 1
    files = [file for file in parts.settings.data_dir.rglob("*") if file.is_file()]
    assert [file for file in files if b"anna@ekvik.example" in file.read_bytes()] == []


def test_she_is_told_when_an_interrupted_erasure_is_complete(parts: Parts, people: People) -> None:
    before_the_end = replace(parts.erasure, holders=(*parts.holders, Away()))
    with pytest.raises(Unavailable):
        before_the_end.withdraw("anna-lindqvist")
    assert people.of_official("anna-lindqvist") == []
    assert parts.letters.due() == []
    assert len(parts.erasure.resume()) == 1
    assert [each.letter.email for each in parts.letters.due()] == ["anna@ekvik.example"]


class Away(RegistryHolder):
    """A holder whose place is away."""

    def __init__(self) -> None:
        """Nothing is there."""

    def erase(self, official: str, part: Part | None = None) -> int:
        raise Unavailable("is away", place="registry")


def test_who_does_not_sign_in_is_not_written_to(parts: Parts) -> None:
    parts.erasure.withdraw("anna-lindqvist")
    assert parts.letters.counts() == {}


def test_an_official_is_warned_once_that_a_consent_ends(
    parts: Parts, people: People, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "turvakt.housekeeping")
    until = clock.now() + timedelta(days=40)
    known = parts.store.get("anna-lindqvist")
    parts.store.put_all([replace(known, consents=(replace(known.consents[0], until=until),))])
    for days, letters in ((0, 0), (9, 0), (2, 1), (1, 1)):
        clock.advance(timedelta(days=days).total_seconds())
        warn_of_ends(parts)
        assert len(parts.letters.due()) == letters
    assert caplog.messages == ["1 official is written to, as a consent ends soon"]
    (waiting,) = parts.letters.due()
    assert (waiting.letter.email, waiting.letter.values) == ("anna@ekvik.example", {"until": until.isoformat()})
    parts.letters.ended(waiting, "sent")
    later = until + timedelta(days=1)
    parts.store.put_all([replace(known, consents=(replace(known.consents[0], until=later),))])
    warn_of_ends(parts)
    assert [each.letter.values["until"] for each in parts.letters.due()] == [later.isoformat()]
