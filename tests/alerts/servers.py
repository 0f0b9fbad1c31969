"""Real servers on 127.0.0.1 that take messages: SMTP by aiosmtpd, and a small one for webhooks."""

import asyncio
import ssl
import subprocess
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Certificate:
    """A self-made certificate for 127.0.0.1."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path) -> Certificate:
    made = Certificate(folder / "server.pem", folder / "server.key")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


REPORTS = frozenset({"RET", "ENVID", "NOTIFY"})
"""The parameters of RFC 3461."""


class _Reporting(SMTP):
    """Takes parameters which aiosmtpd does not know and refuses."""

    def __init__(self, *arguments: Any, takes: Set[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._takes = takes

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        found = super()._getparams(params)
        return None if found is None else {name: found[name] for name in found.keys() - self._takes}


@dataclass
class SmtpServer:
    """Takes mail; refuses recipients whose address begins with ``gone``, ``full``, ``heavy`` and the like, and does not answer
    when it has got a message for ``slow``.

    ``reports``: it offers to report what becomes of a message (DSN); ``takes``: the parameters for that which it then takes.
    ``options`` are those of MAIL and RCPT, in capitals. ``utf8``: it takes addresses of any letters (SMTPUTF8).
    """

    certificate: Certificate | None = None
    implicit: bool = False
    reports: bool = True
    takes: Set[str] = REPORTS
    utf8: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    options: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        context = self.certificate.context() if self.certificate else None

        def smtp() -> SMTP:
            return _Reporting(
                self,
                takes=self.takes if self.reports else frozenset(),
                enable_SMTPUTF8=self.utf8,
                tls_context=None if self.implicit else context,
                require_starttls=context is not None and not self.implicit,
                auth_required=context is not None and not self.implicit,
                authenticator=_authenticate,
                loop=asyncio.get_running_loop(),
            )

        self._server = await asyncio.get_running_loop().create_server(
            smtp, "127.0.0.1", self.port, ssl=context if self.implicit else None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(["250-DSN"] if self.reports else []), responses[-1]]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusals = {
            "gone": "550 5.1.1 no such mailbox",
            "full": "452 4.2.2 mailbox full",
            "brimful": "552 mailbox full",
            "policy": "550 5.7.1 relaying denied",
            "relay": "550 relay not permitted",
            "quota": "550 5.4.5 daily sending limit exceeded",
            "closed": "550 5.2.1 mailbox disabled",
            "lettered": "553 5.6.7 the next server takes no such address",
        }
        refusal = refusals.get(address.partition("@")[0])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if envelope.rcpt_tos[0].startswith("heavy"):
            return "554 5.2.252 SendAsDenied"
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        self.options.append((frozenset(envelope.mail_options), frozenset(envelope.rcpt_options)))
        self.encrypted.append(session.ssl is not None)
        if envelope.rcpt_tos[0].startswith("slow"):
            await asyncio.Event().wait()
        return "250 OK"


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"turvakt", b"secret")
    return AuthResult(success=right, handled=right)


@dataclass
class Call:
    """One call of a webhook."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookServer:
    """Answers each call with the status that its path names: ``/204``."""

    calls: list[Call] = field(default_factory=list)
    port: int = 0
    endless: bool = False
    later: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def url(self, status: int) -> str:
        return f"http://127.0.0.1:{self.port}/{status}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        path = head[0].split()[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append(Call(path, headers, body))
        status = path.strip("/")
        if status != "silence":
            more = f"location: {self.url(204)}\r\n" + (f"retry-after: {self.later}\r\n" if self.later else "")
            length = 10**9 if self.endless else 0
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{more}\r\n".encode())
            await writer.drain()
        await reader.read()  # until the client hangs up
        writer.close()
