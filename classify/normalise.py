"""Undo what hides a word from a machine and not from a reader, and remember where each letter stood.

Full-width and mathematical letters, look-alikes from other scripts, invisible characters, stacked accents,
``d0da``, ``t a p a n``, ``h*ra``, ``dööööda``, CAPITALS and emoji that stand for weapons all become plain lower-case words.
The result is a fixed point: normalising it again changes nothing.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_

from classify.lexicon import DISGUISED, resolve, undisguise


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
    pieces, flags = zip(*map(_piece, text.split(" ")), strict=True)
    flag = reduce(or_, flags)
    if not (flag & _EXOTIC and flag & _SUSPECT):
        plain = " ".join(pieces)
        if not (_ANY_ROW if flag & _EXOTIC else _ROW).search(plain):
            return Normalised(plain, *map(tuple, _characters(text)[1:])) if flag & _MOVED else Normalised(plain)
    letters = _Letters(*_characters(text))
    while sum(step(letters) for step in _STEPS):  # a sum, not any(): every step gets its turn in each round
        pass
    return Normalised(letters.text, tuple(letters.starts), tuple(letters.ends))


_EXOTIC, _SUSPECT, _MOVED = 1, 2, 4


@lru_cache(maxsize=32768)
def _piece(piece: str) -> tuple[str, int]:
    """The plain form of what stands between two blanks, and what is to be said of it.

    The steps work on a text that has something exotic, that is beyond plain Swedish and Finnish writing; they find something
    only in what is suspect, so that a text with both needs them. Moved: not every code point has stayed in its place.
    """
    lower = piece.lower()
    if not _UNUSUAL.search(lower):
        return lower, _SUSPECT if _DISGUISE.search(lower) else 0
    parts = list(map(_plain, piece))
    plain = "".join(parts)
    suspect = _DISGUISE.search(plain) or not _ACCENTS.isdisjoint(piece)
    moved = len(plain) != len(piece) or not all(parts)
    return plain, _EXOTIC | (_SUSPECT if suspect else 0) | (_MOVED if moved else 0)


_LETTER = "a-zåäöéüæøõšžßð"
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
    rf"[€·•Ͱ-ϿЀ-ԯıłđħŧɑɡɩʏꞵɪɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ]|[0-9@$|!][{_LETTER}]"
    rf"|[{_LETTER}](?:[0-9@$|!]*[0-9@$]|[*#_]+[{_LETTER}]|\*\*)|([{_LETTER}])\1\1"
)


def _row(first: str, sign: str, other: str, word: str) -> re.Pattern[str]:
    """Three lone letters. The sign after the first comes first in the expression, so that the search can jump to it."""
    return re.compile(f"{sign}(?={other}{sign}{other}(?!{word}))(?:(?<=(?!{word}).{first}.)|(?<=^{first}.))", re.DOTALL)


# In plain writing, and for a step to find something in any text.
_ROW = _row("[a-zåäö]", r"[ .\-_*]", "[a-zåäö0-9]", "[a-zåäö0-9]")
_ANY_ROW = _row(f"[{_LETTER}0-9@$]", r"[ .\-_*/]", f"[{_LETTER}0-9@$]", r"\w")
_KEPT = frozenset("åäöéüæøõšž")

_EMOJI = {
    "🔪": "emojiknife", "🗡": "emojiknife", "⚔": "emojiknife", "🪓": "emojiaxe", "🔫": "emojigun", "💣": "emojibomb",
    "🧨": "emojibomb", "💥": "emojibang", "⚰": "emojigrave", "🪦": "emojigrave", "⚱": "emojigrave", "☠": "emojideath",
    "🩸": "emojiblood", "🎯": "emojitarget", "🪢": "emojirope",
}  # fmt: skip

_LOOKALIKE = {
    **dict(zip("асеорхуіјѕһԁԛԝӏьвнкмтгпзё", "aceopxyijshdqwlbbhkmtrnee", strict=True)),
    **dict(zip("αβγεηικνορτυχωϲ", "abyenikvoptuxwc", strict=True)),
    **dict(zip("ıłđħŧɑɡɩʏꞵɪɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "ildhtagiybinracdejkmoptuvwz", strict=True)),
}  # fmt: skip
_LEET = str.maketrans("01345789@$€|!", "oieastbgaseli")
_LEET_I = _LEET | str.maketrans("1|!", "lll")
_FOREIGN = re.compile(r"[Ͱ-ϿЀ-ԯ]")


class _Letters:
    """A text under work, with the place of each code point."""

    def __init__(self, text: str, starts: list[int], ends: list[int]) -> None:
        self.text, self.starts, self.ends = text, starts, ends

    def rewrite(
        self, shape: re.Pattern[str], change: Callable[[re.Match[str]], list[tuple[str, int, int]] | None]
    ) -> bool:
        """Replace each match by the letters that ``change`` gives, each with its place in the match; None keeps it."""
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in shape.finditer(self.text):
            new = change(match)
            if new is None:
                continue
            at = match.start()
            text.append(self.text[done:at])
            starts += self.starts[done:at]
            ends += self.ends[done:at]
            for letter, first, last in new:
                text.append(letter)
                starts.append(self.starts[at + first])
                ends.append(self.ends[at + last - 1])
            done = match.end()
        if not done:
            return False
        self.text = "".join(text) + self.text[done:]
        self.starts = starts + self.starts[done:]
        self.ends = ends + self.ends[done:]
        return True


_UNSEEN = ("Cf", "Mn", "Me")  # categories of what is invisible or stands on another letter


@lru_cache(maxsize=8192)
def _plain(char: str) -> str:
    """What one code point stands for: any number of plain ones, or none."""
    if char in _EMOJI:
        return f" {_EMOJI[char]} "
    kind = unicodedata.category(char)
    if kind in _UNSEEN:
        return ""
    if kind in ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"):
        return "\n" if char == "\n" else " "
    found = []
    for each in unicodedata.normalize("NFKC", char).lower():
        if each in _KEPT or unicodedata.category(each) not in _UNSEEN:
            base = each if each in _KEPT else unicodedata.normalize("NFD", each)[0]
            base = _EMOJI.get(base, base)
            found.append(base if each.isascii() or base.isascii() else each)
    return unicodedata.normalize("NFC", "".join(found))


_COMPOSED = {
    ("a", "\u030a"): "å",
    ("a", "\u0308"): "ä",
    ("o", "\u0308"): "ö",
    ("e", "\u0301"): "é",
    ("u", "\u0308"): "ü",
}

_ACCENTS = frozenset(accent for _, accent in _COMPOSED)


def _characters(text: str) -> tuple[str, list[int], list[int]]:
    found: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    bare = False  # whether the last letter may still take the accent that makes it another letter
    for place, char in enumerate(text):
        if bare and (found[-1], char) in _COMPOSED:
            found[-1], ends[-1], bare = _COMPOSED[found[-1], char], place + 1, False
            continue
        plain = _plain(char)
        if plain:
            bare = len(plain) == 1 and plain in "aoeu"
            found += plain
            starts += [place] * len(plain)
            ends += [place + 1] * len(plain)
    return "".join(found), starts, ends


_MIXED = re.compile(rf"(?:[{_LETTER}]|[Ͱ-ϿЀ-ԯıłđħŧɑɡɩʏꞵɪɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ])+")
_OTHER_SCRIPT = re.compile("[Ͱ-ϿЀ-ԯıłđħŧɑɡɩʏꞵɪɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ]")


def _same_place(letters: str) -> list[tuple[str, int, int]]:
    return [(letter, place, place + 1) for place, letter in enumerate(letters)]


def _lookalikes(letters: _Letters) -> bool:
    """Letters of other scripts in a word that also has Latin ones, or that has nothing but look-alikes."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = match[0]
        plain = "".join(_LOOKALIKE.get(letter, letter) for letter in word)
        if plain == word or (_FOREIGN.search(plain) and not any(letter.isascii() for letter in word)):
            return None
        by_sound = word.replace("н", "n").replace("р", "r").replace("в", "v")
        by_sound = "".join(_LOOKALIKE.get(letter, letter) for letter in by_sound)
        return _same_place(undisguise(by_sound) or plain)

    return bool(_OTHER_SCRIPT.search(letters.text)) and letters.rewrite(_MIXED, change)


