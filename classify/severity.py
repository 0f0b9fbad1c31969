"""From labels to a severity that agrees with them."""

from collections.abc import Collection, Mapping

from classify.verdict import SEVERITIES, Label, Score, Severity

LEAST: Mapping[Label, Severity] = {
    "threat": "high",
    "doxxing": "high",
    "influence": "medium",
    "sexual": "medium",
    "hate": "medium",
    "harassment": "low",
}
"""The least severity of a post with that label (labelling guide: models/corpus/README.md)."""
MOST: Mapping[Label, Severity] = {
    "threat": "critical",
    "doxxing": "high",
    "influence": "high",
    "sexual": "high",
    "hate": "high",
    "harassment": "medium",
}
"""The gravest severity that label alone can give: only a threat is critical, an insult alone is never high."""


def settle(labels: Mapping[Label, Score], reached: Collection[str]) -> Severity:
    """The severity of a post: of those ``reached``, the gravest that its flagged labels allow and at least what they demand.

    Nothing flagged is ``none``. Each step is reached by a bar of its own: one may be reached where
    a lower one is not, and counts all the same.
    """
    flagged = [label for label, score in labels.items() if score.flagged]
    if not flagged:
        return "none"
    rank = SEVERITIES.index
    least = max(rank(LEAST[label]) for label in flagged)
    most = max(rank(MOST[label]) for label in flagged)
    found = max((rank(step) for step in SEVERITIES if step in reached), default=0)
    return SEVERITIES[min(most, max(least, found))]
