"""Invented officials and posts for the tests of mention matching."""

from datetime import UTC, datetime
from typing import Any

from ingest.mentions import Matcher
from ingest.post import Author, Post
from registry.official import Consent, Official

AT = datetime(2026, 9, 1, tzinfo=UTC)
ALWAYS = (Consent(("*",), datetime(2026, 1, 1, tzinfo=UTC)),)


def official(name: str, **other: Any) -> Official:
    """``Given[ Given] Surname``, a councillor in Ekvik unless told otherwise."""
    *given, family = name.split(" ")
    held: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "given_names": tuple(given),
        "family_names": (family,),
        "forms": (),
        "language": "sv",
        "role": "kommunalråd",
        "party": "Ekvikspartiet",
        "municipality": "Ekvik",
        "country": "SE",
        "handles": {},
        "consents": ALWAYS,
        "contacts": (),
    }
    return Official(**held | other)


def post(text: str = "", *, source: str = "bluesky", **other: Any) -> Post:
    """A post of nobody in particular."""
    held: dict[str, Any] = {"author": Author(id="u1", handle="someone.example")} | other
    return Post(f"{source}:1", source, text, AT, AT, **held)


def found(text: str, *officials: Official, **other: Any) -> list[tuple[str, str, str]]:
    """What is found in ``text``: the official, the words, the sign."""
    one = post(text, **other)
    return [
        (mention.official, text[mention.start : mention.end], mention.sign)
        for mention in Matcher(officials).match([one], at=AT)[0]
    ]


def signs(text: str, *officials: Official, **other: Any) -> list[str]:
    """The signs of the mentions in ``text``."""
    return [sign for _, _, sign in found(text, *officials, **other)]
