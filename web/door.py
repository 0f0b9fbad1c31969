"""Who asks: whoever holds the one token of a trial, or a person with an account."""

from collections.abc import Callable
from typing import Protocol

from access.permissions import Actor
from access.person import Grant, Person
from access.sessions import Sessions
from registry.official import Official
from registry.tenant import tenant_of
from review.index import Index, Reading
from review.scoped import Scoped
from web.gate import Gate

TOKEN = "token"  # noqa: S105  the name of one, not its value
"""The id in the audit log of whoever came in by the token of a trial."""
PROGRAM = "program"


class Door(Protocol):
    """Knows those who have come in."""

    def browser(self, cookie: str | None) -> Actor | None:
        """Who sends this cookie; it may read a database."""
        ...

    def program(self) -> Actor:
        """Who sends the token with each request."""
        ...


class TokenDoor:
    """One door for all: the token opens everything but what belongs to an official herself."""

    def __init__(self, gate: Gate, officials: Callable[[], list[Official]]) -> None:
        self._gate = gate
        self._officials = officials

    def browser(self, cookie: str | None) -> Actor | None:
        return self.program() if self._gate.knows(cookie) else None

    def program(self) -> Actor:
        tenants = sorted({tenant_of(official) for official in self._officials()})
        grants = [Grant(role, tenant) for tenant in tenants or [""] for role in ("officer", "administrator")]
        return Actor(Person(TOKEN, TOKEN, "", "sv", (*grants, Grant("operator"))), session=TOKEN)


class PeopleDoor:
    """Each comes in as herself. The token is for programs that watch how the installation stands: it shows them no text."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def browser(self, cookie: str | None) -> Actor | None:
        return self._sessions.find(cookie)

    def program(self) -> Actor:
        return Actor(Person(PROGRAM, PROGRAM, "", "en", (Grant("operator"),)), session=PROGRAM)


def in_reach(actor: Actor, officials: list[Official]) -> list[Official]:
    """Those of ``officials`` whose posts ``actor`` may see, and about whom she may know that they are registered."""
    if actor.person.id == TOKEN:
        return officials
    tenants = actor.tenants("see-texts")
    return [official for official in officials if tenant_of(official) in tenants]


def reading(actor: Actor, index: Index, officials: Callable[[], list[Official]]) -> Reading:
    """What ``actor`` may read of the posts of her tenants.

    The token reads the whole index, also about officials whom the registry does not know.
    """
    if actor.person.id == TOKEN:
        return index
    return Scoped(index, [official.id for official in in_reach(actor, officials())], actor.tenants("see-texts"))
