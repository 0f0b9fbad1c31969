"""All that belongs to people's accounts, put together."""

from dataclasses import dataclass

from argon2 import PasswordHasher

from access.factors import Factors
from access.invitations import Invitations
from access.joining import Joining
from access.passkeys import Passkeys
from access.passwords import Passwords
from access.people import People
from access.recovery import Recovery
from access.sealing import Seal
from access.sessions import Sessions
from access.signing_in import SigningIn
from access.throttle import Throttle
from access.tickets import Tickets
from access.totp import Totp
from flow.clock import Clock
from flow.database import Database


@dataclass(frozen=True, slots=True)
class Accounts:
    """What pages and commands need of it; see each."""

    people: People
    sessions: Sessions
    tickets: Tickets
    invitations: Invitations
    passwords: Passwords
    factors: Factors
    joining: Joining
    signing_in: SigningIn

    @classmethod
    def over(
        cls,
        database: Database,
        *,
        key: str,
        origin: str,
        clock: Clock,
        former_key: str = "",
        hasher: PasswordHasher | None = None,
    ) -> "Accounts":
        """
        Args:
            key: seals what must be read again; whoever has it and the database has the secrets of the apps.
            origin: where people reach the pages.
            former_key: the key before it, if there was one.
            hasher: of passwords, see `access.passwords.Passwords`.
        """
        seal = Seal(key, former=former_key)
        people, sessions, tickets = People(database), Sessions(database, clock=clock), Tickets(database, clock=clock)
        passwords = Passwords(database, clock=clock, hasher=hasher)
        totp, recovery = Totp(database, seal=seal, clock=clock), Recovery(database)
        passkeys = Passkeys(database, origin=origin, clock=clock)
        factors = Factors(
            database, people=people, tickets=tickets, totp=totp, passkeys=passkeys, recovery=recovery, seal=seal
        )
        joining = Joining(
            database,
            people=people,
            sessions=sessions,
            tickets=tickets,
            passwords=passwords,
            factors=factors,
            totp=totp,
            passkeys=passkeys,
        )
        signing_in = SigningIn(
            people=people,
            sessions=sessions,
            tickets=tickets,
            passwords=passwords,
            totp=totp,
            passkeys=passkeys,
            recovery=recovery,
            throttle=Throttle(clock),
        )
        return cls(people, sessions, tickets, Invitations(tickets), passwords, factors, joining, signing_in)
