"""What is left of an incident when the post by which it was told may not be told of any more: alerts without what was written."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import bindparam, select

from alerts.alert import Alert
from alerts.tables import INCIDENT_POST
from classify.verdict import LABELS, SEVERITIES, Judgement, Score, Verdict
from flow.database import Database
from flow.databases.columns import moment
from ingest.post import Post


def remaining(database: Database, incident: str, told_by: Alert) -> Iterator[Alert]:
    """One alert for each that is left of an incident, the gravest first: threats, exposed homes, then by severity.

    They hold no more than is known of each here, and go to all whom the incident was told, by every rule that told it: which
    of them matched the post is not known any more, and consent is asked anyway.
    """
    rules = dict.fromkeys((*(told_by.rules or (told_by.rule,)), *(each.rule for each in told_by.recipients)))
    for alert, post, at, posted_at, severity, threat, exposes in database.query(_OF, {"its_incident": incident}):
        flagged = [label for label, is_one in (("threat", threat), ("doxxing", exposes)) if is_one]
        judgement = Judgement(
            language="other",
            unable=None,
            severity=SEVERITIES[severity],
            labels={label: Score(float(label in flagged), label in flagged) for label in LABELS},
            spans=(),
            model=told_by.verdict.judgement.model,
        )
        source, _, _ = post.partition(":")
        verdict = Verdict(Post(post, source, "", moment(posted_at), moment(at)), judgement, moment(at))
        yield replace(told_by, id=alert, verdict=verdict, raised_at=moment(at), rules=tuple(filter(None, rules)))


_NAMES = ("alert", "post", "at", "posted_at", "severity", "threat", "exposes")
_COLUMNS = tuple(INCIDENT_POST.c[name] for name in _NAMES)
_GRAVEST = tuple(INCIDENT_POST.c[name].desc() for name in ("threat", "exposes", "severity", "number"))
_OF = select(*_COLUMNS).where(INCIDENT_POST.c.incident == bindparam("its_incident")).order_by(*_GRAVEST)
