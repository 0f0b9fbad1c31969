"""Whether a password is easily guessed.

What is asked of one follows NIST SP 800-63B, section 5.1.1.2: a length, and none of those that many people choose or that begin
from the person herself. No rule about digits and signs: people answer such with ``Sommar2026!``.
"""

import re
import unicodedata
from pathlib import Path
from typing import Literal

from access.person import Person

Weakness = Literal["short", "long", "common", "own"]
SHORTEST, LONGEST = 12, 1000
"""In letters."""

# Folded as below: what is left of passwords that leak often, in the three languages, without their digits and signs.
_WORDS = sorted(
    (Path(__file__).parent / "common_words.txt").read_text("utf-8").split(), key=lambda word: (-len(word), word)
)
_ROWS = (
    "1234567890",
    "qwertyuiopa",
    "asdfghjkloa",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyzaao",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_RUN = 4
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_LEAST_OWN, _LEAST_LETTERS, _FEW_WORDS, _FEW_SIGNS = 4, 5, 2, 5


def weakness(password: str, person: Person) -> Weakness | None:
    """Why ``person`` may not choose ``password``; ``None`` if she may."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    folded = _folded(password)
    if any(part in folded for part in _own(person)):
        return "own"
    if len(set(folded)) < _FEW_SIGNS or _is_common(folded) or _is_common(folded.translate(_LEET)):
        return "common"
    return None


def _is_common(folded: str) -> bool:
    """Whether nearly nothing is left without one or two common words and rows of keys."""
    left, found = re.sub(r"[^a-z0-9]", "", folded), 0
    for row in _ROWS:
        for direction in (row, row[::-1]):
            left, cut = _without_runs(left, direction)
            found += cut
    for word in _WORDS:
        if word in left:
            left = left.replace(word, " ")
            found += 1
    letters = re.sub(r"[^a-z]", "", left)
    return len(letters) < _LEAST_LETTERS and found <= _FEW_WORDS


def _without_runs(text: str, row: str) -> tuple[str, bool]:
    """``text`` without pieces of ``row`` that are `_RUN` or longer, and whether there were any."""
    for length in range(len(row), _RUN - 1, -1):
        for start in range(len(row) - length + 1):
            if row[start : start + length] in text:
                shorter, _ = _without_runs(text.replace(row[start : start + length], " "), row)
                return shorter, True
    return text, False


def _own(person: Person) -> set[str]:
    parts = re.split(r"[^a-z]+", _folded(f"{person.name} {person.email.partition('@')[0]}"))
    return {part for part in parts if len(part) >= _LEAST_OWN}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))
