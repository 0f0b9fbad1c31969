"""What stands in the log."""

from dataclasses import dataclass, field
from typing import Any

from flow.clock import Moment
from flow.codec import Codec


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a topic.

    ``offset`` counts up within the topic and is never used twice; ``key`` is the post's id, so that everything
    about one post stays in order; ``value`` is a record in wire form (see `flow.codec`).
    """

    topic: str
    offset: int
    key: str
    value: bytes = field(repr=False)
    at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that could not be handled, with all that is needed to bring it back after a fix.

    ``origin`` is the topic that ``value`` goes back to. A collector's dead letter has ``origin`` ``collector:NAME``
    and keeps ``value`` only if it names a registered official; otherwise ``place`` says where the source holds it.
    """

    origin: str
    stage: str
    reason: str
    place: str
    key: str = field(repr=False)
    value: bytes | None = field(repr=False)
    officials: tuple[str, ...] = field(repr=False)
    at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


def dead(topic: str) -> str:
    """The name of the dead-letter topic that belongs to ``topic``."""
    return f"{topic}.dead"


ENTRIES = Codec("entry", Entry)
DEAD_LETTERS = Codec("dead-letter", DeadLetter)
