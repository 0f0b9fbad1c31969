"""Secrets that must be read again, sealed with a key that is not in the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from flow.errors import Broken


class Seal:
    """Seals with Fernet (AES-128-CBC and HMAC-SHA-256).

    Args:
        key: any secret text, long and random.
        former: the key before it: what it sealed still opens. Empty: none.
    """

    def __init__(self, key: str, *, former: str = "") -> None:
        self._fernet = MultiFernet([_fernet(key), *([_fernet(former)] if former else [])])

    def close(self, secret: bytes, *, of: str) -> bytes:
        """``secret`` sealed, so that it opens for what it is ``of`` alone."""
        return self._fernet.encrypt(of.encode() + b"\x00" + secret)

    def open(self, sealed: bytes, *, of: str) -> bytes:
        """
        Raises:
            Broken: it was sealed with another key, for somebody else, or altered.
        """
        try:
            whose, _, secret = self._fernet.decrypt(sealed).partition(b"\x00")
        except InvalidToken:
            whose, secret = b"", b""
        if whose != of.encode():
            remedy = "Set web.key to the key that it was stored with, or invite the person anew"
            raise Broken("a stored secret cannot be opened", place="people", remedy=remedy)
        return secret


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"turvakt seal\x00" + key.encode()).digest()))
