"""What the linear model gets to see of a text: no names, no handles, no links, no numbers.

A model that learned who is written about would judge people, not texts. Everything keeps its place: the masked text has the
length of the normalised one, so that a feature's place in it is its place in the normalised text.
"""

import re

from classify.features import NAME
from classify.normalise import Normalised

_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|(?<!\w)@[\w.\-]+(?:@[\w.\-]+)?")
_DIGIT = re.compile("[1-9]")
# A capital after a small letter, digit or bracket and a blank, or after a word, a comma and a blank. The capital comes
# first in the expression, so that the search can jump from capital to capital.
_CAPITALISED = re.compile(r"[A-ZÅÄÖ](?:(?<=[a-zåäö0-9)] .)|(?<=[^\W\d_][,;] .))[^\W\d_]+(?:-[A-ZÅÄÖ][^\W\d_]+)?")
_QUOTED = re.compile(r"[\"“”„»](?=\w)([^\"“”„»«\n]{3,200})[\"“”«»]|(?<!\w)['’‘](?=\w)([^'’‘\n]{6,200})['’](?!\w)")


def mask(text: str, normalised: Normalised) -> str:
    """The masked form of ``normalised``, of the same length; quoted words are told apart by being in capitals."""
    plain = normalised.text
    if "@" in plain or "http" in plain or "www" in plain:
        plain = _LINK.sub(lambda match: NAME * len(match[0]), plain)
    plain = _DIGIT.sub("0", plain)
    if _QUOTE.search(plain):
        plain = _QUOTED.sub(_capitals, plain)
    names = _names(text)
    if not names:
        return plain
    letters = list(plain)
    if normalised.starts:
        inside = {place for start, end in names for place in range(start, end)}
        letters = [
            NAME if start in inside and letter != " " else letter
            for letter, start in zip(letters, normalised.starts, strict=True)
        ]
    else:
        for start, end in names:
            letters[start:end] = NAME * (end - start)
    return "".join(letters)


_QUOTE = re.compile(r"[\"“”„»'’‘]")


def _capitals(match: re.Match[str]) -> str:
    upper = match[0].upper()
    return upper if len(upper) == len(match[0]) else match[0]


def _names(text: str) -> list[tuple[int, int]]:
    """Words with a capital in the middle of a sentence, unless the whole text shouts."""
    found = [match.span() for match in _CAPITALISED.finditer(text)]
    if found and 3 * sum(map(str.isupper, text)) > sum(map(str.islower, text)):
        return []
    return found
