"""Invented people for the tests."""

from datetime import UTC, datetime
from typing import Any

from access.person import Grant, Person

NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)
OFFICER = Grant("officer", "ekvik")
ANNA = Grant("official", "ekvik", "ekvik-07")
DEPUTY = Grant("deputy", "ekvik", "ekvik-07")


def person(id: str = "berit-holm", **changes: Any) -> Person:
    fields: dict[str, Any] = {
        "id": id,
        "name": "Berit Holm",
        "email": f"{id}@ekvik.example",
        "language": "sv",
        "grants": (OFFICER,),
    }
    return Person(**fields | changes)
