"""Incidents: alerts are grouped into them, and people are told of, answer and close them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, func, select

from alerts.bulletin import Bulletin
from alerts.history import History
from alerts.incident import OPEN, Action, Incident, Kind, State
from alerts.outbox import Outbox
from alerts.tables import INCIDENT, INCIDENT_POST
from classify.verdict import SEVERITIES, Severity
from flow.clock import Clock
from flow.database import Database, Row
from flow.databases.columns import moment
from registry.official import Official


class Incidents:
    """The table ``incident`` of ``database``. Implements `registry.holder.Holder`.

    Every change is one transaction, together with what it puts into the outbox and into the history.

    Args:
        outbox: takes the deliveries.
        officials: the registry.
    """

    name = "incidents"

    def __init__(
        self, database: Database, *, outbox: Outbox, officials: Callable[[str], Official | None], clock: Clock
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._officials = officials
        self._clock = clock
        self.history = History(database)

    def raise_(self, kind: Kind, *, subject: str, severity: Severity, bulletin: Bulletin) -> Incident:
        """Open an incident that is about no post, and tell it; one about the same subject that is open is given back as it is."""
        raise NotImplementedError

    def answer(self, incident: str, action: Action, *, by: str, at: datetime | None = None) -> Incident | None:
        """What somebody says to an incident.

        Args:
            by: the name of a contact, or the id of a person.

        Returns:
            The incident as it then is; ``None`` if there is none of this id. Of a closed one nothing changes.
        """
        raise NotImplementedError

    def get(self, incident: str) -> Incident | None:
        """The incident of that id."""
        return next(iter(self._found(INCIDENT.c.id == incident)), None)

    def about(self, alerts: Collection[str]) -> dict[str, Incident]:
        """The incidents of these alerts, by the alert's id."""
        of = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident).where(INCIDENT_POST.c.alert.in_(alerts))
        rows = self._database.query(of) if alerts else []
        found = {each.id: each for each in self._found(INCIDENT.c.id.in_({row[1] for row in rows}))}
        return {alert: found[incident] for alert, incident in rows if incident in found}

    def alerts_of(self, incident: str) -> list[tuple[str, str]]:
        """The ids of alert and post of each of its alerts, the oldest first."""
        rows = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.post).where(INCIDENT_POST.c.incident == incident)
        return [(alert, post) for alert, post in self._database.query(rows.order_by(INCIDENT_POST.c.number))]

    def of_official(self, official: str) -> list[Incident]:
        """Those about an official, the newest first."""
        return self._found(INCIDENT.c.official == official)

    def open(self, tenant: str | None = None) -> list[Incident]:
        """Those that are not closed, of one tenant or of all, the newest first."""
        whose = () if tenant is None else (INCIDENT.c.tenant == tenant,)
        return self._found(INCIDENT.c.state.in_(OPEN), *whose)

    def curve(self, official: str, *, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
        """How many flagged posts about the official were written in each minute in which there were any."""
        minute = func.floor(INCIDENT_POST.c.posted_at / 60.0) * 60.0
        hers = INCIDENT_POST.c.official == official
        during = INCIDENT_POST.c.posted_at.between(since.timestamp(), until.timestamp())
        posts = func.count(INCIDENT_POST.c.post.distinct())
        rows = self._database.query(select(minute, posts).where(hers, during).group_by(minute).order_by(minute))
        return [(moment(at), int(many)) for at, many in rows]

    def _found(self, *conditions: ColumnElement[bool]) -> list[Incident]:
        found = select(*COLUMNS).where(*conditions).order_by(INCIDENT.c.opened_at.desc(), INCIDENT.c.id)
        return [incident_of(row) for row in self._database.query(found)]


COLUMNS = tuple(INCIDENT.c[name] for name in Incident.__dataclass_fields__)


def incident_of(row: Row | Sequence[Any]) -> Incident:
    """The incident in a row of `COLUMNS`."""
    identity, kind, tenant, official, subject, severity, threat, state, policy, step, round_, *moments, posts = row[:-2]
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
        accounts=row[-2],
        owner=row[-1],
    )
