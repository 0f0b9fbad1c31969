"""Whether a web server can be reached, found out without telling it anything; and if not, why not and what to do."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from flow.errors import Unavailable

_EXPIRED, _OTHER_NAME = 10, (62, 64)
"""As OpenSSL numbers what may be wrong with a certificate (X509_V_ERR_...)."""
FAULTS = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError)
"""What a call may end with, beside an answer. Their texts may quote the address, which may hold a key."""


def client(seconds: float) -> httpx.AsyncClient:
    """What makes calls: it trusts whom this machine trusts, and follows no redirect.

    A redirect could lead a message away from the address that somebody entered and vouches for.
    """
    return httpx.AsyncClient(
        follow_redirects=False,
        timeout=seconds,
        verify=ssl.create_default_context(),
        # What is not compressed is no larger than it seems.
        headers={"user-agent": "Turvakt", "accept-encoding": "identity"},
    )


def server_of(address: str) -> str:
    """The part of a web address that names the server: what follows may hold a key."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


async def reach(server: str, *, place: str, seconds: float = 15.0) -> None:
    """Find the server, connect, and look at its certificate. It is asked for nothing (HEAD of its first page), and may answer
    what it likes.

    Args:
        server: as `server_of` gives it.
        place: for the error.

    Raises:
        Unavailable: there is no such server, it does not answer, or nobody vouches for its certificate.
    """
    try:
        async with asyncio.timeout(seconds), client(seconds) as caller, caller.stream("HEAD", server):
            return
    except FAULTS as error:
        reason, remedy = why(error)
        raise Unavailable(reason, place=place, remedy=remedy) from None


def why(error: BaseException) -> tuple[str, str]:
    """Why there was no answer, and what to do; nothing of the address is in it."""
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate(each.verify_code)
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return "no trusted encryption", "Check the port, and whether the server speaks TLS 1.2 or later"
    if any(isinstance(each, socket.gaierror) for each in causes):
        return "the name of the server is not found", "Check how it is written, and this machine's DNS"
    reason = f"the server does not answer ({type(error).__name__})"
    return reason, "Look whether it is well; check the port, and the firewall between it and this machine"


def _certificate(code: int) -> tuple[str, str]:
    if code == _EXPIRED:
        return "no trusted encryption: the certificate has ended", "Ask who runs the server to renew it"
    if code in _OTHER_NAME:
        return "no trusted encryption: the certificate is for another name", "Check how the server's name is written"
    remedy = "An authority of your own belongs in this machine's store, or in the file that SSL_CERT_FILE names"
    return "no trusted encryption: nobody vouches for the certificate", remedy


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
