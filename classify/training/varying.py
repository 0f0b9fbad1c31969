"""Other forms of the corpus's posts, so that a model leans neither on spelling nor on length nor on where a clause stands."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from classify.corpus import Example
from classify.training.targets import aim_is_known
from classify.verdict import SEVERITIES

Chance = np.random.Generator
JOINED: Final = 0.15
"""How many posts are joined to another one, for each post there is."""
RESPELT: Final = 0.25
"""The share of the posts that are spelt in another way."""
_LONGEST: Final = 600  # code points up to which a post is joined to another


def varied(examples: Sequence[Example], chance: Chance) -> list[Example]:
    """All of ``examples``, a share of them spelt otherwise, and some pairs of one language joined to a longer post."""
    forms = [
        replace(each, text=_respell(each.text, chance)) if chance.random() < RESPELT else each for each in examples
    ]
    short = [each for each in examples if len(each.text) <= _LONGEST]
    for language in dict.fromkeys(each.lang for each in short):
        mine = [each for each in short if each.lang == language]
        pairs = chance.integers(len(mine), size=(round(len(mine) * JOINED), 2)).tolist()
        forms.extend(_joined(mine[first], mine[second], chance) for first, second in pairs)
    return forms


def _joined(first: Example, second: Example, chance: Chance) -> Example:
    """One post after the other as one text, which does all that either does."""
    both = (first, second)
    severities = [SEVERITIES.index(each.severity) for each in both if each.severity is not None]
    abusive = [each for each in both if each.labels]
    loudest = max(abusive, key=lambda each: SEVERITIES.index(each.severity or "none"), default=first)
    return replace(
        first,
        text=f"{first.text}{chance.choice([' ', chr(10), '. '])}{second.text}",
        labels=first.labels | second.labels,
        judged=first.judged & second.judged,
        severity=SEVERITIES[max(severities)] if len(severities) == len(both) else None,
        below=None,  # of one of the two
        target=loudest.target if aim_is_known(loudest) else "unknown",
        weight=min(first.weight, second.weight) / 2,
    )


def _respell(text: str, chance: Chance) -> str:
    return _SPELLINGS[int(chance.integers(len(_SPELLINGS)))](text, chance)


def _typos(text: str, chance: Chance) -> str:
    """A letter lost, doubled or changed with its neighbour, about one in forty."""
    letters = list(text)
    for place in chance.integers(len(letters), size=1 + len(letters) // 40).tolist():
        if letters[place].isalpha():
            kind = chance.integers(3)
            if kind == 2 and place + 1 < len(letters):
                letters[place : place + 2] = letters[place + 1], letters[place]
            else:
                letters[place] *= 2 if kind else 0
    return "".join(letters) if "".join(letters).strip() else text


def _bare(text: str, chance: Chance) -> str:
    """Without dots and rings."""
    plain = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return "".join(plain)


def _unmarked(text: str, chance: Chance) -> str:
    """Without full stops, commas and the like."""
    plain = "".join(letter for letter in text if letter not in ".,!?;:\"'")
    return plain if plain.strip() else text


def _shouted(text: str, chance: Chance) -> str:
    """With a mark or an emoji at the end."""
    return text.rstrip(".") + str(chance.choice(["!!!", "!!", "...", " 🙂", " 😂", " 👍", " 😡", " 🙄", "?"]))


_SPELLINGS: Final[Sequence[Callable[[str, Chance], str]]] = (_typos, _typos, _bare, _unmarked, _shouted)
