"""What analysts count: one document per post and official, without text, author, address or id of the post.

Each lies in the index of the official's tenant, so that rights by the names of indices keep tenants apart.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, get_args

from alerts.alert import State
from classify.verdict import SEVERITIES, Verdict
from registry.official import Official
from registry.tenant import tenant_of
from review.decision import decided_for
from review.index import is_flagged
from review.indexes.elasticsearch.known import Known
from review.indexes.elasticsearch.names import document_id

Officials = Callable[[str], Official | None]
"""The official with this id, if she is in the registry."""


def places(known: Known, officials: Officials) -> dict[str, Official]:
    """Where statistics about a post belong, as ``tenant/official``: with those whose consent let it be counted as it came in."""
    if known.verdict is None:
        return {}
    post = known.verdict.post
    there = {id: officials(id) for id in known.mentioned}
    return {
        f"{tenant_of(official)}/{id}": official
        for id, official in there.items()
        if official is not None and official.counts(post.source, post.collected_at)
    }


def statistics_id(post: str, official: str) -> str:
    """The id of the document about ``post`` and ``official``."""
    return document_id("statistics", post, official)


def statistics(known: Known, official: Official) -> dict[str, Any]:
    """The document about ``official`` and a post that mentions her. Times are dates, spans of time seconds."""
    verdict = known.verdict
    if verdict is None:
        raise ValueError("there are no statistics without a verdict")
    post, judgement = verdict.post, verdict.judgement
    alerts = sum(alert.official == official.id for alert in known.alerts.values())
    deliveries = [each for each in known.deliveries.values() if each.official == official.id]
    states: Counter[State] = Counter(each.state for each in deliveries)
    delivered = min((each.at for each in deliveries if each.state == "delivered"), default=None)
    decision = decided_for(known.decisions.values(), tenant_of(official))
    return {
        # The same for all officials of the tenant whom the post mentions: counting these ids counts posts.
        "id": document_id("post", tenant_of(official), post.id),
        "judged_at": _date(verdict.judged_at),
        "collected_at": _date(post.collected_at),
        "created_at": _date(post.created_at),
        "delay_seconds": _seconds(post.created_at, verdict.judged_at),
        "source": post.source,
        "language": judgement.language,
        "severity": judgement.severity,
        "severity_rank": SEVERITIES.index(judgement.severity),
        "model": judgement.model,
        "labels": judgement.flagged,
        "probability": {label: round(score.probability, 4) for label, score in judgement.labels.items()},
        "flagged": is_flagged(verdict),
        "alerted": alerts > 0,
        "alerts": alerts,
        "deliveries": {state: states[state] for state in get_args(State)},
        "decision": decision.outcome if decision is not None else "none",
        "official": official.id,
        "municipality": official.municipality,
        "country": official.country,
        "party": official.party,
        "role": official.role,
        **dict(_if_known(verdict, decided=decision.at if decision is not None else None, told=delivered)),
    }


def _if_known(verdict: Verdict, *, decided: datetime | None, told: datetime | None) -> Iterator[tuple[str, Any]]:
    """The fields that not every document has."""
    if verdict.judgement.unable is not None:
        yield "unable", verdict.judgement.unable
    if verdict.judgement.aimed_at is not None:
        yield "aimed_at", verdict.judgement.aimed_at
    if decided is not None:
        yield "decided_seconds", _seconds(verdict.judged_at, decided)
    if told is not None:
        yield "told_seconds", _seconds(verdict.judged_at, told)


def _date(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 3)
