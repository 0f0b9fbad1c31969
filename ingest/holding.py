"""The log as one of the places that hold personal data."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol

import msgspec

from flow.codec import Codec
from flow.entry import DEAD_LETTERS, DeadLetter, Entry
from flow.errors import BadInput
from flow.log import Log
from ingest.post import Post
from registry.holder import Part

_PAGE = 500


class About(Protocol):
    """What a record must tell to be held: `Post`, `Verdict`, `Alert` and `Delivery` do."""

    @property
    def officials(self) -> frozenset[str]:
        """The ids of those whom it is about."""
        ...

    def without(self, official: str) -> "About | None":
        """The same without one of them, or ``None`` if nothing is left."""
        ...


class LogHolder:
    """Implements `registry.holder.Holder` over every topic of ``log`` and its dead letters.

    An entry that cannot be read, and one of a topic that is not named here, goes if it contains the official's id; with a
    part of her consent it goes, too, unless its key tells that it comes from another source.

    Args:
        records: the codecs of the topics whose records are `About` officials.
        followers: the topics whose records name nobody but belong to the post that is their key; they go with the last
            official of that post. With each, the fields that an export to an official leaves out.
    """

    name = "log"

    def __init__(
        self, log: Log, *, records: Mapping[str, Codec[Any]], followers: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._log = log
        self._records = records
        self._followers = followers or {}

    @property
    def named(self) -> frozenset[str]:
        """The topics of which is known what their entries are about."""
        return frozenset((*self._records, *self._followers))

    def erase(self, official: str, part: Part | None = None) -> int:
        # One transaction: no stage can derive anew in one topic what has just gone from another.
        with self._log.write():
            self._log.bump()  # from here on nobody else writes, and what is in hand is read anew
            change = partial(self._left, official, part, self._gone(official, part))
            needles = {topic: official.encode() for topic in self._records}
            return sum(self._log.rewrite(topic, change, needle=needles.get(topic, b"")) for topic in self._log.topics())

    def forget(self, posts: Collection[str]) -> int:
        """See `Holder.forget`. A post that came back under the id after its deletion is another one: it stays."""
        with self._log.write():
            deleted: dict[str, datetime] = {}
            for entry in self._log.entries_of(posts):
                post = _post(self._decoded(entry.topic, entry.value))
                if post is not None and post.deleted_at is not None:
                    deleted[entry.key] = max(post.collected_at, deleted.get(entry.key, post.collected_at))

            def came_back(entry: Entry) -> bool:
                post = _post(self._decoded(entry.topic, entry.value))
                return post is not None and entry.key in deleted and post.collected_at > deleted[entry.key]

            return self._log.forget(posts, but=came_back)

    def expire(self, before: datetime) -> int:
        return self._log.expire(before)

    def export(self, official: str) -> list[dict[str, Any]]:
        return [
            {"topic": entry.topic, "at": entry.at.isoformat(), "record": record}
            for entry, record in self._held(official)
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        if part is None:
            return sum(1 for _ in self._held(official))
        gone = self._gone(official, part)
        entries = chain.from_iterable(
            self._naming(topic, official) if topic in self._records else self._entries(topic)
            for topic in self._log.topics()
        )
        return sum(self._left(official, part, gone, entry) != entry.value for entry in entries)

    # ---------------------------------------------------------------- erasure

    def _left(self, official: str, part: Part | None, gone: Collection[str], entry: Entry) -> bytes | None:
        """What is left of ``entry`` without ``official`` and all that belongs to the posts ``gone``."""
        if part is not None and part.kind == "source" and not _may_be_from(part, entry.key):
            return entry.value
        if entry.topic.endswith(".dead"):
            return self._left_of_letter(official, part, gone, entry)
        if entry.topic in self._followers:
            return None if entry.key in gone else entry.value
        return self._without(entry.topic, entry.value, official, part)

    def _without(self, topic: str, value: bytes, official: str, part: Part | None) -> bytes | None:
        if topic not in self._records and part is not None and part.kind == "recipient":
            return value
        record = self._decoded(topic, value)
        if record is None:
            return None if _names(value, official) else value
        if official not in record.officials:
            return value
        if part is not None and part.kind == "recipient":
            left: About | None = _not_to(record, official, part.name)
        else:
            left = record.without(official)
        if left is record:
            return value
        return None if left is None else self._records[topic].encode(left)

    def _left_of_letter(self, official: str, part: Part | None, gone: Collection[str], entry: Entry) -> bytes | None:
        letter = _letter(entry)
        if letter is None:
            return None if _names(entry.value, official) else entry.value
        if letter.origin in self._followers and entry.key in gone:
            return None
        if part is not None and part.kind == "recipient":
            return self._letter_not_to(official, part, letter, entry)
        others = tuple(other for other in letter.officials if other != official)
        if letter.officials and not others:
            return None
        value = letter.value
        if value is not None and self._is_record(letter):
            value = self._without(letter.origin, value, official, None)
            if value is None:
                return None
        left = replace(letter, value=value, officials=others)
        return entry.value if left == letter else DEAD_LETTERS.encode(left)

    def _letter_not_to(self, official: str, part: Part, letter: DeadLetter, entry: Entry) -> bytes | None:
        if letter.value is None or letter.origin not in self._records:
            return entry.value
        value = self._without(letter.origin, letter.value, official, part)
        if value == letter.value:
            return entry.value
        return None if value is None else DEAD_LETTERS.encode(replace(letter, value=value))

    def _gone(self, official: str, part: Part | None) -> set[str]:
        """The posts of which nothing is left without ``official``."""
        if part is not None and part.kind == "recipient":
            return set()
        touched = {
            entry.key
            for topic in self._records
            for entry in self._naming(topic, official)
            if part is None or _may_be_from(part, entry.key)
        }
        kept = {
            key
            for topic in self._records
            for key, entry in self._log.latest(topic, touched).items()
            if self._without(topic, entry.value, official, None) is not None
        }
        return touched - kept

    # ---------------------------------------------------------------- access

    def _held(self, official: str) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Every entry that is there because of ``official``, with what she may see of it."""
        posts: set[str] = set()
        for topic in self._records:
            for entry in self._naming(topic, official):
                record = self._seen(topic, entry.value, official)
                if record is not None:
                    posts.add(entry.key)
                    yield entry, record
        for topic in self._log.topics():
            if topic in self._records:
                continue
            for entry in self._entries(topic):
                record = self._seen_elsewhere(official, posts, entry)
                if record is not None:
                    yield entry, record

    def _seen(self, topic: str, value: bytes, official: str) -> dict[str, Any] | None:
        """The record in ``value`` as ``official`` may see it: without the others; ``None`` if it is not about her."""
        record = self._decoded(topic, value)
        if record is None:
            return {"unreadable": len(value)} if _names(value, official) else None
        if official not in record.officials:
            return None
        left: About | None = record
        for other in record.officials - {official}:
            left = left and left.without(other)
        return _plain(left) if left else None

    def _seen_elsewhere(self, official: str, posts: Collection[str], entry: Entry) -> dict[str, Any] | None:
        if entry.topic in self._followers:
            return self._shared(entry) if entry.key in posts else None
        letter = _letter(entry) if entry.topic.endswith(".dead") else None
        if letter is None:
            return {"unreadable": len(entry.value)} if _names(entry.value, official) else None
        told = {"reason": letter.reason, "place": letter.place}
        if letter.origin in self._followers:
            return told if entry.key in posts else None
        if self._is_record(letter):
            record = None if letter.value is None else self._seen(letter.origin, letter.value, official)
            return told | {"record": record} if record or official in letter.officials else None
        raw = "" if letter.value is None else letter.value.decode("utf-8", "replace")
        return told | {"raw": raw} if official in letter.officials else None

    def _shared(self, entry: Entry) -> dict[str, Any]:
        try:
            plain = msgspec.json.decode(entry.value, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {"unreadable": len(entry.value)}
        return {name: each for name, each in plain.items() if name not in self._followers[entry.topic]}

    def _is_record(self, letter: DeadLetter) -> bool:
        """Whether the letter's value tells by itself whom it is about; else only ``officials`` does, if it is given."""
        return letter.origin in self._records or not letter.officials

    # ---------------------------------------------------------------- reading

    def _decoded(self, topic: str, value: bytes) -> About | None:
        """The record in ``value``, or ``None`` if it cannot be read."""
        if topic not in self._records:
            return None
        try:
            record: About = self._records[topic].decode(value)
        except BadInput:
            return None
        return record

    def _naming(self, topic: str, official: str) -> Iterator[Entry]:
        return (entry for entry in self._log.containing(topic, official.encode()) if _names(entry.value, official))

    def _entries(self, topic: str) -> Iterator[Entry]:
        after = -1
        while page := self._log.browse(topic, after=after, limit=_PAGE):
            yield from page
            after = page[-1].offset


def _letter(entry: Entry) -> DeadLetter | None:
    try:
        return DEAD_LETTERS.decode(entry.value)
    except BadInput:
        return None


def _names(value: bytes, official: str) -> bool:
    """Whether ``value`` contains the id itself, not merely a longer one that it is a part of."""
    id = official.encode()
    return id in value and re.search(rb"(?<![a-z0-9-])" + re.escape(id) + rb"(?![a-z0-9-])", value) is not None


def _may_be_from(part: Part, key: str) -> bool:
    """Whether an entry may come from the source: its key is the id of its post, but not where that could not be read."""
    return part.covers(key) or ":" not in key


def _not_to(record: About, official: str, recipient: str) -> About:
    """``record`` without a recipient, if it is an alert about ``official``; `alerts` stands to the right of here."""
    without = getattr(record, "not_to", None)
    left: About = record if without is None else without(official, recipient)
    return left


def _post(record: object) -> Post | None:
    """The post that a record of a topic holds: itself, a verdict's or that of an alert's verdict."""
    verdict = getattr(record, "verdict", record)
    post = getattr(verdict, "post", verdict)
    return post if isinstance(post, Post) else None


def _plain(record: About) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain
