"""Which rules match a text, found with spaCy's Matcher, and what they do to a judgement."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal

import spacy
from spacy.matcher import Matcher

from classify.reading import Reading, Window
from classify.rules import english, finnish, swedish
from classify.rules.notation import Language, Rule, compile_phrase, needed
from classify.severity import settle
from classify.verdict import LABELS, SEVERITIES, Judgement, Label, Score, Severity, Span

CERTAIN: Final = 0.85
"""The probability that a rule stands for: in the corpus 448 of the 516 labels that rules gave (87 %) were right, beside twins
written to be taken for them."""
_LANGUAGES = (swedish.RULES, finnish.RULES, english.RULES)
_TOLD_AS: Final[Mapping[str, Literal["sv", "fi"]]] = {"sv": "sv", "fi": "fi"}
# A text of so many words, whose language is a rule's with less than this probability, is in another one: there words that void
# a match count only so near to it, as "final" and "film" are words of other languages, too.
_TOLD_FROM, _OTHER_TONGUE = 12, 0.15
_BESIDE = 40


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched ``start:end`` of the normalised text of a window."""

    rule: Rule
    language: Language
    window: Window
    start: int
    end: int


def raised(judgement: Judgement, hits: Sequence[Hit], model: str) -> Judgement:
    """``judgement`` with what ``hits`` add: they raise labels and severity and never lower them."""
    if not hits:
        return judgement
    labels = dict(judgement.labels)
    spans: list[Span] = []
    gravest: Severity = judgement.severity
    for hit in hits:
        for label in hit.rule.labels:
            labels[label] = Score(max(CERTAIN, labels[label].probability), True)
            spans.append(Span(*hit.window.span(hit.start, hit.end), label))
        gravest = max(gravest, hit.rule.severity, key=SEVERITIES.index)
    found = {span.label for span in spans}
    spans += [span for span in judgement.spans if span.label not in found]
    spans.sort(key=lambda span: (span.start, span.end, LABELS.index(span.label)))
    reached = SEVERITIES[1 : SEVERITIES.index(gravest) + 1]
    return Judgement(
        judgement.language if judgement.unable is None else _TOLD_AS.get(hits[0].language.code, "other"),
        None,
        settle(labels, reached),
        labels,
        tuple(dict.fromkeys(spans)),
        model,
        judgement.aimed_at,
    )


def find(reading: Reading) -> list[Hit]:
    """All rules that match, of every language whatever that of the text seems to be: no threat is lost to a wrong guess."""
    guess = reading.guess
    found: dict[tuple[Rule, int, int], Hit] = {}  # what stands in two windows, or in a part of one, is found once
    for window in reading.ruled:
        for language, chance in zip(_LANGUAGES, (guess.sv, guess.fi, 1 - guess.sv - guess.fi), strict=True):
            own = chance >= _OTHER_TONGUE or guess.words < _TOLD_FROM
            for hit in _in_window(window, language, own=own):
                found.setdefault((hit.rule, *window.span(hit.start, hit.end)), hit)
    return list(found.values())


def _in_window(window: Window, language: Language, *, own: bool) -> list[Hit]:
    rules = _sieve(language.code).possible(window.pieces)
    masked = window.masked
    if not rules or (own and _is_told(language, masked)):
        return []
    return [
        Hit(rule, language, window, start, end)
        for rule, start, end in _match(language, masked, rules)
        if own or not _is_told(language, _around(masked, start, end))
    ]


def _around(masked: str, start: int, end: int) -> str:
    """What stands beside ``start:end``, in whole words: of "flag" not the "lag"."""
    last = masked.find(" ", end + _BESIDE)
    return masked[masked.rfind(" ", 0, max(0, start - _BESIDE)) + 1 : last if last >= 0 else len(masked)]


def _is_told(language: Language, masked: str) -> bool:
    """Whether somebody tells of a threat, or of a book, a game or the like."""
    return bool(language.report.search(masked) or language.fiction.search(masked))


