"""Steps that undo disguises of words, each over a whole text: look-alikes, digits, signs and blanks between letters, stars ..."""

import re

from classify.characters import LETTER, LOOKALIKE, OTHER_SCRIPT, SIGN, Letters
from classify.lexicon import (
    DISGUISED,
    KNOWN,
    OFTEN,
    dotted,
    is_sentence,
    joins,
    pronouns,
    resolve,
    run_together,
    undisguise,
)

_DOTS = re.compile("[åäö]")
BARE = re.compile(r"(?<![\w@#/.&=\-*:])[a-z]{2,20}(?![\w@/&=\-*]|[.:]\w)")
WORD_FIRST = re.compile(r"[a-zåäö]{1,20}(?!\w)")
BREAK = re.compile(r"(?<=[a-zåäö])[- ](?=[a-zåäö])")
WORD_LAST = re.compile(r"(?<![\w@#/.&=\-*:'])[a-zåäö]{1,20}$")
_WORD_NEXT = re.compile(r"[a-zåäö]{1,20}(?![\w@/&=\-*]|[.:]\w)")

_LEET = str.maketrans("01345789@$€|!", "oieastbgaseli")
_LEET_I = _LEET | str.maketrans("1|!", "lll")
_FOREIGN = re.compile(r"[Ͱ-ϿЀ-ԯ]")
_MIXED = re.compile(rf"[{LETTER}{OTHER_SCRIPT}]+")
_OTHER_SCRIPT = re.compile(f"[{OTHER_SCRIPT}]")


def _same_place(letters: str) -> list[tuple[str, int, int]]:
    return [(letter, place, place + 1) for place, letter in enumerate(letters)]


def _lookalikes(letters: Letters) -> bool:
    """Letters of other scripts in a word that also has Latin ones, or that has nothing but look-alikes."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = match[0]
        plain = "".join(LOOKALIKE.get(letter, letter) for letter in word)
        if plain == word or (_FOREIGN.search(plain) and not any(letter.isascii() for letter in word)):
            return None
        by_sound = word.replace("н", "n").replace("р", "r").replace("в", "v")
        by_sound = "".join(LOOKALIKE.get(letter, letter) for letter in by_sound)
        return _same_place(undisguise(by_sound) or plain)

    return bool(_OTHER_SCRIPT.search(letters.text)) and letters.rewrite(_MIXED, change)


_WITH_DIGITS = re.compile(
    rf"(?<![\w@.$/#+\-])(?=[{LETTER}0-9@$€|!]*[{LETTER}])[{LETTER}0-9@$€|!]*[0-9@$€|!][{LETTER}0-9@$€|!]*"
)
_INNER = re.compile(rf"(?<=[{LETTER}])[013457@$€|](?=[{LETTER}])")


_BETWEEN = re.compile(r"[a-zåäö][0-9@$|]+[a-zåäö]")
_OF_ADDRESS = re.compile(r"(?:-[\w\-]*)?\.\w")  # what follows a word with an "@" that is the beginning of an address
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
    hidden = resolve(word.replace("@", "*")) if "@" in word.strip("@") else None  # an "@" for another letter than an a
    return hidden if hidden in DISGUISED else None


def _leet(letters: Letters) -> bool:
    """Digits and signs for letters: always where the result is a known word, else only for lone digits inside a longer word."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = match[0].rstrip("!|")
        if (
            not word
            or len(word) > 24
            or word.isalpha()
            or ("@" in word and _OF_ADDRESS.match(match.string, match.end()))
        ):
            return None
        plain = _without_digits(word)
        if plain is None and sum(letter.isalpha() for letter in word) >= 2 and not _ROAD.match(word):
            plain = _INNER.sub(lambda inner: inner[0].translate(_LEET), word)
            if not plain.isalpha() and sum(map(str.isalpha, word)) >= 3 and word[0] != "@" and _BETWEEN.search(word):
                plain = word.translate(_LEET)
            plain = plain if plain.isalpha() and not _COUNTED.fullmatch(word) else None
        return None if plain is None else _same_place(plain + match[0][len(word) :])

    return letters.rewrite(_WITH_DIGITS, change)


def dots_back(match: re.Match[str]) -> str:
    """The word of ``match`` with the dots that it lacks."""
    return dotted(match[0])


def without_dots(text: str) -> bool:
    """Whether a text was written without dots, and not only has none: several words lack them, or a common one."""
    if _DOTS.search(text):
        return False
    found = {word for word in BARE.findall(text) if dotted(word) != word}
    return len(found) > 1 or any(dotted(word) in OFTEN for word in found)


