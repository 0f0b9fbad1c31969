"""What is left of a consent when one source or one recipient is taken out of it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from flow.errors import BadInput
from registry.holder import Part
from registry.official import EVERYTHING, Consent, Official, digest_of_name


def covers(official: Official, part: Part, at: datetime) -> bool:
    """Whether a consent given up to ``at`` that has not ended by then covers the source, or lets the recipient be told."""
    given = [each for each in official.consents if each.in_force(at)]
    if part.kind == "source":
        return any(EVERYTHING in each.scope or part.name in each.scope for each in given)
    known = any(contact.name == part.name for contact in official.contacts)
    return known and any(each.tells(part.name) for each in given)


def narrowed(official: Official, part: Part, at: datetime, *, sources: Collection[str]) -> Official:
    """The official without ``part``: in all consents that have not ended by ``at``, and, of a recipient, among her contacts.

    Where all may be told, all others still may, also those whom a plan names later.

    Args:
        official: herself, unchanged if there is nothing to take out.
        part: what to take out.
        at: now.
        sources: all sources there are: a consent to all of them becomes one to the others by name.

    Raises:
        BadInput: nothing else would be left of her consent, or nobody else to tell.
    """
    consents = tuple(
        _without(each, part, official, sources) if each.is_open(at) else each for each in official.consents
    )
    contacts = official.contacts
    if part.kind == "recipient":
        contacts = tuple(contact for contact in contacts if contact.name != part.name)
    left = replace(official, consents=tuple(filter(_says_something, consents)), contacts=contacts)
    if left == official:
        return official
    if not contacts:
        raise BadInput(
            "nobody else is told", place=_place(official), remedy="Give another contact first, or withdraw all"
        )
    if not any(each.is_open(at) for each in left.consents):
        raise BadInput("nothing else is left of her consent", place=_place(official), remedy="Withdraw all")
    return left


def _without(consent: Consent, part: Part, official: Official, sources: Collection[str]) -> Consent:
    if part.kind == "source":
        return replace(consent, scope=_less(consent.scope, part.name, everything=sorted(sources)))
    left = replace(consent, recipients=tuple(each for each in consent.recipients if each != part.name))
    known = part.name in consent.recipients or any(contact.name == part.name for contact in official.contacts)
    if not known or not left.tells(part.name):
        return left
    return replace(left, left_out=(*left.left_out, digest_of_name(part.name)))


def _less(named: tuple[str, ...], name: str, *, everything: Collection[str]) -> tuple[str, ...]:
    if EVERYTHING not in named:
        return tuple(each for each in named if each != name)
    if name not in (*everything, *named):
        return named  # misspelt: nothing is taken out of all by a name that is none of them
    return tuple(each for each in dict.fromkeys((*everything, *named)) if each not in (name, EVERYTHING))


def _says_something(consent: Consent) -> bool:
    return bool(consent.scope and consent.recipients)


def _place(official: Official) -> str:
    return f"official {official.id}"
