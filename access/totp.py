"""Codes of authenticator apps: RFC 6238, six digits, thirty seconds."""

import re

import pyotp
from sqlalchemy import delete, insert, select, update

from access.sealing import Seal
from access.tables import TOTP
from flow.clock import Clock
from flow.database import Database

_BESIDES = 1  # steps before and after: clocks differ, people are slow (RFC 6238, section 5.2)


def new_secret() -> str:
    """160 bits in base32, as authenticator apps take them."""
    return pyotp.random_base32(32)


def address(secret: str, *, email: str) -> str:
    """What the app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Turvakt")


class Totp:
    """The table ``access_totp`` of ``database``. A code works once, and none that is older than one that worked."""

    def __init__(self, database: Database, *, seal: Seal, clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def step(self, secret: str, code: str) -> int | None:
        """The thirty seconds since 1970 to which ``code`` belongs; ``None`` if it is not one of this time."""
        digits = re.sub(r"\s", "", code)
        if not re.fullmatch(r"[0-9]{6}", digits):
            return None
        try:
            return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=self._clock.now(), valid_window=_BESIDES)
        except pyotp.OTPVerificationError:
            return None

    def set(self, person: str, secret: str, *, step: int) -> None:
        """Let the person with this id use an app with ``secret``, in place of the one that she had.

        Args:
            step: of the code by which she has shown that it works.
        """
        sealed = self._seal.close(secret.encode(), of=person)
        row = {"person": person, "secret": sealed, "step": step, "at": self._clock.now().timestamp()}
        with self._database.transaction():
            self.remove(person)
            self._database.execute(insert(TOTP), row)

    def use(self, person: str, code: str) -> bool:
        """Whether it is a code of her app, of this time and not used before.

        Raises:
            Broken: her secret was sealed with another key.
        """
        rows = self._database.query(select(TOTP.c.secret).where(TOTP.c.person == person))
        if not rows:
            return False
        secret = self._seal.open(bytes(rows[0][0]), of=person)
        step = self.step(secret.decode(), code)
        if step is None:
            return False
        # Sealed anew: so it comes from a former key to the present one.
        new = {"step": step, "secret": self._seal.close(secret, of=person)}
        later = update(TOTP).where(TOTP.c.person == person, TOTP.c.secret == rows[0][0], TOTP.c.step < step)
        return self._database.execute(later.values(**new)) > 0

    def has(self, person: str) -> bool:
        """Whether the person with this id has an app."""
        return bool(self._database.query(select(TOTP.c.person).where(TOTP.c.person == person)))

    def remove(self, person: str) -> bool:
        """She has no app any more; whether she had one."""
        return self._database.execute(delete(TOTP).where(TOTP.c.person == person)) > 0
