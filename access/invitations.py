"""Links by which people join, or begin anew when they have lost what they sign in with."""

from typing import Literal

from access.person import Person
from access.tickets import Ticket, Tickets

Why = Literal["join", "reset"]


class Invitations:
    """Links that are good once, for seven days. A person has one at most: a new one makes the older worthless."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    def create(self, person: Person, *, why: Why, by: str = "") -> str:
        """The secret part of a link for ``person``, to be given to her alone.

        Args:
            by: the id of the person who invites; empty: somebody at the command line.
        """
        self.withdraw(person.id)
        return self._tickets.issue(why, person=person.id, by=by)

    def find(self, shown: str) -> Ticket | None:
        """What the link is, if it is good: it stays so until `access.joining.Joining` has taken it."""
        return self._tickets.find(shown, "join", "reset")

    def pending(self, person: str | None = None) -> list[Ticket]:
        """Those that nobody has used yet, of everybody or of one person; the oldest first."""
        return self._tickets.all("join", "reset", person=person)

    def withdraw(self, person: str) -> bool:
        """Make the link of the person with this id worthless; whether she had one."""
        return self._tickets.drop(person, "join", "reset") > 0
