"""What a person signs in with besides her password: an app with codes, passkeys, recovery codes."""

import secrets
from dataclasses import dataclass, field

import msgspec
import segno
from sqlalchemy import delete, select

from access.passkeys import Passkey, Passkeys
from access.people import People
from access.person import Person
from access.recovery import Recovery
from access.sealing import Seal
from access.tables import IDENTITY
from access.tickets import Purpose, Ticket, Tickets
from access.totp import Totp, address, new_secret
from flow.database import Database

_PURPOSE: Purpose = "new-factor"


@dataclass(frozen=True, slots=True)
class Held:
    """What she has.

    Attributes:
        app: whether she has an app with codes.
        codes: how many recovery codes are left.
        organisation: whether she has come in by her organisation's own sign-in.
    """

    app: bool
    passkeys: tuple[Passkey, ...]
    codes: int
    organisation: bool

    @property
    def seconds(self) -> int:
        """How many second factors that last."""
        return int(self.app) + len(self.passkeys)

    @property
    def comes_in(self) -> bool:
        """Whether she has what it takes to sign in."""
        return self.organisation or self.seconds > 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a page shows to somebody who adds a factor. Nothing of it is hers until she has shown that it works.

    Attributes:
        ticket: to be sent with her answer.
        secret: for the app, to be typed in.
        uri: the same for the app to open.
        svg: the same as a picture to scan: one element ``svg``.
        options: for ``navigator.credentials.create``, as JSON; empty where passkeys are not possible.
    """

    ticket: str = field(repr=False)
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)
    options: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a ticket for a new factor holds, sealed. Of somebody who joins also the digest of her password, and her invitation."""

    secret: str
    challenge: bytes
    digest: str = ""
    invitation: str = ""


class Factors:
    """Adds and removes factors. A person keeps one second factor at least."""

    def __init__(
        self,
        database: Database,
        *,
        people: People,
        tickets: Tickets,
        totp: Totp,
        passkeys: Passkeys,
        recovery: Recovery,
        seal: Seal,
    ) -> None:
        self._database = database
        self._people = people
        self._tickets = tickets
        self._totp = totp
        self._passkeys = passkeys
        self._recovery = recovery
        self._seal = seal

    def of(self, person: str) -> Held:
        """What the person with this id has."""
        known = self._database.query(select(IDENTITY.c.person).where(IDENTITY.c.person == person))
        return Held(self._totp.has(person), self._passkeys.of(person), self._recovery.left(person), bool(known))

    def begin(self, person: Person, *, digest: str = "", invitation: str = "") -> Enrolment:
        """
        Args:
            digest: of her new password, if she joins by ``invitation``, the id of a ticket.
        """
        begun = Begun(new_secret(), secrets.token_bytes(32), digest, invitation)
        value = self._seal.close(msgspec.json.encode(begun), of=person.id)
        return self._shown(person, begun, self._tickets.issue(_PURPOSE, person=person.id, value=value))

    def enrolment(self, ticket: str) -> Enrolment | None:
        """The same once more; ``None`` if the ticket has ended."""
        found = self._tickets.find(ticket, _PURPOSE)
        return None if found is None else self._shown(self._people.get(found.person), self.begun(found), ticket)

    def add_app(self, ticket: str, code: str, *, person: str) -> bool:
        """Whether the code is right, and the app now that of the person with this id, in place of one that she had."""
        found = self._hers(ticket, person)
        if found is None:
            return False
        begun = self.begun(found)
        step = self._totp.step(begun.secret, code)
        with self._database.transaction():
            if step is None or self._people.hold(person) is None or self._tickets.take(ticket, _PURPOSE) is None:
                return False
            self._totp.set(person, begun.secret, step=step)
        return True

    def add_passkey(self, ticket: str, credential: str, *, name: str, person: str) -> bool:
        """Whether the browser's answer is right, and the passkey now one of the person with this id."""
        found = self._hers(ticket, person)
        new = None if found is None else self._passkeys.created(self.begun(found).challenge, credential)
        with self._database.transaction():
            if new is None or self._people.hold(person) is None or self._tickets.take(ticket, _PURPOSE) is None:
                return False
            return self._passkeys.add(person, new, name=name)

    def remove_app(self, person: str) -> bool:
        """Forget her app; ``False`` if she has none or nothing else."""
        with self._database.transaction():
            self._people.hold(person)
            held = self.of(person)
            return held.app and held.seconds > 1 and self._totp.remove(person)

    def remove_passkey(self, person: str, id: str) -> bool:
        """Forget one of her passkeys; ``False`` if it is not hers or all that she has."""
        with self._database.transaction():
            self._people.hold(person)
            return self.of(person).seconds > 1 and self._passkeys.remove(person, id) > 0

    def new_codes(self, person: str) -> tuple[str, ...]:
        """New recovery codes, to be shown once; the older ones are worthless."""
        with self._database.transaction():
            return self._recovery.renew(person) if self._people.hold(person) else ()

    def clear(self, person: str) -> None:
        """Forget all factors of the person with this id, and how her organisation calls her."""
        self._database.execute(delete(IDENTITY).where(IDENTITY.c.person == person))
        self._totp.remove(person)
        self._passkeys.remove(person)
        self._recovery.remove(person)

    def begun(self, ticket: Ticket) -> Begun:
        """What was begun with a ticket for a new factor.

        Raises:
            Broken: it was sealed with another key.
        """
        return msgspec.json.decode(self._seal.open(ticket.value, of=ticket.person), type=Begun)

    def _hers(self, ticket: str, person: str) -> Ticket | None:
        """The ticket, if it is hers and not one of joining, which `access.joining.Joining` completes as a whole."""
        found = self._tickets.find(ticket, _PURPOSE)
        return found if found is not None and found.person == person and not self.begun(found).invitation else None

    def _shown(self, person: Person, begun: Begun, ticket: str) -> Enrolment:
        uri = address(begun.secret, email=person.email)
        picture = segno.make(uri, error="m", micro=False).svg_inline(light="#fff", omitsize=True)
        options = self._passkeys.creation(person, begun.challenge)
        return Enrolment(ticket, begun.secret, uri, picture, options)
