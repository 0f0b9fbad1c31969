"""What the list shows: from the address of the page to a query and back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from classify.verdict import LABELS, SEVERITIES
from review.index import Query

View = Literal["flagged", "alerts", "unable", "all"]
VIEWS: tuple[View, ...] = get_args(View)
LANGUAGES = ("sv", "fi", "other")
DECISIONS = ("none", "confirmed", "false-alarm")

_CHOICES: dict[str, tuple[str, ...]] = {
    "view": VIEWS,
    "label": LABELS,
    "severity": SEVERITIES[1:],
    "language": LANGUAGES,
    "decision": DECISIONS,
    "texts": ("hide",),
}
SOUGHT_LONGEST = 300
"""Characters of a field, such as that of what is looked for."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The fields of the filter as they stand in the address; empty ones do not limit.

    ``since`` and ``until`` are local times as a browser's field for them writes them (``2026-09-14T08:05``).
    """

    view: str = "flagged"
    q: str = ""
    official: str = ""
    label: str = ""
    severity: str = ""
    source: str = ""
    language: str = ""
    decision: str = ""
    since: str = ""
    until: str = ""
    texts: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Filters":
        """From the parameters of an address; what makes no sense there is left out."""
        chosen = {}
        for field in fields(cls):
            value = parameters.get(field.name, "").strip()[:SOUGHT_LONGEST]
            allowed = _CHOICES.get(field.name)
            if value and (allowed is None or value in allowed):
                chosen[field.name] = value
        for name in ("since", "until"):
            if _local(chosen.get(name, "")) is None:
                chosen.pop(name, None)
        return cls(**chosen)

    def query(self, zone: ZoneInfo, *, limit: int, after: str | None = None) -> Query:
        """What to ask the index for."""
        since, until = _local(self.since), _local(self.until)
        chosen: Any = {"label": self.label, "severity": self.severity, "decision": self.decision}
        return Query(
            text=self.q or None,
            official=self.official or None,
            flagged=True if self.view == "flagged" else None,
            alerted=True if self.view == "alerts" else None,
            unable=True if self.view == "unable" else None,
            source=self.source or None,
            language=self.language or None,
            since=since.replace(tzinfo=zone) if since else None,
            until=until.replace(tzinfo=zone) if until else None,
            limit=limit,
            after=after,
            **{name: value for name, value in chosen.items() if value},
        )

    def address(self, path: str = "/", *, also: Mapping[str, str] | None = None, **changes: str) -> str:
        """The address of ``path`` with these filters after ``changes``, and with ``also`` as further parameters."""
        changed = replace(self, **changes)
        parameters = {name: value for name, value in changed.parameters().items() if value}
        if changed.view == "flagged":
            del parameters["view"]
        parameters.update(also or {})
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def parameters(self) -> dict[str, str]:
        """Every field with its value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def active(self) -> int:
        """How many fields limit, the view apart."""
        return sum(bool(value) for name, value in self.parameters().items() if name not in ("view", "texts"))

    @property
    def cleared(self) -> "Filters":
        """The same view without limits."""
        return Filters(view=self.view, texts=self.texts)


def _local(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A year at either end of the calendar would leave it in another time zone.
    return moment if moment.tzinfo is None and 1970 <= moment.year < 9000 else None
