"""Mail that only its recipient can read: OpenPGP (RFC 3156) or S/MIME (RFC 8551), with protected headers (RFC 9788)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pysequoia import Cert, encrypt

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Key(Protocol):
    """A public key of a contact."""

    @property
    def begins(self) -> datetime | None:
        """Before this nothing may be encrypted for it; ``None``: it has always held."""
        ...

    @property
    def ends(self) -> datetime | None:
        """From when on nothing may be encrypted for it; ``None``: it does not end."""
        ...

    def seal(self, part: bytes) -> EmailMessage:
        """A mail without headers of its own, in which ``part``, a whole MIME entity, is encrypted."""
        ...


@dataclass(frozen=True, slots=True)
class OpenPgp:
    """A key of OpenPGP."""

    certificate: Cert
    ends: datetime | None
    begins: datetime | None = None

    def seal(self, part: bytes) -> EmailMessage:
        """As ``multipart/encrypted``."""
        version = EmailMessage(policy=SMTP_POLICY)
        version.set_content(b"Version: 1\r\n", "application", "pgp-encrypted", cte="7bit")
        body = EmailMessage(policy=SMTP_POLICY)
        armored = encrypt(part, recipients=[self.certificate])
        body.set_content(armored, "application", "octet-stream", cte="7bit", filename="encrypted.asc")
        body.replace_header("Content-Disposition", 'inline; filename="encrypted.asc"')
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["Content-Type"] = 'multipart/encrypted; protocol="application/pgp-encrypted"'
        mail.attach(version)
        mail.attach(body)
        return mail


@dataclass(frozen=True, slots=True)
class Smime:
    """A certificate of S/MIME."""

    certificate: x509.Certificate

    @property
    def begins(self) -> datetime:
        """The beginning of the certificate."""
        return self.certificate.not_valid_before_utc

    @property
    def ends(self) -> datetime:
        """Its end."""
        return self.certificate.not_valid_after_utc

    def seal(self, part: bytes) -> EmailMessage:
        """As ``enveloped-data``."""
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(part).add_recipient(self.certificate)
        envelope = builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        mail = EmailMessage(policy=SMTP_POLICY)
        mail.set_content(
            envelope,
            "application",
            "pkcs7-mime",
            cte="base64",
            filename="smime.p7m",
            params={"smime-type": "enveloped-data", "name": "smime.p7m"},
        )
        return mail


@dataclass(frozen=True, slots=True)
class Unusable:
    """In place of a key that cannot be used: nothing is encrypted for it, and nothing else sent openly instead."""

    begins: datetime | None = None
    ends: datetime = _LONG_AGO

    def seal(self, part: bytes) -> EmailMessage:
        """Not possible.

        Raises:
            ValueError: always.
        """
        raise ValueError("there is no key")


def holds(key: Key, at: datetime) -> bool:
    """Whether something may be encrypted for ``key`` at the moment ``at``."""
    return (key.begins is None or key.begins <= at) and (key.ends is None or at < key.ends)
