"""Words with a sign before them: ``#jag #ska``, ``@jag @ska``, ``*jag *ska``. A hashtag is its words, a handle is none.

Contains abusive words.
"""

import re
from functools import lru_cache

from classify.characters import Letters, in_case
from classify.language import ORDINARY, RUDE
from classify.lexicon import DISGUISED, KNOWN, OFTEN, is_given, undisguise

TAG = re.compile(r"(?<![\w/&=?%@#])#+(?=[^\W\d_])(\w+)")
_HANDLE = re.compile(r"(?<![\w.\-@#/])@+([^\W\d_]+)(?![\w@]|[.\-]\w)")
ROW = re.compile(r"(?<!\S)[^\w\s@#]+\w\S*(?:\s+[^\w\s@#]+\w\S*){2,}")
"""Three or more words in a row with a sign before each."""
_SIGNS = re.compile(r"(?<!\S)[^\w\s@#]+(?=\w)")
_GIVEN_FROM = 4  # letters of a given name that tell a name written in small letters with no blank
_LONGEST = 20
_SHORT = 3

Cut = tuple[int, int, bool]
"""Where a word of a hashtag starts and ends in it, and whether it is a name."""


def is_signed(piece: str) -> bool:
    """Whether a piece of a plain text has a hashtag, or a handle that is plainly a word."""
    return TAG.search(piece) is not None or any(_is_word(match[1]) for match in _HANDLE.finditer(piece))


def signed_words(plain: str) -> list[tuple[int, int]]:
    """Where what looks like a handle is a word: what is plainly one, and then other known words that name nobody."""
    handles = list(_HANDLE.finditer(plain)) if "@" in plain else []
    if not any(_is_word(match[1]) for match in handles):
        return []
    return [match.span() for match in handles if _is_word(match[1]) or _is_known(match[1])]


def without_signs(letters: Letters, text: str) -> bool:
    """Take the signs away, and put blanks between the words of a hashtag of ``text``."""

    def words(match: re.Match[str]) -> list[tuple[str, int, int]]:
        first = match.start(1) - match.start()
        tag = "".join(map(_in_case, match[1], (text[place] for place in letters.starts[match.start(1) : match.end(1)])))
        found: list[tuple[str, int, int]] = []
        for start, end, _ in cut(tag):
            found += [(" ", first + start, first + start + 1)] if found else []
            found += [(match[1][place], first + place, first + place + 1) for place in range(start, end)]
        return found

    signed = set(signed_words(letters.text))

    def word(match: re.Match[str]) -> list[tuple[str, int, int]] | None:
        first = match.start(1) - match.start()
        bare = [(letter, first + place, first + place + 1) for place, letter in enumerate(match[1])]
        return bare if match.span() in signed else None

    changed = letters.rewrite(_HANDLE, word) if signed else False
    changed |= "#" in letters.text and letters.rewrite(TAG, words)
    rows = [place for row in ROW.finditer(letters.text) for place in range(*row.span())]
    if rows:
        inside = frozenset(rows)
        letters.rewrite(_SIGNS, lambda sign: [] if sign.start() in inside else None)
    return changed or bool(rows)


def names_in_tags(text: str) -> list[tuple[int, int]]:
    """Where the hashtags of ``text`` name somebody."""
    return [
        (match.start(1) + start, match.start(1) + end)
        for match in TAG.finditer(text)
        for start, end, name in cut(match[1])
        if name
    ]


@lru_cache(maxsize=16384)
def cut(tag: str) -> tuple[Cut, ...]:
    """The words of a hashtag without its sign: by its capitals, else by what words it is made of."""
    found: list[Cut] = []
    for match in _CHUNK.finditer(tag):
        start, end = match.span()
        word = match[0].lower()
        capital = match[0][0].isupper() and not match[0].isupper()
        behind_name = bool(found) and found[-1][2]
        may_be_words = not behind_name and not _is_known(word) and not is_given(word)
        # "Jagskadödadig" is words, "Kukkonen" is a name.
        if may_be_words and (parts := _made_of(word, rude_from=4 if capital else 3)):
            found += [(start + first, start + last, False) for first, last in parts]
        elif capital:
            after_name = behind_name and word not in OFTEN
            name = is_given(word) or (word not in DISGUISED and (word not in KNOWN or after_name))
            found.append((start, end, name))
        else:
            behind_given = bool(found) and is_given(tag[slice(*found[-1][:2])].lower())
            found.append((start, end, word not in KNOWN and (behind_given or _begins_with_name(word))))
    return tuple(found)


_CHUNK = re.compile(  # EU and Debatt, EU and val
    r"[A-ZÅÄÖ]{2,}(?![a-zåäö])|[A-ZÅÄÖ]{2}(?=[a-zåäö]{3})|[A-ZÅÄÖ][^\W_A-ZÅÄÖ]*|[^\W_A-ZÅÄÖ]+"
)


def _made_of(word: str, *, rude_from: int) -> list[tuple[int, int]] | None:
    """``word`` cut into known words, as few as can be, where one of them is rude and has ``rude_from`` letters: None without.

    One that has lost its dots counts from four letters: "bog" is a part of many names.
    """
    if len(word) > 3 * _LONGEST:
        return None
    ways: list[list[tuple[int, int]] | None] = [[]]  # the best way to cut what ends at each place
    for end in range(1, len(word) + 1):
        best: list[tuple[int, int]] | None = None
        for start in range(max(0, end - _LONGEST), end - 1):
            before, part = ways[start], word[start:end]
            if before is None or (part not in ORDINARY and (len(part) < 3 or undisguise(part) is None)):
                continue
            if best is None or len(before) + 1 < len(best):
                best = [*before, (start, end)]
        ways.append(best)
    found = ways[-1]
    rude = any(
        (end - start >= rude_from and word[start:end] in RUDE)
        or (end - start > _SHORT and undisguise(word[start:end]) in RUDE)
        for start, end in found or ()
    )
    return found if found and len(found) > 1 and rude else None


def _is_word(word: str) -> bool:
    return word in ORDINARY or undisguise(word) in DISGUISED


def _is_known(word: str) -> bool:
    return undisguise(word) is not None and not is_given(word)


def _begins_with_name(word: str) -> bool:
    return any(is_given(word[:length]) for length in range(_GIVEN_FROM, min(len(word), _LONGEST) + 1))


def _in_case(plain: str, original: str) -> str:
    return plain.upper() if in_case(original).isupper() and len(plain.upper()) == 1 else plain
