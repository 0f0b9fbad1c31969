"""What every classifier reads of a text before it judges: windows of it, their plain form, and the language."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

from classify.language import Guess, identify
from classify.masking import mask
from classify.normalise import Normalised, normalise
from classify.verdict import LABELS, Judgement, Score, Unable

WINDOW = 800
"""Code points judged at a time: a threat must not drown in a long text."""
MOST = 20_000
"""Code points judged at the beginning of a text, and again at its end; what lies between is not judged."""
JUDGED_FROM = 0.3
"""The probability of Swedish and Finnish together from which a text is judged."""
SHORT = 8
"""Words below which a language can hardly be told: such a text is judged from `JUDGED_SHORT_FROM`, lest a threat be missed."""
JUDGED_SHORT_FROM = 0.02

_OVERLAP = 120
_PARTS = re.compile(r"[.!?\n;:]+\s+|\n+|, ")


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text: ``text`` begins at code point ``start`` of the whole.

    ``masked`` has the length of ``normalised``; ``pieces`` are the parts of it between blanks.
    """

    start: int
    text: str = field(repr=False)
    normalised: Normalised = field(repr=False)
    masked: str = field(repr=False)
    pieces: list[str] = field(repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the part ``start:end`` of the normalised window stands in the whole text."""
        first, last = self.normalised.span(start, end)
        return self.start + first, self.start + last


@dataclass(frozen=True, slots=True)
class Reading:
    """A text made ready. ``unable`` says why it should not be judged, None that it can be."""

    windows: tuple[Window, ...]
    guess: Guess
    unable: Unable | None


def read(texts: Sequence[str]) -> list[Reading]:
    """Make ``texts`` ready, one reading each, in order; any string will do.

    Each step is taken for all texts before the next: what it works with stays in the processor's cache.
    """
    cut = [_cut(text) for text in texts]
    parts = [part for cuts in cut for _, part in cuts]
    plain = [normalise(part) for part in parts]
    masked = [mask(part, normalised) for part, normalised in zip(parts, plain, strict=True)]
    starts = [start for cuts in cut for start, _ in cuts]
    windows = map(Window, starts, parts, plain, masked, (text.split(" ") for text in masked))
    firsts = accumulate(map(len, cut), initial=0)
    guesses = identify(
        [_heard(cuts[0][1], plain[first]) if cuts else "" for cuts, first in zip(cut, firsts, strict=False)]
    )
    return [_reading(tuple(islice(windows, len(cuts))), guess) for cuts, guess in zip(cut, guesses, strict=True)]


def _reading(windows: tuple[Window, ...], guess: Guess) -> Reading:
    if guess.words and guess.sv + guess.fi < JUDGED_FROM:
        head = windows[0]
        (again,) = identify([head.normalised.text]) if head.normalised.text != head.text.lower() else [guess]
        guess = again if again.sv + again.fi > guess.sv + guess.fi else _best_part(head.text, guess)
    return Reading(windows, guess, _unable(guess))


def _heard(text: str, normalised: Normalised) -> str:
    """What tells the language of ``text``: its plain form where something stood between its letters."""
    return normalised.text if normalised.starts and "emoji" not in normalised.text else text


def _unable(guess: Guess) -> Unable | None:
    if not guess.words:
        return "no-text"
    blank = guess.words < 3 and not guess.known  # no word that speaks for any language
    if guess.sv + guess.fi >= (JUDGED_SHORT_FROM if guess.words < SHORT and not blank else JUDGED_FROM):
        return None
    return "too-short" if blank else "language"


def _best_part(text: str, whole: Guess) -> Guess:
    """Of a text in several languages, the guess for the part that is surest Swedish or Finnish, if there is one."""
    parts = [part for part in _PARTS.split(text[:WINDOW]) if part.count(" ") >= 2]
    if len(parts) < 2:
        return whole
    guesses = [guess for guess in identify(parts[:20]) if guess.sv + guess.fi > 0.95 and guess.known >= 2]
    return max(guesses, key=lambda guess: guess.words, default=whole)


def _cut(text: str) -> list[tuple[int, str]]:
    """The windows of ``text``: where each starts, and its text."""
    if len(text) <= WINDOW:
        return [(0, text)] if text else []
    parts = [(0, text)] if len(text) <= 2 * MOST else [(0, text[:MOST]), (len(text) - MOST, text[-MOST:])]
    return [(start + first, part[first:last]) for start, part in parts for first, last in _cuts(part)]


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Windows that overlap, so that no phrase is cut in all of them; they begin and end at a blank where there is one."""
    place = 0
    while place + WINDOW < len(text):
        end = text.rfind(" ", place + WINDOW // 2, place + WINDOW)
        end = place + WINDOW if end < 0 else end
        yield place, end
        again = text.find(" ", end - _OVERLAP, end)
        place = end - _OVERLAP if again < 0 else again + 1
    yield place, len(text)


def unable(why: Unable, model: str) -> Judgement:
    """The judgement of a text that cannot be judged."""
    labels = {label: Score(0.0, False) for label in LABELS}
    return Judgement("other", why, "none", labels, (), model)
