"""An invitation becomes an account, or an account begins anew: password and second factor at once, or nothing."""

from dataclasses import dataclass, field
from typing import Literal

from access.factors import Enrolment, Factors
from access.invitations import Invitations
from access.passkeys import New, Passkeys
from access.passwords import Passwords
from access.people import People
from access.person import Person
from access.sessions import Sessions, session_of
from access.tickets import Ticket, Tickets
from access.totp import Totp
from flow.database import Database
from flow.errors import BadInput


@dataclass(frozen=True, slots=True)
class Joined:
    """She is signed in.

    Attributes:
        cookie: of her session; ``session`` is its id.
        method: how.
        codes: recovery codes, to be shown once.
    """

    cookie: str = field(repr=False)
    person: Person
    session: str
    method: str
    codes: tuple[str, ...] = field(repr=False)


class Joining:
    """Whoever joins has no other factors, and no session, from before. The link is good until she has."""

    def __init__(
        self,
        database: Database,
        *,
        people: People,
        sessions: Sessions,
        tickets: Tickets,
        passwords: Passwords,
        factors: Factors,
        totp: Totp,
        passkeys: Passkeys,
    ) -> None:
        self._database = database
        self._people = people
        self._sessions = sessions
        self._tickets = tickets
        self._invitations = Invitations(tickets)
        self._passwords = passwords
        self._factors = factors
        self._totp = totp
        self._passkeys = passkeys

    def begin(self, link: str, password: str) -> Enrolment | None:
        """She has chosen a password and is shown what she may add; ``None`` if the link is good no more.

        Args:
            link: its secret part.

        Raises:
            ValueError: the password is weak; ask for its `weakness` before.
        """
        invitation = self._invitations.find(link)
        person = None if invitation is None else self._active(invitation.person)
        if invitation is None or person is None:
            return None
        digest = self._passwords.digest(person, password)
        return self._factors.begin(person, digest=digest, invitation=invitation.id)

    def enrolment(self, ticket: str) -> Enrolment | None:
        """The same page once more; ``None`` if she took too long."""
        return self._factors.enrolment(ticket)

    def by_app(self, ticket: str, code: str, *, client: str) -> Joined | Literal["wrong", "expired"]:
        """She shows by a code that her app works."""
        found = self._found(ticket)
        if found is None:
            return "expired"
        step = self._totp.step(self._factors.begun(found).secret, code)
        return "wrong" if step is None else self._join(ticket, found, app_step=step, client=client)

    def by_passkey(
        self, ticket: str, credential: str, *, name: str, client: str
    ) -> Joined | Literal["wrong", "expired"]:
        """She shows by the browser's answer that her passkey works."""
        found = self._found(ticket)
        if found is None:
            return "expired"
        new = self._passkeys.created(self._factors.begun(found).challenge, credential)
        return "wrong" if new is None else self._join(ticket, found, passkey=new, name=name, client=client)

    def _join(
        self,
        shown: str,
        ticket: Ticket,
        *,
        client: str,
        app_step: int | None = None,
        passkey: New | None = None,
        name: str = "",
    ) -> Joined | Literal["wrong", "expired"]:
        begun = self._factors.begun(ticket)
        with self._database.transaction():
            person = self._people.hold(ticket.person)
            if person is None or self._tickets.take(shown, "new-factor") is None:
                return "expired"
            if begun.invitation not in [each.id for each in self._invitations.pending(person.id)]:
                return "expired"  # it was withdrawn, or another one took its place
            if passkey is not None and self._passkeys.whose(passkey) not in (None, person.id):
                return "wrong"
            self._factors.clear(person.id)
            self._sessions.end_all(person.id)
            self._tickets.drop(person.id)
            if passkey is not None:
                self._passkeys.add(person.id, passkey, name=name)
            if app_step is not None:
                self._totp.set(person.id, begun.secret, step=app_step)
            self._passwords.store(person.id, begun.digest)
            method = "password+passkey" if app_step is None else "password+totp"
            codes = self._factors.new_codes(person.id)
            cookie = self._sessions.open(person, client=client, method=method)
            return Joined(cookie, person, session_of(cookie), method, codes)

    def _found(self, ticket: str) -> Ticket | None:
        found = self._tickets.find(ticket, "new-factor")
        return found if found is not None and self._factors.begun(found).invitation else None

    def _active(self, person_id: str) -> Person | None:
        try:
            person = self._people.get(person_id)
        except BadInput:
            return None
        return person if person.active else None
