"""Dead letters come back after a fix, and never what may not be kept any more."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.entry import DEAD_LETTERS, DeadLetter, Entry
from flow.errors import BadInput
from ingest.collector import Collected, Collector, Deletion, Item, Rejected
from ingest.intake import REJECTED
from ingest.post import POSTS, Mention, Post
from review.decision import DECISIONS, Decision
from tests.turvakt.process import START, Program, line
from turvakt.monitor import Monitor
from turvakt.replay import drop, letters, number_of, replay
from turvakt.tally import Observed, Tally
from turvakt.watch.dead import dead_letters
from turvakt.wiring import Parts

THANKS = "Tack Anna Lindqvist för den nya bron"


class Given:
    """A collector of what it is given."""

    name = reads = "web"
    fault = None

    def __init__(self, *items: Item) -> None:
        self._items = items

    async def collect(self, cursor: str | None):  # type: ignore[no-untyped-def]
        yield Collected(self._items, "end")

    def parse(self, raw: bytes) -> Post:
        raise NotImplementedError


def run(parts: Parts, collector: Collector) -> Tally:
    tally = Tally()
    asyncio.run(Monitor(parts, observed=Observed(tally), collectors=[collector], once=True).run())
    return tally


def take(parts: Parts, *items: Item) -> Tally:
    return run(parts, Given(*items))


def post(number: int, text: str) -> Post:
    return Post(id=f"web:{number}", source="web", text=text, created_at=START, collected_at=START)


def put(parts: Parts, origin: str, value: bytes | None, *, key: str = "", topic: str = "") -> str:
    letter = DeadLetter(origin, "stage", "reason", "place", key, value, (), START)
    with parts.log.write() as writer:
        writer.append(topic or f"{origin}.dead", key, DEAD_LETTERS.encode(letter))
    return numbers(parts)[-1]


def numbers(parts: Parts) -> list[str]:
    return [number_of(entry) for entry, _ in letters(parts.log)]


def indexed(parts: Parts) -> dict[str, str]:
    """The texts in the index by the post's id."""
    items = {id: parts.index.get(id) for id in parts.index.ids()}
    return {id: item.verdict.post.text for id, item in items.items() if item is not None and item.verdict}


def newest(parts: Parts, topic: str) -> Entry:
    return parts.log.browse(topic, limit=1000)[-1]


