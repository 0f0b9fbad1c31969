"""A message as mail: as text and as a page, open or encrypted."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

from alerts.mail.encryption import Key
from alerts.messages.message import Message
from registry.official import Language

MOST_QUOTED = 20_000
"""Characters of a post that an encrypted mail brings at most: servers refuse what is too large."""
SEALED = "Turvakt"
"""The subject that servers see of an encrypted mail."""
_NO_KEY: dict[Language, str] = {
    "sv": "Mer står det inte här: nyckeln som mejl till dig krypteras med har gått ut eller går inte att använda. "
    "Ge en ny till den som sköter Turvakt hos er.",
    "fi": "Enempää tässä ei kerrota: avain, jolla sähköpostisi salataan, on vanhentunut tai käyttökelvoton. "
    "Toimita uusi avain Turvaktin ylläpitäjälle.",
    "en": "No more is said here: the key by which mail to you is encrypted has ended or cannot be used. "
    "Give a new one to whoever looks after Turvakt.",
}
_SHORTENED: dict[Language, str] = {
    "sv": "Inlägget är mycket långt. Här visas bara början.",
    "fi": "Julkaisu on hyvin pitkä. Tässä näkyy vain sen alku.",
    "en": "The post is very long; this is its beginning.",
}
_FILES: dict[Language, str] = {"sv": "inlägget.txt", "fi": "julkaisu.txt", "en": "post.txt"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, and when. ``identity`` is the same for the same message."""

    sender: Address
    to: Address
    identity: str
    at: datetime


def compose(message: Message, envelope: Envelope) -> EmailMessage:
    """The mail, open: it quotes nothing."""
    return _headed(_body(message), message, envelope)


def seal(message: Message, envelope: Envelope, key: Key, *, language: Language) -> EmailMessage:
    """The mail, encrypted for ``key``, with the post's text as an attachment: it shows once it is opened by itself.

    Of the headers servers see what they need; subject and name of the recipient are inside.
    """
    inner = _body(message)
    if message.quote is not None:
        quote = message.quote
        if len(quote) > MOST_QUOTED:
            quote = f"{quote[:MOST_QUOTED]}\n\n[{_SHORTENED[language]}]\n{message.link}\n"
        inner.add_attachment(quote, cte="base64", filename=_FILES[language])
    _headed(inner, message, envelope)
    outer = _headed(
        EmailMessage(policy=SMTP_POLICY),
        replace(message, subject=SEALED, severity="none"),
        replace(envelope, to=Address(username=envelope.to.username, domain=envelope.to.domain)),
    )
    for name, value in outer.items():
        inner["HP-Outer"] = f"{name}: {value}"
    inner.set_param("hp", "cipher")
    inner.set_param("protected-headers", "v1")  # as programs knew it before RFC 9788
    mail = key.seal(inner.as_bytes())
    for name, value in outer.items():
        mail[name] = value
    return mail


def without_body(message: Message, *, language: Language) -> Message:
    """The message with no more than a lock screen would show, the link, and why; a letter about no alert stays as it is."""
    if not message.short:
        return message
    return replace(message, text=f"{message.short}\n{message.link}\n\n{_NO_KEY[language]}\n", html="", quote=None)


def _body(message: Message) -> EmailMessage:
    mail = EmailMessage(policy=SMTP_POLICY)
    # Quoted-printable: long lines get through every server, and come out as they were.
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail


def _headed(mail: EmailMessage, message: Message, envelope: Envelope) -> EmailMessage:
    domain = envelope.sender.domain
    mail["From"] = envelope.sender
    mail["To"] = envelope.to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = f"<{envelope.identity}@{domain}>"
    if message.thread:
        # A message that was never sent: all that belong together have the same parent, whichever of them comes first.
        mail["In-Reply-To"] = mail["References"] = f"<{message.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence notice answers it
    mail["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    if message.severity in ("high", "critical"):
        mail["Importance"] = "high"
    return mail
