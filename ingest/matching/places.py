"""Where a text names officials: surnames with their signs, other forms, hashtags."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ingest.matching.forms.text import fold
from ingest.matching.forms.words import given_names, ordinary
from ingest.matching.names import Names
from ingest.matching.reading import Reading
from ingest.matching.signs import Before, Surroundings, phrase_start
from ingest.matching.vocabulary import Person
from ingest.post import Sign

_NEXT_TO = 2
"""How many words a role may stand from a surname that is an everyday word."""
_WHOLE: tuple[Sign, ...] = ("full-name", "form", "hashtag")
"""Signs that need no second one."""
_SECOND: tuple[Sign, ...] = ("handle", "thread", "given-name", "role", "municipality", "party")
"""Signs that a surname needs one of."""
SIGNS = (*_WHOLE, *_SECOND)
"""Of several the first is told."""


@dataclass(slots=True)
class Candidate:
    """An official who is named at words ``first`` to ``last``, and all that makes it certain."""

    owner: int
    first: int
    last: int
    signs: frozenset[Sign]


@dataclass(slots=True)
class _Surname:
    """The surname ``leads last`` at words ``first`` to ``index``, and those of its ``owners`` who may be meant."""

    last: str
    leads: tuple[str, ...]
    first: int
    index: int
    owners: tuple[int, ...]


class Places:
    """Who is named where in one reading. ``present`` are the officials whose accounts the post names,
    ``thread`` those whom it answers or quotes."""

    def __init__(self, names: Names, reading: Reading, *, present: Iterable[int], thread: Iterable[int]) -> None:
        self._names = names
        self._reading = reading
        self._around = Surroundings(reading, names.vocabulary)
        self._present = frozenset(present)
        self._thread = frozenset(thread)
        self._others: set[str] = set()
        """Surnames of people in this post who are no officials."""

    def candidates(self) -> Iterator[Candidate]:
        """The officials who are named, in no particular order; at one place several may be."""
        places: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
        bare: list[_Surname] = []
        full: set[int] = set()
        reading = self._reading
        families, forms = self._names.families, self._names.forms
        formed = len(forms) > 0
        for index in reading.names:
            word, where = reading.words[index], reading.where.get(index)
            if where == "account":
                continue
            if reading.gaps[index].endswith("#"):
                places[index, index] += self._tagged(index)
            if formed and forms.lasts(word):
                for candidate in self._formed(index):
                    places[candidate.first, candidate.last].append(candidate)
            if not families.lasts(word):
                continue
            for surname in self._surnames(index):
                named, still_open = self._in_full(surname)
                full.update(candidate.owner for candidate in named)
                places[surname.first, index] += named
                if still_open and where != "path":
                    surname.owners = still_open
                    bare.append(surname)
        for surname in bare:
            first, index = surname.first, surname.index
            needed, strange = self._needed(surname), surname.last in self._others
            for owner, signs in self._second_signs(self._likely(surname), first, index):
                sure = len(signs) >= needed and not (strange and owner not in full)
                if sure or self._beside_role(owner, first, index):
                    places[first, index].append(Candidate(owner, first, index, signs))
        for (start, end), found in places.items():
            yield from self._distinct(found, start, end) if len(found) > 1 else found

    def _tagged(self, index: int) -> list[Candidate]:
        """``#AnnaLindqvist``: given name and surname in one word after a hash."""
        word = self._reading.words[index]
        found = set()
        for owner, begins, last in self._names.tags_of(fold(word)):
            rest = word[len(begins) :]
            if rest and any(last == other for other, _ in self._names.families.lasts(rest)):
                found.add(owner)
        return [Candidate(owner, index, index, frozenset({"hashtag"})) for owner in sorted(found)]

    def _formed(self, index: int) -> Iterator[Candidate]:
        """Other forms of officials (nicknames, short names), which need no second sign."""
        reading = self._reading
        for last, _ in self._names.forms.lasts(reading.words[index]):
            for leads, owners in self._names.forms.phrases(last).items():
                first = phrase_start(reading, index, leads) if leads else index
                if first is None or (index in reading.where and not leads):
                    continue
                cut = (
                    first > 0 and reading.hyphened(first) and reading.capital(first - 1) and reading.gaps[first] != "_"
                )
                if cut or self._around.double_surname_follows(index):
                    continue
                for owner in owners:
                    yield Candidate(owner, first, index, frozenset({"form"}))

    def _surnames(self, index: int) -> Iterator[_Surname]:
        for last, _ in self._names.families.lasts(self._reading.words[index]):
            for leads, owners in self._names.families.phrases(last).items():
                first = phrase_start(self._reading, index, leads) if leads else index
                if first is not None:
                    yield _Surname(last, leads, first, index, owners)

    def _in_full(self, surname: _Surname) -> tuple[list[Candidate], tuple[int, ...]]:
        """Who of the surname's owners is named in full there, and for whom it is still open."""
        last, first, index, owners = surname.last, surname.first, surname.index, surname.owners
        before = self._around.before(first)
        after, belongs = self._around.after(index)
        doubled = self._around.double_surname_follows(index) or self._around.firm_follows(index)
        if not (doubled or before.given or before.shared or before.initial or after):
            if before.other:
                self._others.add(last)
            return [], () if before.other else owners
        full, still_open = [], []
        named = before.given.keys() | before.shared.keys() | after.keys()
        told: Collection[int] = owners
        if before.other or doubled or (belongs and after):  # then nobody else can be meant
            told = self._names.told(last, surname.leads, named)
        strange = len(told) < len(owners)
        for owner in told:
            who = self._names.person(owner)
            if who is None:
                continue
            if before.other and who.first.isdisjoint(named) and who.other.isdisjoint(named):
                strange = True
                continue
            start = None if doubled else self._given_start(before, who)
            given_after = [after[key] for key in after if key in who.first]
            if start is not None and not self._two_words(start, surname, owner):
                full.append(Candidate(owner, start, index, frozenset({"full-name"})))
            elif self._strange(before, who) or doubled:
                strange = True
            elif given_after:
                full.append(Candidate(owner, first, max(given_after), frozenset({"full-name"})))
            elif belongs and after and not after.keys() & who.other:
                strange = True
            else:
                still_open.append(owner)
        if strange:
            self._others.add(last)
        return full, tuple(still_open)

    def _two_words(self, start: int, surname: _Surname, owner: int) -> bool:
        """Whether given name and surname may be two everyday words in small letters, as in ``en dag lång natt``."""
        reading, first, index = self._reading, surname.first, surname.index
        if reading.capital(start) or reading.capital(first) or first < index or surname.last not in ordinary():
            return False
        return given_names().get(reading.words[start], False) and not any(self._second_signs([owner], first, index))

    def _given_start(self, before: Before, who: Person) -> int | None:
        """The word where the official's own given name begins that goes with the surname."""
        starts = [start for key, start in before.given.items() if key in who.first]
        further = [] if starts else [start for key, start in before.given.items() if key in who.other]
        if further and min(further) > 0:
            again = self._around.before(min(further)).given
            starts = [start for key, start in again.items() if key in who.first]
        if starts:
            return None if self._around.doubled(min(starts), who.first | who.other) else min(starts)
        return min((start for key, start in before.shared.items() if key in who.first), default=None)

    def _strange(self, before: Before, who: Person) -> bool:
        """Whether somebody else with this surname is named."""
        if before.initial is not None:
            return before.initial not in who.initials
        mine = who.first | who.other
        further = [start for key, start in before.given.items() if key in who.other]
        return any(self._around.doubled(start, mine) for start in further) if further else before.other

    def _likely(self, surname: _Surname) -> Collection[int]:
        """Those of the owners for whom there may be a second sign: of many most are left out."""
        around, owners = self._around, surname.owners
        roles = around.roles_near(surname.first, surname.index)
        keys = around.givens.keys() | roles | around.places | around.parties
        told = self._names.told(surname.last, surname.leads, keys)
        return owners if len(told) >= len(owners) else {*told, *self._thread, *self._present}.intersection(owners)

    def _second_signs(self, owners: Iterable[int], first: int, last: int) -> Iterator[tuple[int, frozenset[Sign]]]:
        """Those of ``owners`` for whom anything in the post speaks, and what."""
        around, near = self._around, self._around.roles_near(first, last)
        givens = {
            key for key, spans in around.givens.items() if any(start > last or end < first for start, end in spans)
        }
        if not (givens or near or around.places or around.parties or self._present or self._thread):
            return
        for owner in owners:
            who = self._names.person(owner)
            if who is None:
                continue
            signs: list[Sign] = []
            if owner in self._thread:
                signs.append("thread")
            elif owner in self._present:
                signs.append("handle")
            if not who.first.isdisjoint(givens):
                signs.append("given-name")
            if not who.roles.isdisjoint(near):
                signs.append("role")
            if not who.places.isdisjoint(around.places):
                signs.append("municipality")
            if not who.parties.isdisjoint(around.parties):
                signs.append("party")
            if signs:
                yield owner, frozenset(signs)

    def _needed(self, surname: _Surname) -> int:
        """How many signs it needs there: more than there are, where it may well be an everyday word."""
        reading, first, index = self._reading, surname.first, surname.index
        if first < index or (surname.last not in ordinary() and reading.words[index] not in ordinary()):
            return 1
        capital = reading.capital(index)
        if capital and reading.cased and not (reading.first(index) or reading.shout(index)):
            return 1
        if self._around.spoken_to(first, index):
            return 1
        return 2 if capital else len(_SECOND) + 1

    def _beside_role(self, owner: int, first: int, index: int) -> bool:
        who = self._names.person(owner)
        return who is not None and not who.roles.isdisjoint(self._around.roles_near(first, index, distance=_NEXT_TO))

    def _distinct(self, found: list[Candidate], first: int, last: int) -> Iterator[Candidate]:
        """Of several officials at one place, those whose signs are not merely a part of another one's."""
        unweighed = [each.owner for each in found if not each.signs.isdisjoint(_WHOLE)]
        more = {owner: signs - {"given-name"} for owner, signs in self._second_signs(unweighed, first, last)}
        signs = [each.signs | more[each.owner] if each.owner in more else each.signs for each in found]
        kinds = set(signs)
        weaker = {kind for kind in kinds if any(kind < other for other in kinds)}
        yield from (each for each, mine in zip(found, signs, strict=True) if mine not in weaker)
