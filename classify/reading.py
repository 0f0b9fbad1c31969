"""What every classifier reads of a text before it judges: windows of it, their plain form, and the language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from classify.concepts import words_in
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

_OVERLAP = 120
_PARTS = re.compile(r"[.!?\n;:]+\s+|\n+|, ")


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text: ``text`` begins at code point ``start`` of the whole.

    ``masked`` has the length of ``normalised``; ``words`` are its words and marks.
    """

    start: int
    text: str = field(repr=False)
    normalised: Normalised = field(repr=False)
    masked: str = field(repr=False)
    words: list[str] = field(repr=False)

    @classmethod
    def of(cls, start: int, text: str) -> "Window":
        """The window that holds ``text``."""
        normalised = normalise(text)
        masked = mask(text, normalised)
        return cls(start, text, normalised, masked, words_in(masked))

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


def read(text: str) -> Reading:
    """Make ``text`` ready; any string will do."""
    windows = tuple(_windows(text))
    head = windows[0].text if windows else ""
    guess = identify(head)
    if guess.words and guess.sv + guess.fi < JUDGED_FROM:
        plain = windows[0].normalised.text
        again = identify(plain) if plain != head.lower() else guess
        guess = again if again.sv + again.fi > guess.sv + guess.fi else _best_part(head, guess)
    return Reading(windows, guess, _unable(guess))


def _unable(guess: Guess) -> Unable | None:
    if not guess.words:
        return "no-text"
    if guess.sv + guess.fi >= JUDGED_FROM:
        return None
    return "too-short" if guess.words < 3 and not guess.known else "language"


def _best_part(text: str, whole: Guess) -> Guess:
    """Of a text in several languages, the guess for the part that is surest Swedish or Finnish, if there is one."""
    parts = [part for part in _PARTS.split(text[:WINDOW]) if part.count(" ") >= 2]
    if len(parts) < 2:
        return whole
    guesses = [guess for guess in map(identify, parts[:20]) if guess.sv + guess.fi > 0.95 and guess.known >= 2]
    return max(guesses, key=lambda guess: guess.words, default=whole)


def _windows(text: str) -> list[Window]:
    if len(text) <= WINDOW:
        return [Window.of(0, text)] if text else []
    parts = [(0, text)] if len(text) <= 2 * MOST else [(0, text[:MOST]), (len(text) - MOST, text[-MOST:])]
    return [Window.of(start + first, part[first:last]) for start, part in parts for first, last in _cuts(part)]


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
