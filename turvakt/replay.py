"""How dead letters come back after a fix, by the way that what they hold would take today; and how those go that cannot."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from alerts.alert import ALERTS, DELIVERIES
from alerts.stage import DELIVERIES_TOPIC
from alerts.stage import TOPIC as ALERTS_TOPIC
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS
from flow.codec import Codec
from flow.entry import DEAD_LETTERS, DeadLetter, Entry, dead
from flow.errors import BadInput, Stale
from flow.log import Log, take_out
from ingest.collector import Collected, Deletion
from ingest.collectors import COLLECTORS, load_collector
from ingest.intake import TOPIC as POSTS_TOPIC
from ingest.post import POSTS, Mention, Post
from review.decision import DECISIONS
from review.stage import DECISIONS_TOPIC
from turvakt.wiring import Parts

_RECORDS: dict[str, Codec[Any]] = {VERDICTS_TOPIC: VERDICTS, ALERTS_TOPIC: ALERTS, DELIVERIES_TOPIC: DELIVERIES}
_NEEDED: dict[str, dict[str, object]] = {
    "jsonl": {"path": "-"},
    "mastodon": {"server": "https://localhost"},
    "feed": {"urls": []},
}
"""What collectors must be given although they shall only parse."""


def letters(log: Log) -> Iterator[tuple[Entry, DeadLetter]]:
    """All dead letters, topic by topic, oldest first."""
    for topic in log.topics():
        if topic.endswith(".dead"):
            after = -1
            while entries := log.browse(topic, after=after):
                yield from ((entry, _read(entry)) for entry in entries)
                after = entries[-1].offset


def number_of(entry: Entry) -> str:
    """What a dead letter is called: ``TOPIC/OFFSET``."""
    return f"{entry.topic}/{entry.offset}"


def find(log: Log, number: str) -> tuple[Entry, DeadLetter] | None:
    """The dead letter of that number, if it is there."""
    topic, _, offset = number.rpartition("/")
    if topic.endswith(".dead") and offset.isdecimal():
        for entry in log.browse(topic, after=int(offset) - 1, limit=1):
            if number_of(entry) == number:
                return entry, _read(entry)
    return None


def _read(entry: Entry) -> DeadLetter:
    """The letter; of one that a newer program has written, what can be told."""
    try:
        return DEAD_LETTERS.decode(entry.value)
    except BadInput as error:
        origin = entry.topic.removesuffix(dead(""))
        return DeadLetter(origin, "unknown", str(error), number_of(entry), entry.key, None, (), entry.at)


def replay(parts: Parts, number: str) -> bool:
    """Put the content of a dead letter back and take the letter out, in one transaction.

    Posts go through the intake, which asks consent and mentions anew; records of later topics go back there.

    Returns:
        Whether it was there: it may have been erased or replayed meanwhile.

    Raises:
        BadInput: it cannot come back, and why; it stays.
        Unavailable: the log is locked or full; it stays.
    """
    while True:
        epoch = parts.log.epoch()
        found = find(parts.log, number)
        if found is None:
            return False
        try:
            _put_back(parts, found[0], DEAD_LETTERS.decode(found[0].value), epoch=epoch)
        except Stale:
            continue  # somebody was erased, or the letter has changed: look again
        return True


def drop(parts: Parts, number: str) -> bool:
    """Take a dead letter out for good, whatever it holds; returns whether it was there.

    Raises:
        Unavailable: the log is locked or full; it stays.
    """
    while (found := find(parts.log, number)) is not None:
        with suppress(Stale), parts.log.write() as writer:  # it has changed: look again
            take_out(parts.log, writer, found[0])
            return True
    return False


def _put_back(parts: Parts, entry: Entry, letter: DeadLetter, *, epoch: int) -> None:
    if letter.value is None:
        raise BadInput("its content was not kept", place=letter.place, remedy="Hand the line in again at its source")
    kind, _, collector = letter.origin.partition(":")
    if kind == "collector":
        _take(parts, _parsed(parts, collector, letter.value), letter=entry)
    elif letter.origin == POSTS_TOPIC:
        _take(parts, POSTS.decode(letter.value), letter=entry)
    else:
        _check(parts, letter, letter.value)
        with parts.log.write(epoch=epoch) as writer:
            take_out(parts.log, writer, entry)
            writer.append(letter.origin, letter.key, letter.value)


def _parsed(parts: Parts, collector: str, value: bytes) -> Post:
    if collector not in COLLECTORS:
        raise BadInput("there is no such collector any more", place=f"collector '{collector}'")
    post: Post = load_collector(collector)(clock=parts.clock, **_NEEDED.get(collector, {})).parse(value)
    return post


def _take(parts: Parts, post: Post, *, letter: Entry) -> None:
    def submitted(_: Post) -> tuple[Mention, ...]:
        """Whom a person named who handed the post in: no text tells that again."""
        told = (mention for mention in post.mentions if mention.sign == "submitted")
        return tuple(mention for mention in told if _consents(parts, mention.official, post.source))

    item = post if post.deleted_at is None else Deletion(post.id, post.deleted_at)
    intake = parts.intake(lambda collector, taken: None, also=submitted)
    intake.take(post.source, Collected((item,), None), letter=letter)


def _check(parts: Parts, letter: DeadLetter, value: bytes) -> None:
    """Whether the record may still be kept, and be read by now."""
    if letter.origin == DECISIONS_TOPIC:
        DECISIONS.decode(value)
        if not parts.index.held([letter.key]):
            raise BadInput("its post is not stored any more", place=letter.place)
        return
    if letter.origin not in _RECORDS:
        raise BadInput("there is no such topic any more", place=f"topic '{letter.origin}'")
    source = letter.key.partition(":")[0]
    if not all(_consents(parts, each, source) for each in _RECORDS[letter.origin].decode(value).officials):
        remedy = "It goes when its time in the log is over"
        raise BadInput("somebody in it consents no longer", place=letter.place, remedy=remedy)


def _consents(parts: Parts, official_id: str, source: str) -> bool:
    official = parts.officials.get(official_id)
    return official is not None and official.consents_to(source, parts.clock.now())
