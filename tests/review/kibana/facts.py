"""Invented records, and what is true of them, one fact per post and official: the numbers to compare panels with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from alerts.alert import Alert, Delivery
from classify.verdict import LABELS, SEVERITIES, Verdict
from registry.official import Official
from review.decision import Decision
from review.index import Index
from tests.registry.people import official
from tests.review.people import alert, decision, delivery, verdict

Fact = Mapping[str, Any]

_TOWNS = {"ekvik": ("Ekvik", "SE"), "tammela": ("Tammela", "FI"), "habo": ("Habo", "SE"), "mo": ("Mo", "SE")}
OFFICIALS: dict[str, Official] = {
    f"{id}-{number}": official(f"{id}-{number}", municipality=town, country=country, role=f"role {number}")
    for id, (town, country) in _TOWNS.items()
    for number in (1, 2)
}
DAY = 24 * 60.0
"""Minutes."""


@dataclass
class Records:
    """What was written into an index."""

    verdicts: list[Verdict] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def write(self, index: Index) -> None:
        index.write_verdicts(self.verdicts)
        index.write_alerts(self.alerts)
        index.write_deliveries(self.deliveries)
        index.write_decisions(self.decisions)

    def facts(self) -> Iterator[Fact]:
        """Each post and official."""
        decided = {each.post: each for each in self.decisions}
        for each in self.verdicts:
            for id in each.officials:
                raised = [one.id for one in self.alerts if one.official == id and one.verdict.post.id == each.post.id]
                sent = [one for one in self.deliveries if one.alert in raised]
                yield _fact(each, OFFICIALS[id], alerts=len(raised), sent=sent, decision=decided.get(each.post.id))


def _fact(
    of: Verdict, about: Official, *, alerts: int, sent: list[Delivery], decision: Decision | None
) -> dict[str, Any]:
    judgement, post = of.judgement, of.post
    arrived = sorted(one.at for one in sent if one.state == "delivered")
    fact: dict[str, Any] = {
        "id": (about.municipality, post.id),
        "judged_at": of.judged_at,
        "collected_at": post.collected_at,
        "delay_seconds": (of.judged_at - post.created_at).total_seconds(),
        "source": post.source,
        "language": judgement.language,
        "severity": judgement.severity,
        "model": judgement.model,
        "labels": judgement.flagged,
        "flagged": judgement.severity != "none" or bool(judgement.flagged),
        "unable": judgement.unable,
        "aimed_at": judgement.aimed_at,
        "alerted": alerts > 0,
        "alerts": alerts,
        "decision": decision.outcome if decision else "none",
        "official": about.id,
        "municipality": about.municipality,
        "country": about.country,
    }
    fact |= {f"probability.{label}": score.probability for label, score in judgement.labels.items()}
    for state in ("waiting", "delivered", "failed", "withdrawn"):
        fact[f"deliveries.{state}"] = sum(one.state == state for one in sent)
    if arrived:
        fact["told_seconds"] = (arrived[0] - of.judged_at).total_seconds()
    if decision:
        fact["decided_seconds"] = (decision.at - of.judged_at).total_seconds()
    return fact


def records(many: int, *, days: int, seed: int = 7) -> Records:
    """Random ones, alike in each run, over the first ``days`` days."""
    chance, made = Random(seed), Records()
    for number in range(many):
        judged = chance.uniform(0, days * DAY)
        severity = chance.choice(SEVERITIES)
        unable = chance.choice((None, None, None, None, "language", "no-text"))
        labels = tuple(label for label in LABELS if severity != "none" and chance.random() < 0.4)
        of = verdict(
            str(number),
            officials=tuple(chance.sample(sorted(OFFICIALS), chance.choice((1, 1, 1, 2)))),
            severity="none" if unable else severity,
            labels=() if unable else labels,
            unable=unable,
            source=chance.choice(("bluesky", "mastodon", "feed")),
            language=chance.choice(("sv", "sv", "fi", "other")),
            model=chance.choice(("cascade@1", "cascade@2")),
            created=judged - chance.uniform(0, 90),
            collected=judged - chance.uniform(0, 5),
            judged=judged,
        )
        if of.judgement.flagged:
            of = replace(of, judgement=replace(of.judgement, aimed_at=chance.choice(("person", "group", None))))
        made.verdicts.append(of)
        if unable or severity in ("none", "low"):
            continue
        for id in sorted(of.officials):
            raised = alert(of, official=id, raised=judged + 1)
            made.alerts.append(raised)
            state = chance.choice(("waiting", "delivered", "delivered", "failed", "withdrawn"))
            made.deliveries.append(delivery(raised, state=state, minutes=judged + chance.uniform(1, 60)))
        if chance.random() < 0.6:
            outcome = chance.choice(("confirmed", "confirmed", "false-alarm"))
            made.decisions.append(decision(of.post.id, outcome, minutes=judged + chance.uniform(5, 900)))
    return made
