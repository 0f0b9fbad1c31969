"""What the models get to see of a text: no names, no handles, no links, no numbers.

A model that learned who is written about would judge people, not texts. Everything keeps its place: the masked text has the
length of the normalised one, so that a feature's place in it is its place in the normalised text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from classify.characters import in_case
from classify.lexicon import DISGUISED, KNOWN, is_given
from classify.normalise import Normalised, normalise
from classify.signs import names_in_tags, signed_words

NAME: Final = "ƿ"
"""Stands for each letter of a masked name, handle or link: a letter that no living language writes."""
NAMES: Final = re.compile(f"{NAME}+(?:[ -]{NAME}+)*")
"""A masked name of any number of words."""
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)(?:[^\s@]+@)+[^\s@]+\.\w+|(?<!\w)@[\w.\-]+(?:@[\w.\-]+)?")
PAGE_ENDINGS: Final = (
    "app|ax|be|blog|cc|co|com|dev|dk|ee|eu|fi|fr|gd|gl|info|io|is|it|ly|me|net|news|no|nu|org|pl|ru|se|to|tv|uk|us"
)
"""The last parts of a page's address, as alternatives of an expression."""
# A page without its scheme. Words with dots between them are none: "jag.ska.doda.dig/nu".
_PAGE = re.compile(rf"(?<![\w@./\-])((?:[a-z0-9\-]+\.){{1,3}})(?:{PAGE_ENDINGS})/[^\s,;!\"“”„»]*")
# Every reply begins with handles: they say nothing of it, not even that somebody is named.
_LEADING = re.compile(r"\A\s*\.?(?:@[\w.\-]+(?:@[\w.\-]+)?[,:]?\s+)+")
_SEEN = re.compile(r"\S")
_MARKS = re.compile(r"[.,!?:;]{2,}")
_SIGNS = re.compile(r"(?:[^\w\s.,!?:;\"'“”„»«’‘]\s*){4,}")
_SAME_WORD = re.compile(r"(?<!\w)([^\W\d_]+)(?:\W+\1(?!\w)){3,}")
_DIGIT = re.compile("[1-9]")
_DIGIT_OR_QUOTE = re.compile("[1-9\"“”„»'’‘]")
_LETTER = re.compile(rf"[^\W\d_{NAME}]")
_SOLID = re.compile("[^ ]")
# A capital after a small letter, digit or bracket and a blank, or after a word, a comma and a blank. The capital comes
# first in the expression, so that the search can jump from capital to capital.
_CAPITALISED = re.compile(r"[A-ZÅÄÖ](?:(?<=[a-zåäö0-9)] .)|(?<=[^\W\d_][,;] .))[^\W\d_]+(?:-[A-ZÅÄÖ][^\W\d_]+)?")
QUOTED = re.compile(r"[\"“”„»](?=\w)([^\"“”„»«\n]{3,200})[\"“”«»]|(?<!\w)['’‘](?=\w)([^'’‘\n]{6,200})['’](?!\w)")


def mask(text: str, normalised: Normalised) -> str:
    """The masked form of ``normalised``, of the same length; quoted words are told apart by being in capitals.

    Handles at the beginning leave blanks, and so do all marks of a run but one, all other signs of a run but three, and a word
    that is repeated on and on but for the first time: forty smileys say no more than three.
    """
    plain = normalised.text
    if "@" in plain or "http" in plain or "www" in plain:
        plain = _LINK.sub(lambda match: NAME * len(match[0]), _LEADING.sub(_blanks, plain) if "@" in plain else plain)
    if "/" in plain:
        plain = _PAGE.sub(_page, plain)
    if _MARKS.search(plain):
        plain = _one_mark(text, normalised, plain)
    if _SIGNS.search(plain):
        plain = _SIGNS.sub(_three_signs, plain)
    words = plain.split(" ")
    if len(words) - len(set(words)) > 1:  # "hej, hej, hej hej"
        plain = _SAME_WORD.sub(lambda match: match[1] + _blanks_for(match[0][len(match[1]) :]), plain)
    if _DIGIT_OR_QUOTE.search(plain):
        plain = _DIGIT.sub("0", plain)
        plain = QUOTED.sub(_capitals if _quotes(plain, normalised.text) else _unquoted, plain)
    if normalised.starts or normalised.text != text.lower():
        plain_case, places = in_plain_case(text)
        tagged = names_in_tags(plain_case) if "#" in plain_case else []
        names = [(places[start], places[end - 1] + 1) for start, end in (*capitalised(plain_case), *tagged)]
    else:
        names = capitalised(text)
    names = [place for place in names if (word := _plain(normalised, *place)) not in DISGUISED or is_given(word)]
    if not names:
        return plain
    if normalised.starts:
        inside = {place for start, end in names for place in range(start, end)}
        return "".join(
            NAME if start in inside and letter != " " else letter
            for letter, start in zip(plain, normalised.starts, strict=True)
        )
    for start, end in names:
        plain = plain[:start] + _SOLID.sub(NAME, plain[start:end]) + plain[end:]
    return plain


def _plain(normalised: Normalised, start: int, end: int) -> str:
    """What stood at ``start:end`` of the original, in its plain form."""
    first, last = (
        (bisect_left(normalised.starts, place) for place in (start, end)) if normalised.starts else (start, end)
    )
    return normalised.text[first:last].strip()


def _page(match: re.Match[str]) -> str:
    words = sum(part in KNOWN for part in match[1].split("."))
    return match[0] if words > 1 else NAME * len(match[0])


_WRITTEN = {ord(NAME): "p", ord(NAME.upper()): "P"}


