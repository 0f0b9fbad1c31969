"""Who is meant by a surname: the signs that stand around it.

A surname alone says little, since namesakes are many. These rules read the words next to it and in the rest of the
post. They would rather miss a bare surname than report on a stranger.
"""

from dataclasses import dataclass, field
from functools import cached_property

from ingest.matching.forms.text import fold
from ingest.matching.forms.words import given_names, ordinary, words
from ingest.matching.lexicon import Lexicon
from ingest.matching.reading import Reading
from ingest.matching.vocabulary import Vocabulary

NEAR = 8
"""How many words a role may stand from the surname, in the same sentence."""

_ENDS = """
sson sen nen qvist kvist quist ström berg gren lund man stedt mäki järvi niemi lahti koski dahl ovic
"""
_SURNAME_ENDS = tuple(_ENDS.split())


@dataclass(slots=True)
class Before:
    """What stands directly before a surname.

    ``given`` maps given names to the token where they begin, ``shared`` those that share the surname with another one;
    ``initial`` is a letter, and ``other`` says that somebody is named, so that it is a namesake if not the official.
    """

    given: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    initial: str | None = None
    other: bool = False


class Surroundings:
    """The words around the names of one post; each kind is looked for once, and only when asked for."""

    def __init__(self, reading: Reading, vocabulary: Vocabulary) -> None:
        self.reading = reading
        self._words = vocabulary

    def before(self, index: int) -> Before:
        """What stands directly before the surname that begins at token ``index``."""
        tokens, found = self.reading.tokens, Before()
        if index == 0 or not tokens[index].joined:
            dotted = index > 0 and tokens[index].gap.strip() == "." and len(tokens[index - 1].word) == 1
            if dotted and (self._initial(index - 1) or not self.reading.cased):
                found.initial = tokens[index - 1].word
                self._extend(found, index - 1)
            return found
        found.given = self._given_ending(index - 1)
        previous = tokens[index - 1]
        if found.given:
            found.other = bool(self._given_ending(index - 1, surely=True))
            self._share(found, index)
        elif previous.where or previous.gap.endswith(("#", "@")):
            return found
        elif tokens[index].hyphened:
            found.other = self._half_of_double_name(index - 1, index)
        elif len(previous.word) == 1:
            if self._initial(index - 1):
                self._extend(found, index - 1)
        elif previous.word in words().particles:
            found.other = True
        else:
            found.other = self._unknown_name(index - 1, index)
            if found.other:
                self._share(found, index)
        return found

    def doubled(self, start: int, mine: frozenset[str]) -> bool:
        """Whether the given name at token ``start`` is only the end of a longer one: Anna-Karin, Anna Karin."""
        tokens = self.reading.tokens
        if start == 0 or not tokens[start].joined:
            return False
        previous = tokens[start - 1]
        known = self._given_ending(start - 1, surely=True)
        if tokens[start].hyphened:
            if previous.word in words().prefixes or previous.where:
                return False
            return not (known.keys() & mine) and bool(known or (previous.capital and not previous.shout))
        return bool(known) and not (known.keys() & mine)

    def after(self, index: int) -> tuple[dict[str, int], bool]:
        """Given names directly after the surname that ends at token ``index``, with their last token.

        Also whether they belong to the surname, as in ``Virtasen Anna``: not after a comma, where
        they may go on to another person.
        """
        tokens = self.reading.tokens
        found: dict[str, int] = {}
        if index + 1 >= len(tokens):
            return found, False
        gap = tokens[index + 1].gap
        comma = gap.strip() == "," and len(gap) <= 2
        if not tokens[index + 1].near and not comma:
            return found, False
        for last in range(index + 1, min(index + 3, len(tokens))):
            for key, first in self._given_ending(last).items():
                if first == index + 1 and not self._followed_by_name(last):
                    found[key] = last
        return found, not comma

    def double_surname_follows(self, index: int) -> bool:
        """Whether a hyphen and another surname follow: Lindqvist-Karlsson, but not Lindqvist-affären."""
        tokens = self.reading.tokens
        if index + 1 >= len(tokens) or not tokens[index + 1].hyphened or tokens[index + 1].gap == "_":
            return False
        following = tokens[index + 1]
        if self.reading.cased and not tokens[index].shout:
            return tokens[index].capital and following.capital and not following.shout
        return following.word.endswith(_SURNAME_ENDS)

    def firm_follows(self, index: int) -> bool:
        """Whether the name is that of a firm, a club or a street: Lindqvist & Söner, Hedenäs IF."""
        tokens = self.reading.tokens
        if index + 1 >= len(tokens):
            return False
        following = tokens[index + 1]
        return (
            following.word in words().firms and (following.near or following.gap.strip() == "&") and following.capital
        )

    def spoken_to(self, first: int, last: int) -> bool:
        """Whether the word stands as only a person's name does: spoken to, alone in the first sentence, in company."""
        tokens = self.reading.tokens
        following = tokens[last + 1 : last + 3]
        if tuple(token.word for token in following) in words().companions:
            return True
        if not following or not tokens[first].first:
            return False
        alone = first == 0 and following[0].gap in (". ", ".\n")
        return alone or (following[0].gap == ", " and following[0].word in words().addresses)

    def roles_near(self, first: int, last: int, *, distance: int = NEAR) -> frozenset[str]:
        """The roles within ``distance`` words in the same sentence."""
        sentence = self.reading.tokens[first].sentence
        nearby = range(max(0, first - distance), min(len(self.reading.tokens), last + distance + 1))
        found = (
            self.roles[index]
            for index in nearby
            if index in self.roles and self.reading.tokens[index].sentence == sentence
        )
        return frozenset().union(*found)

    @cached_property
    def roles(self) -> dict[int, frozenset[str]]:
        """The roles in the text, by their last token."""
        found = {}
        for index in range(len(self.reading.tokens)):
            keys = frozenset(key for key, _ in ending_at(self._words.roles, self.reading, index))
            if keys:
                found[index] = keys
        return found

    @cached_property
    def places(self) -> frozenset[str]:
        """The municipalities in the text; one whose name is an everyday word or a given name needs its capital."""
        found: set[str] = set()
        for index, token in enumerate(self.reading.tokens):
            if token.where == "account":
                continue
            keys = {key for key, _ in ending_at(self._words.places, self.reading, index)}
            if not token.capital and not token.gap.endswith("#"):
                keys = {key for key in keys if key not in ordinary() and key not in given_names()}
            found |= keys
            if index in self.party_words:
                continue
            for size in range(6, len(token.word) - 2):
                if place := self._words.place_prefixes.get(token.word[:size]):
                    found.add(place)
        return frozenset(found)

    @cached_property
    def parties(self) -> frozenset[str]:
        """The parties in the text."""
        return frozenset().union(*self.party_words.values())

    @cached_property
    def party_words(self) -> dict[int, set[str]]:
        """The parties in the text, by their last token.

        An abbreviation counts in capitals, a single letter in brackets or before a hyphen.
        """
        found: dict[int, set[str]] = {}
        for index in range(len(self.reading.tokens)):
            for key, first in ending_at(self._words.parties, self.reading, index):
                if self._party_meant(first, index):
                    found.setdefault(index, set()).add(key)
        return found

    @cached_property
    def givens(self) -> dict[str, list[tuple[int, int]]]:
        """Given names in the text that belong to nobody else there, with their first and last tokens."""
        found: dict[str, list[tuple[int, int]]] = {}
        for index in range(len(self.reading.tokens)):
            if self.reading.loud(index):
                for key, first in self._given_ending(index, surely=True).items():
                    if not self._followed_by_name(index):
                        found.setdefault(key, []).append((first, index))
        return found

    def _given_ending(self, index: int, *, surely: bool = False) -> dict[str, int]:
        """Given names that end at token ``index``, with their first token.

        ``surely`` leaves out what is more likely another word: in small letters an everyday word (dag, anna) or,
        where capitals tell something, an inflected form.
        """
        token = self.reading.tokens[index]
        if token.where == "account":
            return {}
        found = dict(ending_at(self._words.given, self.reading, index))
        common = given_names()
        if token.word in common:  # Karin is Karin, not Kari in the genitive
            found = {
                key: first for key, first in found.items() if token.word in (key, *key.split(), key.replace(" ", ""))
            }
        if token.capital or not surely:
            return found
        return {
            key: first
            for key, first in found.items()
            if first < index or (not common.get(key, False) and (not self.reading.cased or token.word == key))
        }

    def _initial(self, index: int) -> bool:
        token = self.reading.tokens[index]
        return len(token.word) == 1 and token.word.isalpha() and token.capital

    def _extend(self, found: Before, index: int) -> None:
        """``Anna K. Lindqvist``: the given name before an initial counts as standing before the surname."""
        if index > 0 and self.reading.tokens[index].near:
            found.given = self._given_ending(index - 1)

    def _share(self, found: Before, index: int) -> None:
        """``Anna och Erik Lindqvist``: Anna has the surname too."""
        tokens = self.reading.tokens
        start = min(found.given.values(), default=index - 1)
        if start == 0:
            return
        if tokens[start].gap.strip() in ("&", "+", "/"):
            found.shared = self._given_ending(start - 1)
        elif start > 1 and tokens[start].near and tokens[start - 1].near and tokens[start - 1].word in words().joins:
            found.shared = self._given_ending(start - 2)

    def _half_of_double_name(self, index: int, surname: int) -> bool:
        """Whether the word before a hyphen is the first half of a surname: Karlsson-Lindqvist, not ex-Lindqvist."""
        tokens = self.reading.tokens
        token = tokens[index]
        if token.word in words().prefixes or self._known_word(index) or len(token.word) < 3:
            return False
        if not self.reading.cased:
            return token.word.endswith(_SURNAME_ENDS)
        return token.capital and not token.shout and tokens[surname].capital

    def _unknown_name(self, index: int, surname: int) -> bool:
        """Whether an unknown word directly before a surname is taken for another person's given name."""
        token = self.reading.tokens[index]
        if not self.reading.cased or not token.capital or not self.reading.tokens[surname].capital:
            return False
        return not (token.first or token.shout or self._known_word(index))

    def _known_word(self, index: int) -> bool:
        if self.reading.tokens[index].word in words().titles or index in self.roles:
            return True
        found = (ending_at(lexicon, self.reading, index) for lexicon in (self._words.places, self._words.parties))
        return any(map(bool, found))

    def _followed_by_name(self, index: int) -> bool:
        """Whether a surname seems to follow, so that the given name at ``index`` is somebody's in full."""
        tokens = self.reading.tokens
        if index + 1 >= len(tokens) or not tokens[index + 1].joined:
            return False
        following = tokens[index + 1]
        if self.reading.cased:
            return following.capital and not self._known_word(index + 1)
        return following.word.endswith(_SURNAME_ENDS)

    def _party_meant(self, first: int, index: int) -> bool:
        tokens = self.reading.tokens
        token = tokens[index]
        if first < index or len(token.word) > 4:
            return True
        after = self.reading.text[token.end : token.end + 1]
        if len(token.word) == 1:
            return token.capital and ((token.gap.endswith("(") and after == ")") or after in ("-", "‑"))
        return (token.shout or not self.reading.cased) and not token.where


def ending_at(lexicon: "Lexicon[str]", reading: Reading, index: int) -> list[tuple[str, int]]:
    """Phrases of ``lexicon`` that end at token ``index``: their keys, and their first tokens."""
    found = []
    for last, _ in lexicon.lasts(reading.tokens[index].word):
        for leads, keys in lexicon.phrases(last).items():
            first = phrase_start(reading, index, leads)
            if first is not None:
                found += [(key, first) for key in keys]
    return found


def phrase_start(reading: Reading, index: int, leads: tuple[str, ...]) -> int | None:
    """Where the phrase begins whose last word is token ``index``; None if ``leads`` do not stand before it."""
    first = index - len(leads)
    if first < 0:
        return None
    for place, lead in enumerate(leads, first):
        token, following = reading.tokens[place], reading.tokens[place + 1]
        if not (following.joined or following.gap in ("'", "’")):
            return None
        if token.word != lead and fold(token.word) != fold(lead):
            return None
    return first
