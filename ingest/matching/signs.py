"""Who is meant by a surname: the signs that stand around it.

A surname alone says little, since namesakes are many. These rules read the words next to it and in the rest of the
post. They would rather miss a bare surname than report on a stranger.
"""

from dataclasses import dataclass, field

from ingest.matching.forms.text import fold
from ingest.matching.forms.words import given_names, ordinary, words
from ingest.matching.lexicon import Lexicon
from ingest.matching.once import once
from ingest.matching.reading import Reading
from ingest.matching.vocabulary import GIVEN, PARTY, PLACE, ROLE, Vocabulary

NEAR = 8
"""How many words a role may stand from the surname, in the same sentence."""

_ENDS = """
sson sen nen qvist kvist quist ström berg gren lund man stedt mäki järvi niemi lahti koski dahl ovic
"""
_SURNAME_ENDS = tuple(_ENDS.split())


@dataclass(slots=True)
class Before:
    """What stands directly before a surname.

    ``given`` maps given names to the word where they begin, ``shared`` those that share the surname with another one;
    ``initial`` is a letter, and ``other`` says that somebody is named, so that it is a namesake if not the official.
    """

    given: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    initial: str | None = None
    other: bool = False


class Surroundings:
    """The words around the names of one post; each kind is looked for once, and only when asked for.

    Words are referred to by their index in ``reading``.
    """

    def __init__(self, reading: Reading, vocabulary: Vocabulary) -> None:
        self.reading = reading
        self._words = vocabulary

    def before(self, index: int) -> Before:
        """What stands directly before the surname that begins at word ``index``."""
        reading, found, previous = self.reading, Before(), index - 1
        if index == 0 or not reading.joined(index):
            dotted = index > 0 and reading.gaps[index].strip() == "." and len(reading.words[previous]) == 1
            if dotted and (self._initial(previous) or not reading.cased):
                found.initial = reading.words[previous]
                self._extend(found, previous)
            return found
        found.given = self._given_ending(previous)
        if found.given:
            found.other = bool(self._surely(found.given, previous))
            self._share(found, index)
        elif previous in reading.where or reading.gaps[previous].endswith(("#", "@")):
            return found
        elif reading.hyphened(index):
            found.other = self._half_of_double_name(previous, index)
        elif len(reading.words[previous]) == 1:
            if self._initial(previous):
                self._extend(found, previous)
        elif reading.words[previous] in words().particles:
            found.other = True
        else:
            found.other = self._unknown_name(previous, index)
            if found.other:
                self._share(found, index)
        return found

    def doubled(self, start: int, mine: frozenset[str]) -> bool:
        """Whether the given name at word ``start`` is only the end of a longer one: Anna-Karin, Anna Karin."""
        reading, previous = self.reading, start - 1
        if start == 0 or not reading.joined(start):
            return False
        known = self._surely(self._given_ending(previous), previous)
        if reading.hyphened(start):
            if reading.words[previous] in words().prefixes or previous in reading.where:
                return False
            return not (known.keys() & mine) and bool(
                known or (reading.capital(previous) and not reading.shout(previous))
            )
        return bool(known) and not (known.keys() & mine)

    def after(self, index: int) -> tuple[dict[str, int], bool]:
        """Given names directly after the surname that ends at word ``index``, with their last word.

        Also whether they belong to the surname, as in ``Virtasen Anna``: not after a comma, where
        they may go on to another person.
        """
        reading, following = self.reading, index + 1
        found: dict[str, int] = {}
        if following >= len(reading):
            return found, False
        gap = reading.gaps[following]
        comma = len(gap) <= 2 and gap.strip() == ","
        if not comma and not reading.near(following):
            return found, False
        for last in range(following, min(index + 3, len(reading))):
            for key, first in self._given_ending(last).items():
                if first == following and not self._followed_by_name(last):
                    found[key] = last
        return found, not comma

    def double_surname_follows(self, index: int) -> bool:
        """Whether a hyphen and another surname follow: Lindqvist-Karlsson, but not Lindqvist-affären."""
        reading, following = self.reading, index + 1
        if following >= len(reading) or not reading.hyphened(following) or reading.gaps[following] == "_":
            return False
        if reading.cased and not reading.shout(index):
            return reading.capital(index) and reading.capital(following) and not reading.shout(following)
        return reading.words[following].endswith(_SURNAME_ENDS)

    def firm_follows(self, index: int) -> bool:
        """Whether the name is that of a firm, a club or a street: Lindqvist & Söner, Hedenäs IF."""
        reading, following = self.reading, index + 1
        if following >= len(reading) or reading.words[following] not in words().firms:
            return False
        beside = reading.near(following) or reading.gaps[following].strip() == "&"
        return beside and reading.capital(following)

    def spoken_to(self, first: int, last: int) -> bool:
        """Whether the word stands as only a person's name does: spoken to, alone in the first sentence, in company."""
        reading, following = self.reading, last + 1
        if tuple(reading.words[following : following + 2]) in words().companions:
            return True
        if following >= len(reading) or not reading.first(first):
            return False
        gap = reading.gaps[following]
        alone = first == 0 and gap in (". ", ".\n")
        return alone or (gap == ", " and reading.words[following] in words().addresses)

    def roles_near(self, first: int, last: int, *, distance: int = NEAR) -> frozenset[str]:
        """The roles within ``distance`` words in the same sentence."""
        found: frozenset[str] = frozenset()
        for index in self.roles.keys() & range(first - distance, last + distance + 1) if self.roles else ():
            if self.reading.same_sentence(first, index):
                found |= self.roles[index]
        return found

    @once
    def _told(self) -> list[tuple[int, int]]:
        """The words that may be any of what is looked for below, and what."""
        kinds = self._words.kinds
        return [(index, kind) for index, word in enumerate(self.reading.folded) if (kind := kinds[word])]

    @once
    def roles(self) -> dict[int, frozenset[str]]:
        """The roles in the text, by their last word."""
        found = {}
        for index, kind in self._told:
            if kind & ROLE and (keys := ending_at(self._words.roles, self.reading, index)):
                found[index] = frozenset(key for key, _ in keys)
        return found

    @once
    def places(self) -> frozenset[str]:
        """The municipalities in the text; one whose name is an everyday word or a given name needs its capital."""
        reading = self.reading
        found: set[str] = set()
        for index, kind in self._told:
            if not kind & PLACE or reading.where.get(index) == "account":
                continue
            keys = {key for key, _ in ending_at(self._words.places, reading, index)}
            if not reading.capital(index) and not reading.gaps[index].endswith("#"):
                keys = {key for key in keys if key not in ordinary() and key not in given_names()}
            found |= keys
            if index not in self.party_words:
                found.update(self._words.places_in(reading.words[index]))
        return frozenset(found)

    @once
    def parties(self) -> frozenset[str]:
        """The parties in the text."""
        return frozenset().union(*self.party_words.values())

    @once
    def party_words(self) -> dict[int, set[str]]:
        """The parties in the text, by their last word.

        An abbreviation counts in capitals, a single letter in brackets or before a hyphen.
        """
        found: dict[int, set[str]] = {}
        for index, kind in self._told:
            for key, first in ending_at(self._words.parties, self.reading, index) if kind & PARTY else ():
                if self._party_meant(first, index):
                    found.setdefault(index, set()).add(key)
        return found

    @once
    def givens(self) -> dict[str, list[tuple[int, int]]]:
        """Given names in the text that belong to nobody else there, with their first and last words."""
        found: dict[str, list[tuple[int, int]]] = {}
        for index, kind in self._told:
            if kind & GIVEN and self.reading.loud(index):
                for key, first in self._surely(self._given_ending(index), index).items():
                    if not self._followed_by_name(index):
                        found.setdefault(key, []).append((first, index))
        return found

    def _given_ending(self, index: int) -> dict[str, int]:
        """Given names that end at word ``index``, with their first word."""
        reading = self.reading
        if not self._words.kinds[reading.folded[index]] & GIVEN or reading.where.get(index) == "account":
            return {}
        found = dict(ending_at(self._words.given, reading, index))
        word = reading.words[index]
        if word in given_names():  # Karin is Karin, not Kari in the genitive
            found = {key: first for key, first in found.items() if word in (key, *key.split(), key.replace(" ", ""))}
        return found

    def _surely(self, given: dict[str, int], index: int) -> dict[str, int]:
        """Without those of ``given``, which end at word ``index``, that are more likely other words.

        In small letters these are everyday words (dag, anna) and, where capitals tell something, inflected forms.
        """
        reading, common = self.reading, given_names()
        if not given or reading.capital(index):
            return given
        return {
            key: first
            for key, first in given.items()
            if first < index or (not common.get(key, False) and (not reading.cased or reading.words[index] == key))
        }

    def _initial(self, index: int) -> bool:
        word = self.reading.words[index]
        return len(word) == 1 and word.isalpha() and self.reading.capital(index)

    def _extend(self, found: Before, index: int) -> None:
        """``Anna K. Lindqvist``: the given name before an initial counts as standing before the surname."""
        if index > 0 and self.reading.near(index):
            found.given = self._given_ending(index - 1)

    def _share(self, found: Before, index: int) -> None:
        """``Anna och Erik Lindqvist``: Anna has the surname too."""
        reading = self.reading
        start = min(found.given.values(), default=index - 1)
        if start == 0:
            return
        if reading.gaps[start].strip() in ("&", "+", "/"):
            found.shared = self._given_ending(start - 1)
        elif (
            reading.words[start - 1] in words().joins and start > 1 and reading.near(start) and reading.near(start - 1)
        ):
            found.shared = self._given_ending(start - 2)

    def _half_of_double_name(self, index: int, surname: int) -> bool:
        """Whether the word before a hyphen is the first half of a surname: Karlsson-Lindqvist, not ex-Lindqvist."""
        reading, word = self.reading, self.reading.words[index]
        if word in words().prefixes or self._known_word(index) or len(word) < 3:
            return False
        if not reading.cased:
            return word.endswith(_SURNAME_ENDS)
        return reading.capital(index) and not reading.shout(index) and reading.capital(surname)

    def _unknown_name(self, index: int, surname: int) -> bool:
        """Whether an unknown word directly before a surname is taken for another person's given name."""
        reading = self.reading
        if not reading.capital(index) or not reading.capital(surname) or not reading.cased:
            return False
        return not (reading.first(index) or reading.shout(index) or self._known_word(index))

    def _known_word(self, index: int) -> bool:
        word = self.reading.words[index]
        kind = self._words.kinds[self.reading.folded[index]]
        return (
            word in words().titles
            or bool(kind & ROLE and ending_at(self._words.roles, self.reading, index))
            or bool(kind & PLACE and ending_at(self._words.places, self.reading, index))
            or bool(kind & PARTY and ending_at(self._words.parties, self.reading, index))
        )

    def _followed_by_name(self, index: int) -> bool:
        """Whether a surname seems to follow, so that the given name at ``index`` is somebody's in full."""
        reading, following = self.reading, index + 1
        if following >= len(reading) or not reading.joined(following):
            return False
        if reading.cased:
            return reading.capital(following) and not self._known_word(following)
        return reading.words[following].endswith(_SURNAME_ENDS)

    def _party_meant(self, first: int, index: int) -> bool:
        reading, word = self.reading, self.reading.words[index]
        if first < index or len(word) > 4:
            return True
        if len(word) == 1:
            end = reading.ends[index]
            after = reading.text[end : end + 1]
            bracketed = reading.gaps[index].endswith("(") and after == ")"
            return reading.capital(index) and (bracketed or after in ("-", "‑"))
        return index not in reading.where and (reading.shout(index) or not reading.cased)


def ending_at(lexicon: "Lexicon[str]", reading: Reading, index: int) -> list[tuple[str, int]]:
    """Phrases of ``lexicon`` that end at word ``index``: their keys, and their first words."""
    found = []
    for last, _ in lexicon.lasts(reading.words[index]):
        for leads, keys in lexicon.phrases(last).items():
            first = phrase_start(reading, index, leads) if leads else index
            if first is not None:
                found += [(key, first) for key in keys]
    return found


def phrase_start(reading: Reading, index: int, leads: tuple[str, ...]) -> int | None:
    """Where the phrase begins whose last word is word ``index``; None if ``leads`` do not stand before it."""
    first = index - len(leads)
    if first < 0:
        return None
    for place, lead in enumerate(leads, first):
        word = reading.words[place]
        if word != lead and ((word.isascii() and lead.isascii()) or fold(word) != fold(lead)):
            return None
        if not (reading.joined(place + 1) or reading.gaps[place + 1] in ("'", "’")):
            return None
    return first
