"""People as one of the places that hold personal data."""

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Select, func, select

from access.people import LOCK, People
from access.person import Person
from access.recovery import Recovery
from access.sessions import Sessions
from access.tables import IDENTITY, PASSKEY, PASSWORD, PUSH, TOTP
from access.tickets import Tickets
from flow.clock import Clock
from flow.database import Database
from registry.holder import Part


class PeopleHolder:
    """Implements `registry.holder.Holder`: an official and her deputies, as far as they are nothing else."""

    name = "people"

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._people = People(database)
        self._sessions = Sessions(database, clock=clock)
        self._tickets = Tickets(database, clock=clock)

    def erase(self, official: str, part: Part | None = None) -> int:
        """Forget who is nothing but the official or her deputy; who is something else keeps that. All are signed out."""
        if part is not None:
            return 0
        with self._database.transaction():
            self._database.lock(LOCK)  # else who is changed at this moment keeps what is taken from her here
            found = self._people.of_official(official)
            for person in found:
                self._forget(person, official)
        return len(found)

    def _forget(self, person: Person, official: str) -> None:
        left, offers = (
            tuple(each for each in all_ if each.official != official) for all_ in (person.grants, person.offers)
        )
        if left:
            self._people.put(replace(person, grants=left, offers=offers))
            if left != person.grants:
                self._sessions.end_all(person.id)
        else:
            self._people.remove(person.id)

    def forget(self, posts: Collection[str]) -> int:
        return 0

    def expire(self, before: datetime) -> int:
        """Remove sessions, links and sign-ins that have ended by themselves, whenever that was: nobody needs them."""
        return self._sessions.expire() + self._tickets.expire()

    def export(self, official: str) -> list[dict[str, Any]]:
        """The official and her deputies; of herself also what she signs in with, and where. No secret is among it."""
        return [
            self._everything(person) if _is_herself(person, official) else _deputy(person, official)
            for person in self._people.of_official(official)
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        return len(self._people.of_official(official)) if part is None else 0

    def _everything(self, person: Person) -> dict[str, Any]:
        passkeys = select(PASSKEY.c.name, PASSKEY.c.at, PASSKEY.c.used_at).where(PASSKEY.c.person == person.id)
        plain: dict[str, Any] = msgspec.to_builtins(person)
        return plain | {
            "password_since": self._since(select(PASSWORD.c.at).where(PASSWORD.c.person == person.id)),
            "app_since": self._since(select(TOTP.c.at).where(TOTP.c.person == person.id)),
            "passkeys": [
                {"name": name, "at": _moment(at), "used_at": _moment(used_at)}
                for name, at, used_at in self._database.query(passkeys.order_by(PASSKEY.c.at))
            ],
            "notified_since": self._since(select(func.min(PUSH.c.at)).where(PUSH.c.person == person.id)),
            "organisation_since": self._since(select(IDENTITY.c.at).where(IDENTITY.c.person == person.id)),
            "recovery_codes_left": Recovery(self._database).left(person.id),
            "sessions": [msgspec.to_builtins(asdict(each)) for each in self._sessions.of(person.id)],
        }

    def _since(self, when: Select[tuple[float]]) -> str | None:
        rows = self._database.query(when)
        return _moment(rows[0][0]) if rows else None


def _is_herself(person: Person, official: str) -> bool:
    return any(grant.role == "official" and grant.official == official for grant in person.grants)


def _deputy(person: Person, official: str) -> dict[str, Any]:
    """What she is for this official; what else she is, and her name before she has accepted it, is her own."""
    grants, offers = (
        tuple(each for each in all_ if each.official == official) for all_ in (person.grants, person.offers)
    )
    plain: dict[str, Any] = msgspec.to_builtins(replace(person, grants=grants, offers=offers))
    return {field: plain[field] for field in ("id", *(("name",) if grants else ()), "email", "grants", "offers")}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
