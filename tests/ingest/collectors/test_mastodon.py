import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from mastodon_mock.testing.server import MockServer

from flow.clock import ManualClock
from flow.errors import BadInput, Broken
from ingest.collector import Collected, Deletion, Item, Rejected
from ingest.collectors.mastodon import Mastodon
from ingest.post import Post
from tests.ingest.collectors.contract import CollectorContract, Polls, ids, take
from tests.ingest.collectors.fediverse import Fediverse, answer

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)
PUBLIC = "/api/v1/timelines/public"
START = '{"status": "0"}'


def account(id: str = "7", acct: Any = "kalle", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "acct": acct,
        "username": acct,
        "url": f"https://social.example/@{acct}",
        "display_name": "Kalle",
        **more,
    }


def status(n: int, **more: Any) -> dict[str, Any]:
    """As https://docs.joinmastodon.org/entities/Status/ has it, as far as it is read."""
    return {
        "id": str(n),
        "uri": f"https://social.example/users/kalle/statuses/{n}",
        "url": f"https://social.example/@kalle/{n}",
        "created_at": "2026-11-01T11:59:43.674Z",
        "edited_at": None,
        "account": account(),
        "content": f"<p>text {n}</p>",
        "visibility": "public",
        "spoiler_text": "",
        "language": "sv",
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "reblog": None,
        "poll": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        **more,
    }


def waits(count: int = 9) -> Polls:
    return Polls(*[lambda: None] * count)


def mastodon(server: str = "https://social.example", **settings: Any) -> Mastodon:
    return Mastodon(**{"server": server, "clock": CLOCK, "sleep": waits(), "overlap_seconds": 0.0, **settings})


def post_of(**more: Any) -> Post:
    held = {"status": status(5, **more), "host": "social.example", "domain": "social.example", "edited": False}
    return mastodon().parse(json.dumps(held).encode())


def items_of(taken: list[Collected]) -> list[Item]:
    return [item for collected in taken for item in collected.items]


# ---------------------------------------------------------------- statuses


def test_a_plain_status() -> None:
    post = post_of()
    assert post == Post(
        id="mastodon:social.example/5",
        source="mastodon",
        text="text 5",
        created_at=datetime(2026, 11, 1, 11, 59, 43, 674_000, tzinfo=UTC),
        collected_at=NOW,
        url="https://social.example/@kalle/5",
        author=post.author,
        lang="sv",
    )
    assert post.author.id == "https://social.example/@kalle"
    assert (post.author.handle, post.author.name) == ("kalle@social.example", "Kalle")


def test_everything_people_see_is_text() -> None:
    post = post_of(
        spoiler_text="Varning: budget",
        content="<p>Läs &amp; begrunda</p>",
        media_attachments=[{"description": "En valaffisch"}, {"description": None}, None],
        poll={"options": [{"title": "ja"}, {"title": "nej"}]},
    )
    assert post.text == "Varning: budget\n\nLäs & begrunda\n\nEn valaffisch\n\nja\nnej"


def test_mentions_and_replies() -> None:
    anna = account("9", "anna")
    bo = {"id": "8", "acct": "bo@other.example", "username": "bo", "url": "https://other.example/@bo"}
    content = (
        '<p><span class="h-card"><a href="https://social.example/@anna" class="u-url mention">@<span>anna</span></a></span> '
        'se <a href="https://news.example/1">news.example/1</a> A & B > C</p>'
    )
    post = post_of(content=content, mentions=[anna, bo], in_reply_to_account_id="8")
    assert post.text == "@anna se news.example/1 A & B > C"
    assert post.accounts == (
        "anna@social.example",
        "https://social.example/@anna",
        "bo@other.example",
        "https://other.example/@bo",
        "https://news.example/1",
    )
    assert post.reply_to == ("bo@other.example", "https://other.example/@bo")
    assert post_of(in_reply_to_account_id="7").reply_to == ("kalle@social.example", "https://social.example/@kalle")
    assert post_of(in_reply_to_account_id="66", mentions=[anna]).reply_to == ()


def test_quotes() -> None:
    quoted = status(4, account=account("9", "anna"))
    names = ("anna@social.example", "https://social.example/@anna", "https://social.example/@kalle/4")
    assert post_of(quote={"state": "accepted", "quoted_status": quoted}).quote_of == names
    assert post_of(quote=quoted).quote_of == names
    for nothing in (
        {"state": "revoked", "quoted_status": None},
        {"state": "accepted", "quoted_status_id": "4"},
        None,
        "x",
    ):
        assert post_of(quote=nothing).quote_of == ()


