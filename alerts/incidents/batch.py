"""What the alerts of one transaction change."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.alert import Alert, Occasion
from alerts.incidents.case import Case
from alerts.incidents.grouping import Recent
from alerts.incidents.history import Transition


@dataclass(slots=True)
class Batch:
    """Collects it, to be written at the end.

    Posts go by official and post, as ``(official, post)``; what is graded are severity and threat. ``occasions`` are those on
    which posts are told that are no news: a second rule's contacts hear the same as those of the first.
    """

    now: datetime
    of_post: dict[tuple[str, str], str]
    graded: dict[tuple[str, str], tuple[int, int]]
    known: dict[str, tuple[int, int]]
    recent: dict[str, Recent]
    cases: dict[str, Case] = field(default_factory=dict)
    by_official: dict[str, list[str]] = field(default_factory=dict)
    accounts: dict[str, set[str]] = field(default_factory=dict)
    changed: dict[str, Case] = field(default_factory=dict)
    grown: dict[str, Case] = field(default_factory=dict)
    occasions: dict[tuple[str, str], Occasion] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    joined: dict[str, int] = field(default_factory=dict)
    tells: list[Alert] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    graver: list[dict[str, Any]] = field(default_factory=list)
    events: list[Transition] = field(default_factory=list)

    def of_official(self, official: str) -> list[Case]:
        """The open incidents about an official."""
        return [self.cases[each] for each in self.by_official.get(official, ())]

    def add(self, case: Case) -> None:
        """One more open incident."""
        self.cases[case.id] = case
        self.by_official.setdefault(case.official, []).append(case.id)
