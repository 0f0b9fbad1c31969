"""A software authenticator: what a browser and a security key answer, byte by byte (WebAuthn, level 2, sections 6 and 7)."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _ATTESTED = 0x01, 0x40


@dataclass
class Authenticator:
    """One device with one passkey. Whatever may go wrong is set by the test."""

    origin: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    uses: int = 0
    flags: int = _PRESENT
    host: str = ""
    """The host that it signs for; empty: that of the options."""

    def create(self, options: str, **changes: Any) -> str:
        """The answer to ``navigator.credentials.create``; ``changes`` replace fields of the client's data."""
        asked = json.loads(options)
        assert any(each["alg"] == -7 for each in asked["pubKeyCredParams"])
        client = self._client("webauthn.create", asked["challenge"], changes)
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(public)
        data = self._data(asked["rp"]["id"], self.flags | _ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(attestation)})

    def get(self, options: str, **changes: Any) -> str:
        """The answer to ``navigator.credentials.get``."""
        asked = json.loads(options)
        assert _text(self.credential) in [each["id"] for each in asked["allowCredentials"]]
        client = self._client("webauthn.get", asked["challenge"], changes)
        self.uses += 1
        data = self._data(asked["rpId"], self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        )

    def _client(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, **changes}).encode()

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256((self.host or host).encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _answer(self, response: dict[str, str]) -> str:
        id = _text(self.credential)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response})


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
