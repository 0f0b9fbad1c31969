"""What channels carry."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered alert.

    ``subject`` is one line and safe on a lock screen. ``facts`` are the same facts for machines, as JSON. ``official`` and
    ``post`` are ids, for channels that keep what they send and must be able to erase it.
    """

    subject: str
    text: str = field(repr=False)
    facts: dict[str, Any] = field(repr=False, hash=False)
    official: str
    post: str


def clean(text: str) -> str:
    """``text`` on one line, without characters that control a terminal, a mail header or the direction of writing."""
    return " ".join("".join(map(_shown, text)).split())


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Cs" | "Zl" | "Zp":
            return " "
        case "Cf":  # marks that turn the direction of writing, and the joiner that emoji are built with
            return character if character == _JOINER else ""
        case _:
            return character
