"""Which of two records about the same thing stays.

Each function gives a tuple that compares; the greater one wins. The wire form at the end decides between records that
are otherwise equal, so that the order of arrival never matters.
"""

import msgspec

from alerts.alert import DELIVERIES, NOT_ARRIVED, Delivery
from classify.verdict import VERDICTS, Verdict
from review.decision import DECISIONS, Decision
from review.index import Raised, micros


def of_verdict(verdict: Verdict) -> tuple[int, int, bytes]:
    """The newer version of the post; of the same version the later judgement."""
    version = verdict.post.edited_at or verdict.post.created_at
    return micros(version), micros(verdict.judged_at), VERDICTS.encode(verdict)


def of_alert(alert: Raised) -> tuple[int, bytes]:
    """The later one: after an edit the same rule raises the same alert again."""
    return micros(alert.at), msgspec.json.encode(alert)


def of_delivery(delivery: Delivery) -> tuple[int, bytes]:
    """What was delivered stays so, unless its service says later that it has not arrived; else the later state."""
    # Lifted by more microseconds than any date has, so that a wrong clock cannot undo a delivery.
    final = 1 << 62 if delivery.state == "delivered" or delivery.reason == NOT_ARRIVED else 0
    return final + micros(delivery.at), DELIVERIES.encode(delivery)


def of_decision(decision: Decision) -> tuple[int, bytes]:
    """The newest decision of a tenant."""
    return micros(decision.at), DECISIONS.encode(decision)
