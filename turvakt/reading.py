"""Which stage reads which topic. None of them need be opened to know it."""

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
READERS: dict[str, tuple[str, ...]] = {
    topic: tuple(stage for stage, source in STAGES.items() if source == topic)
    for topic in dict.fromkeys(STAGES.values())
}
"""The stages that read each topic, upstream first."""
