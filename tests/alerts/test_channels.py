"""One contract for every channel, against real servers, and what is peculiar to each."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from alerts.channel import Addressed, HersAlone, Later, Probed, Unsure
from alerts.channels import CHANNELS, load_channel
from alerts.channels.addresses import check_address
from alerts.channels.calling import Answer
from alerts.channels.email import Email
from alerts.channels.files import Files
from alerts.channels.webhook import Webhook, sign
from flow.errors import BadInput, Broken, Unavailable
from flow.hosts import is_loopback
from registry.holder import Holder, Part
from tests.alerts.benches import CALLING, CLOCK, MESSAGE, Bench, calling
from tests.alerts.people import AT, recipient
from tests.alerts.servers import Certificate, HookServer, SmtpServer, make_certificate

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
UNTRIED = {"outbox"}
"""Channels behind which there is no server."""
DIGEST = hashlib.sha256(b"feed:1").hexdigest()[:24]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def smtp(certificate: Certificate) -> AsyncIterator[SmtpServer]:
    async with SmtpServer(certificate) as server:
        yield server


@pytest.fixture
async def hook() -> AsyncIterator[HookServer]:
    async with HookServer() as server:
        yield server


def email(server: SmtpServer, **options: Any) -> Email:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "sender": "turvakt@ekvik.example",
        "username": "turvakt",
        "password": "secret",
        "certificates": server.certificate.certificate if server.certificate else None,
        "clock": CLOCK,
        "seconds": 5.0,
    }
    return Email(**{**settings, **options})


@pytest.fixture(params=sorted(CHANNELS))
async def bench(
    request: pytest.FixtureRequest, tmp_path: Path, smtp: SmtpServer, hook: HookServer
) -> AsyncIterator[Bench]:
    folder = tmp_path / "outbox"
    if request.param in CALLING:
        async with CALLING[request.param].service() as service:
            bench = calling(request.param, service)
            yield bench
            await bench.channel.close()
        return
    if request.param == "email":
        bench = Bench(
            channel=email(smtp),
            good="vakt@ekvik.example",
            refused="gone@ekvik.example",
            keys=lambda: [str(mail["Message-ID"])[1:].partition("@")[0] for mail in smtp.mails],
            text=lambda: str(smtp.mails[-1].get_content()),
            break_down=smtp.stop,
            repair=smtp.start,
        )
    elif request.param == "webhook":
        bench = Bench(
            channel=Webhook(secret=SECRET, clock=CLOCK, seconds=5.0),
            good=hook.url(204),
            refused=hook.url(410),
            keys=lambda: [call.headers["webhook-id"] for call in hook.calls if call.path == "/204"],
            text=lambda: hook.calls[-1].body.decode(),
            break_down=hook.stop,
            repair=hook.start,
        )
    else:

        async def break_down() -> None:
            folder.rename(tmp_path / "away")
            folder.write_text("in the way")

        async def repair() -> None:
            folder.unlink()
            (tmp_path / "away").rename(folder)

        bench = Bench(
            channel=Files(folder, clock=CLOCK),
            good="vakt@ekvik.example",
            refused="vakt@ekvik.example\nBcc: x",
            keys=lambda: [file.stem for file in sorted(folder.iterdir())],
            text=lambda: max(folder.iterdir()).read_text(encoding="utf-8"),
            break_down=break_down,
            repair=repair,
        )
    yield bench
    await bench.channel.close()


# ---------------------------------------------------------------- the contract


async def test_delivers(bench: Bench) -> None:
    bench.channel.check(bench.good)
    await bench.send("k1")
    assert bench.keys() == ["k1"]
    assert ("Åsa Öberg" in bench.text()) == bench.full, "what others can see says no name"


async def test_the_same_message_again_has_the_same_key(bench: Bench) -> None:
    await bench.send("k1")
    await bench.send("k1")
    await bench.send("k2")
    assert set(bench.keys()) == {"k1", "k2"}


async def test_takes_several_at_once(bench: Bench) -> None:
    await asyncio.gather(*(bench.send(f"k{number}") for number in range(8)))
    assert set(bench.keys()) == {f"k{number}" for number in range(8)}


async def test_what_is_down_is_unavailable_and_comes_back(bench: Bench) -> None:
    await bench.break_down()
    with pytest.raises(Unavailable) as caught:
        await bench.send("k1")
    assert bench.good not in str(caught.value)
    await bench.repair()
    await bench.send("k1")
    assert bench.keys() == ["k1"]


async def test_what_can_be_tried_without_sending_is_tried(bench: Bench) -> None:
    if not isinstance(bench.channel, Probed):
        assert isinstance(bench.channel, Addressed) or bench.channel.name in UNTRIED
        return
    await bench.channel.probe()
    assert bench.keys() == []
    await bench.break_down()
    with pytest.raises(Unavailable):
        await bench.channel.probe()


async def test_a_refusal_for_good_is_bad_input(bench: Bench) -> None:
    with pytest.raises(BadInput) as caught:
        await bench.send(address=bench.refused)
    assert bench.refused not in str(caught.value)
    assert bench.keys() == []


@pytest.mark.parametrize("address", [" ", "a\r\nBcc: b@x.example", "a@x.example\nb"])
async def test_an_address_that_is_none_is_bad_input(bench: Bench, address: str) -> None:
    with pytest.raises(BadInput) as caught:
        bench.channel.check(address)
    assert "x.example" not in str(caught.value)
    with pytest.raises(BadInput):
        await bench.send(address=address)


async def test_the_form_of_an_address_is_known_where_no_channel_is_set_up(bench: Bench) -> None:
    check_address(bench.channel.name, bench.good)
    if bench.channel.name != "apprise":  # whose services the settings name
        with pytest.raises(BadInput):
            check_address(bench.channel.name, " ")


async def test_a_name_cannot_smuggle_in_a_header(bench: Bench) -> None:
    await bench.send(name="Vakt\r\nBcc: other@x.example\r\n\r\nHello")
    assert "\nBcc:" not in bench.text()
    assert bench.keys() == ["k1"]


async def test_a_message_can_be_asked_back(bench: Bench) -> None:
    await bench.send("k1")
    await bench.channel.retract("k1")
    await bench.channel.retract("never-sent")
    assert bench.keys() == ([] if isinstance(bench.channel, Files) else ["k1"])


# ---------------------------------------------------------------- e-mail


async def test_mail_is_encrypted_authenticated_and_complete(smtp: SmtpServer) -> None:
    await email(smtp).send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    (mail,) = smtp.mails
    assert smtp.encrypted == [True]
    assert smtp.envelopes == [("turvakt@ekvik.example", ("vakt@ekvik.example",))]
    assert mail["Subject"] == MESSAGE.subject
    assert mail["To"].addresses[0].display_name == "Beredskap Ekvik"
    assert mail["Message-ID"] == "<k1@ekvik.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AT
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.text


async def test_where_a_server_offers_reports_it_is_asked_to_say_what_does_not_arrive(smtp: SmtpServer) -> None:
    await email(smtp).send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    ((of_mail, of_recipient),) = smtp.options
    assert {"RET=HDRS", "ENVID=K1"} <= of_mail
    assert of_recipient == {"NOTIFY=FAILURE,DELAY"}


@pytest.mark.parametrize("takes", [set(), {"RET", "ENVID"}])
async def test_a_server_that_does_not_take_what_it_offers_gets_the_message_without(
    certificate: Certificate, takes: set[str]
) -> None:
    async with SmtpServer(certificate, takes=takes) as server:
        await email(server).send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    assert [mail["Message-ID"] for mail in server.mails] == ["<k1@ekvik.example>"]
    ((of_mail, of_recipient),) = server.options
    assert not [each for each in of_mail if each.startswith(("RET", "ENVID"))]
    assert of_recipient == frozenset()


@pytest.mark.parametrize("encrypted", [True, False])
async def test_where_a_server_offers_no_reports_it_is_asked_for_none(certificate: Certificate, encrypted: bool) -> None:
    options = {} if encrypted else {"security": "none", "username": ""}
    async with SmtpServer(certificate if encrypted else None, reports=False) as server:
        await email(server, **options).send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    ((of_mail, of_recipient),) = server.options
    assert not [each for each in of_mail if each.startswith(("RET", "ENVID"))]
    assert of_recipient == frozenset()


async def test_mail_over_implicit_tls(certificate: Certificate) -> None:
    async with SmtpServer(certificate, implicit=True) as server:
        await email(server, security="tls", username="").send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    assert len(server.mails) == 1


async def test_mail_without_encryption_stays_on_this_machine() -> None:
    async with SmtpServer() as server:
        await email(server, security="none", username="").send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    assert server.encrypted == [False]
    assert "ENVID=K1" in server.options[0][0]
    with pytest.raises(Broken, match="unencrypted"):
        email(server, host="mail.ekvik.example", security="none")


async def test_no_mail_to_a_server_without_starttls() -> None:
    async with SmtpServer() as server:
        with pytest.raises(Unavailable):
            await email(server, username="").send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    assert server.mails == []


@pytest.mark.parametrize(
    ("options", "reason"), [({"password": "wrong"}, "refused us"), ({"certificates": None}, "encryption")]
)
async def test_wrong_settings_of_ours_are_waited_out(smtp: SmtpServer, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        await email(smtp, **options).send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    with pytest.raises(Unavailable, match=reason):
        await email(smtp, **options).probe()
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("full@ekvik.example", Unavailable),
        ("policy@ekvik.example", Unavailable),
        ("relay@ekvik.example", Unavailable),
        ("quota@ekvik.example", Unavailable),
        ("heavy@ekvik.example", Unavailable),
        ("closed@ekvik.example", BadInput),
        ("lettered@ekvik.example", BadInput),
        ("vakt@", BadInput),
        ("vakt", BadInput),
        ("Vakt <vakt@ekvik.example>", BadInput),
    ],
)
async def test_what_a_server_says_decides(smtp: SmtpServer, address: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await email(smtp).send(MESSAGE, recipient=recipient(address), idempotency_key="k1")


@pytest.mark.parametrize(("name", "hers"), [("full", True), ("brimful", True), ("relay", False), ("policy", False)])
async def test_a_mailbox_that_is_full_says_nothing_of_the_channel(smtp: SmtpServer, name: str, hers: bool) -> None:
    with pytest.raises(Unavailable) as caught:
        await email(smtp).send(MESSAGE, recipient=recipient(f"{name}@ekvik.example"), idempotency_key="k1")
    assert isinstance(caught.value, HersAlone) == hers


async def test_nobody_knows_what_became_of_a_message_without_an_answer(smtp: SmtpServer) -> None:
    with pytest.raises(Unsure):
        await email(smtp, data_seconds=0.2).send(
            MESSAGE, recipient=recipient("slow@ekvik.example"), idempotency_key="k1"
        )
    assert len(smtp.mails) == 1


@pytest.fixture
async def hangs_up() -> AsyncIterator[SmtpServer]:
    """A server without encryption that hangs up at DATA."""

    class HangsUp(SMTP):
        async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd's name
            assert self.transport
            self.transport.close()

    server = await asyncio.get_running_loop().create_server(lambda: HangsUp(None), "127.0.0.1", 0)
    yield SmtpServer(port=server.sockets[0].getsockname()[1])
    server.close()


async def test_what_a_server_has_not_asked_for_has_not_arrived(hangs_up: SmtpServer) -> None:
    with pytest.raises(Unavailable) as caught:
        await email(hangs_up, security="none", username="", password="").send(
            MESSAGE, recipient=recipient("vakt@ekvik.example"), idempotency_key="k1"
        )
    assert not isinstance(caught.value, Unsure)


async def test_a_message_has_all_its_time_however_long_what_came_before_took(
    smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.channels.email._BEFORE_SECONDS", 2.0)
    with pytest.raises(Unsure):
        await email(smtp, data_seconds=2.2).send(
            MESSAGE, recipient=recipient("slow@ekvik.example"), idempotency_key="k1"
        )
    assert len(smtp.mails) == 1


async def test_a_server_that_is_slow_at_each_step_ends_before_the_message(
    smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would else be ended from outside, when it has got the message."""
    monkeypatch.setattr("alerts.channels.email._BEFORE_SECONDS", 0.0)
    with pytest.raises(Unavailable) as caught:
        await email(smtp).send(MESSAGE, recipient=recipient("vakt@ekvik.example"), idempotency_key="k1")
    assert not isinstance(caught.value, Unsure)
    assert smtp.mails == []


