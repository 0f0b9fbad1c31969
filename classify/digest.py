"""What a verdict hangs on besides a model's weights, as a digest: plain form, masking, windows, languages and severities.

It is a part of each classifier's version, so that no two that judge otherwise have one name. Tables are taken as they are, code
by what it makes of a few texts; neither opens a model.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Final

from classify import (
    calibration,
    characters,
    heads,
    hearing,
    judging,
    language,
    lexicon,
    masking,
    normalise,
    reading,
    severity,
    signs,
    undoing,
)
from classify.encoder import inputs
from classify.verdict import LABELS, SEVERITIES, Score

_LENGTH: Final = 8
_MODULES: Final = (
    characters, lexicon, undoing, signs, normalise, masking, language, hearing, reading, severity, calibration, heads, judging,
    inputs,
)  # fmt: skip
_PLAIN: Final = (
    "Jag tycker att det är bra att kommunen har byggt en ny bro, men vägen dit är för smal och man kan inte cykla där.",
    "Minusta on hyvä että kunta on rakentanut uuden sillan, mutta tie sinne on vielä liian kapea eikä siellä voi ajaa pyörällä.",
    "I think that it is good that they have built a new bridge, but the road to it is still too narrow and you cannot cycle.",
)
"""Texts whose language is plain: none is asked of the language model, which would have to be opened."""


@cache
def of_reading() -> str:
    """Of what is read of a text before it is judged, and of how probabilities become a verdict. Eight hexadecimal digits."""
    said = list(map(tables, _MODULES))
    for each in reading.read([*_PLAIN, "\n".join(_PLAIN[:1] * 10), "", "👍 12"]):
        guess = each.guess
        windows = [(window.start, len(window.text)) for window in each.windows]
        said.append(repr((windows, guess.language, round(guess.sv, 3), round(guess.fi, 3), guess.words, each.unable)))
    for label in LABELS:
        flagged = {label: Score(1.0, True)}
        said.append(repr([severity.settle(flagged, SEVERITIES[1:end]) for end in range(1, len(SEVERITIES) + 1)]))
    return digest(said)


def tables(module: ModuleType) -> str:
    """The constants of ``module`` and their values."""
    return _told({name: value for name, value in vars(module).items() if name.strip("_").isupper()})


def digest(said: Iterable[str]) -> str:
    """Eight hexadecimal digits."""
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _told(value: object) -> str:
    """``value`` in words that are the same in every process: sets and mappings in an order of their own.

    Raises:
        TypeError: it is of a kind whose words may differ from one process to the next.
    """
    match value:
        case None | bool() | int() | float() | str() | slice():
            return repr(value)
        case FunctionType():
            return value.__qualname__  # what it does is seen in texts
        case re.Pattern():
            return repr((value.pattern, value.flags))
        case Mapping():
            return f"{{{','.join(sorted(f'{_told(key)}:{_told(each)}' for key, each in value.items()))}}}"
        case AbstractSet():
            return f"{{{','.join(sorted(map(_told, value)))}}}"
        case tuple() | list():
            return f"({','.join(map(_told, value))})"
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _told({each.name: getattr(value, each.name) for each in fields(value)})
        case _:
            raise TypeError(f"a {type(value).__name__} has no words of its own")
