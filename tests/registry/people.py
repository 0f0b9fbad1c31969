"""Invented officials for the tests."""

from datetime import UTC, datetime
from typing import Any

from registry.official import Consent, Contact, Official

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)


def official(id: str = "ekvik-07", **changes: Any) -> Official:
    fields: dict[str, Any] = {
        "id": id,
        "given_names": ("Anna",),
        "family_names": ("Lindqvist",),
        "forms": (),
        "language": "sv",
        "role": "kommunalråd",
        "party": "Ekvikspartiet",
        "municipality": "Ekvik",
        "country": "SE",
        "handles": {"bluesky": ("anna.example",)},
        "consents": (Consent(scope=("*",), since=START),),
        "contacts": (Contact(name="Beredskap", channel="outbox", address="vakt@ekvik.example", language="sv"),),
    }
    return Official(**fields | changes)