async def test_lines_of_a_single_dot_end_no_message(smtp: SmtpServer) -> None:
    lines = ["Hej", ".", "..", ".slut"]
    await email(smtp).send(
        replace(MESSAGE, text="\n".join(lines)), recipient=recipient("vakt@ekvik.example"), idempotency_key="k1"
    )
    body = smtp.mails[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines()[:4] == lines


async def test_domains_with_swedish_letters(smtp: SmtpServer) -> None:
    await email(smtp).send(MESSAGE, recipient=recipient("vakt@åmåla.example"), idempotency_key="k1")
    assert smtp.envelopes[0][1] == ("vakt@xn--mla-tlab.example",)


LETTERS = "åsa.öberg@åmåla.example"


async def test_an_address_of_letters_that_the_server_does_not_take_is_no_fault_of_the_channel(smtp: SmtpServer) -> None:
    email(smtp).check(LETTERS)
    with pytest.raises(BadInput, match="letters") as caught:
        await email(smtp).send(MESSAGE, recipient=recipient(LETTERS), idempotency_key="k1")
    assert "berg" not in str(caught.value)
    assert smtp.mails == []


async def test_an_address_of_letters_goes_to_a_server_that_takes_it(certificate: Certificate) -> None:
    async with SmtpServer(certificate, utf8=True) as server:
        await email(server).send(MESSAGE, recipient=recipient(LETTERS), idempotency_key="k1")
    assert server.envelopes[0][1] == ("åsa.öberg@xn--mla-tlab.example",)


def test_wrong_mail_settings_stop(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"email\.sender"):
        email(SmtpServer(), sender="turvakt")
    with pytest.raises(Broken, match=r"email\.certificates"):
        email(SmtpServer(), certificates=tmp_path / "none.pem")


# ---------------------------------------------------------------- webhook


async def test_a_call_is_signed(hook: HookServer) -> None:
    channel = Webhook(secret=SECRET, clock=CLOCK)
    await channel.send(MESSAGE, recipient=recipient(hook.url(200)), idempotency_key="k1")
    await channel.close()
    (call,) = hook.calls
    assert json.loads(call.body) == MESSAGE.with_quote()
    assert call.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    signed = f"k1.{call.headers['webhook-timestamp']}.".encode() + call.body
    expected = base64.b64encode(hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()).decode()
    assert call.headers["webhook-signature"] == f"v1,{expected}"


def test_signature_as_the_specification_has_it() -> None:
    # The example of the reference libraries of Standard Webhooks.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, identity="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, Unavailable), (400, BadInput), (410, BadInput), (500, Unavailable), (503, Unavailable)]
    + [(status, Unavailable) for status in (401, 403, 404, 405, 408, 425, 429)],
)
async def test_what_the_receiver_answers_decides(hook: HookServer, status: int, error: type[Exception]) -> None:
    channel = Webhook(secret=SECRET, clock=CLOCK)
    with pytest.raises(error, match=str(status)):
        await channel.send(MESSAGE, recipient=recipient(hook.url(status)), idempotency_key="k1")
    await channel.close()
    assert [call.path for call in hook.calls] == [f"/{status}"]  # no redirect was followed


