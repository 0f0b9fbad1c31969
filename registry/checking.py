"""What must hold of an official before she is stored."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from flow.errors import BadInput
from registry.official import EVERYTHING, Consent, Contact, Country, Language, Notice, Official, Wishes
from registry.tenant import is_tenant_id

LANGUAGES: tuple[str, ...] = get_args(Language)
COUNTRIES: tuple[str, ...] = get_args(Country)
NOTICES: tuple[str, ...] = get_args(Notice)
MOST_SHOWN = 20
"""How many problems one error lists; the rest is counted."""

_ID = re.compile(r"[a-z0-9-]{1,64}")
_ACTOR = re.compile(r"p-[0-9a-f]{12}|contact:.*|turvakt", re.DOTALL)
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)")
_LONGEST = 300
# Controls, formats (zero-width space, soft hyphen) and lone surrogates: they come with copied text, and nothing matches.
_INVISIBLE = {"Cc", "Cf", "Cs"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and what to do. Neither part quotes the value: it may name a person.

    ``field`` is a path as in the TOML form: ``consent.from``, ``contacts 2.address``.
    """

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field} {self.reason} ({self.remedy})"


def is_id(value: str) -> bool:
    """Whether ``value`` has the form of an official's id; only then it may stand in a message."""
    return _ID.fullmatch(value) is not None


def is_actor(name: str) -> bool:
    """Whether ``name`` has the form of what stands in the history and the audit log for somebody else than a contact: a person's
    id, or what is done by a program. A contact of such a name would answer as that person.
    """
    return _ACTOR.fullmatch(name) is not None


def problems(official: Official) -> list[Problem]:
    """Everything that is wrong with ``official``, in the order of her fields."""
    return [
        *_own_fields(official),
        *(_of_function(official) if official.is_function else _of_person(official)),
        *_handles("handles", official.handles),
        *_handles("proposed.handles", official.proposed.handles),
        *_consents(official.consents),
        *_contacts(official.contacts),
        *_wishes(official.wishes),
    ]


