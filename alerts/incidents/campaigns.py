"""Campaigns: when so much comes in about an official at once that it is an incident of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, func, select

from alerts.alert import Alert, Recipient, digest
from alerts.bulletin import Bulletin
from alerts.incidents.case import Case, readable
from alerts.incidents.grouping import Recent
from alerts.incidents.incident import OPEN, Kind
from alerts.incidents.whom import Whom
from alerts.plans.policies import URGENT, USUAL
from alerts.tables import INCIDENT, INCIDENT_POST
from classify.verdict import SEVERITIES, Severity
from flow.database import Database
from flow.databases.columns import moment
from registry.official import Official
from registry.tenant import tenant_of

LASTS = timedelta(hours=6)
"""So long after a campaign was raised its going on is no new one."""
USUAL_SINCE, USUAL_AFTER = timedelta(days=28), timedelta(days=7)
"""What is usual about an official is learnt from so many days, and known after so many."""


class Campaigns:
    """Over the incidents of ``database``.

    Args:
        officials: the registry.
    """

    def __init__(self, database: Database, *, officials: Callable[[str], Official | None], whom: Whom) -> None:
        self._database = database
        self._officials = officials
        self._whom = whom
        self._usual: dict[str, tuple[datetime, float | None]] = {}

    def begun(self, official: str, recent: Recent, now: datetime) -> tuple[Case, Sequence[Recipient]] | None:
        """The incident of a campaign that has begun, and whom to tell of it; ``None``: there is none, or it was raised lately.

        Of who has moved to another municipality those of the former one learn nothing new.
        """
        burst = recent.burst(now.timestamp(), usual=partial(self._usual_of, official, now))
        if burst is None:
            return None
        known = self._officials(official)
        tenant = tenant_of(known) if known is not None else ""
        here = INCIDENT.c.official == official, INCIDENT.c.tenant == tenant
        if self._was_raised(here, now):
            return None
        found = readable(self._database, *here, INCIDENT.c.kind == "posts", INCIDENT.c.state.in_(OPEN))
        # Of one that could not be read and was emptied nothing says any more whom to tell.
        telling = [(case.posts, case.id, case.content.recipients) for case in found if isinstance(case.content, Alert)]
        if not telling:
            return None
        *_, recipients = max(telling, key=lambda each: each[:2])
        values = {
            "posts": str(burst.posts),
            "accounts": str(burst.accounts),
            "minutes": str(burst.minutes),
            "since": (now - timedelta(minutes=burst.minutes)).isoformat(),
        }
        severity = SEVERITIES[max(case.severity for case in found)]
        bulletin = Bulletin("campaign", "", official, tenant, severity, False, values, None, now)
        case = about_no_post("campaign", bulletin, now, severity=severity)
        case.posts, case.accounts = burst.posts, burst.accounts
        # Quiet hours may have begun since the posts were told.
        return case, [replace(each, not_before=self._whom.held_until(case, each, now)) for each in recipients]

    def _was_raised(self, here: Sequence[ColumnElement[bool]], now: datetime) -> bool:
        raised = select(func.count()).select_from(INCIDENT).where(*here)
        # Not later by as much either: then the clock was ahead.
        around = (now - LASTS).timestamp(), (now + LASTS).timestamp()
        lately = INCIDENT.c.kind == "campaign", INCIDENT.c.opened_at.between(*around)
        return bool(self._database.query(raised.where(*lately))[0][0])

    def _usual_of(self, official: str, now: datetime) -> float | None:
        """How many posts an hour there are about an official as a rule, before the last hour."""
        asked, usual = self._usual.get(official, (None, None))
        if asked is None or abs(now - asked) >= timedelta(hours=1):
            until, since = (now - timedelta(hours=1)).timestamp(), (now - USUAL_SINCE).timestamp()
            hers = INCIDENT_POST.c.official == official, INCIDENT_POST.c.at.between(since, until)
            posts = select(func.count(), func.min(INCIDENT_POST.c.at)).where(*hers)
            many, first = self._database.query(posts)[0]
            known = first is not None and now - moment(first) >= USUAL_AFTER
            usual = many / ((until - first) / 3600) if known else None
            self._usual[official] = now, usual
        return usual


def about_no_post(kind: Kind, bulletin: Bulletin, now: datetime, *, severity: Severity, subject: str = "") -> Case:
    """A new incident that is told by ``bulletin``."""
    pressing = kind == "operation" and severity == "critical"
    return Case(
        id=digest("incident", kind, bulletin.tenant, bulletin.official, subject, str(now.timestamp())),
        kind=kind,
        tenant=bulletin.tenant,
        official=bulletin.official,
        subject=subject,
        severity=SEVERITIES.index(severity),
        threat=bulletin.threat,
        exposes=False,
        state="triggered",
        policy=URGENT.name if pressing else USUAL.name,
        step=1,
        round=0,
        opened_at=now.timestamp(),
        changed_at=now.timestamp(),
        posts=0,
        accounts=0,
        owner="",
        series=0,
        told_posts=0,
        last_post_at=now.timestamp(),
        escalate_at=None,
        grow_at=None,
        content=bulletin,
        is_new=True,
    )
