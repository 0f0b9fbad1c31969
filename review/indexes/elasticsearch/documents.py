"""What is known of a post as a document of the items, and back.

Only what cannot be derived is stored (``_source``): the records, which statistics were written, and the revision. Everything
else is there to be searched alone; a reindexing derives it anew.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.alert import State
from classify.verdict import SEVERITIES, Verdict
from review.decision import in_force
from review.fulltext import tokens
from review.index import is_flagged, micros
from review.indexes.elasticsearch.known import Known, decode, encode

LANGUAGES = ("sv", "fi")
"""Those whose inflected forms are found; the language of a post decides, in doubt both."""

DELIVERY_COUNTS: Mapping[State, str] = {
    "waiting": "deliveries_waiting",
    "delivered": "deliveries_delivered",
    "failed": "deliveries_failed",
    "withdrawn": "deliveries_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a document holds.

    ``statistics`` are the places of all statistics that were ever written about the post, as ``tenant/official``: those that no
    longer belong there are found by it. ``revision`` grows with each change, also over a removal and a return.
    """

    known: Known
    statistics: frozenset[str] = frozenset()
    revision: int = 0


def document(post: str, holding: Holding) -> dict[str, Any]:
    """The document of the post with the id ``post``."""
    known = holding.known
    about = known.about | {place.partition("/")[2] for place in holding.statistics}
    found: dict[str, Any] = {
        "post": post,
        "records": encode(known),
        "revision": holding.revision,
        "statistics": sorted(holding.statistics),
        "about": sorted(about),
    }
    if known.verdict is not None:
        found |= _judged(known.verdict)
    if known.alerts:
        found |= {"alerts": sorted(known.alerts), "alert_count": len(known.alerts)}
    states = Counter(delivery.state for delivery in known.deliveries.values())
    found |= {DELIVERY_COUNTS[each]: many for each, many in states.items()}
    if decisions := in_force(known.decisions.values()):
        found["decision"] = sorted(
            {each.outcome for each in decisions} | {decided(each.tenant, each.outcome) for each in decisions}
        )
    if known.oldest is not None:
        found["oldest"] = micros(known.oldest)
    return found


def decided(tenant: str, outcome: str) -> str:
    """A tenant's decision as it stands beside the outcome itself; the empty tenant is the whole installation."""
    return f"{tenant}:{outcome}"


def _judged(verdict: Verdict) -> dict[str, Any]:
    post, judgement = verdict.post, verdict.judgement
    words = " ".join(tokens(post.text))
    found = {
        "judged": micros(verdict.judged_at),
        "created": micros(post.created_at),
        "collected": micros(post.collected_at),
        "source": post.source,
        "author": post.author.id,
        "language": judgement.language,
        "severity": SEVERITIES.index(judgement.severity),
        "labels": judgement.flagged,
        "flagged": is_flagged(verdict),
        "unable": judgement.unable,
        "mentions": sorted(verdict.officials),
        "text": words,
    }
    for language in LANGUAGES:
        if judgement.language in (language, "other"):
            found[f"text_{language}"] = composed(words)
    return {name: value for name, value in found.items() if value is not None}


def composed(text: str) -> str:
    """``text`` with each letter and its mark as one character, as stemmers expect them: ``å``, not ``a`` and a ring."""
    return unicodedata.normalize("NFC", text)


def holding_of(source: Mapping[str, Any]) -> Holding:
    """What the document with this ``_source`` holds."""
    return Holding(decode(source["records"]), frozenset(source["statistics"]), source["revision"])
