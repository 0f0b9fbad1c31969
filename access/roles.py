"""How a role comes into force: who must accept it first, and who is told of it."""

from collections.abc import Collection
from dataclasses import replace

from access.audit import Audit
from access.letters import Letters
from access.people import People
from access.permissions import MAY, Actor
from access.person import Grant, Person, Role
from flow.errors import BadInput


class Roles:
    """Gives roles to people who are known already.

    In a tenant to which somebody belongs she has a new role at once. Elsewhere she is offered it, and has it when she
    accepts: nobody becomes somebody in a place that she does not know because a stranger knows her address.
    """

    def __init__(self, people: People, letters: Letters, audit: Audit) -> None:
        self._people = people
        self._letters = letters
        self._audit = audit

    def give(self, person: Person, grant: Grant, *, by: Person, tenant_name: str) -> Person:
        """Let her have the role, or offer it, and write to her; nothing happens if she has it, or was offered it."""
        with self._people.changing(person.id) as person:
            if grant in (*person.grants, *person.offers):
                return person
            if grant.tenant in {each.tenant for each in person.grants}:
                given = replace(person, grants=(*person.grants, grant))
                self._people.put(given)
                self._letters.add(person, "role-given", {"tenant": tenant_name})
                self.tell(given, [grant], by=by, tenant_name=tenant_name)
                return given
            offered = replace(person, offers=(*person.offers, grant))
            self._people.put(offered)
            self._letters.add(person, "role-offered", {"tenant": tenant_name, "by": by.name})
            return offered

    def answer(self, actor: Actor, named: str, *, accepted: bool, tenant_name: str) -> None:
        """She accepts what she was offered, or does not.

        Args:
            named: the offer, see `key`.

        Raises:
            BadInput: there is no such offer any more.
        """
        with self._people.changing(actor.person.id) as person:
            grant = next((each for each in person.offers if key(each) == named), None)
            if grant is None:
                raise BadInput("there is no such offer", place="people", remedy="Load the page again")
            offers = tuple(each for each in person.offers if each != grant)
            grants = (*person.grants, grant) if accepted and grant not in person.grants else person.grants
            self._people.put(replace(person, grants=grants, offers=offers))
        why = f"person {person.id}: {'accepted' if accepted else 'declined'} {grant.role}"
        self._audit.write(actor, "person-changed", tenant=grant.tenant, official=grant.official, why=why)
        if accepted:
            self.tell(person, [grant], by=person, tenant_name=tenant_name)

    def tell(self, person: Person, grants: Collection[Grant], *, by: Person | None, tenant_name: str) -> int:
        """Write to the tenant's other administrators that somebody has roles now that show texts; returns how many letters.

        Args:
            grants: the new ones, all of one tenant.
            by: who gave them; ``None``: a command.
        """
        showing = [each for each in grants if shows_posts(each.role)]
        told = [
            each
            for grant in showing
            for each in administrators(self._people, grant.tenant)
            if each.id not in (person.id, by.id if by is not None else "")
            and self._letters.add(
                each,
                "role-texts",
                {"tenant": tenant_name, "who": person.name, "role": grant.role, "by": by.name if by else ""},
            )
        ]
        return len(told)


def administrators(people: People, tenant: str) -> list[Person]:
    """The administrators of a tenant or, where there is none, those who run the installation; ordered by id."""
    everybody = [each for each in people.all() if each.active]
    found = [each for each in everybody if Actor(each, "").may("manage-people", tenant=tenant)]
    return found or [each for each in everybody if Actor(each, "").may("operate")]


def shows_posts(role: Role) -> bool:
    """Whether who has this role sees posts about others, or decides on them."""
    return not MAY[role].isdisjoint({"see-texts", "decide"})


def key(grant: Grant) -> str:
    """By what a form names a role."""
    return f"{grant.role}:{grant.tenant}:{grant.official}"
