"""What must hold of a person before she is stored."""

import re
import unicodedata
from collections.abc import Iterator
from typing import get_args

from access.person import ROLES, Function, Grant, Person
from flow.errors import BadInput
from registry.checking import function_problems, is_id, refusal
from registry.official import Language

_EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,190}")
_TENANT = re.compile(r"[a-z0-9_]{1,100}")
_LONGEST = 200
_INVISIBLE = {"Cc", "Cf", "Cs"}


def folded(email: str) -> str:
    """The address as it is compared: nobody remembers how she wrote it, and no mail server cares."""
    return "".join(each for each in unicodedata.normalize("NFC", email).strip().casefold() if each.isprintable())


def checked(person: Person) -> Person:
    """``person``, if nothing is wrong with her.

    Raises:
        BadInput: names every field that is wrong, without its value.
    """
    found = list(_problems(person))
    if found:
        raise refusal(found, place=f"person {person.id}" if is_id(person.id) else "person")
    return person


def _problems(person: Person) -> Iterator[str]:
    if not is_id(person.id):
        yield "id is none (1 to 64 of a-z, 0-9 and -)"
    if not person.name.strip() or len(person.name) > _LONGEST or _has_invisible(person.name):
        yield f"name is empty, too long or has control characters (write it as people do, at most {_LONGEST} letters)"
    if not _EMAIL.fullmatch(person.email) or _has_invisible(person.email):
        yield "email is none (write it like name@place.example)"
    if person.language not in get_args(Language):
        yield f"language is unknown (choose from {', '.join(get_args(Language))})"
    for field, grants in (("grants", person.grants), ("offers", person.offers)):
        seen = set()
        for number, grant in enumerate(grants, 1):
            yield from (f"{field} {number}.{problem}" for problem in _of_grant(grant))
            if grant in seen:
                yield f"{field} {number} stands there twice (leave one)"
            seen.add(grant)


def check_full_name(name: str) -> None:
    """Who is to be looked for is invited with given and family name: by these she is known until somebody confirms others.

    Raises:
        BadInput: it is one word.
    """
    if len(name.split()) < 2:
        remedy = "Give given name and family name; for a service, a board or a unit name the function"
        raise BadInput("name is one word", place="people", remedy=remedy)


def faults_of(function: Function) -> list[str]:
    """Everything that is wrong with a function."""
    return [str(each) for each in function_problems((function.name, *function.forms), function.handles)]


def _of_grant(grant: Grant) -> Iterator[str]:
    if grant.role not in ROLES:
        yield f"role is unknown (choose from {', '.join(ROLES)})"
    if grant.role == "operator" and grant.tenant:
        yield "tenant is given (an operator serves the whole installation)"
    if grant.role != "operator" and not _TENANT.fullmatch(grant.tenant):
        yield "tenant is none (see 'turvakt tenants list')"
    of_official = grant.role in ("official", "deputy")
    if of_official and not is_id(grant.official):
        yield "official is none (name the official's id)"
    if grant.official and not of_official:
        yield "official is given (only an official and her deputies have one)"
    if grant.function is not None and grant.role != "official":
        yield "function is given (only the manager who answers for one has it, as its official)"
    if grant.function is not None:
        yield from (f"function.{fault}" for fault in faults_of(grant.function))


def _has_invisible(text: str) -> bool:
    return any(unicodedata.category(each) in _INVISIBLE for each in text)