def _bare(letters: Letters) -> bool:
    """``doda`` is ``döda``: a word that is none without its dots, in a text without any; elsewhere only one often disguised."""
    surely = not without_dots(letters.text)

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        plain = dotted(match[0], surely=surely)
        return None if plain == match[0] else _same_place(plain)

    return letters.rewrite(BARE, change)


def joined(text: str, at: int) -> bool:
    """Whether the hyphen or blank at ``at`` splits a word."""
    left = WORD_LAST.search(text[max(0, at - 22) : at])
    right = _WORD_NEXT.match(text, at + 1)
    if right and len(right[0]) == 1 and text[right.end() : right.end() + 1] == ".":  # rather an initial
        return False
    return bool(left and right and joins(left[0], right[0], hyphen=text[at] == "-"))


def _split(letters: Letters) -> bool:
    """``dö-da`` and ``tap an``: a known word whose parts are none."""
    return letters.rewrite(BREAK, lambda match: [] if joined(match.string, match.start()) else None)


_SIGNED = re.compile(rf"(?<![\w.\-*@#])[{LETTER}0-9](?:[·{SIGN}]+[{LETTER}0-9]){{2,}}(?!\w)")


def _signed(letters: Letters) -> bool:
    """``d🔥ö🔥d🔥a``"""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        row = [(letter, place, place + 1) for place, letter in enumerate(match[0]) if letter.isalnum()]
        return row if any(letter.isalpha() for letter, _, _ in row) else None

    return letters.rewrite(_SIGNED, change)


_SPACED = re.compile(rf"(?<![\w.\-*@#])[{LETTER}0-9@$](?:([ .\-_*·•/])[{LETTER}0-9@$])(?:\1[{LETTER}0-9@$])+(?!\w)")


def _spaced(letters: Letters) -> bool:
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


_REPEATED = re.compile(rf"(?<![{LETTER}])(?=[{LETTER}]*?([{LETTER}])\1\1)[{LETTER}]+")
_RUN = re.compile(r"(.)\1*")


def _repeated(letters: Letters) -> bool:
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
    rf"(?<![\w*#])[{LETTER}]+(?:[*#_•]+[{LETTER}]+)+|(?<![\w*#])[{LETTER}]+[*•]{{2,}}[{LETTER}]*(?!\w)"
)


def _starred(letters: Letters) -> bool:
    """``h*ra`` becomes the one word that it can stand for; where there is none, the hidden letter stays a ``*``."""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        word = re.sub("[#_•]", "*", match[0])
        plain = resolve(word) or (word if "_" not in match[0] and "#" not in match[0] else match[0])
        return _same_place(plain) if plain != match[0] else None

    return letters.rewrite(_STARRED, change)


LONG = re.compile(r"(?<![\w@#/.&=\-*:])[a-zåäö]{7,}(?![\w@/&=\-*]|[.:]\w)")


def _run_together(letters: Letters) -> bool:
    """``jagskadödadig``"""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        found: list[tuple[str, int, int]] = []
        place = 0
        for word in run_together(match[0]):
            if place:
                found.append((" ", place - 1, place))
            found += [(letter, place + n, place + n + 1) for n, letter in enumerate(word)]
            place += len(word)
        return found or None

    return letters.rewrite(LONG, change)


# Between blanks, quotation marks or brackets: within an address, nothing is a sentence.
STRUNG = re.compile(
    r"(?<![^\s\"'’“”„»«(\[])[a-zåäö]+(?:([,;.:/_+|&=~\-])[a-zåäö]+)(?:\1[a-zåäö]+)*(?=[.,!?:;…\"'’“”«»)\]]*(?:\s|$))"
)


def strung(match: re.Match[str]) -> bool:
    """Whether what stands between the signs is a sentence or a part of one.

    Where names of pages have such signs too, and where there are two words alone, it must be one for certain.
    """
    words = match[0].split(match[1])
    known = sum(word in KNOWN for word in words)
    if len(words) < 3 or match[1] in ".:/":
        return (len(words) > 2 or match[1] not in ",;.:/") and known == len(words) and is_sentence(words)
    return 2 * known > len(words) and pronouns(words) > 1


def _strung(letters: Letters) -> bool:
    """``jag-ska-döda-dig``"""

    def change(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        return _same_place(match[0].replace(match[1], " ")) if strung(match) else None

    return letters.rewrite(STRUNG, change)


STEPS = (_lookalikes, _strung, _leet, _signed, _spaced, _repeated, _starred, _split, _bare, _run_together)
