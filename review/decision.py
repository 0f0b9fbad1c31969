"""What a human decided about a post."""

from dataclasses import dataclass, field
from typing import Any, Literal

from flow.clock import Moment
from flow.codec import Codec

Outcome = Literal["confirmed", "false-alarm"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A reviewer's word on a verdict. The newest decision on a post is the one that holds."""

    post: str
    outcome: Outcome
    by: str = field(repr=False)
    at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


DECISIONS = Codec("decision", Decision)
