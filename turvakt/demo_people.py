"""Invented people who show what each role sees in the demo; each comes in by a link of her own."""

import secrets
from dataclasses import dataclass

from access.people import People
from access.person import Grant, Person
from registry.official import Official
from registry.tenant import tenant_of

WHAT_THEY_SEE = "In the demo the security officer sees all municipalities; in use each sees those of her roles."


@dataclass(frozen=True, slots=True)
class Guest:
    """``what`` she shows; ``secret`` is the part of her link that opens her pages as long as the demo runs."""

    person: str
    what: str
    secret: str


def invent(people: People, officials: list[Official]) -> list[Guest]:
    """Somebody who answers for the security of all ``officials``, the first of them, and the administrator of her tenant."""
    tenants = sorted({tenant_of(official) for official in officials})
    first = officials[0]
    guests: dict[str, tuple[str, str, tuple[Grant, ...]]] = {
        "security officer": ("demo-officer", "Berit Holm", tuple(Grant("officer", tenant) for tenant in tenants)),
        "elected official": ("demo-official", first.name, (Grant("official", tenant_of(first), first.id),)),
        "administrator": (
            "demo-administrator",
            "Kaj Dahl",
            (Grant("administrator", tenant_of(first)), Grant("operator")),
        ),
    }
    for id, name, grants in guests.values():
        people.add(Person(id, name, f"{id}@example.com", first.language, grants))
    return [Guest(id, what, secrets.token_urlsafe(24)) for what, (id, _, _) in guests.items()]
