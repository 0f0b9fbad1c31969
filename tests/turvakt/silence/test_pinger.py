"""The watcher outside hears every minute that all lives, and nothing that is not so."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from flow.errors import Broken
from tests.turvakt.silence.watcher_outside import CHECK, Outside, outside
from turvakt.watch.pinger import Pinger
from turvakt.watch.trouble import Trouble

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
DEAD = Trouble("worker-silent", "worker:dispatch", NOW)


@pytest.fixture
def heard() -> Iterator[Outside]:
    with outside() as heard:
        yield heard


async def test_it_is_told_of_the_start_of_life_and_of_lasting_troubles_alone(heard: Outside) -> None:
    pinger = Pinger(heard.url + "/")
    await pinger.started()
    await pinger.ping([], NOW)
    await pinger.ping([DEAD], NOW)
    await pinger.ping([DEAD], NOW + timedelta(minutes=1))
    assert heard.heard == ["start", "alive"]
    await pinger.ping([DEAD], NOW + timedelta(minutes=2))
    await pinger.ping([], NOW + timedelta(minutes=3))
    await pinger.ping([DEAD], NOW + timedelta(minutes=4))
    assert heard.heard == ["start", "alive", "fail", "alive", "fail"], "by when it began, not by when it was seen"


async def test_one_that_is_away_is_no_trouble_of_ours_and_its_address_is_not_told(
    heard: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    pinger = Pinger(heard.url)
    heard.status = 503
    for _ in range(3):
        await pinger.ping([], NOW)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("turvakt")] == [
        "the watcher outside cannot be pinged: it answers 503"
    ]
    heard.status = 200
    await pinger.ping([], NOW)
    await Pinger("http://127.0.0.1:1/x").ping([], NOW)
    assert "the watcher outside cannot be pinged: ConnectError" in caplog.text
    assert CHECK not in "".join(each.getMessage() for each in caplog.records if each.name.startswith("turvakt"))


async def test_settings_of_tls_or_a_proxy_that_are_wrong_do_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    pinger = Pinger("https://127.0.0.1:1/x")
    await pinger.started()
    await pinger.ping([], NOW)
    monkeypatch.setenv("ALL_PROXY", "socks9://127.0.0.1:1")
    await Pinger("http://127.0.0.1:1/x").ping([DEAD], NOW + timedelta(minutes=2))
    assert caplog.text.count("the watcher outside cannot be pinged: ") == 2
    assert "certificates.pem" not in caplog.text


async def test_of_an_answer_without_end_nothing_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is it waited for: the status says all."""
    asked, hung_up = [], asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\nOK")
        with suppress(ConnectionError):
            await reader.read()  # until it hangs up
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        await Pinger(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x").ping([], NOW)
        await hung_up.wait()
    assert len(asked) == 1
    assert "cannot be pinged" not in caplog.text


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(Broken, match=r"operator\.ping_url"):
        Pinger("hc-ping.com/x")
