"""How alerts become incidents: each opens one, or joins one that is open and grows."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from alerts.alert import Alert, Occasion, Recipient, Told, digest
from alerts.content import Content, recipients_of
from alerts.incidents.batch import Batch, Batches
from alerts.incidents.case import Case, seconds
from alerts.incidents.grade import Grade, grade_of
from alerts.incidents.grouping import TOGETHER, Recent, Seen, signature
from alerts.incidents.growth import addresses, grown, growth_due, next_milestone, size, told_of_growth
from alerts.incidents.history import Event, Transition
from alerts.incidents.merging import merged
from alerts.incidents.telling import Telling
from alerts.incidents.whom import Whom
from alerts.plans.plan import Plans
from alerts.plans.steps import answer_due, insistence, policy_of
from classify.verdict import SEVERITIES
from flow.clock import Clock
from flow.database import Database
from ingest.post import Post
from registry.official import Official
from registry.tenant import tenant_of


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An alert that comes in, beside what is known.

    Attributes:
        mark: the signature of its post's text.
        is_new_post: its post belongs to no open incident yet.
        is_news: its post wants an answer for something for which it, in an open incident, did not want one before.
        is_edit: it was taken before, and its post has been edited since.
    """

    alert: Alert
    grade: Grade
    mark: bytes
    is_new_post: bool
    is_news: bool
    is_edit: bool

    @property
    def place(self) -> tuple[str, str]:
        """Official and post."""
        return self.alert.official, self.alert.verdict.post.id

    def like(self, batch: Batch, *, as_urgent: bool = False) -> list[str]:
        """The incidents with a near-duplicate, or one that is as urgent, see `alerts.incidents.grouping.Recent.like`."""
        return batch.recent[self.alert.official].like(self.mark, as_urgent=self.grade if as_urgent else None)


