"""What an answer may do to the local verdict.

It may raise it freely: a false alarm costs a look. It may lower it only as far as the settings say, by default never: whoever
threatens somebody can also write into the post that it is harmless, and a language model may believe it. What a written rule
found stays in any case, and so does what the answer says nothing of: a label or a severity that its model does not know.
"""

from collections.abc import Sequence

from classify.remote.answer import Answer
from classify.rules.matching import Hit, raised
from classify.severity import settle
from classify.verdict import LABELS, SEVERITIES, Judgement, Score, Severity, at_least


def may_lower(local: Judgement, *, lowers: Severity) -> bool:
    """Whether an answer may lower ``local``; ``lowers`` is the gravest severity that it may."""
    return at_least(lowers, local.severity) and local.severity != "none"


def weigh(
    local: Judgement, answer: Answer, *, threshold: float, lowers: Severity, hits: Sequence[Hit], model: str
) -> Judgement:
    """The judgement of both, with ``model`` as its model.

    Args:
        local: is not ``unable``.
        threshold: from which probability a label of ``answer`` is flagged.
        lowers: the gravest local severity that ``answer`` may lower.
        hits: the written rules that match, where ``answer`` may lower; elsewhere ``local`` has what they raise already.
    """
    lower = may_lower(local, lowers=lowers)
    labels = {}
    for label in LABELS:
        mine, theirs = local.labels[label], answer.labels.get(label)
        if theirs is None:
            labels[label] = mine
        elif lower:
            labels[label] = Score(theirs, theirs >= threshold)
        else:
            labels[label] = Score(max(mine.probability, theirs), mine.flagged or theirs >= threshold)
    gravest = answer.severity or local.severity
    if not lower:
        gravest = max(local.severity, gravest, key=SEVERITIES.index)
    spans = tuple(span for span in local.spans if labels[span.label].flagged)
    aimed_at = local.aimed_at if any(score.flagged for score in labels.values()) else None
    severity = settle(labels, SEVERITIES[1 : SEVERITIES.index(gravest) + 1])
    return raised(Judgement(local.language, None, severity, labels, spans, model, aimed_at), hits, model)
