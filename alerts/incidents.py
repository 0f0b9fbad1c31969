"""Incidents: alerts are grouped into them, and people are told of, answer and close them."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import func, select

from alerts.alert import Alert, Occasion, Recipient, Told, digest
from alerts.bulletin import Bulletin
from alerts.case import UNANSWERED, Case, cases, save, seconds
from alerts.content import Content, to_one
from alerts.grouping import Burst
from alerts.growth import grown, size
from alerts.history import TURVAKT, Event, History, Transition
from alerts.incident import OPEN, Action, Incident, Kind
from alerts.incident_holder import IncidentHolder
from alerts.plan import Plan, Plans
from alerts.policies import BUILT_IN, URGENT, USUAL, Policy
from alerts.routing import permitted, permitted_bulletin
from alerts.steps import Place, after, answer_due
from alerts.tables import INCIDENT, INCIDENT_POST
from alerts.taking import Taking
from alerts.telling import Telling
from classify.verdict import SEVERITIES, Severity
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment
from ingest.post import Post
from registry.official import Official

logger = logging.getLogger(__name__)

LOCK = "incidents"
CAMPAIGN_LASTS = timedelta(hours=6)
"""So long after a campaign was raised its going on is no new one."""
USUAL_SINCE, USUAL_AFTER = timedelta(days=28), timedelta(days=7)
"""What is usual about an official is learnt from so many days, and known after so many."""


class Operator(Protocol):
    """Who looks after Turvakt."""

    def __call__(self, *, at: datetime, severity: Severity) -> tuple[Recipient, ...]:
        """How she is told."""
        ...


class Decide(Protocol):
    """Writes down what a person decided."""

    def __call__(self, posts: Sequence[str], *, by: str, at: datetime) -> None:
        """These posts were false alarms."""
        ...


def _no_operator(*, at: datetime, severity: Severity) -> tuple[Recipient, ...]:
    """Where nobody looks after it."""
    return ()


def _nothing_decided(posts: Sequence[str], *, by: str, at: datetime) -> None:
    """Where nobody decides."""


class Incidents(IncidentHolder):
    """The table ``incident`` of ``database``. Implements `registry.holder.Holder`.

    Every change is one transaction, together with what it puts into the outbox and into the history.

    Args:
        telling: the way into the outbox.
        plans: whom each tenant tells; asked each time.
        officials: the registry.
        account: knows an author again without naming her: a digest of who wrote a post, or an empty text.
        operator: who is told of what is wrong with Turvakt itself, and of what nobody else has answered.
        decide: writes down that posts were false alarms.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        clock: Clock,
        account: Callable[[Post], str] = lambda post: "",
        operator: Operator = _no_operator,
        decide: Decide = _nothing_decided,
    ) -> None:
        super().__init__(database, clock=clock)
        self._plans = plans
        self._officials = officials
        self._operator = operator
        self._decide = decide
        self._telling = telling
        self._taking = Taking(database, telling=telling, plans=plans, officials=officials, account=account, clock=clock)
        self._usual: dict[str, tuple[datetime, float | None]] = {}
        self.history = History(database)

    # ---------------------------------------------------------------- opening

    def take(self, alerts: Sequence[Alert]) -> int:
        """Open incidents, or let them grow, and tell whom their first step says; alerts that were taken before change nothing.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
            # Others who take alerts at once would open an incident each.
            self._database.lock(LOCK)
            told, recent = self._taking.take(alerts)
            for official, each in recent.items():
                now = self._clock.now()
                burst = each.burst(now.timestamp(), usual=partial(self._usual_of, official, now))
                if burst is not None:
                    told += self._campaign(official, burst, now)
        return told

    def raise_(
        self,
        kind: Kind,
        *,
        subject: str = "",
        severity: Severity,
        bulletin: Bulletin,
        recipients: Sequence[Recipient] = (),
    ) -> Incident:
        """Open an incident that is about no post, and tell of it; one about the same subject that is open is given back.

        Args:
            bulletin: what is told; its ``incident``, ``step`` and ``key`` are set here.
            recipients: whom to tell; none: the operator.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            found = cases(
                self._database,
                *(INCIDENT.c.kind == kind, INCIDENT.c.tenant == bulletin.tenant, INCIDENT.c.subject == subject),
                *(INCIDENT.c.official == bulletin.official, INCIDENT.c.state.in_(OPEN)),
            )
            if found:
                return found[0].incident()
            now = self._clock.now()
            case = self._case(kind, subject, severity, bulletin, now)
            told = tuple(recipients) or self._operator(at=now, severity=severity)
            self._tell_all(case, told, "raised", key="raised")
            case.escalate_at = seconds(answer_due(self._policy(case), 1, told, now))
            save(self._database, [case])
            self._add(case, "opened", step=1)
        return case.incident()

    def _case(self, kind: Kind, subject: str, severity: Severity, bulletin: Bulletin, now: datetime) -> Case:
        pressing = kind == "operation" and severity == "critical"
        return Case(
            id=digest("incident", kind, bulletin.tenant, bulletin.official, subject, str(now.timestamp())),
            kind=kind,
            tenant=bulletin.tenant,
            official=bulletin.official,
            subject=subject,
            severity=SEVERITIES.index(severity),
            threat=bulletin.threat,
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

    # ---------------------------------------------------------------- campaigns

    def _campaign(self, official: str, burst: Burst, now: datetime) -> int:
        """Raise a campaign, unless one has been raised lately."""
        since = (now - CAMPAIGN_LASTS).timestamp()
        before = select(func.count()).select_from(INCIDENT)
        hers = before.where(
            INCIDENT.c.official == official, INCIDENT.c.kind == "campaign", INCIDENT.c.opened_at > since
        )
        if self._database.query(hers)[0][0]:
            return 0
        found = cases(
            self._database,
            *(INCIDENT.c.official == official, INCIDENT.c.kind == "posts", INCIDENT.c.state.in_(OPEN)),
        )
        largest = max(found, key=lambda case: (case.posts, case.id), default=None)
        if largest is None or not isinstance(largest.content, Alert):
            return 0
        values = {
            "posts": str(burst.posts),
            "accounts": str(burst.accounts),
            "minutes": str(burst.minutes),
            "since": (now - timedelta(minutes=burst.minutes)).isoformat(),
        }
        severity = SEVERITIES[max(case.severity for case in found)]
        bulletin = Bulletin("campaign", "", official, largest.tenant, severity, False, values, None, now)
        case = self._case("campaign", "", severity, bulletin, now)
        case.posts, case.accounts = burst.posts, burst.accounts
        told = self._tell_all(case, largest.content.recipients, "raised", key="raised")
        save(self._database, [case])
        self._add(case, "opened", step=1)
        return told

    def _usual_of(self, official: str, now: datetime) -> float | None:
        """How many posts an hour there are about an official as a rule, before the last hour."""
        asked, usual = self._usual.get(official, (None, None))
        if asked is None or now - asked >= timedelta(hours=1):
            until, since = (now - timedelta(hours=1)).timestamp(), (now - USUAL_SINCE).timestamp()
            hers = INCIDENT_POST.c.official == official, INCIDENT_POST.c.at.between(since, until)
            posts = select(func.count(), func.min(INCIDENT_POST.c.at)).where(*hers)
            many, first = self._database.query(posts)[0]
            known = first is not None and now - moment(first) >= USUAL_AFTER
            usual = many / ((until - first) / 3600) if known else None
            self._usual[official] = now, usual
        return usual

    # ---------------------------------------------------------------- answers

    def answer(self, incident: str, action: Action, *, by: str, at: datetime | None = None) -> Incident | None:
        """What somebody says to an incident.

        Args:
            by: the name of a contact, or the id of a person; ``turvakt`` if it is over by itself.
            at: when; now, if it is left out.

        Returns:
            The incident as it then is; ``None`` if there is none of this id. Of a closed one nothing changes, but by ``reopen``.
        """
        now = at or self._clock.now()
        with self._database.transaction():
            if action == "false-alarm" and (found := self.get(incident)) is not None and found.is_open:
                # Before the lock: who takes alerts has locked the log first, too.
                self._decide(list(dict.fromkeys(post for _, post in self.alerts_of(incident))), by=by, at=now)
            self._database.lock(LOCK)
            case = next(iter(cases(self._database, INCIDENT.c.id == incident)), None)
            if case is None:
                return None
            if case.is_open == (action == "reopen"):
                return case.incident()
            case.changed_at = now.timestamp()
            self._add(case, _EVENTS[action], actor=by)
            match action:
                case "hand-over":
                    case.owner = ""
                    self._escalate(case, now, by_hand=True)
                case "acknowledge" | "on-it" | "reopen":
                    case.state, case.escalate_at = "acknowledged", None
                    case.owner = case.owner if action == "acknowledge" else by
                case "false-alarm" | "resolve":
                    case.close("resolved")
            save(self._database, [case])
        return case.incident()

    # ---------------------------------------------------------------- escalation

    def due(self, now: datetime, *, limit: int = 100) -> list[str]:
        """The ids of incidents about which something is to be done now, the gravest first."""
        due = select(INCIDENT.c.id).where(INCIDENT.c.next_at <= now.timestamp())
        order = (INCIDENT.c.threat.desc(), INCIDENT.c.severity.desc(), INCIDENT.c.next_at, INCIDENT.c.id)
        return [row[0] for row in self._database.query(due.order_by(*order).limit(limit))]

    def advance(self, incident: str) -> int:
        """Do what is due about it: tell how it has grown, tell the next step, or let it expire.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            case = next(iter(cases(self._database, INCIDENT.c.id == incident)), None)
            now = self._clock.now()
            if case is None or case.next_at is None or case.next_at > now.timestamp():
                return 0
            told = 0
            if case.grow_at is not None and case.grow_at <= now.timestamp():
                told += self._tell_growth(case)
            if case.escalate_at is not None and case.escalate_at <= now.timestamp():
                told += self._escalate(case, now)
            elif case.changed_at + UNANSWERED.total_seconds() <= now.timestamp():
                if case.state == "acknowledged":
                    case.rest()
                else:
                    case.close("expired")
                    self._add(case, "expired")
            save(self._database, [case])
        return told

    def tell_growth(self) -> int:
        """Tell at once of all growth that waits to be told; returns how many deliveries are new."""
        with self._database.transaction():
            self._database.lock(LOCK)
            found = cases(self._database, INCIDENT.c.grow_at.is_not(None), INCIDENT.c.state.in_(OPEN))
            told = sum(map(self._tell_growth, found))
            save(self._database, found)
        return told

    def _tell_growth(self, case: Case) -> int:
        self._add(case, "grew", result=str(case.posts))
        return len(self._telling.tell(grown(case)))

    def _escalate(self, case: Case, now: datetime, *, by_hand: bool = False) -> int:
        """Tell the next step in which there is somebody; after the last one the last resort."""
        policy = self._policy(case)
        case.state, case.changed_at = "escalated", now.timestamp()
        place = after(policy, Place(case.step, case.round))
        while place is not None:
            case.step, case.round = place.step, place.round
            recipients = self._recipients(case, policy, now)
            if recipients:
                again = case.round > 0 or (not by_hand and case.step == 1)
                case.escalate_at = seconds(answer_due(policy, case.step, recipients, now))
                self._add(case, "repeated" if again else "escalated", step=case.step, result=f"round {case.round + 1}")
                key = f"{case.series} {case.round} {case.step}"
                if again or by_hand:
                    return self._tell_all(case, recipients, "reminder" if again else "escalated", key=key)
                # Who was told before has not got it from somebody else.
                before = self.history.told(case.id)
                parts: dict[Occasion, list[Recipient]] = {"reminder": [], "escalated": []}
                for each in recipients:
                    parts["reminder" if each.name in before else "escalated"].append(each)
                return sum(self._tell_all(case, part, occasion, key=key) for occasion, part in parts.items())
            place = after(policy, place)
        case.escalate_at = None
        if not by_hand:
            self._add(case, "nobody-answered")
        if not (policy.last_resort or by_hand):
            return 0
        recipients = self._last_recipients(case, now)
        self._add(case, "last-resort", result="" if recipients else "nobody is named")
        if not recipients:
            logger.error(
                "incident %s: nobody has answered, and there is no last resort whom consent allows to tell", case.id
            )
        return self._tell_all(case, recipients, "last-resort", key=f"{case.series} last")

    def _recipients(self, case: Case, policy: Policy, now: datetime) -> tuple[Recipient, ...]:
        if case.kind == "operation":
            return self._operator(at=now, severity=SEVERITIES[case.severity])
        content, official = case.content, self._officials(case.official)
        rule = content.rule if isinstance(content, Alert) else ""
        recipients = self._plan(case).step_recipients(
            policy,
            case.step,
            official=official,
            at=now,
            severity=SEVERITIES[case.severity],
            threat=case.threat,
            rule=rule,
        )
        return _allowed(case, recipients, official, now)

    def _last_recipients(self, case: Case, now: datetime) -> tuple[Recipient, ...]:
        if case.kind == "operation":
            # A tenant's contacts cannot mend Turvakt.
            return self._operator(at=now, severity="critical")
        severity, official = SEVERITIES[case.severity], self._officials(case.official)
        named = self._plan(case).last_recipients(official=official, at=now, severity=severity, threat=case.threat)
        return _allowed(case, named or self._operator(at=now, severity="critical"), official, now)

    def _policy(self, case: Case) -> Policy:
        # No tenant's plan says how often the operator is woken: for an hour, and then as ``operator.repeat_hours`` says.
        return BUILT_IN[case.policy] if case.kind == "operation" else self._plan(case).policy(case.policy)

    def _plan(self, case: Case) -> Plan:
        return self._plans().of(case.tenant)

    # ---------------------------------------------------------------- telling

    def _tell_all(self, case: Case, recipients: Sequence[Recipient], occasion: Occasion, *, key: str) -> int:
        """Tell these of the incident as it is."""
        content: Content | None = None
        told = size(Told(occasion, 0, 0, 0, step=case.step, key=key), case)
        if isinstance(case.content, Bulletin):
            content = _keyed(case.content, case.id, occasion=occasion, step=case.step, key=key)
        elif case.content is not None:
            content = case.told(told)
        if content is None:
            return 0
        return len(self._telling.tell(to_one(content, each) for each in recipients))

    def _add(self, case: Case, event: Event, *, actor: str = TURVAKT, result: str = "", step: int = 0) -> None:
        at = moment(case.changed_at) if actor != TURVAKT else self._clock.now()
        self.history.add([Transition(case.id, case.official, at, event, actor=actor, result=result, step=step)])


def _allowed(
    case: Case, recipients: Iterable[Recipient], official: Official | None, now: datetime
) -> tuple[Recipient, ...]:
    """Those whom the official's consent allows to tell: a step that may tell nobody is not waited for."""
    content = case.content
    if content is None or not content.official:
        return tuple(recipients)
    asked = (
        permitted(content, each, official=official, at=now)
        if isinstance(content, Alert)
        else permitted_bulletin(content, each, official=official, at=now)
        for each in recipients
    )
    return tuple(each for each in asked if each is not None)


_EVENTS: dict[Action, Event] = {
    "acknowledge": "acknowledged",
    "on-it": "on-it",
    "hand-over": "handed-over",
    "false-alarm": "false-alarm",
    "resolve": "resolved",
    "reopen": "reopened",
}


def _keyed(bulletin: Bulletin, incident: str, *, occasion: Occasion, step: int, key: str) -> Bulletin:
    values = {**bulletin.values, "occasion": occasion}
    return replace(bulletin, incident=incident, values=values, step=step, key=key)
