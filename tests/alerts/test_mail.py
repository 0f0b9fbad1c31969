"""Mail as a real server takes it: text and page, threads, and what only the owner of a key can read."""

import logging
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pysequoia import decrypt

from alerts.channels.email import Email
from alerts.mail.encryption import Key
from alerts.mail.keys import load_key
from alerts.mail.mail import SEALED, Envelope, seal
from alerts.messages.message import Message
from flow.clock import Clock, ManualClock, SystemClock
from registry.official import Language
from tests.alerts.keys import ADDRESS, gnupg, pgp_pair, smime_pair
from tests.alerts.people import AT, recipient
from tests.alerts.servers import SmtpServer

MESSAGE = Message(
    subject="Turvakt: nytt larm, allvarsgrad kritisk [3f2a9c]",
    text="Turvakt har flaggat ett offentligt inlägg.\n\n- Gäller: Åsa Öberg\n" + "ö" * 1200 + "\n",
    html="<!doctype html><html><body><p>Gäller: Åsa Öberg</p></body></html>",
    short="Turvakt: nytt larm, allvarsgrad kritisk (3f2a9c). Öppna och svara.",
    link="https://turvakt.ekvik.example/a/k",
    facts={},
    official="asa-oberg",
    post="bluesky:1",
    severity="critical",
    quote="Tack Åsa Öberg för den nya bron!\nHälsningar från Ekvik 🌉",
    thread="3f2a9c77c0ffee",
)
SECRETS = (b"berg", b"bron", "Åsa".encode(), b"kritisk", b"3f2a9c]", b"Beredskap")


@pytest.fixture
async def server() -> AsyncIterator[SmtpServer]:
    async with SmtpServer() as server:
        yield server


class Unlocked(NamedTuple):
    """A key by which everybody can read."""

    begins: datetime | None
    ends: datetime | None

    def seal(self, part: bytes) -> EmailMessage:
        mail = EmailMessage()
        mail.add_attachment(part, "application", "octet-stream")
        return mail


async def sent(
    server: SmtpServer, message: Message = MESSAGE, *, key: Key | None = None, to: str = ADDRESS, clock: Clock
) -> EmailMessage:
    channel = Email(
        host="127.0.0.1",
        port=server.port,
        security="none",
        sender="turvakt@ekvik.example",
        clock=clock,
        keys=lambda address: key if address == to else None,
    )
    await channel.send(message, recipient=recipient(to), idempotency_key="k1")
    return server.mails[-1]


