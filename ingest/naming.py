"""Which names and accounts an official may have looked for by her own word, and which are somebody else's."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ingest.matching.accounts import registered_keys
from ingest.matching.forms import name_forms
from ingest.matching.lexicon import split
from ingest.mentions import Matcher
from ingest.post import Author, Post
from registry.official import EVERYTHING, Consent, Official, Proposed
from registry.proposing import Item

_ALIKE = 3
"""How many first letters of a word tell whose names are compared: all forms of a name begin alike."""
_EVER = datetime.min.replace(tzinfo=UTC)


def settled(before: Official, wanted: Official) -> Official:
    """``wanted``, of which that is only proposed which is not plainly hers.

    Hers are the words of her own name in another order or number, two or more of them together in any inflection (one alone is
    shared with others), and all that she had ``before``. Of a function, only the latter.
    """
    new_name = (wanted.given_names, wanted.family_names) != (before.given_names, before.family_names)
    strange = new_name and not _words(*wanted.given_names, *wanted.family_names) <= _own(before)
    forms = tuple(each for each in wanted.forms if each in before.forms or _is_hers(before, each))
    handles = {
        name: tuple(each for each in values if each in before.handles.get(name, ()))
        for name, values in wanted.handles.items()
    }
    proposed = Proposed(
        given_names=wanted.given_names if strange else (),
        family_names=wanted.family_names if strange else (),
        forms=tuple(each for each in wanted.forms if each not in forms),
        handles={
            name: left
            for name, values in wanted.handles.items()
            if (left := tuple(each for each in values if each not in handles[name]))
        },
    )
    official = replace(
        wanted, forms=forms, handles={name: hers for name, hers in handles.items() if hers}, proposed=proposed
    )
    return replace(official, given_names=before.given_names, family_names=before.family_names) if strange else official


def taken(proposed: Sequence[Item], official: str, others: Iterable[Official]) -> list[Item]:
    """Those of ``proposed`` by which somebody else in the registry than ``official`` is found, or would be.

    An account is somebody's whatever way it is written; a name or a form, where it is one of hers in any inflection.
    """
    others = [each for each in others if each.id != official]
    keys = {
        key
        for each in others
        for name, values in each.handles.items()
        for value in values
        for key in registered_keys(name, value)
    }
    texts = [item for item in proposed if item.kind != "handle"]
    begins = {word[:_ALIKE] for item in texts for word in _words(item.value)}
    alike = [
        replace(each, consents=(Consent((EVERYTHING,), _EVER),), role="", party="", municipality="")
        for each in others
        if any(word[:_ALIKE] in begins for word in _words(*each.family_names, *each.forms))
    ]
    matcher = Matcher(alike) if alike and texts else None
    return [
        item
        for item in proposed
        if (
            not keys.isdisjoint(registered_keys(item.platform, item.value))
            if item.kind == "handle"
            else _names(matcher, item)
        )
    ]


def _names(matcher: Matcher | None, item: Item) -> bool:
    if matcher is None:
        return False
    [found] = matcher.match([Post("proposed:1", "proposed", item.value, _EVER, _EVER, author=Author())], at=_EVER)
    return bool(found)


def _is_hers(official: Official, form: str) -> bool:
    words, own = _words(form), {each for word in _own(official) for each in name_forms(word)}
    return len(words) > 1 and words <= own


def _own(official: Official) -> set[str]:
    return _words(*official.given_names, *official.family_names)


def _words(*names: str) -> set[str]:
    return {word for name in names for word in split(name)}