def test_times() -> None:
    assert post_of(created_at="2026-11-01T10:00:00").created_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert post_of(created_at="2031-11-01T10:00:00Z").created_at == NOW
    assert post_of(edited_at="2026-11-01T11:59:59.000Z").edited_at == datetime(2026, 11, 1, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("field", ["id", "account", "content", "created_at"])
@pytest.mark.parametrize("value", [None, 5, []])
def test_what_must_be_there(field: str, value: object) -> None:
    with pytest.raises(BadInput, match=f"field {field} is missing"):
        post_of(**{field: value})


@pytest.mark.parametrize("wrong", [5, "x", {}, [5], {"a": 5}])
def test_what_is_optional_may_be_anything(wrong: object) -> None:
    fields = ("media_attachments", "mentions", "poll", "quote", "in_reply_to_account_id", "edited_at", "spoiler_text")
    assert "text 5" in post_of(**dict.fromkeys(fields, wrong)).text
    assert post_of(account=account(url=None, acct=5, username=None, display_name=5)).author.handle is None


@pytest.mark.parametrize("visibility", ["private", "direct", None])
def test_what_is_not_public_is_never_taken(visibility: object) -> None:
    with pytest.raises(BadInput, match="not public"):
        post_of(visibility=visibility)


async def test_a_rejected_status_comes_back_as_that_servers(server: Fediverse) -> None:
    (bad,) = await live(server, 1, ("status.update", status(3, created_at="hemligt", edited_at=None)))
    assert isinstance(bad, Rejected)
    mended = bad.raw.replace(b"hemligt", b"2026-11-01T11:59:00Z")
    post = mastodon("https://elsewhere.example").parse(mended)
    assert post.id == bad.id
    assert post.edited_at == NOW


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b'{"event":"update"}'])
def test_what_is_no_status(raw: bytes) -> None:
    with pytest.raises(BadInput):
        mastodon().parse(raw)


# ---------------------------------------------------------------- the stream, against a stand-in


@pytest.fixture
async def server() -> AsyncIterator[Fediverse]:
    async with Fediverse().serving() as serving:
        serving.timelines[PUBLIC] = []
        yield serving


async def live(
    server: Fediverse, count: int, *events: tuple[str, Any], cursor: str | None = START, **settings: Any
) -> list[Item]:
    task = asyncio.create_task(take(mastodon(server.url, **settings), cursor, until=count))
    for event, payload in events:
        await server.send(event, payload)
    return items_of(await task)


async def test_events(server: Fediverse) -> None:
    host = server.url.removeprefix("http://")
    items = await live(
        server,
        6,
        ("update", status(1)),
        ("update", status(2, visibility="private")),
        ("update", status(3, content=None)),
        ("update", status(4, reblog=status(2))),
        ("filters_changed", ""),
        ("status.update", status(1, content="<p>ny</p>", edited_at="2026-11-01T11:59:50.000Z")),
        ("status_update", status(1, content="<p>nyare</p>")),
        ("delete", "1"),
    )
    one, bad, boost, edited, again, gone = items
    assert ids([one, boost, edited, again, gone]) == [f"mastodon:{host}/{n}" for n in (1, 2, 1, 1, 1)]
    assert isinstance(bad, Rejected)
    assert bad.id == f"mastodon:{host}/3"
    assert json.loads(bad.raw)["status"]["id"] == "3"
    assert "content" in bad.reason
    assert isinstance(edited, Post)
    assert isinstance(again, Post)
    assert edited.edited_at == datetime(2026, 11, 1, 11, 59, 50, tzinfo=UTC)
    assert again.edited_at == NOW
    assert gone == Deletion(id=f"mastodon:{host}/1", at=NOW)


async def test_frames_that_cannot_be_read(server: Fediverse) -> None:
    task = asyncio.create_task(take(mastodon(server.url), START, until=3))
    stream = await server.connected(1)
    await stream.send("{")
    await stream.send('{"event": "update", "payload": "{"}')
    await stream.send('{"error": "a fault", "status": 500}')
    await stream.send('{"event": "update", "payload": {"id": "1", "visibility": "public"}}')
    reasons = [item.reason for item in items_of(await task) if isinstance(item, Rejected)]
    assert reasons == ["not valid JSON", "not valid JSON", "field account is missing or of the wrong type"]


async def test_a_stream_may_be_refused_within(server: Fediverse) -> None:
    task = asyncio.create_task(take(mastodon(server.url), START, until=1))
    await (await server.connected(1)).send('{"error": "Missing access token", "status": 401}')
    with pytest.raises(Broken, match="refuses the stream"):
        await task