def content(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


async def test_open_mail_is_text_and_page_and_quotes_nothing(server: SmtpServer) -> None:
    mail = await sent(server, clock=ManualClock(AT))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert content(mail, "plain") == MESSAGE.text
    assert content(mail, "html").strip() == MESSAGE.html
    assert b"bron" not in mail.as_bytes()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    assert "List-Unsubscribe" not in mail
    assert max(map(len, mail.as_bytes().splitlines())) <= 998


async def test_messages_of_an_incident_stand_in_one_thread(server: SmtpServer) -> None:
    mail = await sent(server, clock=ManualClock(AT))
    assert mail["References"] == mail["In-Reply-To"] == "<3f2a9c77c0ffee@ekvik.example>"
    alone = await sent(server, replace(MESSAGE, thread="", severity="medium"), clock=ManualClock(AT))
    assert {"References", "In-Reply-To", "Importance"}.isdisjoint(alone.keys())


def assert_sealed(outer: EmailMessage, inner: bytes) -> None:
    """Servers see only what they need, and the owner of the key sees all."""
    for secret in SECRETS:
        assert secret not in outer.as_bytes()
    assert (outer["Subject"], outer["To"]) == (SEALED, ADDRESS)
    assert outer["Message-ID"] == "<k1@ekvik.example>"
    mail = message_from_bytes(inner, policy=policy.default)
    assert mail["Subject"] == MESSAGE.subject
    assert f"Subject: {SEALED}" in mail.get_all("HP-Outer", [])
    assert (mail["Content-Type"].params["hp"], mail.get_content_type()) == ("cipher", "multipart/mixed")
    assert content(mail, "plain") == MESSAGE.text
    assert content(mail, "html").strip() == MESSAGE.html
    (quote,) = mail.iter_attachments()
    assert quote.get_content().splitlines() == (MESSAGE.quote or "").splitlines()
    assert quote.get_filename() == "inlägget.txt"


@pytest.mark.parametrize(
    ("language", "said"), [("sv", "bara början"), ("fi", "vain sen alku"), ("en", "its beginning")]
)
def test_what_is_cut_off_from_a_long_text_is_said_in_the_attachment(language: Language, said: str) -> None:
    ends = Address(addr_spec="turvakt@ekvik.example"), Address(addr_spec=ADDRESS)
    for size, cut in ((20_000, False), (20_001, True)):
        mail = seal(
            replace(MESSAGE, quote="a" * size), Envelope(*ends, "k1", AT), Unlocked(None, None), language=language
        )
        (inner,) = mail.iter_attachments()
        (quote,) = message_from_bytes(inner.get_content(), policy=policy.default).iter_attachments()
        text = quote.get_content()
        assert text.count("a" * 20_000) == 1
        assert (said in text, MESSAGE.link in text) == (cut, cut)


def opened(mail: EmailMessage, *, certificate: Path, private: Path) -> bytes:
    command = ["openssl", "cms", "-decrypt", "-recip", str(certificate), "-inkey", str(private)]
    return subprocess.run(command, input=mail.as_bytes(), check=True, capture_output=True).stdout


async def test_a_mail_for_a_key_of_openpgp(server: SmtpServer, tmp_path: Path) -> None:
    """Made and read by GnuPG, which knows the format of RFC 4880 alone."""
    with gnupg(tmp_path) as gpg:
        gpg("--quick-generate-key", f"Vakt <{ADDRESS}>", "future-default", "default", "1d")
        (tmp_path / "vakt.asc").write_bytes(gpg("--armor", "--export"))
        mail = await sent(server, key=load_key(tmp_path / "vakt.asc", address=ADDRESS), clock=ManualClock(AT))
        assert mail.get_content_type() == "multipart/encrypted"
        version, body = mail.iter_parts()
        assert version.get_content_type() == "application/pgp-encrypted"
        assert version.get_content() == b"Version: 1\r\n"
        assert_sealed(mail, gpg("--decrypt", given=body.get_content()))


async def test_a_mail_for_a_certificate(server: SmtpServer, tmp_path: Path) -> None:
    """As OpenSSL reads it."""
    pair = smime_pair()
    (tmp_path / "vakt.pem").write_bytes(pair.certificate)
    (tmp_path / "private.pem").write_bytes(pair.private)
    clock = SystemClock()
    mail = await sent(server, key=load_key(tmp_path / "vakt.pem", address=ADDRESS), clock=clock)
    assert mail.get_content_type() == "application/pkcs7-mime"
    assert mail["Content-Type"].params["smime-type"] == "enveloped-data"
    assert_sealed(mail, opened(mail, certificate=tmp_path / "vakt.pem", private=tmp_path / "private.pem"))


async def test_a_key_for_an_address_of_letters(tmp_path: Path) -> None:
    address = "åsa@ekvik.example"
    key, private = pgp_pair(address)
    (tmp_path / "asa.asc").write_bytes(key)
    found = load_key(tmp_path / "asa.asc", address=address)
    async with SmtpServer(utf8=True) as server:
        mail = await sent(server, key=found, to=address, clock=ManualClock(AT))
    assert server.envelopes[0][1] == (address,)
    assert mail["To"] == address
    _, body = mail.iter_parts()
    inner = message_from_bytes(decrypt(body.get_content(), private.decryptor()).bytes, policy=policy.default)
    assert isinstance(inner, EmailMessage)
    assert content(inner, "plain") == MESSAGE.text


async def test_a_key_that_has_ended_meanwhile_delays_nothing_and_discloses_nothing(
    server: SmtpServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "vakt.pem").write_bytes(smime_pair(begins=AT - timedelta(days=29)).certificate)
    key = load_key(tmp_path / "vakt.pem", address=ADDRESS)
    with caplog.at_level(logging.WARNING, logger="alerts"):
        mail = await sent(server, key=key, clock=ManualClock(AT + timedelta(days=2)))
        letter = replace(MESSAGE, short="", html="", quote=None)
        again = await sent(server, letter, key=key, clock=ManualClock(AT + timedelta(days=2)))
    assert content(mail, "plain").startswith(f"{MESSAGE.short}\n{MESSAGE.link}\n\nMer står det inte här: nyckeln")
    assert b"bron" not in mail.as_bytes()
    assert content(again, "plain") == MESSAGE.text
    said = [record.getMessage() for record in caplog.records if record.name.startswith("alerts.")]
    assert len(said) == 2
    assert all("key has ended or not begun" in each and ADDRESS not in each for each in said)


async def test_who_has_no_key_gets_no_quote(server: SmtpServer, tmp_path: Path) -> None:
    (tmp_path / "other.asc").write_bytes(pgp_pair("other@ekvik.example")[0])
    other: Any = load_key(tmp_path / "other.asc", address="other@ekvik.example")
    channel = Email(
        host="127.0.0.1",
        port=server.port,
        security="none",
        sender="turvakt@ekvik.example",
        clock=ManualClock(AT),
        keys={"other@ekvik.example": other}.get,
    )
    await channel.send(MESSAGE, recipient=recipient(ADDRESS), idempotency_key="k1")
    assert server.mails[-1].get_content_type() == "multipart/alternative"
    assert b"bron" not in server.mails[-1].as_bytes()
