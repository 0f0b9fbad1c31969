"""The stage: posts in, verdicts out."""

from collections.abc import Mapping, Sequence
from typing import Any

from classify.classifier import Classifier
from classify.law import Provision, hints
from classify.law import as_json as law_as_json
from classify.masking import cover
from classify.verdict import LABELS, VERDICTS, Judgement, Label, Score, Verdict
from flow.clock import Clock
from flow.stage import Output, Stage
from ingest.intake import TOPIC as POSTS_TOPIC
from ingest.post import POSTS, Post

TOPIC = "verdicts"


def classify_stage(*, classifier: Classifier, clock: Clock, stop_after: int = 100) -> Stage[Post]:
    """From ``posts`` to ``verdicts``."""

    def handle(posts: Sequence[Post]) -> list[Output]:
        verdicts = classify_posts(posts, classifier=classifier, clock=clock)
        return [Output(TOPIC, verdict.post.id, VERDICTS.encode(verdict), verdict) for verdict in verdicts]

    return Stage("classify", source=POSTS_TOPIC, codec=POSTS, clock=clock, handle=handle, stop_after=stop_after)


def classify_posts(posts: Sequence[Post], *, classifier: Classifier, clock: Clock) -> list[Verdict]:
    """One verdict per post, in order. A deleted post has no text to judge and passes through as unable ``no-text``."""
    now = clock.now()
    there = [post for post in posts if post.deleted_at is None]
    judgements = iter(classifier.classify([unnamed(post) for post in there]))
    return [
        Verdict(post, next(judgements) if post.deleted_at is None else _gone(classifier.model), now) for post in posts
    ]


def unnamed(post: Post) -> str:
    """Its text without the names of the officials it mentions, also where a name does not look like one: in small letters, say.

    The sign of a handle or a hashtag stays: by it masking knows that it is one.
    """
    spans = [(mention.start, mention.end) for mention in post.mentions]
    return cover(post.text, [(start + (post.text[start : start + 1] in ("@", "#")), end) for start, end in spans])


def thresholds_of(verdict: Verdict, *, classifier: Classifier) -> Mapping[Label, float]:
    """By which the labels of ``verdict`` were flagged; empty if another model than that of ``classifier`` gave it.

    They are those of the text as it was judged: with the name of the official in it another model might have judged.
    """
    return classifier.thresholds(unnamed(verdict.post)) if verdict.judgement.model == classifier.model else {}


def _gone(model: str) -> Judgement:
    return Judgement("other", "no-text", "none", {label: Score(0.0, False) for label in LABELS}, (), model)


def as_json(id: str | int, judgement: Judgement, *, law: Sequence[Provision] = ()) -> dict[str, Any]:
    """The judgement of the text called ``id`` as ``turvakt classify --json`` writes it, with hints from ``law``."""
    return {
        "id": id,
        "language": judgement.language,
        "unable": judgement.unable,
        "severity": judgement.severity,
        "labels": {
            label: {"probability": round(score.probability, 4), "flagged": score.flagged}
            for label, score in judgement.labels.items()
        },
        "spans": [{"start": span.start, "end": span.end, "label": span.label} for span in judgement.spans],
        "aimed_at": judgement.aimed_at,
        "law": law_as_json(hints(law, judgement)),
        "model": judgement.model,
    }