def function_problems(forms: Sequence[str], handles: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Everything that is wrong with names and accounts of a function before its manager has consented."""
    return [*_texts("forms", forms), *_handles("handles", handles)]


def checked(official: Official, place: str) -> Official:
    """``official``, if nothing is wrong with her.

    Raises:
        BadInput: names ``place`` and every field that is wrong, without its value.
    """
    found = problems(official)
    if found:
        raise refusal([str(problem) for problem in found], place=place)
    return official


def refusal(reasons: Sequence[str], *, place: str) -> BadInput:
    """One error out of all ``reasons``, of which the first 20 are listed."""
    shown = "\n  ".join(reasons[:MOST_SHOWN])
    more = len(reasons) - MOST_SHOWN
    rest = f"\n  and {more} more" if more > 0 else ""
    count = "1 problem" if len(reasons) == 1 else f"{len(reasons)} problems"
    return BadInput(f"{count}, nothing was stored\n  {shown}{rest}", place=place)


def _own_fields(official: Official) -> Iterator[Problem]:
    if not is_id(official.id):
        yield Problem("id", "is missing or malformed", "1 to 64 of a-z, 0-9 and -, for example ekvik-07")
    for field in ("given_names", "family_names", "forms"):
        yield from _texts(field, getattr(official, field))
        yield from _texts(f"proposed.{field}", getattr(official.proposed, field))
    for field in ("role", "party", "municipality"):
        yield from _text(field, getattr(official, field), required=False)
    yield from _choice("language", official.language, LANGUAGES)
    yield from _choice("country", official.country, COUNTRIES)
    if official.tenant and not is_tenant_id(official.tenant):
        yield Problem("tenant", "is malformed", "1 to 100 of a-z, 0-9 and _, for example region_nord")


def _of_person(official: Official) -> Iterator[Problem]:
    if not official.forms and not (official.given_names and official.family_names):
        field = "family_names" if official.given_names else "given_names"
        yield Problem(field, "is missing", "give at least one given name and one family name, or a form")
    if official.responsible:
        yield Problem("responsible", "is given for a person", "she consents herself; or write is_function = true")


def _of_function(official: Official) -> Iterator[Problem]:
    for field in ("given_names", "family_names"):
        if getattr(official, field):
            yield Problem(field, "is given for a function", "write what people call it in forms")
    if not official.forms:
        yield Problem("forms", "is missing", "what people call the function, such as Socialtjänsten i Ekvik")
    yield from _text("responsible", official.responsible)


def _handles(field: str, accounts: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for platform, handles in accounts.items():
        if not _WORD.fullmatch(platform):
            yield Problem(field, "has a malformed platform", "a lower-case word such as bluesky or mastodon")
        if any(not handle or any(map(str.isspace, handle)) for handle in handles) or not handles:
            yield Problem(field, "has an empty handle or one with a space in it", "write it as the platform does")


def _consents(consents: Sequence[Consent]) -> Iterator[Problem]:
    if not consents:
        yield Problem("consent", "is missing", "say what she agreed to: scope, from and, if it ends, until")
    for at, consent in _numbered("consent", consents):
        if not consent.scope or not all(source == EVERYTHING or _WORD.fullmatch(source) for source in consent.scope):
            yield Problem(f"{at}.scope", "is missing or malformed", "names of sources such as bluesky, or * for all")
        if not consent.labels or not all(label == EVERYTHING or _WORD.fullmatch(label) for label in consent.labels):
            yield Problem(f"{at}.labels", "is empty or malformed", "names of labels such as threat, or * for all")
        if not consent.recipients:
            yield Problem(f"{at}.recipients", "is empty", "names of contacts, or * for all")
        yield from _texts(f"{at}.recipients", consent.recipients)
        if consent.until is not None and consent.until <= consent.since:
            yield Problem(f"{at}.until", "is not later than from", "until is the first moment that is not covered")


def _contacts(contacts: Sequence[Contact]) -> Iterator[Problem]:
    if not contacts:
        yield Problem("contacts", "is missing", "name at least one contact, else nobody hears of a threat")
    for at, contact in _numbered("contacts", contacts):
        if not _WORD.fullmatch(contact.channel):
            yield Problem(f"{at}.channel", "is missing or malformed", "a channel's name such as outbox or email")
        yield from _text(f"{at}.name", contact.name)
        if is_actor(contact.name):
            yield Problem(f"{at}.name", "has the form of an id", "what people call this contact")
        yield from _text(f"{at}.address", contact.address)
        yield from _choice(f"{at}.language", contact.language, LANGUAGES)


def _wishes(wishes: Wishes) -> Iterator[Problem]:
    yield from _choice("wishes.notice", wishes.notice, NOTICES)
    yield from _text("wishes.through", wishes.through, required=False)
    if wishes.quiet and not _is_span(wishes.quiet):
        yield Problem("wishes.quiet", "is malformed", "hours such as 22:00-07:00")


def _is_span(value: str) -> bool:
    found = _HOURS.fullmatch(value)
    return found is not None and found[1] != found[2]


def _numbered(field: str, values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for number, value in enumerate(values, start=1):
        yield (field if len(values) == 1 else f"{field} {number}"), value


def _texts(field: str, values: Sequence[str]) -> Iterator[Problem]:
    for value in values:
        yield from _text(field, value)


def _text(field: str, value: str, *, required: bool = True) -> Iterator[Problem]:
    if required and not value.strip():
        yield Problem(field, "is missing or empty", "give it or leave the empty one out")
    elif len(value) > _LONGEST:
        yield Problem(field, f"is longer than {_LONGEST} characters", "shorten it; perhaps a quotation mark is missing")
    elif any(unicodedata.category(character) in _INVISIBLE for character in value):
        yield Problem(field, "has an invisible character in it", "type it anew, in one line and without tabs")


def _choice(field: str, value: str, known: Sequence[str]) -> Iterator[Problem]:
    if value not in known:
        yield Problem(field, "is missing or unknown", f"one of {', '.join(known)}")
