"""Passkeys: the phone, the computer or a security key signs, and no page but ours gets a signature (WebAuthn, level 2)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from access.person import Person
from access.tables import PASSKEY
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment

_NAME_LONGEST = 60
# What its parsers raise about what no browser sends.
_REFUSED = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a person's; ``name`` is what she calls it."""

    id: str
    name: str = field(repr=False)
    at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class New:
    """One that has proven itself and is not stored yet."""

    credential: bytes
    key: bytes
    uses: int


class Passkeys:
    """The table ``access_passkey`` of ``database``.

    Args:
        origin: where people reach the pages, such as ``https://turvakt.ekvik.example``. A passkey is good for its host alone.
    """

    def __init__(self, database: Database, *, origin: str, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        parts = urlsplit(origin)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.hostname or ""
        self.possible = _is_possible(parts.scheme, self._host)
        """Whether browsers allow passkeys there: only with https or on ``localhost``, never at a numeric address."""

    def creation(self, person: Person, challenge: bytes) -> str:
        """The options for ``navigator.credentials.create``, as JSON; empty where that is not `possible`."""
        if not self.possible:
            return ""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name="Turvakt",
            user_id=hashlib.sha256(f"turvakt person\x00{person.id}".encode()).digest(),
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,  # it is asked for by its id, after the password
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=self._known(person.id),
        )
        return options_to_json(options)

    def created(self, challenge: bytes, credential: str) -> New | None:
        """What the browser answered to `creation`, as JSON; ``None`` if it proves nothing."""
        if not self.possible:
            return None
        try:
            found = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
            )
        except _REFUSED:
            return None
        return New(found.credential_id, found.credential_public_key, found.sign_count)

    def add(self, person: str, new: New, *, name: str) -> bool:
        """Within a transaction that holds her: let the person with this id use it; ``False`` if somebody does already."""
        row = {
            "credential": new.credential,
            "id": secrets.token_hex(8),
            "person": person,
            "name": "".join(each for each in name if each.isprintable()).strip()[:_NAME_LONGEST],
            "key": new.key,
            "uses": new.uses,
            "at": self._clock.now().timestamp(),
            "used_at": None,
        }
        if self.whose(new) is not None:
            return False
        self._database.execute(insert(PASSKEY), row)
        return True

    def whose(self, new: New) -> str | None:
        """The id of the person who uses it already, if anybody does."""
        rows = self._database.query(select(PASSKEY.c.person).where(PASSKEY.c.credential == new.credential))
        return str(rows[0][0]) if rows else None

    def request(self, person: str, challenge: bytes) -> str:
        """The options for ``navigator.credentials.get``, as JSON; empty if the person with this id has none to use here."""
        known = self._known(person) if self.possible else []
        if not known:
            return ""
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            allow_credentials=known,
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return options_to_json(options)

    def use(self, person: str, challenge: bytes, credential: str) -> bool:
        """Whether the browser's answer to `request`, as JSON, is signed by one of hers, and by no copy of it."""
        if not self.possible:
            return False
        try:
            which = parse_authentication_credential_json(credential).raw_id
        except _REFUSED:
            return False
        hers = PASSKEY.c.credential == which, PASSKEY.c.person == person
        rows = self._database.query(select(PASSKEY.c.key, PASSKEY.c.uses).where(*hers))
        if not rows:
            return False
        key, uses = rows[0]
        found = self._verified(challenge, credential, bytes(key), uses)
        if found is None:
            return False
        counted = update(PASSKEY).where(*hers, PASSKEY.c.uses == uses)
        now = self._clock.now().timestamp()
        return self._database.execute(counted.values(uses=found.new_sign_count, used_at=now)) > 0

    def of(self, person: str) -> tuple[Passkey, ...]:
        """Those of the person with this id, the oldest first."""
        columns = [PASSKEY.c[name] for name in ("id", "name", "at", "used_at")]
        rows = self._database.query(
            select(*columns).where(PASSKEY.c.person == person).order_by(PASSKEY.c.at, PASSKEY.c.id)
        )
        return tuple(
            Passkey(id, name, moment(at), None if used is None else moment(used)) for id, name, at, used in rows
        )

    def remove(self, person: str, id: str | None = None) -> int:
        """Forget one of hers, or all; returns how many."""
        hers = delete(PASSKEY).where(PASSKEY.c.person == person)
        return self._database.execute(hers if id is None else hers.where(PASSKEY.c.id == id))

    def _verified(self, challenge: bytes, credential: str, key: bytes, uses: int) -> VerifiedAuthentication | None:
        try:
            return verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=key,
                credential_current_sign_count=uses,
            )
        except _REFUSED:
            return None

    def _known(self, person: str) -> list[PublicKeyCredentialDescriptor]:
        rows = self._database.query(select(PASSKEY.c.credential).where(PASSKEY.c.person == person))
        return [PublicKeyCredentialDescriptor(id=bytes(row[0])) for row in rows]


def _is_possible(scheme: str, host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(host) and (scheme == "https" or host == "localhost")
    return False
