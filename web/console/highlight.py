"""A post's text in pieces: which of them carried a label, which name an official, which a search has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from classify.verdict import LABELS, Label, Span
from ingest.post import Mention

LONGEST = 20_000
"""Characters of a post that a page shows."""
_IN_SIGHT = 60
"""Characters that are seen in two lines on a phone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is marked the same all through.

    ``labels`` are those of the spans over it, ``ending`` those whose span ends with it: behind these the page names the
    label, so that colour is never needed to tell them apart. ``begins``: what a search has found begins here.
    """

    text: str
    labels: tuple[Label, ...]
    ending: tuple[Label, ...]
    mention: bool
    found: bool = False
    begins: bool = False


def pieces(
    text: str, spans: Sequence[Span], mentions: Sequence[Mention], found_at: Sequence[tuple[int, int]] = ()
) -> list[Piece]:
    """Cut ``text`` at the ends of all spans, mentions and places that a search has found (`review.index.Reading.highlight`);
    joined, the pieces give it back. Offsets beyond it are cut."""
    end = len(text)
    marked = [(max(0, span.start), min(span.end, end), span.label) for span in spans]
    marked = [each for each in marked if each[0] < each[1]]
    named = _within([(each.start, each.end) for each in mentions], end)
    sought = _within(found_at, end)
    cuts = sorted({0, end, *(place for each in [*(each[:2] for each in marked), *named, *sought] for place in each)})
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
                any(first <= start and stop <= last for first, last in sought),
                any(first == start for first, _ in sought),
            )
        )
    return found


def _within(places: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    cut = ((max(0, first), min(last, end)) for first, last in places)
    return [(first, last) for first, last in cut if first < last]


def excerpt(text: str, found_at: Sequence[tuple[int, int]]) -> list[Piece]:
    """At most 400 characters of a text, of which a list shows two lines: its beginning or, if the first place that a search has
    found lies behind that, the words before this place, and on. Three dots stand for the rest."""
    first = min(found_at, default=(0, 0))
    start = 0
    if first[1] > _IN_SIGHT:
        start = max(0, first[0] - _IN_SIGHT // 2)
        start = text.find(" ", start, first[0]) + 1 or start
    shown = pieces(text[start : start + 400], (), (), [(each[0] - start, each[1] - start) for each in found_at])
    before, after = Piece("… ", (), (), mention=False), Piece(" …", (), (), mention=False)
    return [*([before] if start else []), *shown, *([after] if start + 400 < len(text) else [])]


def passages(text: str, spans: Sequence[Span]) -> list[tuple[str, list[Label]]]:
    """Each passage that carried the judgement, in the order of the text, with its labels."""
    found: dict[tuple[int, int], list[Label]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.end, LABELS.index(span.label))):
        found.setdefault((span.start, span.end), []).append(span.label)
    return [(text[start:end], labels) for (start, end), labels in found.items()]


def beyond(text: str, spans: Sequence[Span]) -> list[tuple[str, list[Label]]] | None:
    """The same of those passages that lie behind what a page shows; ``None``: it shows all of the text."""
    return passages(text, [each for each in spans if each.end > LONGEST]) if len(text) > LONGEST else None
