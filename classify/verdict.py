"""What a classifier says of a post."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from flow.clock import Moment
from flow.codec import Codec
from ingest.post import Post

Label = Literal["threat", "hate", "harassment", "sexual", "doxxing", "influence"]
Severity = Literal["none", "low", "medium", "high", "critical"]
Unable = Literal["language", "no-text", "too-short"]
Aim = Literal["person", "group"]

LABELS: tuple[Label, ...] = get_args(Label)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def at_least(severity: Severity, least: Severity) -> bool:
    """Whether ``severity`` is ``least`` or graver."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


@dataclass(frozen=True, slots=True)
class Score:
    """The probability of one label, 0 to 1, and whether it passed that label's threshold."""

    probability: float
    flagged: bool
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the original text that carried a label; offsets in Unicode code points."""

    start: int
    end: int
    label: Label
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a classifier says of a text: a hint to a human, never a legal verdict, and never about a person.

    ``language`` is ``sv``, ``fi`` or ``other``. ``unable`` says why the text could not be judged; then no label is
    flagged and the severity is none. ``labels`` holds all six labels. ``model`` is ``name@version``. ``aimed_at`` is whom
    the abuse is aimed at: a person or a group; ``None`` if nothing is flagged or the model cannot say.
    """

    language: Literal["sv", "fi", "other"]
    unable: Unable | None
    severity: Severity
    labels: dict[Label, Score]
    spans: tuple[Span, ...]
    model: str
    aimed_at: Aim | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def flagged(self) -> tuple[Label, ...]:
        """The labels that passed their threshold."""
        return tuple(label for label in LABELS if label in self.labels and self.labels[label].flagged)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A post and its judgement."""

    post: Post
    judgement: Judgement
    judged_at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def officials(self) -> frozenset[str]:
        """The ids of those whom its post mentions."""
        return self.post.officials

    def without(self, official: str) -> "Verdict | None":
        """The verdict without the mentions of ``official``; ``None`` if its post mentions nobody else."""
        post = self.post.without(official)
        return replace(self, post=post) if post else None


VERDICTS = Codec("verdict", Verdict)