async def test_whatever_the_receiver_says_of_when_it_is_no_error_of_ours(hook: HookServer) -> None:
    hook.later = "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"
    channel = Webhook(secret=SECRET, clock=CLOCK)
    with pytest.raises(Unavailable) as caught:
        await channel.send(MESSAGE, recipient=recipient(hook.url(503)), idempotency_key="k1")
    await channel.close()
    assert not isinstance(caught.value, Later)


def test_an_answer_that_is_too_deep_is_none() -> None:
    assert Answer(200, b'{"id": ' + b"[" * 50_000).json() == {}


async def test_an_answer_without_end_is_not_read(hook: HookServer) -> None:
    hook.endless = True
    channel = Webhook(secret=SECRET, clock=CLOCK)
    await channel.send(MESSAGE, recipient=recipient(hook.url(200)), idempotency_key="k1")
    await channel.close()


async def test_silence_is_not_waited_out_for_ever(hook: HookServer) -> None:
    channel = Webhook(secret=SECRET, clock=CLOCK, seconds=0.1)
    address = hook.url(200).replace("200", "silence")
    with pytest.raises(Unavailable) as caught:
        await channel.send(MESSAGE, recipient=recipient(address), idempotency_key="k1")
    await channel.close()
    assert "silence" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["http://valvonta.example/hook", "ftp://127.0.0.1/", "https://", "https://[", "javascript:1", "https://a\x00"],
)
async def test_only_https_leaves_this_machine(address: str) -> None:
    channel = Webhook(secret=SECRET, clock=CLOCK)
    with pytest.raises(BadInput, match="https"):
        channel.check(address)
    channel.check("https://valvonta.example/hook?key=1")
    await channel.close()


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_???", "whsec_c2hvcnQ=", SECRET[6:]])
def test_a_weak_secret_stops(secret: str) -> None:
    with pytest.raises(Broken, match=r"webhook\.secret"):
        Webhook(secret=secret, clock=CLOCK)


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.2", True), ("[::1]", True), ("ekvik.example", False), ("10.0.0.1", False)],
)
def test_is_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