def cover(text: str, places: Iterable[tuple[int, int]]) -> str:
    """``text`` with what stands at ``places`` made unreadable, each letter by itself; the models see a name there.

    The letter for that hides nothing where somebody wrote it: it is the ``p`` that it looks like.
    """
    letters = list(text.translate(_WRITTEN))
    for start, end in places:
        letters[start:end] = [letter if letter.isspace() else NAME for letter in letters[start:end]]
    return "".join(letters)


def hide(text: str, places: Iterable[tuple[int, int]] = ()) -> str:
    """``text`` as it was written, but without what `mask` hides and what stands at ``places``.

    For the model that is the same text, but for a few where digits stand within words, signs in a row, or some words in capitals.
    Names at the beginning of a sentence and in a text that shouts are hidden only where ``places`` tell of them; so are those
    that `classify.remote.strangers.strangers` finds.
    """
    letters, normalised = list(text), normalise(text)
    hidden = [(start, end, NAME) for start, end in places]
    hidden.append((0, _leading(text), " "))
    for place, (plain, masked) in enumerate(zip(normalised.text, mask(text, normalised), strict=True)):
        if masked == NAME or (masked == "0" and plain != masked):
            hidden.append((*normalised.span(place, place + 1), masked))
    for start, end, sign in hidden:
        letters[start:end] = [letter if letter.isspace() else sign for letter in letters[start:end]]
    return "".join(letters)


def _blanks(match: re.Match[str]) -> str:
    return _blanks_for(match[0])


def _blanks_for(text: str) -> str:
    return _SEEN.sub(" ", text)


def _three_signs(match: re.Match[str]) -> str:
    end = [sign.end() for sign in _SEEN.finditer(match[0])][2]
    return match[0][:end] + _blanks_for(match[0][end:])


def _leading(text: str) -> int:
    """Where the handles at the beginning of ``text`` end, 0 without any."""
    match = _LEADING.match(text) if "@" in text else None
    if match is None:
        return 0
    return min([match.end(), *(start for start, _ in signed_words(text.lower()))])


def _one_mark(text: str, normalised: Normalised, plain: str) -> str:
    """Of each run of marks the one that says most, and none where they end no sentence.

    They end none before a small letter, if the writer knows capitals, nor where they stand after every few words.
    """
    runs = len(_MARKS.findall(plain))
    scattered = runs >= _SCATTERED and runs * _SCATTERED > plain.count(" ")
    cased = text[_leading(text) :].lstrip()[:1].isupper()
    last = len(plain.rstrip())

    def one(match: re.Match[str]) -> str:
        kept = next((mark for mark in "?!" if mark in match[0]), match[0][0])
        after = match.end() + 1
        inside = after < last and plain[after - 1] == " "
        letter = text[normalised.span(after, after + 1)[0]] if inside and plain[after] != NAME else ""
        if inside and (scattered or (cased and letter.islower() and letter != NAME)):
            kept = " "
        return kept + " " * (len(match[0]) - 1)

    return _MARKS.sub(one, plain)


_SCATTERED = 4


def _capitals(match: re.Match[str]) -> str:
    upper = match[0].upper().replace(NAME.upper(), NAME)
    return upper if len(upper) == len(match[0]) else match[0]


def _quotes(plain: str, text: str) -> bool:
    """Whether ``plain``, of which ``text`` is the form before masking, quotes somebody.

    Who puts all that he says in quotation marks quotes nobody, also where a name or handle is behind them. A name before them is
    the speaker's, and a link beside them that of a headline.
    """
    first = QUOTED.search(plain)
    if first is None:
        return False
    return NAME in plain[: first.start()] or "://" in text or _LETTER.search(QUOTED.sub("", plain)) is not None


def _unquoted(match: re.Match[str]) -> str:
    return f" {match[0][1:-1]} "


def in_plain_case(text: str) -> tuple[str, list[int]]:
    """``text`` in plain capitals and small letters, without what is invisible or stands on a letter, and each one's place."""
    found = [(plain, place) for place, plain in enumerate(map(in_case, text)) if plain]
    return "".join(plain for plain, _ in found), [place for _, place in found]


def capitalised(text: str, shape: re.Pattern[str] = _CAPITALISED) -> list[tuple[int, int]]:
    """Words with a capital in the middle of a sentence, unless the whole text shouts or has Capitals On Its Words.

    A common word is no name by its capital alone, lest one capital hide a threat: only right after a name, as in ``Anna Berg``.

    Args:
        shape: finds the words; that of the models knows the commonest places alone.
    """
    lead = _leading(text)
    found = [match.span() for match in shape.finditer(text, lead) if match.start() > lead or not lead]
    if not found or sum(map(_shouting, text[lead:].split(" "))) > 0:
        return []
    common = [_common(text[start:end]) for start, end in found]
    # Most of what has one is no name, and most words have one.
    if sum(common) > max(_FEW, len(found) / 2) and 2 * len(found) > len(text[lead:].split()):
        return []
    names: list[tuple[int, int]] = []
    for (start, end), is_common in zip(found, common, strict=True):
        if not is_common or (names and names[-1][1] == start - 1):
            names.append((start, end))
    return names


_FEW = 2


@lru_cache(maxsize=16384)
def _common(word: str) -> bool:
    return all(part in KNOWN and not is_given(part) for part in word.lower().split("-"))


@lru_cache(maxsize=16384)
def _shouting(word: str) -> int:
    """Above zero where more than a quarter of the letters are capitals."""
    return 3 * sum(map(str.isupper, word)) - sum(map(str.islower, word))
