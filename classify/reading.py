"""What every classifier reads of a text before it judges: windows of it, their plain form, and the language."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, islice
from typing import Literal

from classify.hearing import Part, heard, parts, sure, surest
from classify.language import Guess, hints, identify
from classify.masking import QUOTED, mask
from classify.normalise import Normalised, normalise
from classify.verdict import LABELS, Judgement, Score, Unable

WINDOW = 800
"""Code points up to which a text is judged as a whole, as models learnt from posts."""
PART = 300
"""Code points judged at a time of a longer text: in 800 a threat of one sentence drowns."""
MOST = 50_000
"""Code points judged at the beginning of a text, and again at its end; what lies between is not judged: of a text made to be slow
this takes two seconds."""
JUDGED_FROM = 0.3
"""The probability of Swedish and Finnish together from which a text is judged."""
SHORT = 8
"""Words below which a language can hardly be told: such a text is judged from `JUDGED_SHORT_FROM`, lest a threat be missed."""
JUDGED_SHORT_FROM = 0.02

_OVERLAP = 90
_BLANK, _BEFORE_SMALL = re.compile(" "), re.compile(" (?![A-ZÅÄÖ])")
_MOSTLY = 4  # times as many words of the other language as of its own, from which a window is in it


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text: ``text`` begins at code point ``start`` of the whole.

    ``masked`` has the length of ``normalised``; ``pieces`` are the parts of it between blanks. ``language`` is that of the
    window, None that of the whole text.
    """

    start: int
    text: str = field(repr=False)
    normalised: Normalised = field(repr=False)
    masked: str = field(repr=False)
    pieces: list[str] = field(repr=False)
    language: Literal["sv", "fi"] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the part ``start:end`` of the normalised window stands in the whole text."""
        first, last = self.normalised.span(start, end)
        return self.start + first, self.start + last


@dataclass(frozen=True, slots=True)
class Reading:
    """A text made ready. ``unable`` says why it should not be judged, None that it can be.

    ``windows`` are what models judge, ``ruled`` what written rules are tried on, also where nothing can be judged.
    """

    windows: tuple[Window, ...]
    ruled: tuple[Window, ...]
    guess: Guess
    unable: Unable | None

    @property
    def length(self) -> int:
        """In windows; a part of one that is judged in the other language besides makes a text no longer."""
        ends = accumulate((window.start + len(window.text) for window in self.windows), max, initial=0)
        return sum(window.start + len(window.text) > end for window, end in zip(self.windows, ends, strict=False))


def read(texts: Sequence[str]) -> list[Reading]:
    """Make ``texts`` ready, one reading each, in order; any string will do.

    Each step is taken for all texts before the next: what it works with stays in the processor's cache.
    """
    cut = [_cut(text) for text in texts]
    shown = [part for cuts in cut for _, part in cuts]
    plain = [normalise(part) for part in shown]
    masked = [mask(part, normalised) for part, normalised in zip(shown, plain, strict=True)]
    starts = [start for cuts in cut for start, _ in cuts]
    windows = map(Window, starts, shown, plain, masked, (text.split(" ") for text in masked))
    by_text = [tuple(islice(windows, len(cuts))) for cuts in cut]
    guesses = identify([_heard(found[0]) if found else "" for found in by_text])
    return list(map(_reading, by_text, guesses))


def _heard(window: Window) -> str:
    return heard(window.text, window.normalised, window.masked)


def _reading(windows: tuple[Window, ...], guess: Guess) -> Reading:
    if windows and guess.sv + guess.fi < JUDGED_FROM:
        head = windows[0]
        if guess.words and head.normalised.text != head.text.lower():
            (again,) = identify([head.normalised.text])
            guess = again if again.sv + again.fi > guess.sv + guess.fi else guess
        if guess.sv + guess.fi < JUDGED_FROM:
            return _in_parts(windows, guess)
    judged = tuple(chain.from_iterable(_with_foreign(window, guess) for window in windows))
    return Reading(judged, windows, guess, _unable(guess))


def _in_parts(windows: tuple[Window, ...], guess: Guess) -> Reading:
    """Of a text that seems to be in another language, what is Swedish or Finnish, wherever it stands: only that is judged."""
    found: list[tuple[Window, Guess]] = []
    end = 0
    wholes = [guess, *identify(list(map(_heard, windows[1:])))]
    for window, whole in zip(windows, wholes, strict=True):
        own = [(_part(window, each), each.guess) for each in parts(window.text, window.normalised, window.masked)]
        if not own and sure(whole, window.pieces):
            own = [(replace(window, language=whole.nearest), whole)]
        for part, heard_there in own:  # windows overlap, so that a part may stand in two
            if part.start + len(part.text) > end:
                if found and found[-1][0].start >= part.start:  # cut off at the end of the window before
                    found.pop()
                found.append((part, heard_there))
                end = part.start + len(part.text)
    if not found:
        head, guess = _first_told(windows, wholes)
        guess = surest(head.text, guess)
        return Reading(windows, windows, guess, _unable(guess))
    judged = tuple(window for window, _ in found)
    return Reading(judged, windows + judged, max((guess for _, guess in found), key=lambda guess: guess.words), None)


def _first_told(windows: Sequence[Window], wholes: Sequence[Guess]) -> tuple[Window, Guess]:
    """The first window with words enough to tell a language, and its guess; the first of all where there is none.

    Before it there may be nothing but handles, links or emoji. What it ends with may be half a sentence: where the next one has
    more words, that one.
    """
    told = [pair for pair in zip(windows, wholes, strict=True) if _unable(pair[1]) not in ("no-text", "too-short")]
    first = (windows[0], wholes[0])
    if not told or told[0] == first:
        return first
    return max(told[:2], key=lambda pair: pair[1].words)


def _with_foreign(window: Window, guess: Guess) -> list[Window]:
    """``window`` in its own language, and by themselves those parts of it that are in the other one of the two."""
    found = hints(window.pieces)
    other: Literal["sv", "fi"] = "fi" if guess.nearest == "sv" else "sv"
    theirs, ours = (found.fi, found.sv) if other == "fi" else (found.sv, found.fi)
    if not theirs:
        return [window]
    if theirs > _MOSTLY * (ours + 1):
        return [replace(window, language=other)]
    split = parts(window.text, window.normalised, window.masked)
    return [window, *(_part(window, part) for part in split if part.guess.nearest == other)]


def _part(window: Window, part: Part) -> Window:
    """A part of ``window`` as a window of its own."""
    plain, masked = window.normalised, window.masked[part.first : part.last]
    starts, ends = (
        tuple(place - part.start for place in places[part.first : part.last]) for places in (plain.starts, plain.ends)
    )
    return Window(
        window.start + part.start,
        window.text[part.start : part.end],
        Normalised(plain.text[part.first : part.last], starts, ends),
        masked,
        masked.split(" "),
        part.guess.nearest,
    )


def _unable(guess: Guess) -> Unable | None:
    if not guess.words:
        return "no-text"
    blank = guess.words < 3 and not guess.known  # no word that speaks for any language
    if guess.sv + guess.fi >= (JUDGED_SHORT_FROM if guess.words < SHORT and not blank else JUDGED_FROM):
        return None
    return "too-short" if blank else "language"


def _cut(text: str) -> list[tuple[int, str]]:
    """The windows of ``text``: where each starts, and its text."""
    if len(text) <= WINDOW:
        return [(0, text)] if text else []
    parts = [(0, text)] if len(text) <= 2 * MOST else [(0, text[:MOST]), (len(text) - MOST, text[-MOST:])]
    return [(start + first, part[first:last]) for start, part in parts for first, last in _cuts(part)]


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Windows that overlap, so that no phrase is cut in all of them.

    They begin and end at a blank where there is one, begin with no capital, which would hide that a word is a name, and cut no
    quotation: half of one would count as the writer's own words.
    """
    quotes = [match.span() for match in QUOTED.finditer(text)]
    place = 0
    while place + PART < len(text):
        end = text.rfind(" ", place + PART // 2, place + PART)
        end = place + PART if end < 0 else end
        end = next((last for first, last in quotes if first < end < last), end)
        yield place, end
        if end == len(text):
            return
        early = end - _OVERLAP // 2  # later, a phrase would be cut in both
        again = _BEFORE_SMALL.search(text, end - _OVERLAP, early) or _BLANK.search(text, end - _OVERLAP, end)
        place = again.end() if again else end - _OVERLAP
        place = next((last for first, last in quotes if first < place < last), place)
    yield place, len(text)


def unable(why: Unable, model: str) -> Judgement:
    """The judgement of a text that cannot be judged."""
    labels = {label: Score(0.0, False) for label in LABELS}
    return Judgement("other", why, "none", labels, (), model)
