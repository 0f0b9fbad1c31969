"""Incidents: alerts are grouped into them, and people are told of, answer and close them."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Protocol

from sqlalchemy import and_, or_, select

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.incidents.campaigns import Campaigns, about_no_post
from alerts.incidents.case import UNANSWERED, Case, cases, readable, save
from alerts.incidents.escalation import Escalation
from alerts.incidents.growth import grown
from alerts.incidents.history import ANSWERS, TURVAKT, History
from alerts.incidents.holder import IncidentHolder
from alerts.incidents.incident import LOCK, OPEN, Action, Incident, Kind
from alerts.incidents.links import Link
from alerts.incidents.remaining import remaining
from alerts.incidents.taking import Taking
from alerts.incidents.telling import Telling
from alerts.incidents.whom import Operator, Whom, no_account, no_operator
from alerts.plans.plan import Plans
from alerts.routing import covering_consents
from alerts.tables import INCIDENT
from classify.verdict import Severity
from flow.clock import Clock
from flow.database import Database
from ingest.post import Post
from registry.official import Official

logger = logging.getLogger(__name__)


class DecisionsAway(Exception):
    """What was decided on posts before cannot be read just now. Not `Unavailable`: who answers is told so, and does not wait."""


class Decide(Protocol):
    """Writes down what a person decided."""

    def __call__(
        self, posts: Sequence[str], *, tenant: str, by: str, at: datetime, taken_back: str | None = None
    ) -> None:
        """At that moment these posts were false alarms, as ``tenant`` sees them, or became again what they were before.

        Args:
            taken_back: who had called them so, if that is taken back; empty: somebody who was erased since.

        Raises:
            DecisionsAway: nothing was written down.
        """
        ...


def _nothing_decided(
    posts: Sequence[str], *, tenant: str, by: str, at: datetime, taken_back: str | None = None
) -> None:
    """Where nobody decides."""


_RIGHT_AFTER = timedelta(milliseconds=1)
"""How much later than the false alarm it is taken back: what anybody has decided since then stays."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""What has changed later than so much from now has changed before the clock was put back."""