# ---------------------------------------------------------------- files


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    return Files(tmp_path / "outbox", clock=CLOCK)  # type: ignore[return-value]


async def test_a_file_is_whole_and_its_owners_alone(files: Files, tmp_path: Path) -> None:
    await files.send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "k1.eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    head, _, body = file.read_text(encoding="utf-8").partition("\n\n")
    assert body == MESSAGE.text
    assert "To: Beredskap Ekvik <vakt@ekvik.example>" in head
    assert "X-Turvakt-Official: %C3%A5sa%2F%C3%B6berg" in head
    assert "X-Turvakt-Post: " in head
    assert "did:plc:x" not in head


@pytest.mark.parametrize("key", ["", "../k", "a/b", "a" * 101])
async def test_a_key_cannot_lead_out_of_the_folder(files: Files, key: str) -> None:
    with pytest.raises(BadInput, match="key"):
        await files.send(MESSAGE, recipient=recipient(), idempotency_key=key)
    await files.retract(key)


async def test_a_file_that_cannot_be_removed_stops_nothing(
    files: Files, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "outbox" / "k1.eml").mkdir()  # for root, too, no file that can be removed
    await files.retract("k1")
    assert "message k1, which was erased, cannot be removed" in caplog.text


async def test_files_are_erased_forgotten_exported_and_counted(files: Files, tmp_path: Path) -> None:
    other = replace(MESSAGE, official="aino", post="feed:1")
    for key, message in (("k1", MESSAGE), ("k2", other), ("k3", replace(other, post="feed:2"))):
        await files.send(message, recipient=recipient(), idempotency_key=key)
    holder: Holder = files
    assert (holder.count(MESSAGE.official), holder.count("aino"), holder.count("nobody")) == (1, 2, 0)
    assert [each["file"] for each in holder.export("aino")] == ["k2.eml", "k3.eml"]
    assert "Åsa Öberg" in holder.export(MESSAGE.official)[0]["content"]
    assert holder.forget(["feed:2", "feed:9"]) == 1
    assert holder.erase(MESSAGE.official) == 1
    assert holder.erase(MESSAGE.official) == 0
    assert [file.name for file in (tmp_path / "outbox").iterdir()] == ["k2.eml"]