class _Sieve:
    """Tells from the words of a text alone, without their order, which rules can match: few texts need spaCy, and few rules.

    Each place of each rule has a bit; a rule is possible where the words together have all bits of its places. It is looked
    at only where there is a word of its key place, the one whose words are long and so rare.
    """

    def __init__(self, language: Language) -> None:
        places: dict[frozenset[str], int] = {}
        self._needs: list[int] = []  # per rule
        self._keyed: dict[int, list[int]] = {}  # bit of a key place -> rules
        for number, rule in enumerate(language.rules):
            row = needed(rule.phrase, language.classes)
            bits = [1 << places.setdefault(words, len(places)) for words in row]
            self._needs.append(sum(set(bits)))
            key = max(range(len(row)), key=lambda place: min(map(len, row[place])))
            self._keyed.setdefault(bits[key], []).append(number)
        self._whole: dict[str, int] = {}
        self._begin: dict[str, int] = {}
        self._end: dict[str, int] = {}
        for words, bit in places.items():
            for word in words:
                table = self._end if word[0] == "*" else self._begin if word[-1] == "*" else self._whole
                key_word = "0" if word == "NUM" else word.strip("*")
                table = self._begin if word == "NUM" else table
                table[key_word] = table.get(key_word, 0) | 1 << bit
        self._of = lru_cache(maxsize=65536)(self._of_piece)

    def _of_piece(self, piece: str) -> tuple[int, tuple[int, ...]] | None:
        """The bits of the words in a piece, and the rules of whose key places they are; None if no rule needs them."""
        bits = 0
        for word in _WORD.findall(piece):
            bits |= self._whole.get(word, 0)
            for place in range(1, len(word) + 1):
                bits |= self._begin.get(word[:place], 0) | self._end.get(word[-place:], 0)
        return (
            (bits, tuple(number for key, rules in self._keyed.items() if key & bits for number in rules))
            if bits
            else None
        )

    def possible(self, pieces: Sequence[str]) -> list[int]:
        """The numbers of the rules whose words are all in ``pieces``."""
        there = 0
        keyed: set[int] = set()
        for bits, rules in filter(None, map(self._of, pieces)):
            there |= bits
            if rules:
                keyed.update(rules)
        return sorted(number for number in keyed if self._needs[number] & ~there == 0)


_WORD = re.compile(r"[^\W\d_]+|\d+")


@cache
def _sieve(code: str) -> _Sieve:
    return _Sieve(_language(code))


def _language(code: str) -> Language:
    return next(each for each in _LANGUAGES if each.code == code)


def _match(language: Language, masked: str, rules: Sequence[int]) -> Iterable[tuple[Rule, int, int]]:
    tight, places = _tightened(masked)
    doc = _pipeline(language.code)(tight)
    found: dict[tuple[int, int], Rule] = {}
    hunting = language.animals.search(masked) is not None
    harmless = [match.span() for match in language.harmless.finditer(masked)]
    for number in rules:
        rule = language.rules[number]
        if rule.hunting and hunting:
            continue
        for _, first, last in _matcher(language.code, number)(doc):
            if not rule.negated and _is_negated(rule, language, doc, first, last):
                continue
            span = doc[first:last]
            place = (places[span.start_char], places[span.end_char - 1] + 1)
            if any(start < place[1] and place[0] < end for start, end in harmless):
                continue
            known = found.get(place)
            if known is None or SEVERITIES.index(rule.severity) > SEVERITIES.index(known.severity):
                found[place] = rule
    return _longest(found)


def _is_negated(rule: Rule, language: Language, doc: Any, first: int, last: int) -> bool:
    """Whether something negates the match ``first:last`` of ``doc``."""
    words = ["", *(token.orth_ for token in doc), "", ""]  # the word of a place stands one later
    before = first and (not rule.inverted or not any(map(str.isalpha, words[first - 1])))
    negating = [place for place in range(first + (not before), last + 1) if words[place] in language.negation]
    if words[last + 1] in language.after:
        negating.append(last + 1)
    return any(words[place + 1] not in language.spared for place in negating)


def _tightened(masked: str) -> tuple[str, Sequence[int]]:
    """``masked`` with one blank where masking left several, which spaCy would take for a word, and each letter's place."""
    if "  " not in masked:
        return masked, range(len(masked))
    places = [place for place, letter in enumerate(masked) if letter != " " or not place or masked[place - 1] != " "]
    return "".join(masked[place] for place in places), places


def _longest(found: dict[tuple[int, int], Rule]) -> list[tuple[Rule, int, int]]:
    """Of matches with the same labels that overlap, the gravest, then the longest."""
    order = sorted(found, key=lambda place: (-SEVERITIES.index(found[place].severity), place[0] - place[1], place[0]))
    kept: list[tuple[Rule, int, int]] = []
    taken: list[tuple[int, int, tuple[Label, ...]]] = []
    for start, end in order:
        rule = found[start, end]
        if not any(start < last and first < end and set(rule.labels) <= set(labels) for first, last, labels in taken):
            kept.append((rule, start, end))
            taken.append((start, end, rule.labels))
    return kept


@cache
def _pipeline(code: str) -> Any:
    return spacy.blank(code)


@cache
def _matcher(code: str, number: int) -> Any:
    """Finds one rule."""
    language = _language(code)
    matcher = Matcher(_pipeline(code).vocab)
    matcher.add(str(number), [compile_phrase(language.rules[number].phrase, language.classes)])
    return matcher
