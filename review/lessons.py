"""What reviewers decided, as examples to train on: with names hidden as far as they are known, and without ids."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from classify.calibration import LANGUAGES
from classify.corpus import DECISIONS, Example
from classify.masking import hide
from classify.reading import WINDOW
from classify.remote.strangers import strangers
from classify.severity import settle
from classify.verdict import SEVERITIES, Label, Score, Verdict
from review.decision import Decision, Outcome
from review.index import Index, Item, Query, every

_LEAD = 120
"""Code points kept before the first span of a text that is too long for one window."""


@dataclass(slots=True)
class Left:
    """How many decisions are no examples, by the reason."""

    consent: int = 0
    """The post mentions nobody any more whose consent covers its source."""
    later: int = 0
    """The post was judged again after the decision: what the reviewer saw was something else."""
    unable: int = 0
    """The post has no language or no text that could be judged."""


Places = Callable[[str], Iterable[tuple[int, int]]]
"""Where names stand in a text."""


def lessons(
    index: Index,
    *,
    allowed: Callable[[str, str], bool],
    names: Places,
    salt: bytes,
    left: Left,
    used: Callable[[Item], object] = lambda item: None,
) -> Iterator[Example]:
    """Examples of each decision that is held: tenants may judge the same post differently.

    A confirmed verdict teaches that its flagged labels are there, and that it is at least as severe; a false alarm that they are
    not, and that it is less severe. Of the other labels nobody was asked: the model may have missed one, so they are not taught.
    Where nothing was flagged the decision was on all of it. Whom abuse is aimed at was not decided.

    Of a text that is longer than a window there is an example for each window that shows why something was flagged, and it
    teaches of those labels alone.

    Args:
        allowed: whether the official with an id has a consent in force that covers a source.
        names: hidden in each text, besides the mentions and what `classify.masking.hide` and `strangers` find.
        salt: for the hashes that stand for posts and authors; who knows it can tell whose post an example was.
        left: counts what is left out.
        used: is told of whatever becomes an example.
    """
    outcomes: tuple[Outcome, ...] = ("confirmed", "false-alarm")
    for outcome in outcomes:
        for item in every(index, Query(decision=outcome)):
            verdict, post = item.verdict, item.verdict.post
            if not any(allowed(official, post.source) for official in post.officials):
                left.consent += 1
            elif verdict.judgement.unable is not None or verdict.judgement.language not in LANGUAGES:
                left.unable += 1
            else:
                decisions = [decision for decision in item.decisions if decision.outcome == outcome]
                seen = [decision for decision in decisions if decision.at >= verdict.judged_at]
                left.later += len(decisions) - len(seen)
                if seen:
                    used(item)
                for decision in seen:
                    yield from _examples(item, decision, names, salt)


def _examples(item: Item, decision: Decision, names: Places, salt: bytes) -> Iterator[Example]:
    post, judgement = item.verdict.post, item.verdict.judgement
    mentions = ((mention.start, mention.end) for mention in post.mentions)
    shown = hide(post.text, (*mentions, *names(post.text), *strangers(post.text)))
    lawful = Example(
        id=f"{DECISIONS}-{_hash(salt, 'post', post.id, *filter(None, [decision.tenant]))}",
        lang=judgement.language,
        text=shown[:WINDOW],
        labels=frozenset(),
        severity="none",
        author=_hash(salt, "author", post.source, post.author.id) if post.author.id else _hash(salt, "post", post.id),
        source=DECISIONS,
    )
    if not judgement.flagged or judgement.severity == "none":
        yield lawful
        return
    windows = _windows(item.verdict)
    for number, (start, labels) in enumerate(windows):
        part = replace(
            lawful,
            id=f"{lawful.id}-{number}" if number else lawful.id,
            text=shown[start : start + WINDOW],
            judged=labels,
            target="unknown",
        )
        if decision.outcome == "false-alarm":
            yield replace(part, severity=None, below=judgement.severity)
        else:
            # How grave a part of the post is was not said: it is as grave as its labels are at least.
            reached = SEVERITIES[1 : SEVERITIES.index(judgement.severity) + 1] if len(windows) == 1 else ()
            severity = settle(dict.fromkeys(labels, Score(1.0, True)), reached)
            yield replace(part, labels=labels, severity=severity)


def _windows(verdict: Verdict) -> Sequence[tuple[int, frozenset[Label]]]:
    """Where the windows of the post begin in which the flagged labels have their first spans, and which labels each shows."""
    first = {span.label: span for span in sorted(verdict.judgement.spans, key=lambda span: -span.start)}
    places = {
        label: (first[label].start, first[label].end) if label in first else (0, 0)
        for label in verdict.judgement.flagged
    }
    last = max(0, len(verdict.post.text) - WINDOW)
    found: dict[int, set[Label]] = {}
    window = -WINDOW
    for label in sorted(places, key=places.__getitem__):
        start, end = places[label]
        if end > window + WINDOW or not found:
            window = max(0, min(start - _LEAD, last))
        found.setdefault(window, set()).add(label)
    return [(window, frozenset(labels)) for window, labels in found.items()]


def _hash(salt: bytes, *parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), key=salt, digest_size=12).hexdigest()
