"""What administrators do with the people of their tenants: whoever has no role there does not exist for them."""

import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from access.audit import Audit
from access.audit_entry import Action
from access.checking import check_full_name
from access.invitations import Invitations, Why
from access.letters import Letters
from access.people import People
from access.permissions import Actor
from access.person import Function, Grant, Person, Role
from access.roles import Roles, key, shows_posts
from access.sessions import Session, Sessions
from access.tickets import LASTS
from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Language, Official
from registry.tenant import tenant_of

GIVEN: tuple[Role, ...] = ("officer", "reviewer", "analyst", "administrator")
"""Roles that an administrator gives and takes. Officials and their deputies are what they are by consent; operators are made by
'turvakt people invite'."""


class Administration:
    """Acts for an actor, in the tenants for which she may ``manage-people``.

    Links go by letter to the person's own address alone: an administrator who saw them could be her.

    Args:
        link: the address of a link, given its secret part.
        tenant_name: what a tenant is called, given its id.
        officials: the registry as it is now.

    Every method that changes something raises:
        BadInput: the actor may not, the person is not there for her, or a field is wrong.
    """

    def __init__(
        self,
        people: People,
        sessions: Sessions,
        invitations: Invitations,
        letters: Letters,
        audit: Audit,
        *,
        link: Callable[[str], str],
        tenant_name: Callable[[str], str],
        officials: Callable[[], Iterable[Official]],
        clock: Clock,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._invitations = invitations
        self._letters = letters
        self._audit = audit
        self._roles = Roles(people, letters, audit)
        self._link = link
        self._tenant_name = tenant_name
        self._officials = officials
        self._clock = clock

    def everybody(self, actor: Actor) -> list[Person]:
        """The people of her tenants, with their roles there alone, and who was offered one; ordered by name."""
        found = (_seen_by(actor, each) for each in self._people.all())
        return sorted((each for each in found if each.grants or each.offers), key=lambda each: each.name.casefold())

    def person(self, actor: Actor, person_id: str) -> Person:
        """One of them."""
        return _seen_by(actor, self._whole(actor, person_id, offered=True))

    def entries(self, actor: Actor) -> list[Official]:
        """Officials of her tenants who are in the registry and do not sign in yet; ordered by name."""
        taken = {each.official for person in self._people.all() for each in person.grants if each.role == "official"}
        tenants = actor.tenants("manage-officials")
        found = (each for each in self._officials() if each.id not in taken and tenant_of(each) in tenants)
        return sorted(found, key=lambda each: each.name.casefold())

    def invite(
        self,
        actor: Actor,
        *,
        name: str,
        email: str,
        language: Language,
        role: Role,
        tenant: str,
        official: str = "",
        function: Function | None = None,
    ) -> Person:
        """Give somebody a role, and a link if she is new here. An official is invited to consent; until then she is nobody.

        Who is known already keeps the name that she has; if she belongs to other tenants alone, she is offered the role (see
        `access.roles`). Nobody becomes an official twice, but for the functions that she answers for.

        Args:
            official: the one of `entries` that she is, in the tenant that this one is of; empty: one who is not there yet.
            function: what she answers for, if it is not herself who is to be looked for.
        """
        if function is not None and (role != "official" or official or not function.name.strip()):
            raise _closed()
        if official:
            entry = next((each for each in self.entries(actor) if each.id == official), None)
            if entry is None or role != "official":
                raise _closed()
            tenant = tenant_of(entry)
        known, registered = self._people.by_email(email), bool(official)
        if role == "official":
            if not actor.may("manage-officials", tenant=tenant):
                raise _closed()
            official = official or self._again(email, tenant, function) or _new_id(function)
            if not registered and function is None:
                check_full_name(name if known is None else known.name)
        elif role not in GIVEN or tenant not in actor.tenants("manage-people"):
            raise _closed()
        grant = Grant(role, tenant, official, function)
        if known is not None and known.id == actor.person.id and shows_posts(role):
            raise _own_texts()
        if known is not None and _is_official_besides(known, grant):
            remedy = "Give the official another address, or ask who runs Turvakt"
            raise BadInput("whoever has this address is an official already", place="people", remedy=remedy)
        if known is not None:
            person = self._roles.give(known, grant, by=actor.person, tenant_name=self._tenant_name(tenant))
        else:
            person = Person(f"p-{secrets.token_hex(6)}", name.strip(), email.strip(), language, (grant,))
            self._people.add(person)
            self._send(actor, person, "join", tenant)
            self._roles.tell(person, [grant], by=actor.person, tenant_name=self._tenant_name(tenant))
        action: Action = "official-invited" if official else "invited"
        self._audit.write(actor, action, tenant=tenant, official=official, why=f"person {person.id}: {role}")
        return _seen_by(actor, person)

    def answer(self, actor: Actor, offer: str, *, accepted: bool) -> None:
        """The actor accepts a role that she was offered, or does not; see `Roles.answer`."""
        tenant = next((each.tenant for each in actor.person.offers if key(each) == offer), "")
        self._roles.answer(actor, offer, accepted=accepted, tenant_name=self._tenant_name(tenant))

    def send_link(self, actor: Actor, person_id: str) -> None:
        """A new link for somebody who has lost hers, or what she signs in with."""
        person = self._whole(actor, person_id)
        joins = any(ticket.purpose == "join" for ticket in self._invitations.pending(person.id))
        tenants = actor.tenants("manage-people")
        tenant = next(grant.tenant for grant in person.grants if grant.tenant in tenants)
        self._send(actor, person, "join" if joins else "reset", tenant)
        self._told(actor, "invited", person, tenant)

    def sessions(self, actor: Actor, person_id: str) -> list[Session] | None:
        """Where she is signed in; ``None`` if that is not for the actor to know, since she belongs to other tenants, too."""
        person = self._whole(actor, person_id)
        return self._sessions.of(person.id) if _is_all_of(actor, person) else None

    def sign_out(self, actor: Actor, person_id: str) -> int:
        """End all her sessions, and make a link that was sent to her worthless; returns how many sessions.

        Only of who belongs to no other tenant.
        """
        person = self._whole(actor, person_id)
        if not _is_all_of(actor, person):
            remedy = "Take away her roles here: that holds at once, wherever she is signed in"
            raise BadInput("her sessions are those of other tenants, too", place="people", remedy=remedy)
        self._invitations.withdraw(person.id)
        ended = self._sessions.end_all(person.id)
        self._told(actor, "session-ended", person, *sorted(actor.tenants("manage-people")))
        return ended

    def set_roles(self, actor: Actor, person_id: str, *, tenant: str, roles: Collection[str]) -> None:
        """Let her have these of the roles in `GIVEN` in ``tenant``, and no others of them.

        Nobody gives herself a role that shows posts: for an emergency there is `access.break_glass`.
        """
        if tenant not in actor.tenants("manage-people"):
            raise _closed()
        if not set(GIVEN).issuperset(roles):
            raise BadInput("administrators do not give this role", place="people", remedy="See docs/people.md")
        if person_id == actor.person.id and "administrator" not in roles:
            raise BadInput("nobody takes away her own last key", place="people", remedy="Ask another administrator")
        with self._people.changing(person_id):
            person = self._whole(actor, person_id)
            kept = tuple(each for each in person.grants if each.tenant != tenant or each.role not in GIVEN)
            given = tuple(Grant(role, tenant) for role in GIVEN if role in roles)
            added = [each for each in given if each not in person.grants]
            if person.id == actor.person.id and any(shows_posts(each.role) for each in added):
                raise _own_texts()
            self._people.put(replace(person, grants=(*kept, *given)))
        self._roles.tell(person, added, by=actor.person, tenant_name=self._tenant_name(tenant))
        self._told(actor, "person-changed", person, tenant, roles=[each.role for each in given])

    def remove(self, actor: Actor, person_id: str) -> None:
        """Take away all her roles in the tenants of ``actor``, and forget her if she has no others.

        An official goes by her own will alone, or by 'turvakt officials withdraw'.
        """
        if person_id == actor.person.id:
            raise BadInput("nobody takes away her own last key", place="people", remedy="Ask another administrator")
        tenants = actor.tenants("manage-people")
        with self._people.changing(person_id):
            person = self._whole(actor, person_id, offered=True)
            kept = tuple(each for each in person.grants if each.tenant not in tenants or each.role == "official")
            if kept:  # she stays signed in as what she still is
                offers = tuple(each for each in person.offers if each.tenant not in tenants)
                self._people.put(replace(person, grants=kept, offers=offers))
            else:
                self._people.remove(person.id)
        self._told(actor, "person-removed", person, *sorted(tenants))

    def _told(
        self, actor: Actor, action: Action, person: Person, *tenants: str, roles: Collection[Role] | None = None
    ) -> None:
        """Write down what was done to whom; of an official it goes when she is erased."""
        now_has = "" if roles is None else f": {', '.join(roles) or 'no role'}"
        for tenant in tenants:
            hers = (each.official for each in person.grants if each.role == "official" and each.tenant == tenant)
            official, why = next(hers, ""), f"person {person.id}{now_has}"
            self._audit.write(actor, action, tenant=tenant, official=official, why=why)

    def _again(self, email: str, tenant: str, function: Function | None) -> str:
        """The official, or the function, of this tenant for whom somebody with that address was invited already; empty: none."""
        known = self._people.by_email(email)
        hers = () if known is None else (*known.grants, *known.offers)
        same = (
            each for each in hers if each.role == "official" and each.tenant == tenant and each.function == function
        )
        return next((each.official for each in same), "")

    def _send(self, actor: Actor, person: Person, why: Why, tenant: str) -> None:
        link = self._link(self._invitations.create(person, why=why, by=actor.person.id))
        until = (self._clock.now() + LASTS[why]).isoformat()
        values = {"link": link, "until": until}
        if why == "reset":
            self._letters.add(person, "reset", values)
            return
        values |= {"tenant": self._tenant_name(tenant)}
        since = self._watched_since(person, tenant)
        if since is None:
            self._letters.add(person, "invitation", values)
        else:
            self._letters.add(person, "invitation-watched", values | {"since": since.isoformat()})

    def _watched_since(self, person: Person, tenant: str) -> datetime | None:
        """When the consent began by which she, or what she answers for, is watched now, as by a file; ``None``: by none."""
        hers = {each.official for each in person.grants if each.role == "official" and each.tenant == tenant}
        now = self._clock.now()
        held = (consent for each in self._officials() if each.id in hers for consent in each.consents)
        return min((consent.since for consent in held if consent.in_force(now)), default=None)

    def _whole(self, actor: Actor, person_id: str, *, offered: bool = False) -> Person:
        """The person with all her roles, if she has any in the tenants of ``actor``, or was ``offered`` one."""
        tenants = actor.tenants("manage-people")
        person = self._people.get(person_id)
        if not any(grant.tenant in tenants for grant in (*person.grants, *(person.offers if offered else ()))):
            raise _closed()
        return person


def _seen_by(actor: Actor, person: Person) -> Person:
    """With her roles and offers in the actor's tenants alone; who was only offered one is no more than an address."""
    tenants = actor.tenants("manage-people")
    grants, offers = (tuple(each for each in all_ if each.tenant in tenants) for all_ in (person.grants, person.offers))
    return replace(person, grants=grants, offers=offers, name=person.name if grants else person.email)


def _is_all_of(actor: Actor, person: Person) -> bool:
    """Whether all that she is, she is in the tenants of ``actor``."""
    return {grant.tenant for grant in person.grants} <= actor.tenants("manage-people")


def _is_official_besides(person: Person, grant: Grant) -> bool:
    """Whether the role would make her an official a second time. She may answer for as many functions as there are."""
    if grant.role != "official" or grant.function is not None:
        return False
    hers = (each for each in (*person.grants, *person.offers) if each.role == "official" and each.function is None)
    return any(each != grant for each in hers)


def _new_id(function: Function | None) -> str:
    return f"{'official' if function is None else 'function'}-{secrets.token_hex(4)}"


def _own_texts() -> BadInput:
    remedy = "Ask another administrator or, when somebody is in danger, open an emergency access"
    return BadInput("nobody gives herself a role that shows posts", place="people", remedy=remedy)


def _closed() -> BadInput:
    return BadInput("nobody has this id in your tenants", place="people", remedy="Ask an administrator of hers")
