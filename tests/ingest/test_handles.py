from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from flow.clock import ManualClock
from ingest.clients.bluesky_handles import resolve_handles
from tests.ingest.collectors.contract import Polls
from tests.ingest.collectors.web import Answer, Request, Web

CLOCK = ManualClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
PATH = "/xrpc/com.atproto.identity.resolveHandle"


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web().serving() as serving:
        yield serving


def waits(count: int = 9) -> Polls:
    return Polls(*[lambda: None] * count)


async def test_handles_become_identifiers(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    known = {
        "anna.example": b'{"did": "did:plc:anna"}',
        "odd.example": b'{"did": 5}',
        "list.example": b"[]",
        "html.example": b"<p>",
    }

    def resolve(request: Request) -> Answer:
        (handle,) = parse_qs(urlsplit(request.path).query)["handle"]
        return Answer(body=known[handle]) if handle in known else Answer(400, b'{"error": "InvalidRequest"}')

    web.answers[PATH] = resolve
    handles = ["@Anna.Example", "did:web:bo.example", "gone.example", "odd.example", "list.example", "html.example"]
    found = await resolve_handles(handles, resolver=web.url, clock=CLOCK, sleep=waits(0))
    assert found == {"@Anna.Example": "did:plc:anna", "did:web:bo.example": "did:web:bo.example"}
    (record,) = [each for each in caplog.records if each.name == "ingest.clients.bluesky_handles"]
    assert record.getMessage() == "4 of 6 Bluesky handles could not be resolved"


async def test_a_busy_server_is_asked_again(web: Web) -> None:
    sleep = waits()
    web.answers[PATH] = [
        Answer(429, headers={"Retry-After": "7"}),
        Answer(503),
        Answer(body=b'{"did": "did:plc:anna"}'),
    ]
    assert await resolve_handles(["anna.example"], resolver=web.url, clock=CLOCK, sleep=sleep) == {
        "anna.example": "did:plc:anna"
    }
    assert sleep.slept[0] == 7.0
    assert 0 < sleep.slept[1] <= 1.0


async def test_a_server_that_is_away_is_given_up(unused_tcp_port: int) -> None:
    sleep = waits()
    assert await resolve_handles(["anna.example"], resolver=f"http://127.0.0.1:{unused_tcp_port}", sleep=sleep) == {}
    assert len(sleep.slept) == 3
