"""In which language a text is, part by part: a threat in Swedish or Finnish may stand beside any amount of other text."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from classify.characters import DRESSED
from classify.language import Guess, hints, identify
from classify.masking import NAMES
from classify.normalise import Normalised

_ENDS = re.compile(r"[.!?…\n;:]+[\"”»’)\]]*\s+|\n+|, ")
_EMOJI = re.compile(r"emoji[a-z]+")
_SURE, _RUDELY_SURE = 0.95, 0.8  # probabilities of Swedish and Finnish together
_MANY = 5  # words that tell a language also where few of them are listed
_LIKELY, _MAYBE = 0.7, 0.3  # the same, of what stands beside something plain


@dataclass(frozen=True, slots=True)
class Part:
    """``start:end`` of a text and ``first:last`` of its plain form, in the language of ``guess``."""

    start: int
    end: int
    first: int
    last: int
    guess: Guess = field(repr=False)


def heard(text: str, normalised: Normalised, masked: str) -> str:
    """What tells the language of ``text``: its plain form where something stood between its letters."""
    # Signs may hide all words of it from `identify`.
    if normalised.starts and ("#" in text or "@" in text or DRESSED.search(text)):
        return _EMOJI.sub(" ", NAMES.sub(" ", masked))
    return normalised.text if normalised.starts and "emoji" not in normalised.text else text


def sure(guess: Guess, pieces: Sequence[str]) -> bool:
    """Whether what consists of ``pieces`` is plainly Swedish or Finnish."""
    found = hints(pieces)
    chance, own, rude = (
        (guess.sv, found.sv, found.rude_sv) if guess.nearest == "sv" else (guess.fi, found.fi, found.rude_fi)
    )
    if own <= max(found.elsewhere, found.sv + found.fi - own):
        return False
    told = own >= 2 or found.dotted > 0 or guess.words >= _MANY
    return (chance > _SURE and told) or (chance > _RUDELY_SURE and rude > 0)


def parts(text: str, normalised: Normalised, masked: str) -> list[Part]:
    """The parts of ``text`` that are plainly Swedish or Finnish; sentences in a row in one language are one part."""
    found = [_Sentence(text, normalised, masked, start, end) for start, end in _sentences(text)]
    told = any(sentence.hints.sv or sentence.hints.fi or sentence.hints.dotted for sentence in found)
    asked = found if told else []  # "Tiedän missä asut. Lapsesi kuolevat pian.": of the second no list knows a word
    for sentence, guess in zip(asked, identify([sentence.heard for sentence in asked]), strict=True):
        sentence.guess = guess
    languages = [sentence.language for sentence in found]
    for place, sentence in enumerate(found):  # "Snart, Anna, ska du ..."
        before = languages[place - 1] if place else None
        after = languages[place + 1] if place + 1 < len(found) else None
        if languages[place] is None and ((before == after and sentence.is_small) or sentence.may_be in (before, after)):
            languages[place] = before if sentence.may_be != after else after
    runs = [
        (language, [found[place] for place, _ in group])
        for language, group in groupby(enumerate(languages), key=lambda pair: pair[1])
        if language
    ]
    return [
        Part(run[0].start, run[-1].end, run[0].first, run[-1].last, _heaviest(language, run)) for language, run in runs
    ]


def surest(text: str, whole: Guess) -> Guess:
    """Of a text without plain parts the guess for the one that may be Swedish or Finnish all the same, ``whole`` if none may."""
    found = [part for part in _ENDS.split(text) if part.count(" ") >= 2]
    if len(found) < 2:
        return whole
    guesses = [guess for guess in identify(found[:20]) if guess.sv + guess.fi > _SURE and guess.known >= 2]
    return max(guesses, key=lambda guess: guess.words, default=whole)


def _heaviest(language: str, run: Sequence["_Sentence"]) -> Guess:
    """The guess that most words speak for, of those that say ``language``: what is doubtful between them does not count."""
    guesses = [sentence.guess for sentence in run if sentence.guess.nearest == language]
    return max(guesses, key=lambda guess: guess.words * (guess.sv + guess.fi))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    ends = [0, *(match.end() for match in _ENDS.finditer(text)), len(text)]
    return ((start, end) for start, end in pairwise(ends) if text[start:end].strip())


class _Sentence:
    """A part of a text up to a mark."""

    def __init__(self, text: str, normalised: Normalised, masked: str, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.first, self.last = start, end
        if normalised.starts:
            self.first, self.last = bisect_left(normalised.starts, start), bisect_left(normalised.starts, end)
        # The plain form gives words their dots back, also English ones: it is heard only where something was undone.
        hidden = bool(normalised.starts)
        self.heard = _EMOJI.sub(" ", NAMES.sub(" ", masked[self.first : self.last])) if hidden else text[start:end]
        self.pieces = self.heard.split(" ")
        self.hints = hints(self.pieces)
        self.guess = Guess("other", 0.0, 0.0, 0, 0)

    @property
    def language(self) -> str | None:
        """The one of the two that it is plainly in."""
        return self.guess.nearest if sure(self.guess, self.pieces) else None

    @property
    def may_be(self) -> str:
        """The one of the two that it is in if what stands beside it is."""
        chance = self.guess.sv + self.guess.fi
        return self.guess.nearest if chance > _LIKELY and not self.hints.elsewhere else "neither"

    @property
    def is_small(self) -> bool:
        """Whether it is too little, or too doubtful, to part what stands before it from what stands after it."""
        return len(self.heard.split()) <= 2 or self.guess.sv + self.guess.fi >= _MAYBE