async def test_without_cursor_it_starts_now(server: Fediverse) -> None:
    server.timelines[PUBLIC] = [status(1), status(2)]
    items = await live(server, 1, ("update", status(3)), cursor=None)
    assert [each.rpartition("/")[2] for each in ids(items)] == ["3"]
    assert server.streams == [("/api/v1/streaming", {"stream": ["public"]})]


@pytest.mark.parametrize("link", [True, False])
async def test_a_gap_is_read_page_by_page(server: Fediverse, link: bool) -> None:
    server.link = link
    server.timelines[PUBLIC] = [status(n) for n in range(1, 101)]
    collector = mastodon(server.url)
    async with asyncio.timeout(10), aclosing(collector.collect('{"status": "5"}')) as batches:
        taken = [await anext(batches) for _ in range(3)]
        # the connection is cut: what came meanwhile is read afterwards
        (await server.connected(1)).transport.abort()
        server.timelines[PUBLIC] += [status(101)]
        taken.append(await anext(batches))
        server.timelines[PUBLIC] += [status(102)]
        taken.append(await anext(batches))
        following = asyncio.create_task(anext(batches))
        await server.send("update", status(103), connection=2)
        taken.append(await following)
    assert [each.rpartition("/")[2] for each in ids(items_of(taken))] == [str(n) for n in range(6, 104)]
    assert [len(each.items) for each in taken] == [40, 40, 15, 1, 1, 1]
    assert [json.loads(each.cursor or "")["status"] for each in taken] == ["45", "85", "100", "101", "102", "103"]


SNOWFLAKE = (1_793_534_400_000 << 16) + 7
ULID = "01KYV28F00ZZZZZZZZZZZZZZZZ"


@pytest.mark.parametrize(("id", "back"), [(str(SNOWFLAKE), 300_000 << 16), ("12345", 0)])
async def test_a_gap_is_read_with_an_overlap(server: Fediverse, id: str, back: int) -> None:
    await live(server, 1, ("update", status(int(id) + 1)), cursor=json.dumps({"status": id}), overlap_seconds=300.0)
    asked = [query["min_id"] for path, query, _ in server.requests if path == PUBLIC]
    assert asked == [[str(int(id) - back)]]


def test_ulids_hold_their_time() -> None:
    from ingest.formats.mastodon_status import earlier, later

    assert earlier(ULID, seconds=0.001) < ULID
    assert earlier("01KYV28F10ZZZZZZZZZZZZZZZZ", seconds=0.032) == "01KYV28F00" + "0" * 16
    assert earlier("0000000001ZZZZZZZZZZZZZZZZ", seconds=9) == "0" * 26
    assert later("9", "10") == "10"


async def test_the_stream_of_an_account(server: Fediverse) -> None:
    home, notifications = "/api/v1/timelines/home", "/api/v1/notifications"
    mention = {"id": "20", "type": "mention", "status": status(4)}
    server.timelines = {
        home: [status(1), status(2, visibility="direct")],
        notifications: [mention, {"id": "21", "type": "follow"}],
    }
    collector = mastodon(server.url, stream="user", token="secret")
    task = asyncio.create_task(take(collector, '{"status": "0", "notification": "0"}', until=4))
    await server.send("notification", {"id": "22", "type": "mention", "status": status(5)})
    await server.send("notification", {"id": "23", "type": "mention"})
    taken = await task
    items = items_of(taken)
    assert [each.rpartition("/")[2] for each in ids(items)] == ["1", "4", "5"]
    assert isinstance(items[-1], Rejected)
    assert json.loads(taken[-1].cursor or "") == {"status": "2", "notification": "23"}
    assert server.streams[0][1] == {"stream": ["user"], "access_token": ["secret"]}
    assert {headers["Authorization"] for _, _, headers in server.requests} == {"Bearer secret"}
    assert [query["types[]"] for path, query, _ in server.requests if path == notifications] == [["mention"]] * 2


@pytest.mark.parametrize(
    ("stream", "asked", "path", "query"),
    [
        ("public:local", {"stream": ["public:local"]}, PUBLIC, {"local": ["true"]}),
        ("public:remote", {"stream": ["public:remote"]}, PUBLIC, {"remote": ["true"]}),
        ("hashtag:#ekvik", {"stream": ["hashtag"], "tag": ["ekvik"]}, "/api/v1/timelines/tag/ekvik", {}),
        ("list:5", {"stream": ["list"], "list": ["5"], "access_token": ["t"]}, "/api/v1/timelines/list/5", {}),
    ],
)
async def test_other_streams(server: Fediverse, stream: str, asked: Any, path: str, query: Any) -> None:
    server.timelines[path] = [status(1)]
    token = "t" if "access_token" in asked else None
    await take(mastodon(server.url, stream=stream, token=token), START, until=1)
    assert server.streams[0][1] == asked
    found, used, _ = server.requests[1]
    assert found == path
    assert used == {**query, "limit": ["40"], "min_id": ["0"]}


