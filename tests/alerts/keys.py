"""Key pairs of invented contacts, made anew for each run."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pysequoia import Tsk

ADDRESS = "vakt@ekvik.example"


@dataclass(frozen=True)
class Pair:
    """A certificate of S/MIME and its private key, both as PEM."""

    certificate: bytes
    private: bytes


def smime_pair(
    address: str = ADDRESS,
    *,
    begins: datetime | None = None,
    days: int = 30,
    in_subject: bool = False,
    elliptic: bool = False,
    encipher: bool | None = None,
    extension: tuple[x509.ObjectIdentifier, bytes] | None = None,
) -> Pair:
    """``encipher``: what the key usage says; ``None``: there is none. ``extension``: one more, as it stands."""
    begins = begins or datetime.now(UTC) - timedelta(days=1)
    private = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, "Beredskap Ekvik")]
    if in_subject:
        attributes.append(x509.NameAttribute(x509.NameOID.EMAIL_ADDRESS, address))
    name = x509.Name(attributes)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    builder = builder.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    if not in_subject:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    if encipher is not None:
        builder = builder.add_extension(
            x509.KeyUsage(True, False, encipher, False, False, False, False, False, False), critical=True
        )
    if extension is not None:
        builder = builder.add_extension(x509.UnrecognizedExtension(*extension), critical=False)
    certificate = builder.sign(private, SHA256())
    return Pair(
        certificate.public_bytes(Encoding.PEM),
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def pgp_pair(address: str = ADDRESS, *, seconds: int | None = None) -> tuple[bytes, Tsk]:
    """The public key as its owner would send it, and the private one."""
    private = Tsk.generate(f"Beredskap Ekvik <{address}>", validity_seconds=seconds)
    return str(private.extract_certificate()).encode(), private


@contextmanager
def gnupg(home: Path) -> Iterator[Callable[..., bytes]]:
    """GnuPG with its keys in ``home``: takes arguments and, as ``given``, its input, and gives what it writes."""

    def gpg(*arguments: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
        return subprocess.run([*command, *arguments], input=given, check=True, capture_output=True).stdout

    home.chmod(0o700)
    try:
        yield gpg
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
