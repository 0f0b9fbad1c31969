"""The browsers in which people have asked for notifications (Web Push, RFC 8030)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from sqlalchemy import delete, func, insert, select

from access.tables import PUSH
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment
from flow.errors import BadInput
from flow.hosts import is_guarded

SERVICES = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "push.apple.com", "notify.windows.com")
"""The services of the browsers in use, or what their hosts' names end with: nothing else is called."""
_FAMILIES = dict(zip(SERVICES, ("Chrome", "Firefox", "Safari", "Edge"), strict=True))
MOST = 10
"""Browsers of one person."""
_LONGEST = 2000


class Keys(msgspec.Struct, frozen=True):
    """Public key and secret of a browser, in Base64url."""

    p256dh: str
    auth: str


class Given(msgspec.Struct, frozen=True):
    """What a browser says of itself, as ``PushSubscription.toJSON`` writes it."""

    endpoint: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Subscription:
    """One browser of a person.

    Attributes:
        endpoint: where its maker's service takes messages for it.
        key: its public key, an uncompressed point of P-256.
        secret: shared with it.
    """

    endpoint: str = field(repr=False)
    key: bytes = field(repr=False)
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a person is shown of one of her browsers.

    Attributes:
        id: the SHA-256 of its endpoint, in hexadecimal digits: the browser itself can tell that it is the one.
        family: such as ``Firefox``; of others of the same engine, the best known one. Empty: not known.
        at: since when.
    """

    id: str
    family: str
    at: datetime


class Subscriptions:
    """The table ``access_push`` of ``database``; what is in it goes with the person."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, person: str, value: str) -> None:
        """Take in what a browser says of itself. The same browser again replaces itself; of too many the oldest goes.

        Raises:
            BadInput: no browser in use says that.
        """
        found = read(value)
        digest = _digest(found.endpoint)
        row = {
            "digest": digest,
            "person": person,
            "endpoint": found.endpoint,
            "key": found.key,
            "secret": found.secret,
            "at": self._clock.now().timestamp(),
        }
        with self._database.transaction():
            self._database.execute(delete(PUSH).where(PUSH.c.digest == digest))
            self._database.execute(insert(PUSH), row)
            newest = select(PUSH.c.digest).where(PUSH.c.person == person).order_by(PUSH.c.at.desc()).offset(MOST)
            for (old,) in self._database.query(newest):
                self._database.execute(delete(PUSH).where(PUSH.c.digest == old))

    def of(self, person: str) -> list[Subscription]:
        """Her browsers; none that `read` would not take today."""
        hers = select(PUSH.c.endpoint, PUSH.c.key, PUSH.c.secret).where(PUSH.c.person == person).order_by(PUSH.c.at)
        return [
            Subscription(endpoint, bytes(key), bytes(secret))
            for endpoint, key, secret in self._database.query(hers)
            if _service(endpoint)
        ]

    def browsers(self, person: str) -> list[Browser]:
        """What she is shown of them, the oldest first."""
        hers = select(PUSH.c.digest, PUSH.c.endpoint, PUSH.c.at).where(PUSH.c.person == person).order_by(PUSH.c.at)
        return [
            Browser(bytes(digest).hex(), _FAMILIES.get(_service(endpoint), ""), moment(at))
            for digest, endpoint, at in self._database.query(hers)
        ]

    def count(self, person: str) -> int:
        """How many browsers she has."""
        return int(self._database.query(select(func.count()).where(PUSH.c.person == person))[0][0])

    def remove(self, endpoint: str) -> None:
        """A browser that wants nothing more."""
        self._database.execute(delete(PUSH).where(PUSH.c.digest == _digest(endpoint)))

    def remove_one(self, person: str, id: str) -> bool:
        """One of hers; says whether there was such a one."""
        try:
            digest = bytes.fromhex(id)
        except ValueError:
            return False
        return bool(self._database.execute(delete(PUSH).where(PUSH.c.person == person, PUSH.c.digest == digest)))

    def remove_all(self, person: str) -> int:
        """All of hers; returns how many there were."""
        return self._database.execute(delete(PUSH).where(PUSH.c.person == person))


def new_key() -> str:
    """A private key for a new Turvakt, in Base64url."""
    number = generate_private_key(SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def read(value: str) -> Subscription:
    """What a browser says of itself.

    Raises:
        BadInput: no browser in use says that.
    """
    try:
        given = msgspec.json.decode(value, type=Given)
        key, secret = _bytes(given.keys.p256dh), _bytes(given.keys.auth)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key)
    except (msgspec.MsgspecError, ValueError, binascii.Error):
        raise _no_browser() from None
    # Never this machine: whoever signs in could call what listens here and nowhere else.
    fits = len(value) <= _LONGEST and is_guarded(given.endpoint) and _service(given.endpoint)
    if not fits or len(secret) != 16:  # RFC 8291, 3.2
        raise _no_browser()
    return Subscription(given.endpoint, key, secret)


def _service(endpoint: str) -> str:
    """Which of `SERVICES` it belongs to; empty: to none."""
    try:
        host = (urlsplit(endpoint).hostname or "").lower()
    except ValueError:
        return ""
    return next((each for each in SERVICES if host == each or host.endswith(f".{each}")), "")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _digest(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode()).digest()


def _no_browser() -> BadInput:
    return BadInput("is not what a browser says of itself", place="subscription", remedy="Switch notifications on anew")
