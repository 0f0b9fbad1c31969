"""A post's text in pieces: which of them carried a label, which name an official."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from classify.verdict import LABELS, Label, Span
from ingest.post import Mention

LONGEST = 20_000
"""Characters of a post that a page shows."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is marked the same all through.

    ``labels`` are those of the spans over it, ``ending`` those whose span ends with it: behind these the page names the
    label, so that colour is never needed to tell them apart.
    """

    text: str
    labels: tuple[Label, ...]
    ending: tuple[Label, ...]
    mention: bool


def pieces(text: str, spans: Sequence[Span], mentions: Sequence[Mention]) -> list[Piece]:
    """Cut ``text`` at the ends of all spans and mentions; joined, the pieces give it back. Offsets beyond it are cut."""
    end = len(text)
    marked = [(max(0, span.start), min(span.end, end), span.label) for span in spans]
    marked = [each for each in marked if each[0] < each[1]]
    named = [(max(0, each.start), min(each.end, end)) for each in mentions if max(0, each.start) < min(each.end, end)]
    cuts = sorted(
        {0, end, *(place for each in marked for place in each[:2]), *(place for each in named for place in each)}
    )
    found = []
    for start, stop in pairwise(cuts):
        over = {label for first, last, label in marked if first <= start and stop <= last}
        # Of spans that overlap or touch, only the last one names their label.
        goes_on = {label for first, last, label in marked if first <= stop < last}
        found.append(
            Piece(
                text[start:stop],
                tuple(label for label in LABELS if label in over),
                tuple(label for label in LABELS if label in over - goes_on),
                any(first <= start and stop <= last for first, last in named),
            )
        )
    return found


def passages(text: str, spans: Sequence[Span]) -> list[tuple[str, list[Label]]]:
    """Each passage that carried the judgement, in the order of the text, with its labels."""
    found: dict[tuple[int, int], list[Label]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.end, LABELS.index(span.label))):
        found.setdefault((span.start, span.end), []).append(span.label)
    return [(text[start:end], labels) for (start, end), labels in found.items()]


def beyond(text: str, spans: Sequence[Span]) -> list[tuple[str, list[Label]]] | None:
    """The same of those passages that lie behind what a page shows; ``None``: it shows all of the text."""
    return passages(text, [each for each in spans if each.end > LONGEST]) if len(text) > LONGEST else None
