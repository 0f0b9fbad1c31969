"""All the names, forms and accounts of all officials, to be looked up by what stands in a text.

Officials are referred to by their place in a list, their ``owner`` number: at 50,000 of them that saves memory.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from ingest.matching import accounts
from ingest.matching.forms import spellings
from ingest.matching.forms.text import fold
from ingest.matching.forms.words import ordinary
from ingest.matching.lexicon import Lexicon, split
from ingest.matching.vocabulary import Person, Vocabulary, person
from registry.official import Official

NAME, TAG, ACCOUNT = 1, 2, 4
"""What a word may be: part of a name or form, a hashtag of a whole name, part of an account."""

_CACHED = 50_000
_PEOPLE = 32_768
_FAMILIES = 4096
_FEW = 8
"""Officials with one surname whom it costs less to look at one by one."""


class Names:
    """Indexes ``officials``; an entry that `drop` emptied is None."""

    def __init__(self, officials: Iterable[Official]) -> None:
        held = list(officials)
        self.officials: list[Official | None] = list(held)
        self.vocabulary = Vocabulary(held)
        self.families: Lexicon[int] = Lexicon(_families(held))
        self.forms: Lexicon[int] = Lexicon(_other_forms(held))
        self._tags = _tags(held, self.families)
        self._longest_tag = max(map(len, self._tags), default=0)
        self.accounts = _accounts(held)
        self._anchors = _anchors(self.accounts)
        self._kinds: dict[bytes, int] = {}
        self.person = lru_cache(maxsize=_PEOPLE)(self._person)
        self._family = lru_cache(maxsize=_FAMILIES)(self._by_sign)

    def patterns(self) -> list[bytes]:
        """What to search folded text for: beginnings of words after a space; whole words end in a space."""
        found = {f" {stem}" for lexicon in (self.families, self.forms) for stem in lexicon.stems}
        found |= {f" {stem}" for stem in self._tags}
        found |= {f" {anchor} " for anchor in self._anchors}
        return [pattern.encode() for pattern in sorted(found)]

    def kind(self, word: bytes) -> int:
        """What a folded word may be, 0 for nothing; remembered, since the same words come again and again."""
        kind = self._kinds.get(word)
        if kind is None:
            if len(self._kinds) >= _CACHED:
                self._kinds.clear()
            kind = self._kinds[word] = self._kind(word.decode("ascii"))
        return kind

    def tags_of(self, folded: str) -> Iterator[tuple[int, str, str]]:
        """What the hashtag ``folded`` may be: the owner, what stands before the inflected part, and that part."""
        for size in range(1, min(len(folded), self._longest_tag) + 1):
            yield from self._tags.get(folded[:size], ())

    def told(self, last: str, leads: tuple[str, ...], keys: Iterable[str]) -> Collection[int]:
        """Those with a surname whom ``keys`` (of given names, roles, places, parties) may tell from the others with it.

        Only a first choice: all of few, and of many all that have any of the keys in any meaning.
        """
        owners = self.families.phrases(last)[leads]
        if len(owners) <= _FEW:
            return owners
        family = self._family(last, leads)
        return {owner for key in keys for owner in family.get(key, ())}

    def _by_sign(self, last: str, leads: tuple[str, ...]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for owner in self.families.phrases(last)[leads]:
            who = self.person(owner)
            if who is not None:
                for key in who.first | who.other | who.roles | who.places | who.parties:
                    found.setdefault(key, []).append(owner)
        return found

    def _kind(self, word: str) -> int:
        kind = NAME if self.families.begun(word) or self.forms.begun(word) else 0
        if any(self.tags_of(word)):
            kind |= TAG
        return kind | ACCOUNT if word in self._anchors else kind

    def _person(self, owner: int) -> Person | None:
        official = self.officials[owner]
        return None if official is None else person(official)


def family_parts(official: Official) -> list[tuple[tuple[str, ...], str]]:
    """Her surname as words that stand as they are and a last one that is inflected; of several names also the last alone."""
    whole = split(" ".join(official.family_names))
    parts = {(whole[:-1], whole[-1])} if whole else set()
    if len(official.family_names) > 1 and (last := split(official.family_names[-1])):
        parts.add((last[:-1], last[-1]))
    return sorted(parts)


def _families(officials: Sequence[Official]) -> Iterator[tuple[str, int]]:
    for owner, official in enumerate(officials):
        whole = " ".join(official.family_names)
        for name in {whole, *official.family_names[-1:]}:
            for written in spellings(name):
                yield written, owner
        for form in official.forms:
            if _needs_sign(form):
                yield form, owner


def _other_forms(officials: Sequence[Official]) -> Iterator[tuple[str, int]]:
    for owner, official in enumerate(officials):
        for form in official.forms:
            if not _needs_sign(form):
                yield form, owner


def _needs_sign(form: str) -> bool:
    """Whether ``form`` is a single everyday word, which says as little as a surname."""
    parts = split(form)
    return len(parts) == 1 and parts[0] in ordinary()


def _tags(officials: Sequence[Official], families: Lexicon[int]) -> dict[str, tuple[tuple[int, str, str], ...]]:
    """Folded beginnings of hashtags: the owner, what stands before the inflected part, and that part."""
    found: dict[str, tuple[tuple[int, str, str], ...]] = {}
    for owner, official in enumerate(officials):
        for leads, last in family_parts(official) if official.given_names else ():
            begins = "".join((*split(official.given_names[0]), *leads))
            plain = fold(begins)
            for stem in {stem.rstrip(" ") for stem in families.stems_of(last)}:
                found[plain + stem] = (*found.get(plain + stem, ()), (owner, begins, last))
    return found


def _accounts(officials: Sequence[Official]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for owner, official in enumerate(officials):
        for platform, values in official.handles.items():
            for value in values:
                for key in accounts.registered_keys(platform, value):
                    if owner not in found.get(key, ()):
                        found[key] = (*found.get(key, ()), owner)
    return found


def _anchors(keys: Iterable[str]) -> frozenset[str]:
    """For each account the word of it that the fewest accounts have: what it is looked for by."""
    words = {key: fold(accounts.anchor(key)).split() for key in keys}
    often = Counter(word for parts in words.values() for word in set(parts))
    return frozenset(min(parts, key=lambda word: (often[word], -len(word))) for parts in words.values() if parts)
