"""Public keys of contacts from files, and everything that may be wrong with one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pysequoia import Cert
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

from alerts.mail.encryption import Key, OpenPgp, Smime
from flow.errors import Broken

RENEW = "Ask the contact for the public key as it is now"


def load_key(file: Path, *, address: str) -> Key:
    """The public key in ``file``, with which mail to ``address`` is encrypted; it may have ended (`check_time`).

    Raises:
        Broken: it cannot be read, is a private one, is for another address, was revoked, or is of a kind that cannot encrypt.
    """
    try:
        content = file.read_bytes()
        key = _smime(content, file) if _is_x509(content) else _openpgp(content, file)
        addresses = _addresses(key)
        _ = key.begins, key.ends
    except Broken:
        raise
    except Exception as error:  # noqa: BLE001  parts are parsed only when asked for, and the errors are of many kinds
        raise Broken(f"the key cannot be read ({type(error).__name__})", place=str(file), remedy=RENEW) from None
    if address.casefold() not in addresses:
        raise Broken("the key is for another address", place=str(file), remedy=RENEW)
    try:
        key.seal(b"")
    except (RuntimeError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        # What the libraries say may quote the key.
        reason = f"the key cannot encrypt ({type(error).__name__})"
        remedy = "It needs a part for encryption that has not ended; a certificate needs an RSA key"
        raise Broken(reason, place=str(file), remedy=remedy) from None
    return key


def check_time(key: Key, file: Path, *, now: datetime) -> None:
    """Look whether it may be used.

    Raises:
        Broken: it has not begun, or has ended.
    """
    if key.begins is not None and key.begins > now:
        raise Broken(f"the key begins on {key.begins:%Y-%m-%d}", place=str(file), remedy=RENEW)
    if key.ends is not None and key.ends <= now:
        raise Broken(f"the key has ended on {key.ends:%Y-%m-%d}", place=str(file), remedy=RENEW)


def load_keys(files: Iterable[tuple[str, Path]]) -> Mapping[str, Key]:
    """The keys by address in lower case, from addresses and files.

    Raises:
        Broken: as `load_key`; or an address has two keys.
    """
    keys: dict[str, tuple[Path, Key]] = {}
    for address, file in files:
        known = keys.get(address.casefold())
        if known is not None and known[0] != file:
            remedy = f"The other one is {known[0]}. Name the same one wherever the contact stands"
            raise Broken("an address has two keys", place=str(file), remedy=remedy)
        keys[address.casefold()] = known or (file, load_key(file, address=address))
    return {address: key for address, (_, key) in keys.items()}


def _is_x509(content: bytes) -> bool:
    return (b"-----BEGIN" in content and b"-----BEGIN PGP" not in content) or content[:1] == b"\x30"  # PEM, or DER


def _smime(content: bytes, file: Path) -> Smime:
    if b"PRIVATE KEY" in content:
        raise _private(file)
    try:
        if b"-----BEGIN" in content:
            certificate = x509.load_pem_x509_certificates(content)[0]  # those of its authorities may follow
        else:
            certificate = x509.load_der_x509_certificate(content)
    except ValueError:
        raise Broken("is no certificate that can be read", place=str(file), remedy=RENEW) from None
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment
    except x509.ExtensionNotFound:
        usage = True
    if not usage or not isinstance(certificate.public_key(), RSAPublicKey):
        remedy = "Ask the contact for the one for encryption, with an RSA key"
        raise Broken("the certificate is not for encryption", place=str(file), remedy=remedy)
    return Smime(certificate)


def _openpgp(content: bytes, file: Path) -> OpenPgp:
    try:
        packets = list(PacketPile.from_bytes(content))
        private = any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in packets)
        certificate = Cert.from_bytes(content)
        ends = certificate.expiration
    except (RuntimeError, ValueError):
        raise Broken("is neither a public key of OpenPGP nor a certificate", place=str(file), remedy=RENEW) from None
    if private:
        raise _private(file)
    if certificate.is_revoked:
        raise Broken("the key was revoked", place=str(file), remedy=RENEW)
    ends_of_parts = _ends(packets)
    last = None if None in ends_of_parts else max(filter(None, ends_of_parts), default=None)
    return OpenPgp(certificate, min(filter(None, (ends, last)), default=None))


def _ends(packets: Sequence[Packet]) -> list[datetime | None]:
    """When each part for encryption ends. Sequoia encrypts for an ended one, too, where there is no other."""
    ends: list[datetime | None] = []
    created = None
    newest: datetime | None = None
    for packet in packets:
        if packet.tag == Tag.PublicSubkey:
            created, newest = packet.key_created, None
        flags, signed = packet.key_flags, packet.signature_created
        if created is None or signed is None or packet.signature_type != SignatureType.SubkeyBinding or flags is None:
            continue
        if not (flags.transport_encryption or flags.storage_encryption) or (newest is not None and signed < newest):
            continue
        if newest is not None:
            ends.pop()  # a later signature says it anew
        lasts, newest = packet.key_validity_period, signed
        ends.append(created + lasts if lasts else None)
    return ends


def _private(file: Path) -> Broken:
    remedy = "Put the public one there. The private one is the contact's alone: it should be replaced now"
    return Broken("holds a private key", place=str(file), remedy=remedy)


def _addresses(key: Key) -> set[str]:
    if isinstance(key, OpenPgp):
        found = [parseaddr(str(each))[1] or str(each) for each in key.certificate.user_ids]
    elif isinstance(key, Smime):
        found = [str(each.value) for each in key.certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)]
        try:
            names = key.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            found += names.get_values_for_type(x509.RFC822Name)
        except x509.ExtensionNotFound:
            pass
    else:
        found = []
    return {each.casefold() for each in found}
