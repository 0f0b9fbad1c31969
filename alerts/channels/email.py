"""E-mail by SMTP."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import aiosmtplib
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings

from alerts.alert import Recipient
from alerts.channel import AGAIN, HersAlone, Unsure
from alerts.channels.addresses import check_address, mailbox
from alerts.channels.reaching import why
from alerts.mail.encryption import Key, holds
from alerts.mail.mail import Envelope, compose, seal, without_body
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import BadInput, Broken, Unavailable
from flow.hosts import is_loopback

logger = logging.getLogger(__name__)

Security = Literal["starttls", "tls", "none"]

_NO_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.6.7"})
"""What a server says of an address that takes no mail (RFC 3463; 7505 for the fifth, 6531 for the last). All else that it refuses
may be about us: sender, quota, policy."""
_OPTIONS = frozenset({501, 504, 555})
"""How servers refuse parameters (RFC 5321, 4.2.2): also some that offer, or a filter before them lets them offer, what they then
do not take.
"""
_FULL, _OF_THE_MAILBOX = 552, ".2."
"""How a server says, without (RFC 5321) and with a status of its own (RFC 3463), that one mailbox is at fault, and not we."""
_BEFORE_SECONDS = 50.0
"""How long all may take that comes before the message. A try that is ended from outside must not be one that may have arrived."""
_CONFIGURATION = "Check the settings of e-mail: server, security, password, sender. Until then messages wait"


class Email:
    """Hands messages to one SMTP server.

    Args:
        host: of the server.
        port: usually 587 for ``starttls``, 465 for ``tls``.
        security: ``starttls`` and ``tls`` refuse to go on unencrypted; ``none`` is for a server on this machine.
        username: with ``password``, if the server wants to know who sends.
        sender: the address in From.
        certificates: a file of authorities to trust in place of the system's.
        seconds: how long any one answer of the server may take, but the last one.
        data_seconds: how long the last one may take, before which servers look at the message. RFC 5321 (4.5.3.2.6) has ten
            minutes, after which a threat would come too late by another channel.
        keys: the public key of who has this address, in lower case, if there is one: mail to her is encrypted, and may quote the
            post.

    Raises:
        Broken: the settings cannot work.
    """

    name = "email"

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        clock: Clock,
        security: Security = "starttls",
        username: str = "",
        password: str = "",
        certificates: Path | None = None,
        seconds: float = 20.0,
        data_seconds: float = 120.0,
        keys: Callable[[str], Key | None] = lambda address: None,
    ) -> None:
        if security == "none" and not is_loopback(host):
            raise Broken(
                "the server is not on this machine, so alerts and password would travel unencrypted",
                place="settings, email.security",
                remedy="Choose 'starttls' or 'tls'",
            )
        try:
            self._sender = mailbox("", sender)
        except BadInput as error:
            raise Broken("is not an e-mail address", place="settings, email.sender") from error
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._clock = clock
        self._seconds = seconds
        self._data_seconds = data_seconds
        self._keys = keys
        self._context = _context(certificates) if security != "none" else None

    def check(self, address: str) -> None:
        """Look at the form of the address."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the server has taken the message on.

        Raises:
            BadInput: the server knows no such mailbox or takes no such address, or the address is none.
            Unavailable: it does not answer, is busy, or refuses us (certificate, password, sender, policy). `Unsure`: only its
                last answer does not come. `HersAlone`: her mailbox is full.
        """
        mail = self._mail(message, recipient, idempotency_key)
        with self._faults():
            async with asyncio.timeout(_BEFORE_SECONDS) as before:
                smtp = self._smtp(before)
                async with smtp:
                    await smtp.hand_over(mail, idempotency_key)

    async def probe(self) -> None:
        """Connect, encrypt and sign in as for a message, and hang up.

        Raises:
            Unavailable: as of `send`.
        """
        with self._faults():
            async with asyncio.timeout(_BEFORE_SECONDS) as before, self._smtp(before):
                pass

    async def retract(self, idempotency_key: str) -> None:
        """Mail cannot be taken back."""

    async def close(self) -> None:
        """Each message has a connection of its own."""

    def _smtp(self, before: asyncio.Timeout) -> "_Smtp":
        return _Smtp(
            before,
            self._data_seconds,
            hostname=self._host,
            port=self._port,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._context,
            username=self._username or None,
            password=self._password or None,
            timeout=self._seconds,
        )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        place = f"channel email, {self._host}:{self._port}"
        try:
            yield
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            status = refused.message.partition(" ")[0]
            if status in _NO_MAILBOX:
                reason = f"the recipient was refused for good ({refused.code})"
                raise BadInput(reason, place=place, remedy="Check the contact's address") from None
            if refused.code == _FULL or status[1:4] == _OF_THE_MAILBOX:
                reason = f"the recipient's mailbox takes nothing for now ({refused.code})"
                raise HersAlone(reason, place=place, remedy="Ask the contact to look whether it is full") from None
            raise _not_now("the recipient", refused.code, place) from None
        except aiosmtplib.SMTPDataError as error:
            raise _not_now("the message", error.code, place) from None
        except aiosmtplib.SMTPResponseException as error:
            # Password, sender, greeting: our settings are at fault, not the recipient. The server's words may name her.
            raise Unavailable(f"the server refused us ({error.code})", place=place, remedy=_CONFIGURATION) from None
        except OSError as error:  # of these are the library's own about connections
            reason, remedy = why(error)
            raise Unavailable(reason, place=place, remedy=remedy) from None
        except aiosmtplib.SMTPException as error:
            reason = f"the server does not answer as it should ({type(error).__name__})"
            raise Unavailable(reason, place=place, remedy=_CONFIGURATION) from None

    def _mail(self, message: Message, recipient: Recipient, idempotency_key: str) -> EmailMessage:
        now = self._clock.now()
        key = self._keys(recipient.address.casefold())
        if key is not None and not holds(key, now):
            logger.warning(
                "a contact's key has ended or not begun: what is sent says only that there is something to open"
            )
            message, key = without_body(message, language=recipient.language), None
        envelope = Envelope(
            sender=self._sender,
            to=mailbox(recipient.name, recipient.address),
            # The same message again has the same id: mailboxes and people can tell it from a second alert.
            identity=idempotency_key,
            at=now,
        )
        return compose(message, envelope) if key is None else seal(message, envelope, key, language=recipient.language)


class _Smtp(aiosmtplib.SMTP):
    """Waits longer for the answer to a message, and says so where none comes: the server may have it. What comes before it has
    ``before``.
    """

    def __init__(self, before: asyncio.Timeout, data_seconds: float, **options: Any) -> None:
        super().__init__(**options)
        self._before = before
        self._data_seconds = data_seconds

    async def hand_over(self, mail: EmailMessage, identity: str) -> None:
        """Send ``mail``, and ask for reports of what becomes of it where the server offers and takes that.

        Raises:
            BadInput: its recipient's address has letters that the server does not take.
        """
        await self._ehlo_or_helo_if_needed()
        # Nothing is wrong with the channel: RFC 6531 is not everywhere.
        if not mail["To"].addresses[0].username.isascii() and not self.supports_extension("smtputf8"):
            reason = "the mail server takes no address with such letters before the @"
            raise BadInput(reason, place="channel email", remedy="Give the contact another address")
        of_mail, of_recipient = self._asking_for_reports(identity)
        try:
            await self.send_message(mail, mail_options=of_mail, rcpt_options=of_recipient)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientsRefused) as error:
            refused = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
            if not of_mail or refused.code not in _OPTIONS:
                raise
            await self.send_message(mail)

    def _asking_for_reports(self, identity: str) -> tuple[list[str], list[str]]:
        """Options of MAIL and RCPT by which servers say if the message does not arrive (RFC 3461), where this one offers that.

        They name it by ``identity``, and return its headers and nothing of what it says. That it has arrived is not asked: it
        would be one more mail for each, and show that a server has it, not that anybody reads it.
        """
        if not self.supports_extension("dsn"):
            return [], []
        return ["RET=HDRS", f"ENVID={identity}"], ["NOTIFY=FAILURE,DELAY"]

    async def data(self, message: str | bytes, /, **options: Any) -> aiosmtplib.SMTPResponse:
        # The library's own does not tell whether the server has asked for the message before it fell silent.
        asked = await self.execute_command(b"DATA")
        if asked.code != aiosmtplib.SMTPStatus.start_input or self.protocol is None:
            raise aiosmtplib.SMTPDataError(asked.code, asked.message)
        lines = normalize_message_line_endings(message.encode("ascii") if isinstance(message, str) else message)
        self._before.reschedule(None)
        self.protocol.write(PERIOD_REGEX.sub(b"..", lines) + b".\r\n")
        try:
            answer = await self.protocol.read_response(timeout=self._data_seconds)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError) as error:
            self.close()
            reason = f"the server has got the message and does not answer ({type(error).__name__})"
            raise Unsure(reason, place="channel email", remedy=AGAIN) from None
        if answer.code != aiosmtplib.SMTPStatus.completed:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return answer


def _not_now(what: str, code: int, place: str) -> Unavailable:
    remedy = _CONFIGURATION if code >= 500 else AGAIN
    return Unavailable(f"{what} was refused for now ({code})", place=place, remedy=remedy)


def _context(certificates: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates)
    except (ssl.SSLError, OSError) as error:
        place = "settings, email.certificates"
        raise Broken("the file of certificates cannot be used", place=place) from error
