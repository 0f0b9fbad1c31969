import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flow.clock import ManualClock
from flow.errors import BadInput, Broken
from ingest.collector import Collected, Rejected
from ingest.collectors.feed import Feed
from ingest.formats.feed_document import read_entries
from ingest.post import Post
from tests.ingest.collectors.contract import CollectorContract, Polls, ids, take
from tests.ingest.collectors.web import Answer, Request, Web

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)


def rss(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><language>sv</language>{"".join(items)}</channel></rss>'.encode()


def item(n: int, *, text: str = "", more: str = "") -> str:
    return (
        f"<item><title>Rubrik {n}</title><guid>g{n}</guid><link>https://news.example/{n}</link>"
        f"<description>{text or f'text {n}'}</description><pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate>{more}</item>"
    )


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="sv"><title>Blogg</title>
<entry><id>tag:x,2026:1</id><title type="html">Ett &lt;b&gt;möte&lt;/b&gt; &amp;amp; sedan</title><link href="/1"/>
<updated>2026-11-01T10:00:00Z</updated><published>2026-10-01T10:00:00+02:00</published>
<author><name>Kalle</name><uri>https://x.example/kalle</uri></author>
<content type="html" xml:lang="fi">&lt;p&gt;Text om &lt;a href="/anna"&gt;Anna&lt;/a&gt;&lt;/p&gt;&lt;p&gt;mer&lt;/p&gt;</content>
<summary>kort</summary></entry></feed>""".encode()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web().serving() as serving:
        yield serving


def feed(web: Web, *paths: str, **settings: Any) -> Feed:
    urls = [web.url + path for path in paths or ("/feed",)]
    return Feed(**{"urls": urls, "clock": CLOCK, "sleep": Polls(), **settings})


async def first(web: Web, *answers: Answer, until: int = 1, **settings: Any) -> list[Collected]:
    web.answers["/feed"] = list(answers)
    return await take(feed(web, **settings), None, until=until)


def turns(count: int) -> Polls:
    return Polls(*[lambda: None] * count)


class FeedSource:
    repeats = False

    def __init__(self, web: Web) -> None:
        self._web = web
        web.answers["/feed"] = [Answer(body=rss(*(item(n) for n in reversed(range(700)))))]
        entries = read_entries(rss(*(item(n) for n in range(700))), feed=web.url + "/feed", content_type="")
        names = [each.name for each in entries]
        made = Feed(urls=[], clock=CLOCK).parse(entries[0].encode())
        self.ids = [f"{made.id.partition('/')[0]}/{name}" for name in names]

    def collector(self) -> Feed:
        return feed(self._web)


class TestFeed(CollectorContract):
    @pytest.fixture
    def source(self, web: Web) -> FeedSource:
        return FeedSource(web)


async def test_an_atom_entry(web: Web) -> None:
    taken = await first(web, Answer(body=ATOM, headers={"Content-Type": "application/atom+xml"}))
    (post,) = taken[0].items
    assert isinstance(post, Post)
    assert post.text == "Ett möte & sedan\n\nText om Anna\n\nmer"
    assert post.created_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert post.collected_at == NOW
    assert post.url == f"{web.url}/1"
    assert (post.author.id, post.author.name) == ("https://x.example/kalle", "Kalle")
    assert post.accounts == (f"{web.url}/anna",)
    assert post.lang == "fi"
    assert post.edited_at is None
    assert post.source == "feed"


async def test_rss_items_of_all_kinds(web: Web) -> None:
    items = [
        "<item><description>Utan rubrik, guid &amp;amp; datum</description></item>",
        "<item><title>Hela texten i…</title><description>Hela texten i rubriken</description><link>https://x.example/2</link></item>",
        "<item><title>A &amp;lt;3 B</title><pubDate>Sun, 01 Nov 2030 10:00:00 GMT</pubDate></item>",
        "<item><link>https://x.example/3</link></item>",
    ]
    taken = await first(web, Answer(body=rss(*items)), until=4)
    rejected, heart, title, bare = taken[0].items
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "the entry has neither title nor text"
    assert rejected.place.startswith("feed 127.0.0.1, entry ")
    assert isinstance(bare, Post)
    assert isinstance(title, Post)
    assert isinstance(heart, Post)
    assert (bare.text, bare.created_at, bare.lang) == ("Utan rubrik, guid & datum", NOW, "sv")
    assert title.text == "Hela texten i rubriken"
    assert heart.text == "A <3 B"
    assert heart.created_at == NOW  # it claims the future
    with pytest.raises(BadInput, match="neither title nor text"):
        feed(web).parse(rejected.raw)
    with pytest.raises(BadInput, match="no entry of a feed"):
        feed(web).parse(b"{}")


async def test_conditional_requests(web: Web) -> None:
    etag = {"ETag": '"v1"', "Last-Modified": "Sun, 01 Nov 2026 10:00:00 GMT"}
    web.answers["/feed"] = [Answer(body=rss(item(1)), headers=etag), Answer(304), Answer(body=rss(item(2), item(1)))]
    taken = await take(feed(web, sleep=turns(2)), None, until=2)
    assert [len(each.items) for each in taken] == [1, 1]
    assert "if-none-match" not in web.requests[0].headers
    for request in web.requests[1:3]:
        assert request.headers["if-none-match"] == '"v1"'
        assert request.headers["if-modified-since"] == etag["Last-Modified"]
    # the same after a restart
    web.answers["/feed"] = [Answer(body=rss(item(3), item(1)))]
    again = await take(feed(web), taken[0].cursor, until=1)
    assert web.requests[-1].headers["if-none-match"] == '"v1"'
    assert [len(each.items) for each in again] == [1]


async def test_a_changed_entry_is_an_edit(web: Web) -> None:
    updated = "<a10:updated xmlns:a10='http://www.w3.org/2005/Atom'>2026-11-01T11:00:00Z</a10:updated>"
    changed = [item(1, text="rättat", more=updated), item(2, text="rättat")]
    web.answers["/feed"] = [Answer(body=rss(item(1), item(2))), Answer(body=rss(*changed))]
    taken = await take(feed(web, sleep=turns(1)), None, until=4)
    two, one = taken[1].items
    assert isinstance(one, Post)
    assert isinstance(two, Post)
    assert ids(taken[0].items) == ids(taken[1].items)
    assert one.text == "Rubrik 1\n\nrättat"
    assert one.edited_at == NOW - timedelta(hours=1)
    assert two.edited_at == NOW


async def test_twins_in_one_document_are_one(web: Web) -> None:
    body = rss(item(1, text="ny"), item(1, text="gammal"))
    web.answers["/feed"] = [Answer(body=body), Answer(body=body), Answer(body=rss(item(2)))]
    taken = await take(feed(web, sleep=turns(2)), None, until=2)
    assert [len(each.items) for each in taken] == [1, 1]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects(web: Web, status: int) -> None:
    web.answers["/new"] = [Answer(body=rss(item(1))), Answer(body=rss(item(2)))]
    taken = await first(web, Answer(status, headers={"Location": "/new"}), sleep=turns(1), until=2)
    paths = [request.path for request in web.requests]
    assert paths == (["/feed", "/new", "/new"] if status in (301, 308) else ["/feed", "/new"] * 2)
    one, two = (ids(each.items)[0].partition("/")[0] for each in taken)
    assert one == two  # the address it was known by names it, wherever it went


BAD_ANSWERS = {
    "html": Answer(body=b"<!DOCTYPE html><html><body>Kakor?</body></html>", headers={"Content-Type": "text/html"}),
    "empty": Answer(body=b" \n"),
    "large": Answer(body=rss(item(1, text="x" * 20_000))),
    "loop": Answer(301, headers={"Location": "/feed"}),
    "elsewhere": Answer(301, headers={"Location": "file:///etc/passwd"}),
    "nowhere": Answer(301, headers={"Location": "http://[x/"}),
    "missing": Answer(404),
    "failing": Answer(500),
    "file": Answer(body=b"/etc/passwd"),
    "encoded": Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    "bomb": Answer(
        body=b'<?xml version="1.0"?><!DOCTYPE l [<!entity a "aaaa"><!ENTITY b "&a;&a;">]><rss version="2.0"><channel>'
        b"<item><title>&b;</title></item></channel></rss>"
    ),
    "bomb in UTF-16": Answer(body='<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "a">]><rss/>'.encode("utf-16")),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_an_answer_that_is_no_feed_is_logged_and_waited_out(
    web: Web, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    polls = turns(1)
    answers = [answer] * (6 if answer.headers.get("Location") == "/feed" else 1)
    taken = await first(web, *answers, Answer(body=rss(item(1))), sleep=polls, max_bytes=10_000)
    assert len(taken[0].items) == 1
    assert 0 < polls.slept[0] <= 60
    (record,) = [each for each in caplog.records if each.name == "ingest.collectors.feed"]
    assert record.getMessage().startswith("feed 1 (127.0.0.1): ")
    assert "looking again in" in record.getMessage()


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(web: Web, status: int) -> None:
    late = {"Retry-After": "Sun, 01 Nov 2026 12:20:00 GMT"}
    polls = turns(3)
    answers = [Answer(status, headers=each) for each in ({"Retry-After": "900"}, late, {"Retry-After": "soon"})]
    await first(web, *answers, Answer(body=rss(item(1))), sleep=polls)
    assert polls.slept[:2] == [900.0, 1200.0]
    assert polls.slept[2] <= 120


async def test_a_feed_that_is_gone_is_left_alone(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    taken = await first(web, Answer(410), sleep=turns(5))
    assert len(web.requests) == 1
    assert "gone for good" in caplog.text
    assert await take(feed(web), taken[-1].cursor, until=1) == []
    assert len(web.requests) == 1


async def test_a_slow_feed_holds_up_nobody(web: Web) -> None:
    hold = asyncio.Event()
    web.answers = {"/slow": [Answer(body=rss(item(1)), hold=hold)], "/feed": [Answer(body=rss(item(2)))]}
    collector = feed(web, "/slow", "/feed", "/slow")
    async with asyncio.timeout(10), aclosing(collector.collect(None)) as batches:
        fast = await anext(batches)
        hold.set()
        slow = await anext(batches)
    assert [len(each.items) for each in (fast, slow)] == [1, 1]
    assert set(json.loads(slow.cursor or "")) == {f"{web.url}/slow", f"{web.url}/feed"}


async def test_a_feed_taken_out_of_the_settings_leaves_the_cursor(web: Web) -> None:
    web.answers = {"/a": [Answer(body=rss(item(1)))], "/b": [Answer(body=rss(item(2)))]}
    taken = await take(feed(web, "/a"), None, until=1)
    again = await take(feed(web, "/b"), taken[0].cursor, until=1)
    assert set(json.loads(again[0].cursor or "")) == {f"{web.url}/b"}


async def test_an_unreachable_server_is_waited_for(unused_tcp_port: int) -> None:
    polls = turns(3)
    collector = Feed(urls=[f"http://127.0.0.1:{unused_tcp_port}/"], sleep=polls, clock=CLOCK)
    task = asyncio.create_task(take(collector, None, until=1))
    async with asyncio.timeout(10):
        while len(polls.slept) < 4:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert polls.slept[2] > polls.slept[0]


async def test_wrong_settings(web: Web) -> None:
    with pytest.raises(Broken, match="address 2"):
        Feed(urls=["https://a.example", "a.example"])
    with pytest.raises(Broken, match="cursor is damaged"):
        await take(feed(web), "[]", until=1)


async def test_a_fault_in_the_program_is_not_hidden(web: Web) -> None:
    def fault(request: Request) -> Answer:
        return Answer(body=rss(item(1)))

    async def sleep(seconds: float) -> None:
        raise LookupError("a fault")

    web.answers["/feed"] = fault
    with pytest.raises(LookupError):
        await take(feed(web, sleep=sleep), None, until=2)