async def test_files_of_one_source_and_to_one_recipient_are_erased(files: Files, tmp_path: Path) -> None:
    odd = replace(recipient(), name="50%25 <vakt>\u200b Ärla")
    for key, message, to in (
        ("k1", replace(MESSAGE, post="feed:1"), recipient()),
        ("k2", replace(MESSAGE, post="feed-2:1"), recipient()),
        ("k3", replace(MESSAGE, post="feed-2:2"), odd),
        ("k4", replace(MESSAGE, official="aino", post="feed:1"), odd),
    ):
        await files.send(message, recipient=to, idempotency_key=key)
    for part, gone in ((Part("source", "feed"), "k1"), (Part("recipient", odd.name), "k3")):
        assert files.count(MESSAGE.official, part) == files.erase(MESSAGE.official, part) == 1
        assert files.count(MESSAGE.official, part) == files.erase(MESSAGE.official, part) == 0
        assert not (tmp_path / "outbox" / f"{gone}.eml").exists()
    assert sorted(file.name for file in (tmp_path / "outbox").iterdir()) == ["k2.eml", "k4.eml"]


async def test_a_file_that_does_not_tell_its_source_goes_with_any(files: Files, tmp_path: Path) -> None:
    (tmp_path / "outbox" / "k1.eml").write_text("To: x <x@ekvik.example>\nX-Turvakt-Official: aino\n\nText")
    assert files.erase("aino", Part("recipient", "y")) == 0
    assert files.erase("aino", Part("source", "feed")) == 1