async def test_an_older_server(server: Fediverse) -> None:
    server.answers["/api/v2/instance"] = [answer(b"{}", 404)]
    about = {
        "uri": "https://old.example",
        "urls": {"streaming_api": server.url.replace("http", "wss") + "/api/v1/streaming/"},
    }
    server.answers["/api/v1/instance"] = [answer(json.dumps(about).encode())]
    server.timelines[PUBLIC] = [status(1)]
    (post,) = items_of(await take(mastodon(server.url), START, until=1))
    assert isinstance(post, Post)
    assert post.author.handle == "kalle@old.example"


async def test_a_server_that_advertises_a_wrong_address(server: Fediverse, unused_tcp_port: int) -> None:
    server.about["configuration"] = {"urls": {"streaming": f"wss://127.0.0.1:{unused_tcp_port}"}}
    server.timelines[PUBLIC] = [status(1)]
    assert len(items_of(await take(mastodon(server.url), START, until=1))) == 1


async def test_rate_limits(server: Fediverse) -> None:
    sleep = waits()
    epoch = str(int(NOW.timestamp()) + 90)
    server.answers["/api/v2/instance"] = [
        answer(b"", 429, X_RateLimit_Reset="2026-11-01T12:01:00.000Z"),
        answer(b"", 429, Retry_After="30", X_RateLimit_Reset="2026-11-01T12:01:00.000Z"),
        answer(b"", 429, X_RateLimit_Reset=epoch),
        answer(b"", 503, Retry_After="5"),
        answer(b"", 429),
        answer(b"", 500),
        answer(b"no json"),
    ]
    server.answers[PUBLIC] = [
        answer(json.dumps([status(1)]).encode(), X_RateLimit_Remaining="0", X_RateLimit_Reset=epoch),
        answer(b"{}"),
    ]
    items = await live(server, 1, cursor=START, sleep=sleep)
    assert len(items) == 1
    assert sleep.slept[:4] == [60.0, 30.0, 90.0, 5.0]
    assert all(wait <= 2.0 for wait in sleep.slept[4:7])
    server.timelines[PUBLIC] = [status(1)]
    sleep = waits()
    await take(mastodon(server.url, sleep=sleep), START, until=1)
    assert sleep.slept[0] <= 1.0  # no list: waited out


async def test_the_last_allowed_request_is_followed_by_a_pause(server: Fediverse) -> None:
    sleep = waits()
    last = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "2026-11-01T12:01:00Z"}
    server.answers["/api/v2/instance"] = [answer(json.dumps(server.about).encode(), **last)]
    server.timelines[PUBLIC] = [status(1)]
    await take(mastodon(server.url, sleep=sleep), START, until=1)
    assert sleep.slept == [60.0]


async def test_a_server_that_is_away_is_waited_for(unused_tcp_port: int) -> None:
    sleep = waits(3)
    task = asyncio.create_task(take(mastodon(f"http://127.0.0.1:{unused_tcp_port}", sleep=sleep), START, until=1))
    async with asyncio.timeout(10):
        while len(sleep.slept) < 4:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert sleep.slept[3] > sleep.slept[0]


async def test_a_server_whose_stream_is_busy_is_waited_for(server: Fediverse) -> None:
    sleep = waits()
    server.answers["/api/v1/streaming"] = [answer(b"", 503, Retry_After="8")] * 2
    server.timelines[PUBLIC] = [status(1)]
    await take(mastodon(server.url, sleep=sleep), START, until=1)
    assert sleep.slept[0] == 8.0


async def test_refusals(server: Fediverse) -> None:
    with pytest.raises(Broken, match=r"refuses ekvik \(404\)"):
        await take(mastodon(server.url, stream="hashtag:ekvik"), START, until=1)
    server.answers["/api/v1/streaming"] = [answer(b"", 401)] * 2
    with pytest.raises(Broken, match=r"refuses the stream \(401\)"):
        await take(mastodon(server.url), START, until=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"server": "social.example"},
        {"stream": "everything"},
        {"stream": "hashtag:"},
        {"stream": "user"},
        {"stream": "list:5"},
    ],
)
def test_wrong_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        mastodon(**settings)


