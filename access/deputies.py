"""The deputies of an official: whom she lets see what is about her. They never consent in her place."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from access.audit import Audit
from access.invitations import Invitations
from access.letters import Letters
from access.people import People
from access.person import Grant, Person
from access.roles import Roles
from access.tickets import LASTS
from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Language

MOST = 5
"""How many deputies an official may have."""


class Deputies:
    """Invites and removes deputies; links go by letter to the deputy's own address alone.

    Args:
        link: the address of a link, given its secret part.
        tenant_name: what a tenant is called, given its id.
    """

    def __init__(
        self,
        people: People,
        invitations: Invitations,
        letters: Letters,
        audit: Audit,
        *,
        link: Callable[[str], str],
        tenant_name: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._people = people
        self._invitations = invitations
        self._letters = letters
        self._roles = Roles(people, letters, audit)
        self._link = link
        self._tenant_name = tenant_name
        self._clock = clock

    def of(self, official: str) -> list[Person]:
        """The deputies of the official with this id, ordered by name; who has not accepted it yet is no more than an address."""
        found = [
            each if _grant(each, official) else replace(each, name=each.email)
            for each in self._people.of_official(official)
            if _grant(each, official) or _offer(each, official)
        ]
        return sorted(found, key=lambda each: each.name.casefold())

    def invite(self, by: Person, official: str, *, name: str, email: str, language: Language) -> None:
        """Make somebody a deputy, with a link if she is new here. Doing it again changes nothing.

        Raises:
            BadInput: a field is wrong, there are `MOST` already, or it is her own address.
        """
        tenant = next(each.tenant for each in by.grants if each.official == official)
        known = self._people.by_email(email)
        if known is not None and (known.id == by.id or _grant(known, official) or _offer(known, official)):
            raise BadInput("email is that of somebody who sees it already", place="deputies", remedy="Give another one")
        if len(self.of(official)) >= MOST:
            raise BadInput(f"there are {MOST} already", place="deputies", remedy="Remove one first")
        grant = Grant("deputy", tenant, official)
        if known is not None:
            self._roles.give(known, grant, by=by, tenant_name=self._tenant_name(tenant))
            return
        person = Person(f"p-{secrets.token_hex(6)}", name.strip(), email.strip(), language, (grant,))
        self._people.add(person)
        link = self._link(self._invitations.create(person, why="join", by=by.id))
        until = (self._clock.now() + LASTS["join"]).isoformat()
        self._letters.add(person, "invitation", {"link": link, "until": until, "tenant": self._tenant_name(tenant)})

    def remove(self, official: str, person_id: str) -> None:
        """Take it away from her at once, and forget her if she has no other role.

        Raises:
            BadInput: she is no deputy of this official.
        """
        if all(each.id != person_id for each in self.of(official)):
            raise BadInput("nobody of this id is a deputy of hers", place="deputies", remedy="Load the page again")
        with self._people.changing(person_id) as person:
            kept, offers = (
                tuple(each for each in all_ if (each.role, each.official) != ("deputy", official))
                for all_ in (person.grants, person.offers)
            )
            if kept:  # she stays signed in as what she still is
                self._people.put(replace(person, grants=kept, offers=offers))
            else:
                self._people.remove(person.id)


def _grant(person: Person, official: str) -> bool:
    return any(each.role == "deputy" and each.official == official for each in person.grants)


def _offer(person: Person, official: str) -> bool:
    return any(each.role == "deputy" and each.official == official for each in person.offers)