class Taking:
    """Groups alerts into incidents.

    Args:
        account: knows an author again without naming her: the digest of who wrote a post, or an empty text.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        whom: Whom,
        account: Callable[[Post], str],
        clock: Clock,
    ) -> None:
        self._batches = Batches(database)
        self._telling = telling
        self._plans = plans
        self._officials = officials
        self._whom = whom
        self._account = account
        self._clock = clock

    def take(self, alerts: Sequence[Alert]) -> tuple[int, dict[str, Recent]]:
        """Open incidents, or let them grow, and tell whom their first step says; called while the incidents are locked.

        Returns:
            How many deliveries are new, and what came in lately about each official who has new posts.
        """
        now = self._clock.now()
        batch = self._batches.begin(alerts, now)
        signed = cache(signature)
        for alert in alerts:
            self._take(alert, batch, signed)
        self._grow(batch)
        self._batches.write(batch)
        told = self._telling.tell([self._sized(alert, batch) for alert in batch.tells])
        new = {row["official"] for row in batch.rows}
        return len(told), {official: recent for official, recent in batch.recent.items() if official in new}

    def _take(self, alert: Alert, batch: Batch, signed: Callable[[str], bytes]) -> None:
        """Find the incident of an alert, or open one; tell of it what is to be told; and take down that it belongs to it."""
        place, grade = (alert.official, alert.verdict.post.id), grade_of(alert.verdict.judgement)
        before, of_post = batch.known.get(alert.id), batch.of_post.get(place, "")
        if before is not None and not grade.exceeds(before) and not _comes_back(alert, batch):
            return  # a replay, or an edit that made it no graver
        was = batch.graded.get(place)
        batch.graded[place] = grade if was is None else grade.joined(was)
        official = self._officials(alert.official)
        tenant = tenant_of(official) if official is not None else ""
        # Of who has moved to another municipality those of the former one learn nothing new.
        case = next((case for case in [batch.cases.get(of_post)] if case is not None and case.tenant == tenant), None)
        arrival = _Arrival(
            alert,
            grade,
            mark=signed(alert.verdict.post.text),
            is_new_post=case is None,
            is_news=grade.is_news(None if case is None else was),
            is_edit=before is not None,
        )
        if case is None:
            case = self._joined(arrival, batch, tenant)
        if case is None:
            case, told = self._opened(arrival, batch, tenant), True
            self._tell(case, alert, batch, "raised")
        else:
            told = self._grow_by(case, arrival, batch)
        self._note(case, arrival, batch, told=told)

    def _grow_by(self, case: Case, arrival: _Arrival, batch: Batch) -> bool:
        """Let an incident that is there have one more alert, and tell of it what is not told in passing; returns whether it is
        told by itself.
        """
        alert = arrival.alert
        graver = arrival.grade.exceeds(case.grade)
        # What wants an answer is never told in passing, unless it is a copy of what was told.
        own = arrival.is_news and case.id not in arrival.like(batch, as_urgent=True)
        follows = not arrival.is_edit and arrival.place in batch.quiet and not _news(alert, case)
        case.content = merged(alert, case.content)
        case.severity, case.threat, case.exposes = case.grade.joined(arrival.grade)
        rises = self._rises(case, alert, graver=graver or own)
        if graver or own:
            self._set_anew(case, alert, batch, "graver" if graver else "new-threat")
        elif rises:
            self._from_first_step(case, alert, batch)
        elif not arrival.is_new_post:
            self._hasten(case, alert, batch)
        if graver:
            batch.occasions[arrival.place] = "graver"
        # A second rule, or an edit, tells others or tells more.
        told = graver or own or rises or not (arrival.is_new_post or follows)
        if told:
            self._tell(case, alert, batch, batch.occasions.get(arrival.place, "raised"))
        elif arrival.is_new_post:
            batch.quiet.add(arrival.place)
        return told

    def _note(self, case: Case, arrival: _Arrival, batch: Batch, *, told: bool) -> None:
        """Take down that the alert belongs to ``case``."""
        alert, now = arrival.alert, batch.now.timestamp()
        post, account = alert.verdict.post, self._account(alert.verdict.post)
        posted_at = min(post.created_at.timestamp(), now)
        batch.of_post[arrival.place] = case.id
        # What was told once is not told again because it was milder in between.
        before = None if arrival.is_new_post else batch.known.get(alert.id)
        batch.known[alert.id] = grade = arrival.grade if before is None else arrival.grade.joined(before)
        batch.changed[case.id] = batch.grown[case.id] = case
        if arrival.is_new_post:
            case.posts += 1
            case.last_post_at = case.changed_at = now
            if account:
                self._batches.accounts(case, batch).add(account)
            if not case.is_new or case.posts > 1:
                batch.joined[case.id] = batch.joined.get(case.id, 0) + 1
            seen = Seen(case.id, account, now, posted_at, arrival.grade, arrival.mark, told)
            batch.recent[alert.official].add(seen)
        row: dict[str, Any] = {"alert": alert.id, "incident": case.id, "told": int(told)}
        row |= {name: int(value) for name, value in grade._asdict().items()}
        if arrival.is_edit:
            batch.graver.append({f"its_{name}": value for name, value in row.items()})
        else:
            row |= {"official": alert.official, "post": post.id, "account": account, "at": now}
            batch.rows.append(row | {"signature": arrival.mark, "posted_at": posted_at})

    def _joined(self, arrival: _Arrival, batch: Batch, tenant: str) -> Case | None:
        """The open incident that a post joins: with one like it that wants an answer as it does; in a flood the largest; else
        with a post like it.
        """
        since = (batch.now - TOGETHER).timestamp()
        official = arrival.alert.official
        here = [each for each in batch.of_official(official) if each.tenant == tenant]
        lately = {each.id: each for each in here if each.last_post_at >= since}
        if not lately:
            return None
        if arrival.grade.wants_answer and (alike := _first_of(arrival.like(batch, as_urgent=True), lately)):
            return alike
        if batch.recent[official].floods(batch.now.timestamp()):
            return max(lately.values(), key=lambda case: (case.posts, case.last_post_at, case.id))
        return _first_of(arrival.like(batch), lately)

    def _opened(self, arrival: _Arrival, batch: Batch, tenant: str) -> Case:
        alert, now = arrival.alert, batch.now.timestamp()
        before = batch.of_post.get(arrival.place, "")
        case = Case(
            # A post may come back after all that was known of it has been removed, but for its old incident.
            id=digest("incident", *arrival.place, before, str(now)),
            kind="posts",
            tenant=tenant,
            official=alert.official,
            subject="",
            severity=arrival.grade.severity,
            threat=arrival.grade.threat,
            exposes=arrival.grade.exposes,
            state="triggered",
            policy=policy_of(alert),
            step=1,
            round=0,
            opened_at=now,
            changed_at=now,
            posts=0,
            accounts=0,
            owner="",
            series=0,
            told_posts=1,  # of its first post whoever may be told is told at once
            last_post_at=now,
            escalate_at=None,
            grow_at=None,
            content=alert,
            is_new=True,
        )
        case.step = self._first_step(case, batch.now)
        case.escalate_at = self._escalates_at(case, alert.recipients, batch.now)
        batch.add(case)
        batch.accounts[case.id] = set()
        batch.events.append(Transition(case.id, case.official, batch.now, "opened", step=case.step))
        return case

    def _set_anew(self, case: Case, alert: Alert, batch: Batch, why: Event) -> None:
        """Whoever has seen it as it was has not seen it as it is: if it is graver, or nobody is told of it any more by itself, it
        is told from the first step on. Whoever had it hears that it is hers no longer.
        """
        if case.owner:
            hers = tuple(self._whom.ways_to(case, case.owner, batch.now))
            self._tell(case, replace(alert, recipients=hers), batch, "graver" if why == "graver" else "raised")
        if why == "graver" or _has_ended(case):
            case.state, case.owner = "triggered", ""
            self._from_first_step(case, alert, batch)
        else:
            case.series += 1
        # A threat may be less severe than what was there before.
        severity = SEVERITIES[case.severity]
        batch.events.append(Transition(case.id, case.official, batch.now, why, result=severity, step=case.step))

    def _rises(self, case: Case, alert: Alert, *, graver: bool) -> bool:
        """Go by the policy of ``alert`` if that insists more on an answer, or no less on what is graver; whether people are to be
        told because it insists more.
        """
        plan = self._plans().of(case.tenant)
        new, old = insistence(plan.policy(policy_of(alert))), insistence(plan.policy(case.policy))
        if new > old or (graver and new == old):
            case.policy = policy_of(alert)
        return new > old and case.state != "acknowledged"

    def _from_first_step(self, case: Case, alert: Alert, batch: Batch) -> None:
        case.step, case.round, case.series = self._first_step(case, batch.now), 0, case.series + 1
        case.changed_at = batch.now.timestamp()
        case.escalate_at = self._escalates_at(case, alert.recipients, batch.now)

    def _hasten(self, case: Case, alert: Alert, batch: Batch) -> None:
        """A second rule's contacts may be told sooner than those of the first; then it is they who are waited for."""
        if case.escalate_at is None or case.round > 0 or not alert.recipients:
            return
        if case.step == self._first_step(case, batch.now):
            due = self._escalates_at(case, alert.recipients, batch.now)
            case.escalate_at = case.escalate_at if due is None else min(case.escalate_at, due)

    def _escalates_at(self, case: Case, recipients: Sequence[Recipient], now: datetime) -> float | None:
        return seconds(answer_due(self._whom.policy(case), case.step, recipients, now))

    def _first_step(self, case: Case, now: datetime) -> int:
        """The first step that tells anybody: schedules may have nobody on duty, and consent may leave everybody out."""
        steps = range(1, len(self._whom.policy(case).steps) + 1)
        return next((step for step in steps if self._whom.step(case, step, now)), 1)

    def _tell(self, case: Case, alert: Alert, batch: Batch, occasion: Occasion) -> None:
        # Another rule tells the same address of the same post only if it has become graver since, or has gone and come back.
        post, collected_at = alert.verdict.post.id, alert.verdict.post.collected_at.timestamp()
        key = " ".join(map(str, (post, collected_at, *map(int, batch.graded[alert.official, post]))))
        told = Told(occasion, posts=0, accounts=0, minutes=0, step=case.step, key=key)
        batch.tells.append(replace(alert, incident=case.id, told=told))

    def _grow(self, batch: Batch) -> None:
        """Tell at each milestone how large an incident has become, and of what lies between in a while."""
        told: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for each in batch.tells:
            told[each.incident] |= _addresses(each)
        for case in batch.grown.values():
            if case.id in batch.joined:
                many = str(batch.joined[case.id])
                batch.events.append(Transition(case.id, case.official, batch.now, "joined", result=many))
            heard = told[case.id]
            if heard and case.content is not None and heard >= addresses(told_of_growth(case, self._whom, batch.now)):
                case.told_posts, case.grow_at = case.posts, None
            elif case.posts >= next_milestone(case.told_posts):
                batch.tells.extend(grown(case, self._whom, batch.now, but=heard))
                batch.events.append(Transition(case.id, case.official, batch.now, "grew", result=str(case.posts)))
            elif case.posts > case.told_posts or case.grow_at is not None:
                # It may wait for the morning of some, and have become graver since.
                due = growth_due(case, self._whom, batch.now).timestamp()
                case.grow_at = due if case.grow_at is None else min(case.grow_at, due)

    def _sized(self, alert: Alert, batch: Batch) -> Alert:
        """With the size and severity that its incident has in the end."""
        case = batch.cases[alert.incident]
        return replace(alert, told=size(alert.told, case)) if alert.told is not None else alert


def _first_of(incidents: Sequence[str], among: Mapping[str, Case]) -> Case | None:
    return next((among[each] for each in incidents if each in among), None)


def _comes_back(alert: Alert, batch: Batch) -> bool:
    """Whether its post was collected anew after its incident had been closed: perhaps it was harmless in between."""
    closed = batch.closed.get(batch.of_alert.get(alert.id, ""))
    return closed is not None and alert.verdict.post.collected_at.timestamp() > closed


def _news(alert: Alert, case: Case) -> bool:
    """Whether it tells somebody to whom nothing of the incident has been told yet."""
    return case.content is None or not _addresses(alert) <= _addresses(case.content)


def _addresses(content: Content) -> set[tuple[str, str]]:
    return addresses(recipients_of(content))


def _has_ended(case: Case) -> bool:
    """Whether nobody is told of it any more by itself: somebody has it, or nobody has answered."""
    return case.state == "acknowledged" or case.escalate_at is None
