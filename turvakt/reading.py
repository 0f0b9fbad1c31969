"""Which stage reads which topic. None of them need be opened to know it."""

from collections.abc import Mapping

from alerts.stage import DELIVERIES_TOPIC
from alerts.stage import TOPIC as ALERTS_TOPIC
from classify.stage import TOPIC as VERDICTS_TOPIC
from ingest.intake import TOPIC as POSTS_TOPIC
from review.stage import DECISIONS_TOPIC

STAGES: dict[str, str] = {
    "classify": POSTS_TOPIC,
    "route": VERDICTS_TOPIC,
    "deliver": ALERTS_TOPIC,
    "index-verdicts": VERDICTS_TOPIC,
    "index-alerts": ALERTS_TOPIC,
    "index-deliveries": DELIVERIES_TOPIC,
    "index-decisions": DECISIONS_TOPIC,
}
"""The topic that each stage reads, in the order in which one process runs them."""
_UNTIL_AN_ALERT = frozenset({"classify", "route", "deliver"})
_LEAST_URGENT = 20
"""For no alert anybody needs to wait until all before it is in the index: so many times as much may wait for that."""
READERS: dict[str, tuple[str, ...]] = {
    topic: tuple(stage for stage, source in STAGES.items() if source == topic)
    for topic in dict.fromkeys(STAGES.values())
}
"""The stages that read each topic, upstream first."""


def fullness(lags: Mapping[str, int]) -> int:
    """How many entries wait before the fullest stage, as sources are held back by it.

    Args:
        lags: how many wait before each stage, by name.
    """
    return max(lag if stage in _UNTIL_AN_ALERT else lag // _LEAST_URGENT for stage, lag in lags.items())
