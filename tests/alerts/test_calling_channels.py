"""What holds for every channel that calls a web service, beside the contract of all, and what is peculiar to some."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from access.push import Subscription, new_key
from alerts.channel import Addressed, Later, NotBegun, Probed, Unsure
from alerts.channels.apprise import Apprise
from alerts.channels.calling import Caller
from alerts.channels.matrix import Matrix
from alerts.channels.reaching import reach, server_of
from alerts.channels.webhook import Webhook, sign
from alerts.channels.webpush import WebPush, encrypt
from alerts.messages.message import Message, units
from flow.errors import BadInput, Broken, Unavailable
from registry.official import Language
from tests.alerts.benches import CALLING, CLOCK, LINKS, MESSAGE, Bench, calling
from tests.alerts.people import AT, recipient
from tests.alerts.servers import Certificate, make_certificate
from tests.alerts.services import Elks, PushService, Service, Workflow

TWICE = {"sms", "voice", "teams", "apprise"}
"""Their services do not know a message again."""
SECRETS = ("secret", "+4670", "ekvik", "127.0.0.1", "Åsa")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=sorted(CALLING))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with CALLING[request.param].service() as service:
        bench = calling(request.param, service)
        yield bench
        await bench.channel.close()


@pytest.fixture
async def elks() -> AsyncIterator[Elks]:
    async with Elks() as service:
        yield service


async def refused(bench: Bench, caplog: pytest.LogCaptureFixture, kind: type[Exception] = Unavailable) -> Exception:
    """Nothing that a log or a screen must not show is in the error or a log line."""
    with pytest.raises(kind) as caught:
        await bench.send()
    await bench.channel.close()
    for secret in SECRETS:
        assert secret not in f"{caught.value}{caplog.text}"
    assert not caught.value.__cause__, "its text may be shown"
    return caught.value


# ---------------------------------------------------------------- the contract


async def test_a_test_has_no_link(bench: Bench) -> None:
    to = recipient(bench.good, channel=bench.channel.name)
    await bench.channel.send(replace(MESSAGE, link=""), recipient=to, idempotency_key="k1")
    assert "http" not in bench.text()


async def test_a_busy_service_says_when(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.service
    bench.service.mode = "busy"
    error = await refused(bench, caplog)
    if not isinstance(bench.channel, Apprise):
        assert isinstance(error, Later)
        assert error.seconds == 7


async def test_no_redirect_is_followed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.service
    bench.service.mode = "moved"
    await refused(bench, caplog)
    assert len(bench.service.calls) == 1


async def test_an_odd_answer_is_no_yes(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.service
    bench.service.mode = "broken"
    if CALLING[bench.channel.name].reads:
        error = await refused(bench, caplog)
        assert isinstance(error, Unsure) == (bench.channel.name in TWICE)
    else:
        await bench.send()  # the status is all that it says


@pytest.mark.parametrize("mode", ["down", "lost"])
async def test_what_a_gateway_lost_may_have_arrived(bench: Bench, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.service
    bench.service.mode = mode
    error = await refused(bench, caplog)
    # Apprise does not tell what the service answered.
    assert isinstance(error, Unsure) == (mode == "lost" and bench.channel.name in TWICE - {"apprise"})


@pytest.mark.parametrize("name", sorted(CALLING))
async def test_silence_ends(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async with CALLING[name].service(mode="silence") as service:
        error = await refused(calling(name, service, seconds=0.5), caplog)
    assert isinstance(error, Unsure) == (name in TWICE)


async def test_what_did_not_reach_the_service_comes_no_second_time(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.break_down()
    assert not isinstance(await refused(bench, caplog), Unsure)


async def test_what_a_proxy_does_not_pass_on_comes_no_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readline()).startswith(b"CONNECT ")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    proxy = await asyncio.start_server(silent, "127.0.0.1", 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    caller = Caller("sms", clock=CLOCK, seconds=0.5, keys=False)
    with pytest.raises(Unavailable) as caught:
        await caller.call("POST", "https://sms.example/", data={"to": "+46701740605"})
    assert not isinstance(caught.value, Unsure)
    await caller.close()
    await asyncio.wait_for(ended.wait(), 5)
    proxy.close()


@pytest.mark.parametrize("name", sorted(CALLING))
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    name: str, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    async with CALLING[name].service(certificate=certificate) as service:
        await refused(calling(name, service), caplog)
        assert service.taken == []


@pytest.mark.parametrize("name", sorted(set(CALLING) - {"webpush"}))
async def test_the_quote_stays_behind_the_link(name: str) -> None:
    async with CALLING[name].service() as service:
        bench = calling(name, service)
        await bench.send()
        await bench.channel.close()
        (call,) = service.calls
        assert b"Tack" not in call.body


@pytest.mark.parametrize("status", [401, 404, 405], ids=["password or token", "address", "address of something else"])
@pytest.mark.parametrize("name", ["sms", "voice", "sms-gateway", "matrix"])
async def test_wrong_settings_of_ours_are_waited_out(name: str, status: int) -> None:
    class Wrong(Service):
        def reply(self, method: str, call: Any) -> Any:
            return status, {}, b""

    async with Wrong() as service:
        bench = calling(name, service)
        with pytest.raises(Unavailable, match="refused us"):
            await bench.send()
        await bench.channel.close()


# ---------------------------------------------------------------- telephones


@pytest.mark.parametrize(
    "address", ["0701740605", "+46 70 174 06 05", "+0701740605", "+46", "tel:+46701740605", "+4670１740605"]
)
@pytest.mark.parametrize("name", ["sms", "sms-gateway", "voice"])
def test_only_international_numbers_are_called(name: str, address: str) -> None:
    with pytest.raises(BadInput) as caught:
        calling(name, Elks()).channel.check(address)
    assert address not in str(caught.value)


async def test_a_short_message_is_one_and_asks_for_a_receipt(elks: Elks) -> None:
    bench = calling("sms", elks)
    await bench.send("k1")
    await bench.channel.close()
    assert bench.text() == f"{MESSAGE.short} {LINKS}k1"
    used, fits = units(bench.text())
    assert used <= fits
    body = elks.calls[0].body.decode()
    assert "whendelivered=https%3A%2F%2Fturvakt.ekvik.example%2Freceipts%2Fsms%2Fk1" in body
    assert "dontlog=message" in body


@pytest.mark.parametrize("console", ["http://turvakt.ekvik.example", "http://localhost:8477"])
async def test_nobody_is_asked_for_receipts_that_cannot_arrive(elks: Elks, console: str) -> None:
    channel = calling("sms", elks).channel
    await channel.send(
        replace(MESSAGE, link=f"{console}/a/k1"),
        recipient=recipient("+46701740605"),
        idempotency_key="k1",
    )
    await channel.close()
    assert b"whendelivered" not in elks.calls[0].body


async def rung(elks: Elks, message: Message, language: Language) -> dict[str, Any]:
    channel = calling("voice", elks).channel
    await channel.send(message, recipient=recipient("+46701740605", language=language), idempotency_key="k1")
    await channel.close()
    actions: dict[str, Any] = json.loads(elks.taken[-1][1])
    return actions


async def test_a_call_is_acknowledged_by_a_key(elks: Elks) -> None:
    found = await rung(elks, replace(MESSAGE, link=f"{LINKS}k1"), "fi")
    assert found == {
        "ivr": f"{elks.url}/fi.mp3",
        "digits": 1,
        "timeout": 10,
        "repeat": 3,
        "next": "https://turvakt.ekvik.example/voice/k1",
    }


async def test_a_recording_that_is_none_is_found_before_anybody_is_rung_up(elks: Elks) -> None:
    elks.recording = b"<!doctype html>Sign in"
    channel = calling("voice", elks).channel
    assert isinstance(channel, Probed)
    with pytest.raises(BadInput, match=r"voice\.audio_fi"):
        await channel.probe()
    await channel.close()
    assert [call.path for call in elks.calls] == ["/a1/me", "/fi.mp3"]
    assert "authorization" not in elks.calls[1].headers


async def test_without_a_recording_a_voice_speaks_english(elks: Elks) -> None:
    assert (await rung(elks, MESSAGE, "sv"))["play"].startswith("en_US/Turvakt. A serious alert")
    assert (await rung(elks, MESSAGE, "en"))["play"] == "en_US/This is Turvakt. Press 1."


@pytest.mark.parametrize("kind", ["alert.raised", "bulletin.drill"])
async def test_nobody_is_asked_to_press_a_key_that_nobody_would_hear_of(elks: Elks, kind: str) -> None:
    told = replace(MESSAGE, facts={"type": kind})
    without = (await rung(elks, replace(told, link="http://turvakt.ekvik.example/a/k1"), "sv"))["play"]
    heard = (await rung(elks, replace(told, link=f"{LINKS}k1"), "sv"))["ivr"]
    assert "Press" not in without
    assert heard.startswith(f"{without} Press 1")


@pytest.mark.parametrize("kind", ["drill", "test"])
async def test_what_is_only_a_test_plays_no_recording_of_an_alert(elks: Elks, kind: str) -> None:
    found = await rung(elks, replace(MESSAGE, facts={"type": f"bulletin.{kind}"}, link=f"{LINKS}k1"), "fi")
    assert found["ivr"].startswith("en_US/Turvakt. This is only a test.")
    assert found["next"].endswith("/voice/k1")


async def test_only_what_is_critical_rings(elks: Elks) -> None:
    grave = replace(MESSAGE, severity="high", threat=False)
    with pytest.raises(BadInput, match="only what is critical"):
        await rung(elks, grave, "sv")
    tried = await rung(elks, replace(grave, facts={"type": "bulletin.test"}), "sv")
    assert "only a test" in tried["play"]
    assert len(elks.taken) == 1


# ---------------------------------------------------------------- servers of contacts


@pytest.mark.parametrize("name", ["teams", "webpush", "apprise"])
async def test_the_servers_of_contacts_are_known_without_what_is_secret(name: str) -> None:
    service = CALLING[name].service(port=8443)
    channel, good = calling(name, service).channel, CALLING[name].good(service)
    assert isinstance(channel, Addressed)
    # Where services have an address each, apprise does not tell it.
    assert channel.servers(good) == (set() if name == "apprise" else {"http://127.0.0.1:8443"})


def test_who_has_no_browser_has_no_server() -> None:
    channel = calling("webpush", PushService()).channel
    assert isinstance(channel, Addressed)
    with pytest.raises(BadInput, match="no browser of this person"):
        channel.servers("cecilia")


def test_apprise_tells_the_server_of_a_service() -> None:
    channel = Apprise(services=["tgram"])
    assert channel.servers("tgram://123456789:abcdefg_hijklmnop/1") == {"https://api.telegram.org"}


@pytest.mark.parametrize(
    ("host", "trusted", "reason"),
    [
        ("localhost", True, ""),
        ("localhost", False, "nobody vouches for the certificate"),
        ("127.1", True, "certificate is for another name"),
        ("turvakt.invalid", True, "name of the server is not found"),
    ],
)
async def test_a_server_is_found_without_being_asked_for_anything(
    host: str, trusted: bool, reason: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    async with Workflow(certificate=certificate) as service:
        address = f"https://key:word@{host}:{service.port}/workflows/1?sig=secret"
        with pytest.raises(Unavailable, match=reason) if reason else nullcontext() as caught:
            await reach(server_of(address), place="rule 'grave', channel teams")
        assert [(call.path, call.body) for call in service.calls] == ([] if reason else [("/", b"")])
    assert host not in str(caught)
    assert service.taken == []


# ---------------------------------------------------------------- others


async def test_a_call_is_signed_by_the_former_secret_too() -> None:
    now, former = ("whsec_" + base64.b64encode(bytes([each]) * 32).decode() for each in (1, 2))
    async with Workflow() as hook:
        channel = Webhook(secret=now, former=former, clock=CLOCK)
        with pytest.raises(Unavailable):  # a workflow of Teams wants something else
            await channel.send(MESSAGE, recipient=recipient(f"{hook.url}/gone"), idempotency_key="k1")
        await channel.close()
    at, body = int(AT.timestamp()), hook.calls[0].body
    signatures = [sign(bytes([each]) * 32, identity="k1", at=at, body=body) for each in (1, 2)]
    assert hook.calls[0].headers["webhook-signature"].split(" ") == signatures
    with pytest.raises(Broken, match="former_secret"):
        Webhook(secret=now, former="whsec_short", clock=CLOCK)


@pytest.mark.parametrize("address", ["#vakt:ekvik.example", "!", "!a b:ekvik.example", "room"])
def test_a_room_is_named_by_its_id(address: str) -> None:
    with pytest.raises(BadInput, match="no id of a room"):
        Matrix(homeserver="https://ekvik.example", token="x", clock=CLOCK).check(address)


@pytest.mark.parametrize("address", ["vakt", "a/b/c/d/e/f/g/h", "x" * 65, "turvakt ekvik 1"])
def test_a_topic_is_none_that_anybody_guesses(address: str) -> None:
    with pytest.raises(BadInput, match="name of a topic"):
        calling("ntfy", Service()).channel.check(address)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tgram://123456789:abcdefg_hijklmnop/1", "apprise.services"),
        ("json://ekvik.example/hook", "without encryption"),
        ("jsons://ekvik.example/hook?verify=no", "certificates or redirects"),
        ("jsons://ekvik.example/hook?redirect=yes", "certificates or redirects"),
        ("jsons://", "cannot read"),
    ],
)
def test_apprise_reaches_what_the_settings_allow(address: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        Apprise(services=["json", "jsons"]).check(address)
    assert "ekvik" not in str(caught.value)


async def test_apprise_waits_for_a_refusal_as_for_anything() -> None:
    async with CALLING["apprise"].service() as service:
        bench = calling("apprise", service)
        with pytest.raises(Unavailable):
            await bench.send(address=bench.good.replace("/hook/secret", "/closed"))


async def test_a_service_of_apprise_that_is_slow_may_have_taken_it() -> None:
    """Whatever the address says of how long it is waited for."""
    async with CALLING["apprise"].service(mode="silence") as service:
        bench = calling("apprise", service, seconds=0.5)
        with pytest.raises(Unsure):
            await bench.send(address=f"{bench.good}?rto=0.1")
        await bench.channel.close()


async def test_a_service_of_apprise_that_hangs_takes_no_thread_of_others() -> None:
    """Finding the name of a server needs one, for whatever channel."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with CALLING["apprise"].service() as service:
        service.mode = "silence"
        bench = calling("apprise", service, seconds=2.0)
        bench.channel.check(bench.good)  # the first time takes seconds
        fails = await asyncio.gather(*(bench.send(f"k{number}") for number in range(18)), return_exceptions=True)
        assert [type(each) for each in fails] == [Unsure] * 16 + [NotBegun] * 2
        await asyncio.wait_for(asyncio.to_thread(int), 2.0)
        with pytest.raises(NotBegun):
            await bench.send()
        assert len(service.calls) == 16, "no more than that are on their way, also after their time is over"
        await bench.channel.close()


