"""What reviewers decided, as examples to train on: with names hidden as far as they are known, and without ids."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from classify.calibration import LANGUAGES
from classify.corpus import DECISIONS, Example
from classify.masking import hide
from classify.reading import WINDOW
from classify.verdict import Verdict
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
    """One example for each decision that is held: tenants may judge the same post differently.

    A confirmed verdict teaches its labels and its severity, a false alarm that there was nothing. Whom abuse is aimed at was not
    decided.

    Args:
        allowed: whether the official with an id has a consent in force that covers a source.
        names: hidden in each text, besides the mentions and what `classify.masking.hide` finds.
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
                yield from (_example(item, decision, names, salt) for decision in seen)


def _example(item: Item, decision: Decision, names: Places, salt: bytes) -> Example:
    post, judgement = item.verdict.post, item.verdict.judgement
    nothing = decision.outcome == "false-alarm" or not judgement.flagged or judgement.severity == "none"
    lawful = Example(
        id=f"{DECISIONS}-{_hash(salt, 'post', post.id, *filter(None, [decision.tenant]))}",
        lang=judgement.language,
        text=_text(item.verdict, names),
        labels=frozenset(),
        severity="none",
        author=_hash(salt, "author", post.source, post.author.id) if post.author.id else _hash(salt, "post", post.id),
        source=DECISIONS,
    )
    if nothing:
        return lawful
    return replace(lawful, labels=frozenset(judgement.flagged), severity=judgement.severity, target="unknown")


def _text(verdict: Verdict, names: Places) -> str:
    """The post as the model sees it, or that window of it in which the first span stands."""
    post = verdict.post
    mentions = ((mention.start, mention.end) for mention in post.mentions)
    shown = hide(post.text, (*mentions, *names(post.text)))
    first = min((span.start for span in verdict.judgement.spans), default=0)
    start = max(0, min(first - _LEAD, len(shown) - WINDOW))
    return shown[start : start + WINDOW]


def _hash(salt: bytes, *parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), key=salt, digest_size=12).hexdigest()
