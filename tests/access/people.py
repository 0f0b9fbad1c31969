"""Invented people for the tests."""

from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher

from access.person import Grant, Person
from access.sealing import Seal

NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)
OFFICER = Grant("officer", "ekvik")
ANNA = Grant("official", "ekvik", "ekvik-07")
DEPUTY = Grant("deputy", "ekvik", "ekvik-07")

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Passwords of tests need not withstand anybody."""
PASSWORD = "tolv små kaffekoppar"
ORIGIN = "https://turvakt.ekvik.example"


def seal() -> Seal:
    """The key of the tests."""
    return Seal("a key")


def person(id: str = "berit-holm", **changes: Any) -> Person:
    fields: dict[str, Any] = {
        "id": id,
        "name": "Berit Holm",
        "email": f"{id}@ekvik.example",
        "language": "sv",
        "grants": (OFFICER,),
    }
    return Person(**fields | changes)