@pytest.mark.parametrize("cursor", ["{", "[]", '{"status": 5}'])
async def test_a_damaged_cursor(server: Fediverse, cursor: str) -> None:
    with pytest.raises(Broken, match="cursor is damaged"):
        await take(mastodon(server.url), cursor, until=1)


# ---------------------------------------------------------------- against mastodon-mock


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    # its streams never notice that a client has left, so its thread would not end by itself
    with MockServer(shutdown_timeout=0.2) as running:
        running.config.domain = running.base_url.removeprefix("http://")
        running.config.url_scheme = "http"
        yield running


def request(mock: MockServer, method: str, path: str, user: str = "alice", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {user}_token"}
    return httpx.request(method, mock.base_url + path, json=body or None, headers=headers).raise_for_status().json()


def post(mock: MockServer, text: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = request(mock, "POST", "/api/v1/statuses", status=text, **more)
    return found


class FromStart(Mastodon):
    """Begins with everything that the server has."""

    beginning = START

    def collect(self, cursor: str | None) -> AsyncIterator[Collected]:
        return super().collect(cursor or self.beginning)


class MockSource:
    repeats = False

    def __init__(self, mock: MockServer) -> None:
        self._mock = mock
        host = mock.base_url.removeprefix("http://")
        beginning = int(post(mock, "a beginning")["id"])
        self._beginning = json.dumps({"status": str(beginning)})
        self.ids = [f"mastodon:{host}/{post(mock, f'text {n}')['id']}" for n in range(90)]

    def collector(self) -> Mastodon:
        collector = FromStart(server=self._mock.base_url)
        collector.beginning = self._beginning
        return collector


@pytest.fixture(scope="module")
def mock_source(mock: MockServer) -> MockSource:
    return MockSource(mock)


class TestMastodon(CollectorContract):
    @pytest.fixture
    def source(self, mock_source: MockSource) -> MockSource:
        return mock_source


async def test_a_post_is_streamed_edited_and_deleted(mock: MockServer) -> None:
    cursor = json.dumps({"status": post(mock, "before")["id"]})
    collector = Mastodon(server=mock.base_url, token="alice_token")
    async with asyncio.timeout(20), aclosing(collector.collect(cursor)) as batches:

        async def following() -> Item:
            async for collected in batches:
                if collected.items:
                    return collected.items[0]
            raise AssertionError("the stream ended")

        made = await asyncio.to_thread(
            post, mock, "Hej @bob, läs https://example.org/lång?x=1 &lt; <3", spoiler_text="Obs"
        )
        came = await following()
        await asyncio.to_thread(request, mock, "PUT", f"/api/v1/statuses/{made['id']}", status="Hej igen @bob")
        edited = await following()
        await asyncio.to_thread(request, mock, "DELETE", f"/api/v1/statuses/{made['id']}")
        gone = await following()
    assert isinstance(came, Post)
    assert came.text.startswith("Obs\n\nHej @bob, läs https://example.org/lång?x=1")
    assert came.accounts[0].startswith("bob@")
    assert isinstance(edited, Post)
    assert (edited.id, edited.text.split("\n")[-1]) == (came.id, "Hej igen @bob")
    assert edited.edited_at is not None
    assert isinstance(gone, Deletion)
    assert gone.id == came.id


async def test_a_mention_reaches_the_stream_of_an_account(mock: MockServer) -> None:
    collector = Mastodon(server=mock.base_url, token="bob_token", stream="user")
    made = await asyncio.to_thread(post, mock, "@bob en fråga")
    taken = await take(collector, '{"status": "0", "notification": "0"}', until=1)
    assert any(each.endswith(f"/{made['id']}") for each in ids(items_of(taken)))


@pytest.mark.parametrize(
    ("effect", "wait"),
    [({"type": "ratelimit"}, 300.0), ({"type": "malformed"}, None), ({"type": "status", "status": 503}, None)],
)
async def test_faults(mock: MockServer, effect: dict[str, Any], wait: float | None) -> None:
    before = post(mock, "before")
    made = post(mock, "after a fault")
    fault = {"match": {"path": "/api/v1/timelines/public"}, "effect": effect, "count": 1}
    await asyncio.to_thread(request, mock, "POST", "/api/v1/_mock/faults", **fault)
    sleep = waits()
    taken = await take(Mastodon(server=mock.base_url, sleep=sleep), json.dumps({"status": before["id"]}), until=1)
    assert ids(items_of(taken))[0].endswith(f"/{made['id']}")
    if wait is not None:
        assert sleep.slept == [wait]
    else:
        assert 0 < sleep.slept[0] <= 0.5
