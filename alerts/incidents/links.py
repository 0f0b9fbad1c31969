"""Links by which whoever was told of an incident answers it, without an account.

A link names one delivery and is signed: nobody can make one, and one made for something else opens nothing. What it leads to
stands in the table ``incident_link``, so that it ends with its time, with the official's consent, and with her erasure.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from sqlalchemy import bindparam, delete, insert, select, update

from alerts.incidents.history import History, Transition
from alerts.incidents.incident import LOCK
from alerts.tables import INCIDENT_LINK
from flow.clock import Clock, Moment
from flow.database import Database
from flow.databases.columns import moment
from registry.official import Language

LASTS = timedelta(days=7)
"""How long a link opens something: longer than an incident waits for an answer, and a channel for its server."""
_ID_BYTES, _MAC_BYTES = 12, 16


@dataclass(frozen=True, slots=True)
class Link:
    """For whom a link is.

    Attributes:
        official: her id; empty where the incident is about none.
        contact: the name of who was told: whoever opens the link counts as this one.
        show_text: the rule lets this contact see the posts' texts. Her consent is asked besides.
    """

    delivery: str
    incident: str
    official: str
    contact: str = field(repr=False)
    language: Language
    show_text: bool
    expires: Moment


class Signer:
    """Makes the secret part of a link, and knows its own.

    Args:
        keys: secret texts, long and random. The first one signs; what any of them signed is good, so that a new key can be put
            before the old one until the last links of that have ended.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [hashlib.sha256(b"turvakt answer\x00" + key.encode()).digest() for key in keys]

    def token(self, delivery: str) -> str:
        """The secret part of the link in this delivery's message: 38 letters, digits, ``-`` and ``_``."""
        return _written(bytes.fromhex(delivery) + self._mac(self._keys[0], "link", delivery))

    def delivery(self, token: str) -> str | None:
        """The id of the delivery that a token was made for; ``None`` if it was not made here for this purpose."""
        try:
            read = base64.urlsafe_b64decode(token.encode("ascii") + b"==")
        except (UnicodeEncodeError, binascii.Error, ValueError):
            return None
        delivery, mac = read[:_ID_BYTES].hex(), read[_ID_BYTES:]
        # Base64 lets one value be written in several ways: only ours is taken.
        good = _written(read) == token and self._is_good("link", delivery, mac)
        return delivery if good else None

    def seal(self, delivery: str, seen: str) -> str:
        """What a form carries along: that it was made for this delivery, and what its reader had seen."""
        return f"{seen}.{self._mac(self._keys[0], 'form', delivery, seen).hex()}"

    def seen(self, delivery: str, sealed: str) -> str | None:
        """What the reader of a form had seen; ``None`` if the form is none of ours for this delivery."""
        seen, _, mac = sealed.rpartition(".")
        try:
            sent = bytes.fromhex(mac)
        except ValueError:
            return None
        return seen if self._is_good("form", delivery, sent, seen) else None

    def _is_good(self, purpose: str, delivery: str, mac: bytes, *more: str) -> bool:
        return any(hmac.compare_digest(self._mac(key, purpose, delivery, *more), mac) for key in self._keys)

    def _mac(self, key: bytes, *parts: str) -> bytes:
        message = "\x00".join(parts).encode("utf-8", "replace")
        return hmac.digest(key, message, "sha256")[:_MAC_BYTES]


class Links:
    """The table ``incident_link`` of ``database``; it is erased with the incidents, by `alerts.incidents.incidents.Incidents`."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, links: Sequence[Link]) -> None:
        """Take in links of new deliveries; to be called in the transaction that takes in these."""
        rows = [{name: getattr(link, name) for name in _NAMES} for link in links]
        # A message that waited and was replaced may be wanted again; its link is still there.
        self._database.executemany(_REPLACED, [{"its_delivery": link.delivery} for link in links])
        self._database.executemany(_NEW, [row | {"expires": row["expires"].timestamp()} for row in rows])

    def find(self, delivery: str) -> Link | None:
        """The link of this delivery, also if its time is over; ``None`` if there is none."""
        rows = self._database.query(select(*_COLUMNS).where(INCIDENT_LINK.c.delivery == delivery))
        return _link(rows[0]) if rows else None

    def signed_in(self, link: Link, person: str) -> None:
        """Write down, once, that whoever answers by this link has come in with the account ``person``."""
        with self._database.transaction():
            self._database.lock(LOCK)
            history = History(self._database)
            if self.find(link.delivery) is None or link.contact in history.contacts_of(link.incident, person):
                return  # whoever is erased meanwhile must not come back
            at = self._clock.now()
            history.add([Transition(link.incident, link.official, at, "signed-in", actor=person, contact=link.contact)])

    def known(self, deliveries: Collection[str]) -> frozenset[str]:
        """Those of ``deliveries``, given by id, that have one: nobody erases them before the transaction ends."""
        these = select(INCIDENT_LINK.c.delivery).where(INCIDENT_LINK.c.delivery.in_(deliveries)).with_for_update()
        return frozenset(row[0] for row in self._database.query(these)) if deliveries else frozenset()

    def renew(self, deliveries: Collection[str]) -> None:
        """The messages of these, given by id, have arrived just now: the time of their links begins."""
        new = update(INCIDENT_LINK).where(INCIDENT_LINK.c.delivery.in_(deliveries))
        if deliveries:
            self._database.execute(new.values(expires=(self._clock.now() + LASTS).timestamp()))

    def expired(self, link: Link) -> bool:
        """Whether its time is over."""
        return link.expires <= self._clock.now()

    def expire(self) -> int:
        """Remove those whose time has been over for as long as it lasted; until then they can say so."""
        ended = INCIDENT_LINK.c.expires < (self._clock.now() - LASTS).timestamp()
        return self._database.execute(delete(INCIDENT_LINK).where(ended))


_NAMES = tuple(Link.__dataclass_fields__)
_COLUMNS = tuple(INCIDENT_LINK.c[name] for name in _NAMES)
_NEW = insert(INCIDENT_LINK)
_REPLACED = delete(INCIDENT_LINK).where(INCIDENT_LINK.c.delivery == bindparam("its_delivery"))


def _link(row: tuple[object, ...]) -> Link:
    delivery, incident, official, contact, language, show_text, expires = row
    return Link(
        str(delivery),
        str(incident),
        str(official),
        str(contact),
        cast(Language, language),
        bool(show_text),
        moment(cast(float, expires)),
    )


def _written(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
