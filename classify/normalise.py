"""Undo what hides a word from a machine and not from a reader, and remember where each letter stood.

Full-width and mathematical letters, look-alikes from other scripts, invisible characters, stacked accents,
``d0da``, ``t a p a n``, ``h*ra``, ``dööööda``, CAPITALS and emoji that stand for weapons all become plain lower-case words.
The result is a fixed point: normalising it again changes nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import pairwise
from operator import or_

from classify.lexicon import DISGUISED, KNOWN, OFTEN, dotted, is_part, joins, resolve, undisguise


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
    if not ((flag & _EXOTIC and flag & _SUSPECT) or flag & _SURE or (flag & _PART and _is_split(pieces, flags))):
        plain = " ".join(pieces)
        if flag & _UNDOTTED and _without_dots(plain):
            plain = _BARE.sub(_dotted, plain)
        if not (_ANY_ROW if flag & _EXOTIC else _ROW).search(plain):
            return Normalised(plain, *map(tuple, _characters(text)[1:])) if flag & _MOVED else Normalised(plain)
    letters = _Letters(*_characters(_ARMED.sub(_disarmed, text) if flag & _SURE else text))
    while sum(step(letters) for step in _STEPS):  # a sum, not any(): every step gets its turn in each round
        pass
    return Normalised(letters.text, tuple(letters.starts), tuple(letters.ends))


_EXOTIC, _SUSPECT, _MOVED, _SURE, _PART, _UNDOTTED = 1, 2, 4, 8, 16, 32


def _is_split(pieces: Sequence[str], flags: Sequence[int]) -> bool:
    """Whether two pieces in a row are a word that was split; one of them looks like a part of one."""
    for place in [place for place, flag in enumerate(flags) if flag & _PART]:
        for left, right in pairwise(pieces[max(0, place - 1) : place + 2]):
            first, last = _WORD_LAST.search(left), _WORD_FIRST.match(right)
            if first and last and joins(first[0], last[0]):
                return True
    return False


@lru_cache(maxsize=65536)
def _piece(piece: str) -> tuple[str, int]:
    """The plain form of what stands between two blanks, and what is to be said of it.

    The steps work on a text that has something exotic, that is beyond plain Swedish and Finnish writing; they find something
    only in what is suspect, so that a text with both needs them. Moved: not every code point has stayed in its place.
    """
    lower = piece.lower()
    if not _UNUSUAL.search(lower):
        return lower, (_SUSPECT if _DISGUISE.search(lower) else 0) | _broken(lower)
    parts = list(map(_plain, piece))
    plain = "".join(parts)
    suspect = _DISGUISE.search(plain) or not _ACCENTS.isdisjoint(piece)
    moved = len(plain) != len(piece) or not all(parts)
    armed = _SURE if not _EMOJI.keys().isdisjoint(piece) and _ARMED.search(piece) else 0
    return plain, _EXOTIC | (_SUSPECT if suspect else 0) | (_MOVED if moved else 0) | _broken(plain) | armed


def _broken(plain: str) -> int:
    """What is to be said of a piece as a word that lost its dots, has a hyphen in it, or is part of a split one."""
    word = plain.rstrip(".,!?:;")
    if word in KNOWN:
        return 0
    if word.isalpha():
        found = dotted(word)
        if found != word and _BARE.match(plain):
            return _SURE if dotted(word, surely=True) == found else _UNDOTTED | _PART
        return _PART if is_part(word) else 0
    if "-" in plain and any(_joined(plain, match.start()) for match in _BREAK.finditer(plain)):
        return _SURE
    bare = [match[0] for match in _BARE.finditer(plain) if dotted(match[0]) != match[0]]
    if any(dotted(word, surely=True) != word for word in bare):
        return _SURE
    ends = [match[0] for match in (_WORD_FIRST.match(plain), _WORD_LAST.search(plain)) if match]
    return (_UNDOTTED if bare else 0) | (_PART if any(map(is_part, ends)) else 0)


_LETTER = "a-zåäöéüæøõšžßð"
_SIGN = "\u2190-\u2bff\U0001f000-\U0001faff"  # arrows, shapes and emoji
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
    rf"|[{_LETTER}](?:[0-9@$|!]*[0-9@$]|[*#_]+[{_LETTER}]|\*\*|[{_SIGN}]+[{_LETTER}])|([{_LETTER}])\1\1"
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

# A weapon between all letters of a word is no weapon.
_ARMED = re.compile(rf"(?<!\w)[^\W\d_](?:[{_SIGN}\ufe0f]+[^\W\d_]){{2,}}(?!\w)")
_DOTS = re.compile("[åäö]")
_BARE = re.compile(r"(?<![\w@#/.&=\-*:])[a-z]{2,20}(?![\w@/&=\-*]|[.:]\w)")
_WORD_FIRST = re.compile(r"[a-zåäö]{1,20}(?!\w)")
_BREAK = re.compile(r"(?<=[a-zåäö])[- ](?=[a-zåäö])")
_WORD_LAST = re.compile(r"(?<![\w@#/.&=\-*:'])[a-zåäö]{1,20}$")
_WORD_NEXT = re.compile(r"[a-zåäö]{1,20}(?![\w@/&=\-*]|[.:]\w)")

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


@lru_cache(maxsize=8192)
def in_case(char: str) -> str:
    """The plain capital or small letter that a code point stands for, itself if it is none, nothing if it is unseen."""
    if unicodedata.category(char) in _UNSEEN:
        return ""
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) != 1:
        return char
    small = _LOOKALIKE.get(plain.lower())
    return (small.upper() if plain.isupper() else small) if small else plain


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


_BETWEEN = re.compile(r"[a-zåäö][0-9@$|]+[a-zåäö]")
_ROAD = re.compile(r"e\d|.\d[^a-zåäö]")  # European roads, and too little to tell


_COUNTED = re.compile(
    r"[1-9][0-9]*[a-zåäö]{1,4}|[a-zåäö]{1,2}[0-9]+|[a-zåäö]+[0-9]{2,}"
)  # 8an, b12, covid19: mostly meant so


def _without_digits(word: str) -> str | None:
    """The known word that ``word`` is with letters for its digits and signs; a common one only where it is no number."""
    for table in (_LEET, _LEET_I):
        plain = undisguise(word.translate(table))
        if plain is not None and (plain in DISGUISED or not (word[0] == "@" or _COUNTED.fullmatch(word))):
            return plain
    return None


def _leet(letters: _Letters) -> bool:
    """Digits and signs for letters: always where the result is a known word, else only for lone digits inside a longer word."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = match[0].rstrip("!|")
        if not word or len(word) > 24 or word.isalpha() or ("@" in word and match.string[match.end() :][:1] == "."):
            return None
        plain = _without_digits(word)
        if plain is None and sum(letter.isalpha() for letter in word) >= 2 and not _ROAD.match(word):
            plain = _INNER.sub(lambda inner: inner[0].translate(_LEET), word)
            if not plain.isalpha() and sum(map(str.isalpha, word)) >= 3 and word[0] != "@" and _BETWEEN.search(word):
                plain = word.translate(_LEET)
            plain = plain if plain.isalpha() and not _COUNTED.fullmatch(word) else None
        return None if plain is None else _same_place(plain + match[0][len(word) :])

    return letters.rewrite(_WITH_DIGITS, change)