_WITH_DIGITS = re.compile(
    rf"(?<![\w@.$/#+\-])(?=[{_LETTER}0-9@$€|!]*[{_LETTER}])[{_LETTER}0-9@$€|!]*[0-9@$€|!][{_LETTER}0-9@$€|!]*"
)
_INNER = re.compile(rf"(?<=[{_LETTER}])[013457@$€|](?=[{_LETTER}])")


_ROAD = re.compile(r"e\d|.\d[^a-zåäö]")  # European roads, and too little to tell


def _leet(letters: _Letters) -> bool:
    """Digits and signs for letters: always where the result is a known word, else only for lone digits inside a longer word."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = match[0].rstrip("!|")
        if not word or len(word) > 24 or word.isalpha() or ("@" in word and match.string[match.end() :][:1] == "."):
            return None
        plain = undisguise(word.translate(_LEET)) or undisguise(word.translate(_LEET_I))
        if plain is None and sum(letter.isalpha() for letter in word) >= 2 and not _ROAD.match(word):
            plain = _INNER.sub(lambda inner: inner[0].translate(_LEET), word)
            plain = plain if plain.isalpha() else None
        return None if plain is None else _same_place(plain + match[0][len(word) :])

    return letters.rewrite(_WITH_DIGITS, change)


_SPACED = re.compile(rf"(?<![\w.\-*@#])[{_LETTER}0-9@$](?:([ .\-_*·•/])[{_LETTER}0-9@$])(?:\1[{_LETTER}0-9@$])+(?!\w)")


def _spaced(letters: _Letters) -> bool:
    """``d ö d a``, ``d.ö.d``: single letters with the same sign between them.

    A known word is joined wherever it stands in the row; without one the whole row is, if it has four letters or more.
    """

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        row = match[0][::2]
        parts = _known_parts(row.translate(_LEET) if not row.isdigit() else row)
        if not any(len(part) > 1 for part in parts):
            if len(row) < (3 if match[1] == "." else 4) or sum(letter in _CONSONANTS for letter in row) < len(row) / 3:
                return None
            parts = [row]
        found: list[tuple[str, int, int]] = []
        place = 0
        for part in parts:
            if place:
                found.append((" ", 2 * place - 1, 2 * place))
            found += [(letter, 2 * (place + n), 2 * (place + n) + 1) for n, letter in enumerate(part)]
            place += len(part)
        return found

    return letters.rewrite(_SPACED, change)


_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxz")


def _known_parts(row: str) -> list[str]:
    """``row`` cut into known words of three letters or more and single letters: few letters alone, then few words."""
    # From the end: how best to cut what begins at each place, as (letters alone, words, length of the first part).
    ways: list[tuple[int, int, int]] = [(0, 0, 0)]
    firsts: list[str] = [""]
    for place in range(len(row) - 1, -1, -1):
        alone, words, _ = ways[-1]
        best, first = (alone + 1, words, 1), row[place]
        for length in range(3, min(14, len(row) - place) + 1):
            word = undisguise(row[place : place + length])
            if word is not None and (ways[-length][0], ways[-length][1] + 1) < best[:2]:
                best, first = (ways[-length][0], ways[-length][1] + 1, length), word
        ways.append(best)
        firsts.append(first)
    parts: list[str] = []
    place = len(row)
    while place:
        parts.append(firsts[place])
        place -= ways[place][2]
    return parts


_REPEATED = re.compile(rf"(?<![{_LETTER}])(?=[{_LETTER}]*?([{_LETTER}])\1\1)[{_LETTER}]+")
_RUN = re.compile(r"(.)\1*")


def _repeated(letters: _Letters) -> bool:
    """A letter three times or more becomes one if that gives a known word, else two."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        runs = [(run[1], run.start(), run.end()) for run in _RUN.finditer(match[0])]
        for most in (1, 2):
            kept = [
                (letter, first + place, last if place + 1 == count else first + place + 1)
                for letter, first, last in runs
                for count in (min(last - first, most) if last - first > 2 else last - first,)
                for place in range(count)
            ]
            if most == 2 or "".join(letter for letter, _, _ in kept) in _PLAIN_WORDS:
                return kept
        raise AssertionError  # pragma: no cover

    return letters.rewrite(_REPEATED, change)


_PLAIN_WORDS = DISGUISED | frozenset(
    [
        "nej",
        "ja",
        "hej",
        "så",
        "va",
        "vad",
        "du",
        "jag",
        "mä",
        "sä",
        "ei",
        "no",
        "joo",
        "ska",
        "på",
        "ut",
        "nu",
        "skit",
        "bra",
        "fy",
    ]
)
_STARRED = re.compile(
    rf"(?<![\w*#])[{_LETTER}]+(?:[*#_•]+[{_LETTER}]+)+|(?<![\w*#])[{_LETTER}]+[*•]{{2,}}[{_LETTER}]*(?!\w)"
)


def _starred(letters: _Letters) -> bool:
    """``h*ra`` becomes the one word that it can stand for; where there is none, the hidden letter stays a ``*``."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = re.sub("[#_•]", "*", match[0])
        plain = resolve(word) or (word if "_" not in match[0] and "#" not in match[0] else match[0])
        return _same_place(plain) if plain != match[0] else None

    return letters.rewrite(_STARRED, change)


_STEPS = (_lookalikes, _leet, _spaced, _repeated, _starred)
