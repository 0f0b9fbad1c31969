"""What incidents there are."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select

from alerts.alert import Alert
from alerts.bulletin import Bulletin
from alerts.content import decoded
from alerts.incidents.campaigns import LASTS
from alerts.incidents.grade import Grade
from alerts.incidents.grouping import ALIKE, resemblance
from alerts.incidents.history import ANSWERS
from alerts.incidents.incident import OPEN, Incident, Kind, State
from alerts.tables import INCIDENT, INCIDENT_EVENT, INCIDENT_POST
from classify.verdict import SEVERITIES, Label
from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import BadInput


class IncidentReader:
    """Reads the table ``incident`` of ``database``, and what posts belong to each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, incident: str) -> Incident | None:
        """The incident of that id."""
        return next(iter(self._found(INCIDENT.c.id == incident)), None)

    def referred(self, reference: str) -> list[Incident]:
        """Those whose id begins with ``reference``: messages show no more of an id."""
        return self._found(INCIDENT.c.id.startswith(reference, autoescape=True))

    def about(self, alerts: Collection[str]) -> dict[str, Incident]:
        """The incidents of these alerts, by the alert's id."""
        of = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident).where(INCIDENT_POST.c.alert.in_(alerts))
        rows = self._database.query(of) if alerts else []
        found = {each.id: each for each in self._found(INCIDENT.c.id.in_({row[1] for row in rows}))}
        return {alert: found[incident] for alert, incident in rows if incident in found}

    def known(self, posts: Collection[str]) -> set[tuple[str, str]]:
        """Official and post of whatever belongs to an incident, open or not, of these posts, given by id."""
        of = select(INCIDENT_POST.c.official, INCIDENT_POST.c.post).where(INCIDENT_POST.c.post.in_(posts)).distinct()
        return {(official, post) for official, post in self._database.query(of)} if posts else set()

    def came(self, alert: str) -> datetime | None:
        """When this alert came into its incident: what people said of that before, they did not say of this one."""
        rows = self._database.query(select(INCIDENT_POST.c.at).where(INCIDENT_POST.c.alert == alert))
        return moment(rows[0][0]) if rows else None

    def handled(self, alerts: Collection[str]) -> set[str]:
        """Those of these alerts whose incident somebody has, or has closed, and has answered since they came into it."""
        since = and_(
            INCIDENT_EVENT.c.incident == INCIDENT_POST.c.incident,
            INCIDENT_EVENT.c.event.in_(ANSWERS.values()),
            INCIDENT_EVENT.c.at >= INCIDENT_POST.c.at,
        )
        of = select(INCIDENT_POST.c.alert).join(INCIDENT, INCIDENT.c.id == INCIDENT_POST.c.incident)
        answered = INCIDENT.c.state.in_(("acknowledged", "resolved")), exists().where(since)
        return {row[0] for row in self._database.query(of.where(INCIDENT_POST.c.alert.in_(alerts), *answered))}

    def alerts_of(self, incident: str) -> list[tuple[str, str]]:
        """The ids of alert and post of each of its alerts, the oldest first."""
        rows = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.post).where(INCIDENT_POST.c.incident == incident)
        return [(alert, post) for alert, post in self._database.query(rows.order_by(INCIDENT_POST.c.number))]

    def gravest_of(self, incident: str) -> list[tuple[str, str]]:
        """The ids of alert and post, once for each post of it: threats first, exposed homes, by severity, the newest first."""
        rows = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.post).where(INCIDENT_POST.c.incident == incident)
        grade = INCIDENT_POST.c.threat, INCIDENT_POST.c.exposes, INCIDENT_POST.c.severity, INCIDENT_POST.c.number
        order = tuple(each.desc() for each in grade)
        gravest: dict[str, str] = {}
        for alert, post in self._database.query(rows.order_by(*order)):
            gravest.setdefault(post, alert)
        return [(alert, post) for post, alert in gravest.items()]

    def others_as_grave(self, incident: str, post: str) -> list[str]:
        """The ids of its posts that are as severe as this one, threats, or expose a home; of its copies the graver ones."""
        grades = INCIDENT_POST.c.severity, INCIDENT_POST.c.threat, INCIDENT_POST.c.exposes
        columns = INCIDENT_POST.c.post, INCIDENT_POST.c.signature, *grades
        rows = self._database.query(select(*columns).where(INCIDENT_POST.c.incident == incident))
        its = next((row for row in rows if row[0] == post), None)
        if its is None:
            return []
        mark, own = bytes(its[1]), Grade(*its[2:])
        others = [(other, bytes(sign), Grade(*grade)) for other, sign, *grade in rows if other != post]
        return list(
            dict.fromkeys(
                other
                for other, sign, grade in others
                if (grade.threat or grade.exposes or grade.severity >= own.severity)
                and (grade.exceeds(own) or resemblance(sign, mark) < ALIKE)
            )
        )

    def posts_left(self, incident: str) -> int:
        """How many posts of it are there: some may have been deleted since they came."""
        posts = select(func.count(INCIDENT_POST.c.post.distinct())).where(INCIDENT_POST.c.incident == incident)
        return int(self._database.query(posts)[0][0])

    def labels(self, incidents: Collection[str]) -> dict[str, tuple[Label, ...]]:
        """What these incidents are about, by their ids: the labels of the gravest post of each, where there is one."""
        found = select(INCIDENT.c.id, INCIDENT.c.content).where(INCIDENT.c.id.in_(incidents))
        rows = self._database.query(found.where(INCIDENT.c.kind == "posts", INCIDENT.c.content.is_not(None)))
        return {id: tuple(_labels(content)) for id, content in rows}

    def of_official(self, official: str) -> list[Incident]:
        """Those about an official, the newest first."""
        return self._found(INCIDENT.c.official == official)

    def open_from(self, official: str, sources: Collection[str]) -> list[Incident]:
        """Those about an official that are not closed and have posts from any of these sources, the newest first."""
        if not sources:
            return []
        came = or_(*(INCIDENT_POST.c.post.startswith(f"{each}:", autoescape=True) for each in sources))
        posts = select(INCIDENT_POST.c.incident).where(INCIDENT_POST.c.official == official, came)
        return self._found(INCIDENT.c.state.in_(OPEN), INCIDENT.c.id.in_(posts))

    def of_campaign(self, campaign: Incident) -> list[Incident]:
        """Those with the posts of a campaign, which has none of its own, closed or not, the newest first."""
        found = self._database.query(select(INCIDENT.c.content).where(INCIDENT.c.id == campaign.id))
        about = decoded(found[0][0]) if found else None
        if not isinstance(about, Bulletin):
            return []
        since = campaign.opened_at - timedelta(minutes=int(about.values["minutes"]))
        until = campaign.opened_at + LASTS
        during = INCIDENT_POST.c.posted_at.between(since.timestamp(), until.timestamp())
        posts = select(INCIDENT_POST.c.incident).where(INCIDENT_POST.c.official == campaign.official, during)
        return self._found(INCIDENT.c.kind == "posts", INCIDENT.c.id.in_(posts))

    def open(self, tenant: str | None = None) -> list[Incident]:
        """Those that are not closed, of one tenant or of all, the newest first."""
        whose = () if tenant is None else (INCIDENT.c.tenant == tenant,)
        return self._found(INCIDENT.c.state.in_(OPEN), *whose)

    def total(self) -> int:
        """How many alerts all incidents have."""
        return self._count(INCIDENT_POST)

    def these(self, incidents: Collection[str]) -> list[Incident]:
        """Those of these ids, closed or not, the newest first."""
        return self._found(INCIDENT.c.id.in_(incidents)) if incidents else []

    def closed(self, tenants: Collection[str], *, limit: int) -> tuple[list[Incident], int]:
        """Those of these tenants that are closed, the newest first, and how many there are altogether."""
        over = INCIDENT.c.tenant.in_(sorted(tenants)), INCIDENT.c.state.not_in(OPEN)
        return self._found(*over, limit=limit), self._count(INCIDENT, *over)

    def curve(self, official: str, *, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
        """How many flagged posts about the official were written in each minute in which there were any."""
        minute = func.floor(INCIDENT_POST.c.posted_at / 60.0) * 60.0
        hers = INCIDENT_POST.c.official == official
        during = INCIDENT_POST.c.posted_at.between(since.timestamp(), until.timestamp())
        posts = func.count(INCIDENT_POST.c.post.distinct())
        rows = self._database.query(select(minute, posts).where(hers, during).group_by(minute).order_by(minute))
        return [(moment(at), int(many)) for at, many in rows]

    def _found(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Incident]:
        found = select(*_COLUMNS).where(*conditions).order_by(INCIDENT.c.opened_at.desc(), INCIDENT.c.id).limit(limit)
        return [_incident(row) for row in self._database.query(found)]

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        return int(self._database.query(select(func.count()).select_from(table).where(*conditions))[0][0])


def _labels(content: bytes) -> Sequence[Label]:
    try:
        about = decoded(content)
    except BadInput:
        return ()
    return about.verdict.judgement.flagged if isinstance(about, Alert) else ()


_COLUMNS = tuple(INCIDENT.c[name] for name in Incident.__dataclass_fields__)


def _incident(row: Row | Sequence[Any]) -> Incident:
    identity, kind, tenant, official, subject, severity, threat, state, policy, step, round_, *moments, posts = row[:-4]
    next_at, opened_at, changed_at = moments
    return Incident(
        id=identity,
        kind=cast(Kind, kind),
        tenant=tenant,
        official=official,
        subject=subject,
        severity=SEVERITIES[severity],
        threat=bool(threat),
        state=cast(State, state),
        policy=policy,
        step=step,
        round=round_,
        next_at=None if next_at is None else moment(next_at),
        opened_at=moment(opened_at),
        changed_at=moment(changed_at),
        posts=posts,
        accounts=row[-4],
        owner=row[-3],
        escalate_at=None if row[-2] is None else moment(row[-2]),
        series=row[-1],
    )
