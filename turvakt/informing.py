"""What officials are written to: that a consent ends soon, what became of an erasure; and the notice that they were."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from access.letter import Waiting
from access.letters import Letters
from access.people import People
from access.person import Person
from alerts.incidents.history import TURVAKT
from alerts.notices import Notice, Notices
from flow.clock import Clock
from registry.expiry import Ending
from registry.withdrawal import Report


def warn(people: People, letters: Letters, endings: Iterable[Ending]) -> int:
    """Tell each official, once, that a consent of hers ends soon; returns how many letters are new."""
    return sum(
        letters.add(person, "consent-ends", {"until": each.until.isoformat()}, once=each.until.isoformat())
        for each in endings
        for person in _herself(people, each.official)
    )


def prepare_last(people: People, letters: Letters, official: str) -> None:
    """Before an official is erased: keep what it takes to tell her of it, if she signs in herself."""
    for person in _herself(people, official):
        letters.prepare_last(person, official)


def send_last(letters: Letters, report: Report, *, now: datetime, backups: timedelta) -> None:
    """When everything has been erased: tell her what went, what stays, and when the last copy is gone."""
    holds = [each for each in report.kept if each.what == "hold"]
    ends = [each.until for each in holds if each.until is not None]
    letters.send_last(
        report.official,
        {
            "at": report.at.isoformat(),
            "removed": str(sum(report.removed.values())),
            "kept": str(len(holds)),
            "kept_until": max(ends).isoformat() if ends else "",
            "last_copy": (now + backups).isoformat(),
        },
    )


def note(waiting: Waiting, *, notices: Notices, clock: Clock) -> None:
    """Write down of each alert in a letter that was sent that an official was written to, as she had wished."""
    letter = waiting.letter
    if letter.purpose != "alert":
        return
    # One that waited while Turvakt was renewed does not say which alerts it is about.
    for alert in letter.values.get("alerts", "").split():
        wish: Any = letter.values["wish"]
        notices.add(Notice(alert, waiting.official, clock.now(), "letter", by=TURVAKT, form="none", wish=wish))


def _herself(people: People, official: str) -> list[Person]:
    return [
        person
        for person in people.of_official(official)
        if any(grant.role == "official" and grant.official == official for grant in person.grants)
    ]