async def test_files_that_nobody_knows_are_swept_away(files: Files, tmp_path: Path) -> None:
    for key in ("k1", "k2"):
        await files.send(MESSAGE, recipient=recipient(), idempotency_key=key)
    (tmp_path / "outbox" / ".k1.eml.tmp").write_text("To: x")
    (tmp_path / "outbox" / "notes.txt").write_text("not ours")
    assert files.sweep(lambda keys: {"k1"} & set(keys)) == 2
    assert sorted(file.name for file in (tmp_path / "outbox").iterdir()) == ["k1.eml", "notes.txt"]


async def test_files_expire(files: Files) -> None:
    await files.send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    now = datetime.now(UTC)
    assert files.expire(now - timedelta(days=1)) == 0
    assert files.expire(now + timedelta(days=1)) == 1


async def test_a_half_written_file_of_a_killed_process_goes(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / ".k1.eml.tmp").write_text("To: x")
    (folder / ".k2.eml.tmp").write_text("X-Turvakt-Official: liisa\nX-Turvakt-Post: " + DIGEST + "\n\nText")
    (folder / "notes.txt").write_text("not ours")
    (folder / "odd.eml").write_text("Subject: x\n\nX-Turvakt-Official: aino\n")
    (folder / "empty.eml").write_text("")
    files = Files(folder, clock=CLOCK)
    assert files.erase("aino") == 1
    assert sorted(file.name for file in folder.iterdir()) == [".k2.eml.tmp", "empty.eml", "notes.txt", "odd.eml"]
    assert files.forget(["feed:1"]) == 1
    assert sorted(file.name for file in folder.iterdir()) == ["empty.eml", "notes.txt", "odd.eml"]


async def test_a_write_that_fails_leaves_nothing_behind(files: Files, tmp_path: Path) -> None:
    (tmp_path / "outbox" / "k1.eml").mkdir()
    with pytest.raises(Unavailable):
        await files.send(MESSAGE, recipient=recipient(), idempotency_key="k1")
    assert [file.name for file in (tmp_path / "outbox").iterdir()] == ["k1.eml"]


def test_a_folder_that_cannot_be_made_stops(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(Broken, match="folder"):
        Files(tmp_path / "outbox", clock=CLOCK)


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_channel_is_called_as_contacts_call_it(name: str) -> None:
    assert load_channel(name).name == name


def test_an_unknown_channel_stops() -> None:
    with pytest.raises(Broken, match="Choose from apprise, email, matrix"):
        load_channel("pigeon")


def test_a_closed_port_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = email(SmtpServer(port=taken.getsockname()[1]), security="starttls")
        with pytest.raises(Unavailable):
            asyncio.run(channel.send(MESSAGE, recipient=recipient(), idempotency_key="k1"))