def test_a_line_from_the_future_comes_back_when_its_time_has_come(
    parts: Parts, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(line(1, THANKS, created_at="2026-09-14T08:00:00Z"), "utf-8")
    run(parts, parts.jsonl(str(path), follow=False))
    (number,) = numbers(parts)
    with pytest.raises(BadInput, match="lies in the future"):
        replay(parts, number)
    assert numbers(parts) == [number]
    clock.advance(3 * 3600)
    assert replay(parts, number)
    assert numbers(parts) == []
    run(parts, parts.jsonl(str(path), follow=False))
    assert indexed(parts) == {"web:1": THANKS}


def test_a_refused_text_replaces_the_one_before(parts: Parts, clock: ManualClock) -> None:
    take(parts, post(1, THANKS), post(1, "Anna Lindqvist, bra jobbat"))
    clock.advance(60)
    (number,) = numbers(parts)
    assert replay(parts, number)
    assert not replay(parts, number), "a second time there is nothing left"
    take(parts)
    assert indexed(parts) == {"web:1": "Anna Lindqvist, bra jobbat"}
    assert len(parts.log.browse("posts")) == 2


def test_what_was_erased_since_it_was_listed_stays_erased(parts: Parts, clock: ManualClock) -> None:
    take(parts, post(1, THANKS), post(1, "Anna Lindqvist, bra jobbat"))
    (number,) = numbers(parts)
    replace(parts.erasure, scrub=lambda: None).withdraw("anna-lindqvist")
    assert not replay(parts, number)
    assert parts.log.topics() == []


def test_mentions_are_asked_anew(parts: Parts, clock: ManualClock) -> None:
    take(parts, post(1, THANKS), post(1, "Anna Lindqvist och Lena Berg, bra jobbat"))
    parts.store.withdraw("anna-lindqvist", clock.now())  # and the erasure is still to come
    clock.advance(60)
    assert replay(parts, numbers(parts)[0])
    assert POSTS.decode(newest(parts, "posts").value).officials == {"lena-berg"}


def test_a_post_that_mentions_nobody_any_more_is_not_kept(parts: Parts, clock: ManualClock) -> None:
    take(parts, post(1, THANKS), post(1, "Anna Lindqvist, bra jobbat"))
    parts.store.withdraw("anna-lindqvist", clock.now())
    clock.advance(60)
    assert replay(parts, numbers(parts)[0])
    assert [POSTS.decode(entry.value).text for entry in parts.log.browse("posts")] == [THANKS]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_whom_a_person_named_stays_named_while_she_consents(parts: Parts, clock: ManualClock, withdrawn: bool) -> None:
    mention = Mention("lena-berg", 0, 0, "submitted")
    submitted = replace(post(1, "Vi ses"), id="manual:1", source="manual", mentions=(mention,))
    number = put(parts, "posts", POSTS.encode(submitted), key="manual:1")
    if withdrawn:
        parts.store.withdraw("lena-berg", clock.now())
        clock.advance(60)
    assert replay(parts, number)
    assert len(parts.log.browse("posts")) == (0 if withdrawn else 1)


def test_a_deletion_on_which_a_stage_failed_is_carried_out(parts: Parts) -> None:
    take(parts, post(1, THANKS))
    deletion = replace(post(1, ""), deleted_at=START)
    assert replay(parts, put(parts, "posts", POSTS.encode(deletion), key="web:1"))
    take(parts)
    assert indexed(parts) == {}


def test_a_status_of_mastodon_comes_back_as_its_servers(parts: Parts) -> None:
    status = {"id": "7", "content": THANKS, "visibility": "public", "created_at": "2026-09-14T05:00:00Z"}
    status["account"] = {"acct": "kalle"}  # type: ignore[assignment]
    held = {"status": status, "host": "social.example", "domain": "example", "edited": False}
    number = put(parts, "collector:mastodon", json.dumps(held).encode(), topic=REJECTED)
    assert replay(parts, number)
    found = POSTS.decode(newest(parts, "posts").value)
    assert (found.id, found.author.handle) == ("mastodon:social.example/7", "kalle@example")


class TestLaterTopics:
    @pytest.fixture
    def verdict(self, parts: Parts) -> Entry:
        take(parts, post(1, THANKS))
        return newest(parts, "verdicts")

    def test_a_record_goes_back_where_it_came_from(self, parts: Parts, verdict: Entry) -> None:
        number = put(parts, "verdicts", verdict.value, key="web:1")
        parts.index.forget(["web:1"])
        assert replay(parts, number)
        assert not replay(parts, number)
        take(parts)
        assert indexed(parts) == {"web:1": THANKS}

    def test_not_if_somebody_in_it_consents_no_longer(self, parts: Parts, verdict: Entry, clock: ManualClock) -> None:
        number = put(parts, "verdicts", verdict.value, key="web:1")
        parts.store.withdraw("anna-lindqvist", clock.now())
        clock.advance(60)
        with pytest.raises(BadInput, match="consents no longer"):
            replay(parts, number)
        assert numbers(parts) == [number]
        assert newest(parts, "verdicts") == verdict

    @pytest.mark.usefixtures("verdict")
    def test_a_decision_only_while_its_post_is_stored(self, parts: Parts) -> None:
        decision = DECISIONS.encode(Decision(post="web:1", outcome="false-alarm", by="Elin", at=START))
        assert replay(parts, put(parts, "decisions", decision, key="web:1"))
        assert newest(parts, "decisions").value == decision
        parts.forget(["web:1"])
        number = put(parts, "decisions", decision, key="web:1")
        with pytest.raises(BadInput, match="not stored any more"):
            replay(parts, number)

    @pytest.mark.parametrize(
        ("origin", "value", "says"),
        [
            ("verdicts", b"{", "not valid JSON"),
            ("posts", b"{", "not valid JSON"),
            ("decisions", b"{", "not valid JSON"),
            ("omens", b"{}", "no such topic"),
            ("collector:omens", b"{}", "no such collector"),
            ("collector:jsonl", None, "not kept"),
        ],
    )
    def test_what_cannot_come_back_stays(self, parts: Parts, origin: str, value: bytes | None, says: str) -> None:
        number = put(parts, origin, value)
        with pytest.raises(BadInput, match=says):
            replay(parts, number)
        assert numbers(parts) == [number]


def test_a_deletion_upstream_reaches_what_a_dead_letter_keeps(parts: Parts) -> None:
    take(parts, Rejected("jsonl", "bad", "line 1", THANKS.encode(), START, "web:1"))
    assert len(numbers(parts)) == 1
    tally = take(parts, Deletion("web:1", START))
    assert numbers(parts) == []
    assert (tally.all_taken.deleted, tally.removed) == (1, 1)


def test_a_post_that_comes_back_right_after_its_deletion_is_kept(parts: Parts) -> None:
    take(parts, post(1, THANKS), Deletion("web:1", START), post(1, "Anna Lindqvist, bra jobbat"))
    assert indexed(parts) == {"web:1": "Anna Lindqvist, bra jobbat"}
    assert THANKS.encode() not in b"".join(
        entry.value for topic in parts.log.topics() for entry in parts.log.browse(topic)
    )


def test_no_letter_has_a_number_that_is_none(parts: Parts) -> None:
    for number in ("", "posts.dead/x", "posts/0", "posts.dead/0", "posts.dead/²"):
        assert not replay(parts, number)


def test_what_cannot_come_back_can_be_dropped_and_is_told_of_no_more(parts: Parts) -> None:
    """Also where the letter itself is from a newer program."""
    first, kept = put(parts, "posts", b"{"), put(parts, "posts", b"{")
    with parts.log.write() as writer:
        writer.append("posts.dead", "web:1", b'{"kind": "dead-letter", "version": 99}')
    newer = numbers(parts)[-1]
    [trouble] = dead_letters(parts.log)(parts.clock.now())
    assert trouble.place == "stage:classify"
    assert trouble.details["unhandled"] == "1", "the others are those of another stage"
    with pytest.raises(BadInput, match="wire version 99"):
        replay(parts, newer)
    assert drop(parts, newer)
    assert list(dead_letters(parts.log)(parts.clock.now())) == []
    assert (drop(parts, first), drop(parts, first)) == (True, False)
    assert numbers(parts) == [kept]


def test_dropping_asks_after_it_has_told_what_and_is_written_down(parts: Parts) -> None:
    number = put(parts, "posts", THANKS.encode())
    program = Program(parts.settings.data_dir)
    refused = program.finish("dead", "drop", number)
    assert refused.returncode != 0
    assert numbers(parts) == [number]
    done = program.finish("dead", "drop", number, "--yes")
    assert (done.returncode, done.stdout) == (0, b"1 removed\n")
    assert f"{number}: stage, {START:%Y-%m-%d %H:%M} UTC: reason" in done.stderr.decode()
    assert THANKS not in done.stdout.decode() + done.stderr.decode()
    assert numbers(parts) == []
    [entry] = parts.audit.read(limit=1)
    assert (entry.act.who, entry.act.action, entry.act.why) == ("command", "dead-letter-dropped", f"stage, {number}")
    assert program.finish("dead", "drop", number, "--yes").returncode != 0, "it is gone"
