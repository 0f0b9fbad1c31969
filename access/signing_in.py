"""Signing in: a password, then a second factor, then a session."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from access.checking import folded
from access.passkeys import Passkeys
from access.passwords import Passwords
from access.people import People
from access.person import Person
from access.recovery import Recovery
from access.sessions import Sessions, session_of
from access.throttle import Throttle
from access.tickets import Ticket, Tickets
from access.totp import Totp
from flow.errors import BadInput

Refused = Literal["wrong", "throttled", "expired"]
"""Why nobody comes in: what was given is wrong, too many were before, or the first step is too long ago."""


@dataclass(frozen=True, slots=True)
class Second:
    """The password was right.

    Attributes:
        ticket: to be sent with the second factor.
        options: for ``navigator.credentials.get``, as JSON; empty if she has no passkey that is good here.
    """

    ticket: str = field(repr=False)
    options: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``cookie`` is that of her new session, ``session`` its id; ``method`` is how she came in."""

    cookie: str = field(repr=False)
    person: Person
    session: str
    method: str


class SigningIn:
    """Answers alike, and takes as long, whether or not there is an account with the address."""

    def __init__(
        self,
        *,
        people: People,
        sessions: Sessions,
        tickets: Tickets,
        passwords: Passwords,
        totp: Totp,
        passkeys: Passkeys,
        recovery: Recovery,
        throttle: Throttle,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._tickets = tickets
        self._passwords = passwords
        self._totp = totp
        self._passkeys = passkeys
        self._recovery = recovery
        self._throttle = throttle

    def password(self, email: str, password: str, *, address: str) -> Second | Refused:
        """The first step.

        Args:
            address: where the browser is, for the brake on guessing.
        """
        account = folded(email)
        if self._throttle.holds(account, address):
            return "throttled"
        person = self._people.by_email(email)
        right = self._passwords.verify(None if person is None else person.id, password)
        if person is None or not right or not person.active:
            self._throttle.failed(account, address)
            return "wrong"
        challenge = secrets.token_bytes(32)
        ticket = self._tickets.issue("second-factor", person=person.id, value=challenge)
        return Second(ticket, self._passkeys.request(person.id, challenge))

    def second(self, ticket: str) -> Second | None:
        """The page of the second step once more; ``None`` if the first is too long ago."""
        found = self._tickets.find(ticket, "second-factor")
        return None if found is None else Second(ticket, self._passkeys.request(found.person, found.value))

    def code(self, ticket: str, code: str, *, address: str, client: str) -> SignedIn | Refused:
        """The second step with a code of the app, or with a recovery code.

        Args:
            client: what she may know the session again by.
        """
        found = self._found(ticket, address)
        if not isinstance(found, tuple):
            return found
        begun, person = found
        is_recovery = any(each.isalpha() for each in code)
        right = (self._recovery if is_recovery else self._totp).use(person.id, code)
        method = "password+recovery" if is_recovery else "password+totp"
        return self._opened(ticket, begun, person, method if right else "", address=address, client=client)

    def passkey(self, ticket: str, credential: str, *, address: str, client: str) -> SignedIn | Refused:
        """The second step with the browser's answer to `Second.options`."""
        found = self._found(ticket, address)
        if not isinstance(found, tuple):
            return found
        begun, person = found
        method = "password+passkey" if self._passkeys.use(person.id, begun.value, credential) else ""
        return self._opened(ticket, begun, person, method, address=address, client=client)

    def confirm(self, person: Person, password: str, *, address: str) -> Literal["ok"] | Refused:
        """Whether somebody who is signed in knows her password: before she changes what she signs in with."""
        account = folded(person.email)
        if self._throttle.holds(account, address):
            return "throttled"
        if not self._passwords.verify(person.id, password):
            self._throttle.failed(account, address)
            return "wrong"
        return "ok"

    def _found(self, ticket: str, address: str) -> tuple[Ticket, Person] | Refused:
        begun = self._tickets.find(ticket, "second-factor")
        if begun is None:
            return "expired"
        try:
            person = self._people.get(begun.person)
        except BadInput:
            return "expired"
        if not person.active:
            return "expired"
        return "throttled" if self._throttle.holds(folded(person.email), address) else (begun, person)

    def _opened(
        self, shown: str, begun: Ticket, person: Person, method: str, *, address: str, client: str
    ) -> SignedIn | Refused:
        if not method:
            self._throttle.failed(folded(person.email), address)
            return "wrong"
        if self._tickets.take(shown, begun.purpose) is None:
            return "expired"
        self._throttle.succeeded(folded(person.email))
        cookie = self._sessions.open(person, client=client, method=method)
        return SignedIn(cookie, person, session_of(cookie), method)