async def test_slow_calls_to_one_service_of_apprise_hold_up_none_to_another() -> None:
    """As many as the dispatcher has on their way, but one."""
    async with CALLING["apprise"].service(mode="silence") as slow, CALLING["apprise"].service() as well:
        bench, other = calling("apprise", slow, seconds=3.0), calling("apprise", well)
        bench.channel.check(bench.good)  # the first time takes seconds
        sends = asyncio.gather(*(bench.send(f"k{number}") for number in range(15)), return_exceptions=True)
        await asyncio.sleep(0)
        await bench.send("fast", address=other.good)
        assert other.keys() == ["fast"]
        assert {type(each) for each in await sends} == {Unsure}
        await bench.channel.close()


async def test_every_browser_of_a_person_is_told_and_one_that_is_gone_is_forgotten() -> None:
    gone: list[str] = []
    async with PushService() as first, PushService() as second:
        key = new_key()
        first.public = second.public = WebPush.public_key(key)
        browsers = [Subscription(f"{each.url}/push", each.point, each.secret) for each in (first, second)]
        browsers.append(Subscription(f"{first.url}/gone", first.point, first.secret))
        channel = WebPush(
            key=key,
            contact="mailto:turvakt@ekvik.example",
            browsers=lambda person: browsers,
            gone=gone.append,
            clock=CLOCK,
        )
        await channel.send(replace(MESSAGE, link=LINKS), recipient=recipient("anna"), idempotency_key="k1")
        await second.stop()
        await channel.send(replace(MESSAGE, link=LINKS), recipient=recipient("anna"), idempotency_key="k2")
        await channel.close()
    assert [key for key, _ in first.taken] == ["k1", "k2"]
    assert [key for key, _ in second.taken] == ["k1"]
    assert gone == [f"{first.url}/gone"] * 2
    assert first.calls[0].headers["urgency"] == "high"


def test_what_is_pushed_is_for_one_browser_alone() -> None:
    one, other = PushService(), PushService()
    sealed = encrypt(b"hello", Subscription("https://fcm.googleapis.com/x", one.point, one.secret))
    assert b"hello" not in sealed
    import http_ece

    options = {"auth_secret": one.secret, "version": "aes128gcm"}
    assert http_ece.decrypt(sealed, private_key=one.private, **options) == b"hello"
    with pytest.raises(http_ece.ECEException):
        http_ece.decrypt(sealed, private_key=other.private, **options)


@pytest.mark.parametrize(("setting", "value"), [("key", "short"), ("key", "å"), ("contact", "turvakt")])
def test_wrong_settings_of_web_push_stop(setting: str, value: str) -> None:
    right: dict[str, Any] = {"key": new_key(), "contact": "mailto:turvakt@ekvik.example"}
    with pytest.raises(Broken, match=f"webpush.{setting}"):
        WebPush(**{**right, setting: value}, browsers=lambda person: [], gone=lambda endpoint: None, clock=CLOCK)
