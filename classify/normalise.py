"""Undo what hides a word from a machine and not from a reader, and remember where each letter stood.

Full-width and mathematical letters, look-alikes from other scripts, invisible characters, stacked accents,
``d0da``, ``t a p a n``, ``h*ra``, ``dööööda``, ``#döda``, CAPITALS and emoji that stand for weapons all become plain
lower-case words.
The result is a fixed point: normalising it again changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import pairwise
from operator import or_

from classify.characters import (
    ACCENTS,
    BLANKS,
    DRESSED,
    EMOJI,
    LETTER,
    OTHER_SCRIPT,
    SIGN,
    Letters,
    characters,
    plain_of,
)
from classify.lexicon import KNOWN, dotted, is_part, joins, run_together
from classify.signs import ROW, is_signed, without_signs
from classify.undoing import (
    BARE,
    BREAK,
    LONG,
    STEPS,
    STRUNG,
    WORD_FIRST,
    WORD_LAST,
    dots_back,
    joined,
    strung,
    without_dots,
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` in its plain form; code point ``i`` came from ``original[starts[i]:ends[i]]``.

    Empty ``starts`` and ``ends`` mean that every code point stayed in its place.
    """

    text: str
    starts: tuple[int, ...] = field(default=(), repr=False)
    ends: tuple[int, ...] = field(default=(), repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the non-empty part ``text[start:end]`` stood in the original."""
        return (self.starts[start], self.ends[end - 1]) if self.starts else (start, end)


def normalise(text: str) -> Normalised:
    """The plain form of ``text``, in linear time. Any string will do, lone surrogates and NUL included."""
    if _OVERRIDE in text:
        return _turned(text)
    pieces, flags = zip(*map(_piece, text.split(" ")), strict=True)
    flag = reduce(or_, flags)
    if not (
        (flag & _EXOTIC and flag & _SUSPECT) or flag & _SURE or (flag & _PART and _is_split(pieces, flags))
    ) and not (flag & _SIGN_FIRST and ROW.search(" ".join(pieces))):
        plain = " ".join(pieces)
        if flag & _UNDOTTED and without_dots(plain):
            plain = BARE.sub(dots_back, plain)
        if not (_ANY_ROW if flag & _EXOTIC else _ROW).search(plain):
            return Normalised(plain, *map(tuple, characters(text)[1:])) if flag & _MOVED else Normalised(plain)
    letters = Letters(*characters(_ARMED.sub(_disarmed, text) if flag & _SURE else text))
    # Sums, not any(): every step gets its turn in each round.
    while without_signs(letters, text) + sum(step(letters) for step in STEPS):
        pass
    return Normalised(letters.text, tuple(letters.starts), tuple(letters.ends))


_OVERRIDE = "\u202e"  # what follows is shown from right to left, whatever it is
_RUN = re.compile(f"{_OVERRIDE}([^{_OVERRIDE}\u202c\n]*)(\u202c?)")


def _turned(text: str) -> Normalised:
    """The plain form of what is shown. Each letter of a turned run stands for all of it, so that places stay in order."""
    shown = normalise(_RUN.sub(lambda run: f"\u200b{run[1][::-1]}{chr(0x200B) if run[2] else ''}", text))
    first, last = list(range(len(text))), list(range(1, len(text) + 1))
    for run in _RUN.finditer(text):
        start, end = run.span()
        first[start:end], last[start:end] = [start] * (end - start), [end] * (end - start)
    return Normalised(
        shown.text, tuple(first[place] for place in shown.starts), tuple(last[place - 1] for place in shown.ends)
    )


_EXOTIC, _SUSPECT, _MOVED, _SURE, _PART, _UNDOTTED, _SIGN_FIRST = 1, 2, 4, 8, 16, 32, 64


def _is_split(pieces: Sequence[str], flags: Sequence[int]) -> bool:
    """Whether two pieces in a row are a word that was split; one of them looks like a part of one."""
    for place in [place for place, flag in enumerate(flags) if flag & _PART]:
        for left, right in pairwise(pieces[max(0, place - 1) : place + 2]):
            first, last = WORD_LAST.search(left), WORD_FIRST.match(right)
            if first and last and joins(first[0], last[0]):
                return True
    return False


@lru_cache(maxsize=65536)
def _piece(piece: str) -> tuple[str, int]:
    """As `_unsigned`, for a piece that may have signs before its words."""
    plain, flags = _unsigned(piece)
    if ("#" in plain or "@" in plain) and is_signed(plain):
        flags |= _SURE
    return plain, flags | (_SIGN_FIRST if _FRONT.search(plain) else 0)


_FRONT = re.compile(r"(?<!\S)[^\w\s@#]+\w")


def _unsigned(piece: str) -> tuple[str, int]:
    """The plain form of what stands between two blanks, and what is to be said of it.

    The steps work on a text that has something exotic, that is beyond plain Swedish and Finnish writing; they find something
    only in what is suspect, so that a text with both needs them. Moved: not every code point has stayed in its place, or what
    is a letter or a blank is none in the original.
    """
    lower = piece.lower()
    if not _UNUSUAL.search(lower):
        return lower, (_SUSPECT if _DISGUISE.search(lower) else 0) | _broken(lower)
    parts = list(map(plain_of, piece))
    plain = "".join(parts)
    suspect = _DISGUISE.search(plain) or not ACCENTS.isdisjoint(piece)
    moved = len(plain) != len(piece) or not all(parts) or DRESSED.search(piece) or not BLANKS.isdisjoint(piece)
    armed = _SURE if not EMOJI.keys().isdisjoint(piece) and _ARMED.search(piece) else 0
    return plain, _EXOTIC | (_SUSPECT if suspect else 0) | (_MOVED if moved else 0) | _broken(plain) | armed


def _broken(plain: str) -> int:
    """What is to be said of a piece as a word that lost its dots, has a hyphen in it, or is part of a split one."""
    word = plain.rstrip(".,!?:;")
    if word in KNOWN:
        return 0
    if any(map(strung, STRUNG.finditer(plain))) or any(run_together(match[0]) for match in LONG.finditer(plain)):
        return _SURE
    if word.isalpha():
        found = dotted(word)
        if found != word and BARE.match(plain):
            return _SURE if dotted(word, surely=True) == found else _UNDOTTED | _PART
        return _PART if is_part(word) else 0
    if "-" in plain and any(joined(plain, match.start()) for match in BREAK.finditer(plain)):
        return _SURE
    bare = [match[0] for match in BARE.finditer(plain) if dotted(match[0]) != match[0]]
    if any(dotted(word, surely=True) != word for word in bare):
        return _SURE
    ends = [match[0] for match in (WORD_FIRST.match(plain), WORD_LAST.search(plain)) if match]
    return (_UNDOTTED if bare else 0) | (_PART if any(map(is_part, ends)) else 0)


# What a word in lower case needs for the slow path: characters beyond plain Swedish and Finnish writing, a digit or a sign inside
# it, a letter three times, a starred-out letter.
_UNUSUAL = re.compile(
    r"[^a-zåäö0-9 .,!?:;'\"()\-\n/%&+=@#$*_|]"
    r"|[a-zåäö](?:[0-9@$!|*#_]+[a-zåäö*]|\*\*|[0-9](?![0-9a-zåäö]))"
    r"|(?:[0-9]|(?<![a-zåäö])\$)[a-zåäö]{2}"
    r"|([a-zåäö])\1\1"
)
# What a word needs for one of the steps to find something in it, or more.
_DISGUISE = re.compile(
    rf"[€·•{OTHER_SCRIPT}]|[0-9@$|!][{LETTER}]"
    rf"|[{LETTER}](?:[0-9@$|!]*[0-9@$]|[*#_]+[{LETTER}]|\*\*|[{SIGN}]+[{LETTER}])|([{LETTER}])\1\1"
)


def _row(first: str, sign: str, other: str, word: str) -> re.Pattern[str]:
    """Three lone letters. The sign after the first comes first in the expression, so that the search can jump to it."""
    return re.compile(f"{sign}(?={other}{sign}{other}(?!{word}))(?:(?<=(?!{word}).{first}.)|(?<=^{first}.))", re.DOTALL)


# In plain writing, and for a step to find something in any text.
_ROW = _row("[a-zåäö]", r"[ .\-_*]", "[a-zåäö0-9]", "[a-zåäö0-9]")
_ANY_ROW = _row(f"[{LETTER}0-9@$]", r"[ .\-_*/]", f"[{LETTER}0-9@$]", r"\w")

# A weapon between all letters of a word is no weapon.
_ARMED = re.compile(rf"(?<!\w)[^\W\d_](?:[{SIGN}\ufe0f]+[^\W\d_]){{2,}}(?!\w)")


def _disarmed(match: re.Match[str]) -> str:
    return "".join("·" if char in EMOJI else char for char in match[0])
