"""Recovery codes: each takes the place of the second factor once."""

import base64
import hashlib
import re
import secrets

from sqlalchemy import delete, func, insert, select

from access.tables import RECOVERY
from flow.database import Database

MANY = 10
_BYTES = 10  # 80 bits: nobody can try them all, so that a fast digest suffices


class Recovery:
    """The table ``access_recovery`` of ``database``, which holds digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew(self, person: str) -> tuple[str, ...]:
        """New codes for the person with this id, like ``abcd-efgh-ijkl-mnop``; those that she had are worthless."""
        plain = [base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower() for _ in range(MANY)]
        with self._database.transaction():
            self.remove(person)
            rows = [{"person": person, "digest": _digest(person, each)} for each in plain]
            self._database.executemany(insert(RECOVERY), rows)
        return tuple("-".join(re.findall("....", each)) for each in plain)

    def use(self, person: str, code: str) -> bool:
        """Whether it is one of hers that is left. It is not any more."""
        plain = re.sub(r"[\s-]", "", code).lower()
        hers = delete(RECOVERY).where(RECOVERY.c.person == person, RECOVERY.c.digest == _digest(person, plain))
        return self._database.execute(hers) > 0

    def left(self, person: str) -> int:
        """How many she has left."""
        return int(self._database.query(select(func.count()).where(RECOVERY.c.person == person))[0][0])

    def remove(self, person: str) -> int:
        """All that she has left are worthless; returns how many."""
        return self._database.execute(delete(RECOVERY).where(RECOVERY.c.person == person))


def _digest(person: str, plain: str) -> bytes:
    return hashlib.sha256(f"turvakt recovery\x00{person}\x00{plain}".encode("utf-8", "replace")).digest()