def _disarmed(match: re.Match[str]) -> str:
    return "".join("·" if char in _EMOJI else char for char in match[0])


def _dotted(match: re.Match[str]) -> str:
    return dotted(match[0])


def _without_dots(text: str) -> bool:
    """Whether a text was written without dots, and not only has none: several words lack them, or a common one."""
    if _DOTS.search(text):
        return False
    found = {word for word in _BARE.findall(text) if dotted(word) != word}
    return len(found) > 1 or any(dotted(word) in OFTEN for word in found)


def _bare(letters: _Letters) -> bool:
    """``doda`` is ``döda``: a word that is none without its dots, in a text without any; elsewhere only one often disguised."""
    surely = not _without_dots(letters.text)

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        plain = dotted(match[0], surely=surely)
        return None if plain == match[0] else _same_place(plain)

    return letters.rewrite(_BARE, change)


def _joined(text: str, at: int) -> bool:
    """Whether the hyphen or blank at ``at`` splits a word."""
    left = _WORD_LAST.search(text[max(0, at - 22) : at])
    right = _WORD_NEXT.match(text, at + 1)
    if right and len(right[0]) == 1 and text[right.end() : right.end() + 1] == ".":  # rather an initial
        return False
    return bool(left and right and joins(left[0], right[0], hyphen=text[at] == "-"))


def _split(letters: _Letters) -> bool:
    """``dö-da`` and ``tap an``: a known word whose parts are none."""
    return letters.rewrite(_BREAK, lambda match: [] if _joined(match.string, match.start()) else None)


_SIGNED = re.compile(rf"(?<![\w.\-*@#])[{_LETTER}0-9](?:[·{_SIGN}]+[{_LETTER}0-9]){{2,}}(?!\w)")


def _signed(letters: _Letters) -> bool:
    """``d🔥ö🔥d🔥a``"""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        row = [(letter, place, place + 1) for place, letter in enumerate(match[0]) if letter.isalnum()]
        return row if any(letter.isalpha() for letter, _, _ in row) else None

    return letters.rewrite(_SIGNED, change)


_SPACED = re.compile(rf"(?<![\w.\-*@#])[{_LETTER}0-9@$](?:([ .\-_*·•/])[{_LETTER}0-9@$])(?:\1[{_LETTER}0-9@$])+(?!\w)")


def _spaced(letters: _Letters) -> bool:
    """``d ö d a``, ``d.ö.d``: single letters with the same sign between them.

    A known word is joined wherever it stands in the row; without one the whole row is, if it has four letters or more.
    """

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        row = match[0][::2]
        parts = _known_parts(row.translate(_LEET) if not row.isdigit() else row)
        if match[1] != " " and len(parts) > 1 and not DISGUISED.issuperset(parts):
            parts = [*row.translate(_LEET)] if any(map(str.isalpha, row)) else [*row]
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
        for length in range(3, min(20, len(row) - place) + 1):
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
            if most == 2 or "".join(letter for letter, _, _ in kept) in KNOWN:
                return kept
        raise AssertionError  # pragma: no cover

    return letters.rewrite(_REPEATED, change)


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


_STEPS = (_lookalikes, _leet, _signed, _spaced, _repeated, _starred, _split, _bare)
