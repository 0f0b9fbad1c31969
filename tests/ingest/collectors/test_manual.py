from datetime import UTC, datetime, timedelta, timezone

import pytest

from flow.clock import ManualClock
from flow.errors import BadInput, Broken
from ingest.collectors import COLLECTORS, load_collector
from ingest.collectors.manual import Manual, submission
from ingest.post import POSTS
from tests.ingest.collectors.contract import take

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)
WRITTEN = datetime(2026, 10, 31, 9, tzinfo=timezone(timedelta(hours=2)))


def test_a_submission_becomes_a_post() -> None:
    post = submission(text="Vi ses\x00", link="https://x.example/1", source="brev", created_at=WRITTEN, clock=CLOCK)
    assert (post.source, post.text, post.url) == ("manual", "Vi ses\ufffd", "https://x.example/1")
    assert (post.created_at, post.collected_at) == (datetime(2026, 10, 31, 7, tzinfo=UTC), NOW)
    assert post.created_at.tzinfo is UTC
    assert post.extra == {"seen_at": "brev"}
    assert Manual(clock=CLOCK).parse(POSTS.encode(post)) == post


def test_its_id_is_that_of_text_and_link() -> None:
    def id_of(text: str, link: str | None) -> str:
        return submission(text=text, link=link, source="", created_at=None, clock=CLOCK).id

    assert id_of("a", "b") == id_of("a", "b")
    assert id_of("a", None) == id_of("a", "")
    assert len({id_of("a", "b"), id_of("ab", None), id_of("a", None)}) == 3
    assert id_of("a", None).startswith("manual:")


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    post = submission(text="a\udcff", link=None, source="", created_at=None, clock=CLOCK)
    assert (post.text, post.created_at, post.extra) == ("a\ufffd", NOW, {})
    assert POSTS.decode(POSTS.encode(post)) == post


@pytest.mark.parametrize(
    ("text", "created_at", "reason"),
    [
        (" \n", None, "there is no text"),
        ("x" * 1_000_001, None, "longer than a million"),
        ("hemligt", WRITTEN.replace(tzinfo=None), "no time zone"),
        ("hemligt", NOW + timedelta(minutes=6), "in the future"),
    ],
)
def test_what_is_refused(text: str, created_at: datetime | None, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        submission(text=text, link=None, source="", created_at=created_at, clock=CLOCK)
    assert "hemligt" not in str(caught.value)


async def test_there_is_nothing_to_collect() -> None:
    assert await take(Manual(), None, until=1) == []


def test_every_collector_is_loaded_by_its_name() -> None:
    for name in COLLECTORS:
        assert load_collector(name).name == name
    with pytest.raises(Broken, match="Choose from bluesky, feed, jsonl, manual, mastodon"):
        load_collector("telegraph")
