import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from flow.clock import ManualClock
from flow.errors import BadInput, Broken
from ingest.collector import AuthorGone, Collected, Deletion, Item, Rejected
from ingest.collectors.bluesky import Bluesky
from ingest.post import Post
from tests.ingest.collectors.contract import CollectorContract, ids, take
from tests.ingest.collectors.jetstream import Jetstream, account, commit, identity, time_us

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)
ANNA = "did:plc:anna"


class Waits:
    """Stands in for sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def bluesky(server: Jetstream | None = None, **settings: Any) -> Bluesky:
    url = server.url if server else "ws://127.0.0.1:1/subscribe"
    return Bluesky(**{"url": url, "clock": CLOCK, "sleep": Waits(), **settings})


@pytest.fixture
async def server() -> AsyncIterator[Jetstream]:
    async with Jetstream().serving() as serving:
        yield serving


class JetstreamSource:
    repeats = True

    def __init__(self, server: Jetstream) -> None:
        self._server = server
        self.ids = [f"bluesky:did:plc:abc/k{n}" for n in range(1200)]
        server.events = [commit(n) for n in range(1200)]

    def collector(self) -> Bluesky:
        return bluesky(self._server, rewind_seconds=0.0)


class TestBluesky(CollectorContract):
    @pytest.fixture
    async def source(self) -> AsyncIterator[JetstreamSource]:
        async with Jetstream(replay_all=True).serving() as serving:
            yield JetstreamSource(serving)


def one(event: dict[str, Any], **settings: Any) -> Item | None:
    return bluesky(**settings)._event(json.dumps(event).encode())[1]


def post_of(**record: Any) -> Post:
    post = one(commit(5, **record), accounts=lambda: {ANNA: "anna.example"})
    assert isinstance(post, Post)
    return post


def test_a_plain_post() -> None:
    post = post_of(text="Hej\x00 då", langs=["sv", "fi"], createdAt="2026-11-01T11:59:58.5+02:00")
    assert post == Post(
        id="bluesky:did:plc:abc/k5",
        source="bluesky",
        text="Hej\ufffd då",
        created_at=datetime(2026, 11, 1, 9, 59, 58, 500_000, tzinfo=UTC),
        collected_at=NOW,
        url="https://bsky.app/profile/did:plc:abc/post/k5",
        author=post.author,
        lang="sv",
    )
    assert post.author.id == "did:plc:abc"


@pytest.mark.parametrize(
    "claimed", ["2030-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "2026-11-01T11:00:00", "yesterday", None, 5]
)
def test_an_implausible_time_gives_way_to_the_server_s(claimed: object) -> None:
    assert post_of(createdAt=claimed).created_at == NOW + timedelta(milliseconds=5)


def test_markup_names_accounts() -> None:
    features = [
        {"$type": "app.bsky.richtext.facet#mention", "did": ANNA},
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://bsky.app/profile/anna.example"},
        {"$type": "app.bsky.richtext.facet#tag", "tag": "budget"},
    ]
    card = {"$type": "app.bsky.embed.external", "external": {"uri": "https://news.example/1", "title": "t"}}
    post = post_of(facets=[{"index": {"byteStart": 0, "byteEnd": 3}, "features": features}], embed=card)
    assert post.accounts == (ANNA, "anna.example", "https://bsky.app/profile/anna.example", "https://news.example/1")


def test_replies_and_quotes() -> None:
    parent, root = f"at://{ANNA}/app.bsky.feed.post/1", "at://did:plc:root/app.bsky.feed.post/2"
    quoted = f"at://{ANNA}/app.bsky.feed.post/3"
    alone = {"$type": "app.bsky.embed.record", "record": {"uri": quoted, "cid": "c"}}
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "En valaffisch"}, {"alt": ""}, {}]}
    both = {"$type": "app.bsky.embed.recordWithMedia", "record": alone, "media": images}
    for embed, text in ((alone, "text 5"), (both, "text 5\n\nEn valaffisch")):
        post = post_of(reply={"parent": {"uri": parent}, "root": {"uri": root}}, embed=embed)
        assert post.reply_to == (ANNA, "anna.example", parent, "did:plc:root", root)
        assert post.quote_of == (ANNA, "anna.example", quoted)
        assert post.text == text
    feed = {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{ANNA}/app.bsky.feed.generator/x"}}
    assert post_of(embed=feed).quote_of == ()
    video = {"$type": "app.bsky.embed.video", "alt": "En film"}
    assert post_of(text="", embed=video).text == "En film"


@pytest.mark.parametrize("wrong", [None, 5, "x", [], [1], {"features": 5}, [{"features": [{"did": 5, "uri": None}]}]])
def test_what_is_optional_may_be_anything(wrong: object) -> None:
    post = post_of(facets=wrong, embed=wrong, reply=wrong, langs=wrong)
    assert (post.text, post.accounts, post.reply_to, post.quote_of) == ("text 5", (), (), ())


def test_changes_of_posts() -> None:
    edited = one(commit(5, operation="update", text="ny"))
    assert isinstance(edited, Post)
    assert edited.edited_at == NOW + timedelta(milliseconds=5)
    assert one(commit(5, operation="delete")) == Deletion(
        id="bluesky:did:plc:abc/k5", at=NOW + timedelta(milliseconds=5)
    )
    assert one(commit(5, collection="app.bsky.feed.like")) is None


def test_accounts_that_go() -> None:
    for status in ("deleted", "takendown", "suspended", "deactivated", None):
        event = account(5, active=False, status=status)
        assert one(event) == AuthorGone(source="bluesky", author="did:plc:abc", at=NOW + timedelta(milliseconds=5))
    assert one(account(5, active=False, status="throttled")) is None
    assert one(account(5, active=True)) is None


def test_a_renamed_account_goes_by_all_its_names() -> None:
    collector = bluesky(accounts=lambda: {ANNA: "anna.example"})

    def event(of: dict[str, Any]) -> Item | None:
        return collector._event(json.dumps(of).encode())[1]

    assert event(identity(1, did=ANNA, handle="anna.ekvik.example")) is None
    assert event(identity(1, did="did:plc:other", handle="other.example")) is None
    post = event(commit(2, reply={"parent": {"uri": f"at://{ANNA}/app.bsky.feed.post/1"}}))
    assert isinstance(post, Post)
    assert post.reply_to[:3] == (ANNA, "anna.example", "anna.ekvik.example")
    own = event(commit(3, did=ANNA))
    assert isinstance(own, Post)
    assert own.author.handle == "anna.ekvik.example"
    assert list(collector._renamed) == [ANNA]
    event(account(4, did=ANNA, active=False, status="deleted"))
    assert collector._renamed == {}


BAD = [
    b"{",
    b"\xff",
    b"[]",
    b"[" * 100_000,
    b'{"did": "did:plc:abc", "kind": "commit"}',
    json.dumps({**commit(1), "time_us": 10**30}).encode(),
    json.dumps({**commit(1), "commit": []}).encode(),
    json.dumps(commit(1, operation="hemligt")).encode(),
    json.dumps(commit(1, text=5)).encode(),
    json.dumps(commit(1, text=True)).encode(),
]


@pytest.mark.parametrize("raw", BAD, ids=range(len(BAD)))
def test_bad_events(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        bluesky().parse(raw)
    assert "hemligt" not in str(caught.value)


def test_a_rejected_event_comes_back() -> None:
    assert bluesky().parse(json.dumps(commit(1)).encode()).text == "text 1"
    with pytest.raises(BadInput, match="holds no post"):
        bluesky().parse(json.dumps(account(1, active=True)).encode())


async def test_bad_frames_are_rejected_and_the_stream_goes_on(server: Jetstream) -> None:
    collector = bluesky(server)
    async with asyncio.timeout(10), aclosing(collector.collect(str(time_us(0)))) as batches:
        unnamed, named = b'{"kind": 5}', json.dumps(commit(4, text=5)).encode()
        await server.publish(commit(1), unnamed, commit(2, collection="app.bsky.feed.like"), commit(3), named)
        items: list[Item] = []
        async for collected in batches:
            items += collected.items
            if len(items) == 4:
                break
    assert ids(items) == ["bluesky:did:plc:abc/k1", "bluesky:did:plc:abc/k3"]
    assert [item.id for item in items if isinstance(item, Rejected)] == ["", "bluesky:did:plc:abc/k4"]
    assert isinstance(items[1], Rejected)
    assert items[1].raw == b'{"kind": 5}'
    assert items[1].place == f"bluesky, after event {time_us(1)}"


async def test_a_cut_stream_goes_on_from_the_cursor(server: Jetstream) -> None:
    waits = Waits()
    server.cuts = [3, 4]
    server.events = [commit(n) for n in range(8)]
    collector = bluesky(server, rewind_seconds=0.001, sleep=waits)
    seen: list[str] = []
    async with asyncio.timeout(10), aclosing(collector.collect(str(time_us(0)))) as batches:
        async for collected in batches:
            seen += ids(collected.items)
            if seen[-1].endswith("k7"):
                break
    assert list(dict.fromkeys(seen)) == [f"bluesky:did:plc:abc/k{n}" for n in range(8)]
    assert len(waits.slept) == 2
    assert max(waits.slept) <= 0.5  # each good connection starts the waits afresh
    first, second, third = server.cursors
    assert first == time_us(-1)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first <= second <= third


async def test_without_cursor_it_starts_now_and_still_bridges_a_gap(server: Jetstream) -> None:
    server.events = [commit(-5)]
    server.cuts = [0]
    collector = bluesky(server, rewind_seconds=0.0)
    task = asyncio.create_task(take(collector, None, until=1))
    await server.connected(1)
    await server.publish(commit(1))
    taken: list[Collected] = await task
    assert ids(taken[0].items) == ["bluesky:did:plc:abc/k1"]
    assert server.cursors == [None, time_us(0)]


async def test_a_busy_server_is_waited_for(server: Jetstream) -> None:
    waits = Waits()
    server.refusals = [
        Response(503, "Service Unavailable", Headers({"Retry-After": "7", "Content-Length": "0"}), b""),
        Response(502, "Bad Gateway", Headers({"Content-Length": "0"}), b""),
    ]
    server.events = [commit(1)]
    taken = await take(bluesky(server, sleep=waits), str(time_us(1)), until=1)
    assert ids(taken[0].items) == ["bluesky:did:plc:abc/k1"]
    assert waits.slept[0] == 7.0
    assert 0 < waits.slept[1] <= 0.5


async def test_a_server_that_is_away_is_tried_with_growing_waits(unused_tcp_port: int) -> None:
    slept: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            enough.set()
            await asyncio.Event().wait()

    collector = bluesky(url=f"ws://127.0.0.1:{unused_tcp_port}/subscribe", sleep=sleep)
    task = asyncio.create_task(take(collector, None, until=1))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    await asyncio.wait([task])
    assert slept[4] > slept[0]


async def test_wrong_settings(server: Jetstream) -> None:
    with pytest.raises(Broken, match=r"refuses the stream \(400\)"):
        await take(bluesky(url=server.url + "x"), None, until=1)
    with pytest.raises(Broken, match="no websocket address"):
        await take(bluesky(url="https://example.org"), None, until=1)
    with pytest.raises(Broken, match="cursor is damaged"):
        await take(bluesky(server), "yesterday", until=1)