class Incidents(IncidentHolder):
    """The table ``incident`` of ``database``. Implements `registry.holder.Holder`.

    Every change is one transaction, together with what it puts into the outbox and into the history.

    Args:
        telling: the way into the outbox.
        plans: whom each tenant tells; asked each time.
        officials: the registry.
        account: knows an author again without naming her: a digest of who wrote a post, or an empty text.
        operator: who is told of what is wrong with Turvakt itself, and of what nobody else has answered.
        email_of: the address of the person with this id; empty: nobody has it.
        signs_in: whether whoever has answered by this id may do so again.
        decide: writes down that posts were false alarms, or that this was taken back.
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
        operator: Operator = no_operator,
        email_of: Callable[[str], str] = no_account,
        signs_in: Callable[[str], bool] = lambda by: True,
        decide: Decide = _nothing_decided,
    ) -> None:
        super().__init__(database, clock=clock)
        self._officials = officials
        self._operator = operator
        self._signs_in = signs_in
        self._decide = decide
        self._telling = telling
        self.history = History(database)
        contacts_of = self.history.contacts_of
        whom = partial(Whom, plans=plans, operator=operator, email_of=email_of, contacts_of=contacts_of)
        self._whom = whom(officials=officials)
        self._campaigns = Campaigns(database, officials=officials, whom=self._whom)
        self._known = cache(officials)
        self._taking = Taking(
            database,
            telling=telling,
            plans=plans,
            officials=self._known,
            whom=whom(officials=self._known),
            account=account,
            clock=clock,
        )
        self._escalation = Escalation(whom=self._whom, telling=telling, history=self.history, clock=clock)

    # ---------------------------------------------------------------- opening

    def take(self, alerts: Sequence[Alert]) -> int:
        """Open incidents, or let them grow, and tell whom their first step says; alerts that were taken before change nothing.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
            # Others who take alerts at once would open an incident each.
            self._database.lock(LOCK)
            try:
                told, recent = self._taking.take(alerts)
            finally:
                self._known.cache_clear()  # each batch asks for its officials anew, and once
            for official, each in recent.items():
                now = self._clock.now()
                campaign = self._campaigns.begun(official, each, now)
                if campaign is not None:
                    told += self._begin(*campaign)
        return told

    def _begin(self, case: Case, recipients: Sequence[Recipient]) -> int:
        told = self._escalation.begin(case, recipients)
        save(self._database, [case])
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
        """Open an incident that is about no post, and tell of it, whether or not another one about the same subject is open.

        Args:
            bulletin: what is told; its ``incident``, ``step`` and ``key`` are set here.
            recipients: whom to tell; none: the operator.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            now = self._clock.now()
            case = about_no_post(kind, bulletin, now, severity=severity, subject=subject)
            told = tuple(recipients) or self._operator(at=now, severity=severity)
            case.escalate_at = self._escalation.answer_due(case, told, now)
            self._begin(case, told)
        return case.incident()

    # ---------------------------------------------------------------- answers

    def answer(self, incident: str, action: Action, *, by: str) -> Incident | None:
        """What somebody says to an incident.

        Args:
            by: the name of a contact, or the id of a person; ``turvakt`` if it is over by itself.

        Returns:
            The incident as it then is; ``None`` if there is none of this id. Of a closed one nothing changes, but by ``reopen``.

        Raises:
            DecisionsAway: see `Decide`; nothing has changed.
        """
        now = self._clock.now()
        with self._database.transaction():
            if (found := self.get(incident)) is not None and found.is_open != (action == "reopen"):
                # Before the lock: who takes alerts has locked the log first, too.
                self._decide_on_posts(found, action, by=by, at=now)
            self._database.lock(LOCK)
            case = next(iter(cases(self._database, INCIDENT.c.id == incident)), None)
            if case is None:
                return None
            if case.is_open == (action == "reopen"):
                return case.incident()
            self._tell_by_covered(case, now)
            case.changed_at, owner = now.timestamp(), case.owner
            if action == "hand-over":
                self._escalation.hand_over(case, now, by=by)
            else:
                self._escalation.note(case, ANSWERS[action], actor=by)
                if action in ("false-alarm", "resolve"):
                    case.close("resolved")
                else:
                    case.state, case.escalate_at = "acknowledged", None
                    case.owner = case.owner if action == "acknowledge" else by
                if action != "acknowledge" and by != TURVAKT:
                    self._escalation.tell_owner(case, owner, now, by=by)
            save(self._database, [case])
        return case.incident()

    def is_alone(self, incident: Incident, *, by: str) -> bool:
        """Whether it is a trouble in Turvakt itself that ``by`` has nobody to hand over to."""
        if incident.kind != "operation":
            return False
        found = readable(self._database, INCIDENT.c.id == incident.id)
        return any(self._escalation.is_alone(case, self._clock.now(), by=by) for case in found)

    def is_contact(self, incident: Incident, contact: str) -> bool:
        """Whether there is still a contact of that name who may be told of it, see `alerts.incidents.whom.Whom.contacts`."""
        return contact in self._whom.contacts(incident, self._clock.now())

    def _decide_on_posts(self, incident: Incident, action: Action, *, by: str, at: datetime) -> None:
        """A false alarm is one for each of its posts; opening it again takes back what calling it so has decided."""
        if action not in ("false-alarm", "reopen"):
            return
        posts = list(dict.fromkeys(post for _, post in self.alerts_of(incident.id)))
        if action == "false-alarm":
            self._decide(posts, tenant=incident.tenant, by=by, at=at)
        elif (last := self.history.of(incident.id, events=ANSWERS.values())[-1:]) and last[0].event == "false-alarm":
            self._decide(posts, tenant=incident.tenant, by=by, at=last[0].at + _RIGHT_AFTER, taken_back=last[0].actor)

    # ---------------------------------------------------------------- escalation

    def tell_otherwise(self, link: Link) -> None:
        """The message with this link has not arrived, though it was taken on: its contact's next way takes its turn. Called while
        the incidents are locked.
        """
        now = self._clock.now()
        for case in readable(self._database, INCIDENT.c.id == link.incident, INCIDENT.c.state.in_(OPEN)):
            self._tell_by_covered(case, now)
            self._escalation.tell_otherwise(case, link, now)

    def due(self, now: datetime, *, limit: int = 100, besides: Collection[str] = ()) -> list[str]:
        """The ids of incidents about which something is to be done now, the gravest first.

        Args:
            besides: ids of incidents to leave out.
        """
        is_due = INCIDENT.c.next_at <= now.timestamp()
        ahead = INCIDENT.c.changed_at > (now + _CLOCKS_DIFFER).timestamp()
        waits = or_(INCIDENT.c.escalate_at.is_not(None), INCIDENT.c.grow_at.is_not(None))
        was_put_back = and_(INCIDENT.c.state.in_(OPEN), waits, ahead)
        order = (INCIDENT.c.threat.desc(), INCIDENT.c.severity.desc(), INCIDENT.c.next_at, INCIDENT.c.id)
        found: dict[str, None] = {}
        for condition in (is_due, was_put_back):
            these = select(INCIDENT.c.id).where(condition, INCIDENT.c.id.not_in(besides))
            found |= dict.fromkeys(row[0] for row in self._database.query(these.order_by(*order).limit(limit)))
        return list(found)

    def advance(self, incident: str) -> int:
        """Do what is due about it: tell how it has grown, tell the next step, or let it expire.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
            self._database.lock(LOCK)
            case = next(iter(cases(self._database, INCIDENT.c.id == incident)), None)
            now = self._clock.now()
            if case is None:
                return 0
            waits = case.escalate_at is not None or case.grow_at is not None
            if waits and case.changed_at > (now + _CLOCKS_DIFFER).timestamp():
                self._escalation.wait_no_longer(case, now)
                save(self._database, [case])
            if case.next_at is None or case.next_at > now.timestamp():
                return 0
            self._tell_by_covered(case, now)
            told = 0
            if case.grow_at is not None and case.grow_at <= now.timestamp():
                told += self._tell_growth(case)
            if case.escalate_at is not None and case.escalate_at <= now.timestamp():
                told += self._escalation.go_on(case, now)
            elif case.expires_at is not None and case.expires_at <= now.timestamp():
                if case.state == "acknowledged":
                    case.rest()
                else:
                    case.close("expired")
                    self._escalation.note(case, "expired")
            save(self._database, [case])
        return told

    def take_back(self) -> None:
        """Tell anew what wants an answer and is with somebody who is gone. What has not changed for long stays as it is."""
        now = self._clock.now()
        lately = INCIDENT.c.state == "acknowledged", INCIDENT.c.changed_at >= (now - UNANSWERED).timestamp()
        with self._database.transaction():
            self._database.lock(LOCK)
            found = readable(self._database, *lately)
            left = [case for case in found if case.wants_answer and self._is_gone(case, self._who_has(case), now)]
            self._begin_again(left)
            save(self._database, left)

    def _is_gone(self, case: Case, by: str, now: datetime) -> bool:
        """Whether ``by`` neither signs in any more, nor is a contact; not while the official herself is being erased."""
        if not by or self._signs_in(by) or (case.official and self._officials(case.official) is None):
            return False
        return by not in self._whom.contacts(case, now)

    def _tell_by_covered(self, case: Case, now: datetime) -> None:
        """Where consent has ended for the post by which it is told, it is told by the gravest of those that consent covers."""
        official, told_by = self._officials(case.official), case.content
        if official is None or not isinstance(told_by, Alert) or covering_consents(official, told_by.verdict, now):
            return
        left = remaining(self._database, case.id, told_by)
        case.content = next((each for each in left if covering_consents(official, each.verdict, now)), told_by)

    def tell_growth(self) -> int:
        """Tell at once of all growth that waits to be told; returns how many deliveries are new."""
        with self._database.transaction():
            self._database.lock(LOCK)
            found = readable(self._database, INCIDENT.c.grow_at.is_not(None), INCIDENT.c.state.in_(OPEN))
            told = sum(map(self._tell_growth, found))
            save(self._database, found)
        return told

    def _tell_growth(self, case: Case) -> int:
        self._escalation.note(case, "grew", result=str(case.posts))
        return len(self._telling.tell(grown(case, self._whom, self._clock.now())))
