"""Passwords, as Argon2id digests."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from access.people import LOCK
from access.person import Person
from access.tables import PASSWORD, PERSON
from access.weakness import Weakness, weakness
from flow.clock import Clock
from flow.database import Database

_AT_ONCE = threading.Semaphore(2)  # each takes 64 MiB: a crowd at the door shall not fill the memory


class Passwords:
    """The table ``access_password`` of ``database``.

    Args:
        hasher: by default with the second of the parameters that RFC 9106 recommends (64 MiB, 3 passes, 4 lanes).
    """

    def __init__(self, database: Database, *, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(b"nobody's")

    def weakness(self, password: str, person: Person) -> Weakness | None:
        """Why ``person`` may not choose ``password``; ``None`` if she may."""
        return weakness(password, person)

    def digest(self, person: Person, password: str) -> str:
        """What is kept of a new password of ``person``; see `store`.

        Raises:
            ValueError: it is weak; ask for its `weakness` before.
        """
        fault = weakness(password, person)
        if fault is not None:
            raise ValueError(f"the password is weak: {fault}")
        with _AT_ONCE:
            return self._hasher.hash(_bytes(password))

    def store(self, person: str, digest: str) -> None:
        """Let the person with this id sign in with the password of this digest, in place of the one that she had."""
        row = {"person": person, "digest": digest, "at": self._clock.now().timestamp()}
        with self._database.transaction():
            self._database.lock(LOCK)
            self.remove(person)
            if self._database.query(select(PERSON.c.id).where(PERSON.c.id == person)):
                self._database.execute(insert(PASSWORD), row)

    def set(self, person: Person, password: str) -> None:
        """
        Raises:
            ValueError: it is weak; ask for its `weakness` before.
        """
        self.store(person.id, self.digest(person, password))

    def verify(self, person: str | None, password: str) -> bool:
        """Whether it is the password of the person with this id. For ``None`` it takes as long, and is not."""
        hers = select(PASSWORD.c.digest).where(PASSWORD.c.person == (person or ""))
        rows = self._database.query(hers)
        digest = str(rows[0][0]) if rows else self._nobodys
        try:
            with _AT_ONCE:
                self._hasher.verify(digest, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        if not rows or person is None:
            return False
        if self._hasher.check_needs_rehash(digest):
            with _AT_ONCE:
                better = self._hasher.hash(_bytes(password))
            same = update(PASSWORD).where(PASSWORD.c.person == person, PASSWORD.c.digest == digest)
            self._database.execute(same.values(digest=better))
        return True

    def remove(self, person: str) -> bool:
        """The person with this id has no password any more; whether she had one."""
        return self._database.execute(delete(PASSWORD).where(PASSWORD.c.person == person)) > 0


def _bytes(password: str) -> bytes:
    """As RFC 8265 prepares passwords: an ``å`` is the same however a keyboard composes it. Absurd lengths are cut unseen."""
    return unicodedata.normalize("NFC", password[:2000]).encode("utf-8", "surrogatepass")
