"""How people are told of an incident, step by step: by its policy, and in the end by the last resort."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast, get_args

from alerts.alert import ASKS_NOTHING, Occasion, Recipient, Told
from alerts.content import to_one
from alerts.incidents.case import Case, seconds
from alerts.incidents.growth import growth_due, size
from alerts.incidents.history import ANSWERS, BEGUN_AGAIN, NOBODY_LEFT, TURVAKT, Event, History, Transition
from alerts.incidents.links import Link
from alerts.incidents.telling import Telling
from alerts.incidents.unreached import BEGINS
from alerts.incidents.whom import Whom
from alerts.plans.plan import each_once
from alerts.plans.steps import Place, after, answer_due, answered_until
from flow.clock import Clock

_AT_ONCE = timedelta(seconds=10)
"""What a contact is told of at once, by several channels, is written down within so short a time."""

logger = logging.getLogger(__name__)


class Escalation:
    """Changes cases, and leaves it to its caller to save them, in the same transaction."""

    def __init__(self, *, whom: Whom, telling: Telling, history: History, clock: Clock) -> None:
        self._whom = whom
        self._telling = telling
        self._history = history
        self._clock = clock

    def begin(self, case: Case, recipients: Sequence[Recipient]) -> int:
        """Tell these of an incident that is new; returns how many deliveries are new, as all here do."""
        self.note(case, "opened", step=1)
        return self._tell(case, recipients, "raised", key="raised")

    def answer_due(self, case: Case, recipients: Sequence[Recipient], now: datetime) -> float | None:
        """When the step at which it stands, told to these, is over."""
        return seconds(answer_due(self._whom.policy(case), case.step, recipients, now))

    def wait_no_longer(self, case: Case, now: datetime) -> None:
        """The clock has been put back since it changed: its step is over, and how it grows is told, no later than if it had
        changed ``now``.
        """
        case.changed_at = now.timestamp()
        if case.escalate_at is not None:
            recipients = self._whom.step(case, case.step, now)
            due = answered_until(self._whom.policy(case), case.step, recipients, now) if recipients else now
            case.escalate_at = min(case.escalate_at, due.timestamp())
        if case.grow_at is not None:
            case.grow_at = min(case.grow_at, growth_due(case, self._whom, now).timestamp())

    def go_on(self, case: Case, now: datetime) -> int:
        """Nobody has answered: tell the next step in which there is somebody; after the last one the last resort, and again
        whoever has handed it over.
        """
        case.state, case.changed_at = "escalated", now.timestamp()
        following = self._following(case, now)
        if following is not None:
            return self._tell_step(case, *following, now, by_hand=False)
        case.escalate_at = None
        self.note(case, "nobody-answered")
        handed_over = self._handed_over(case, now)
        if not self._whom.policy(case).last_resort and handed_over is None:
            return 0
        recipients = each_once([*self._whom.last(case, now), *(handed_over or ())])
        if not recipients:
            self.note(case, NOBODY_LEFT)
            consent = ", nor a last resort whom consent allows to tell" if case.official else ""
            logger.error("incident %s: there is nobody left to tell%s", case.id, consent)
            return 0
        return self._tell_last(case, recipients, "last-resort")

    def hand_over(self, case: Case, now: datetime, *, by: str) -> int:
        """Tell at once who comes next.

        Whoever hands over is not told herself. If somebody else had it, she hears so, unless she comes next. Where nobody is
        left, the incident stays with whoever had it, and goes on as it would have.
        """
        following, last = self._others(case, now, by)
        if following is None and not last:
            self.note(case, "handed-over", actor=by, result=NOBODY_LEFT)
            logger.error("incident %s: there is nobody else to hand it over to", case.id)
            return 0
        self.note(case, "handed-over", actor=by)
        self._telling.resume(case)
        told = self.tell_owner(case, case.owner, now, by=by)
        case.state, case.owner = "escalated", ""
        # If it is she who comes next, the outbox lets that message take the place of the other.
        if following is not None:
            return told + self._tell_step(case, *following, now, by_hand=True)
        case.escalate_at = seconds(answered_until(self._whom.policy(case), case.step, last, now))
        return told + self._tell_last(case, last, "handed-to-last")

    def is_alone(self, case: Case, now: datetime, *, by: str) -> bool:
        """Whether there is nobody else to whom ``by`` could hand it over."""
        return self._others(case, now, by) == (None, [])

    def tell_owner(self, case: Case, owner: str, now: datetime, *, by: str) -> int:
        """Tell her who had it that ``by`` has answered in her place, if she is one of those who are told of it, and not
        only by being rung up.
        """
        hers = self._whom.ways_to(case, owner, now)
        ways = [way for each in self._whom.others(case, hers, by) if (way := each.without_calls()) is not None]
        answers = len(self._history.of(case.id, events=ANSWERS.values()))
        # One way is enough.
        return self._tell(case, ways[:1], "overtaken", key=f"{case.series} answer {answers}")

    def tell_otherwise(self, case: Case, link: Link, now: datetime) -> int:
        """The message with this link was taken on, and has not arrived: tell its contact the same by her next way, if she has one
        by which she was not told of it then.
        """
        history = self._history.of(case.id)
        lines = [(at, each) for at, each in enumerate(history) if each.event in ("told", "failed-over")]
        place, first = next(((at, each) for at, each in lines if each.delivery == link.delivery), (0, None))
        if first is None or first.result not in get_args(Occasion):
            return 0  # of what is to be done people are reminded again in any case
        occasion = cast(Occasion, first.result)
        begins = max((at for at, each in enumerate(history[:place]) if each.event in BEGINS), default=0)
        same = (link.contact, first.step, occasion)
        # By all channels at once, perhaps; before that she was told of something else of the kind.
        with_it = (each for at, each in lines if at > begins and each.at > first.at - _AT_ONCE)
        sent = {each.delivery for each in with_it if (each.contact, each.step, each.result) == same}
        contacts = self._whom.ways_of(
            case, link.contact, now, show_text=link.show_text, calmly=occasion in ASKS_NOTHING
        )
        found = [
            (ways, self._telling.went_to(sent, [(each.channel, each.address) for each in ways])) for ways in contacts
        ]
        # Where several have that name, it is the one whom it went to.
        ways, told = max(found, key=lambda each: bool(each[1]), default=((), set()))
        left = [each for each in ways if (each.channel, each.address) not in told]
        content = case.told(size(Told(occasion, 0, 0, 0, first.step, key=f"instead of {link.delivery}"), case))
        if content is None or not left:
            return 0
        others = tuple((each.channel, each.address) for each in left[1:])
        told_anew = to_one(content, replace(left[0], instead=others))
        return len(self._telling.tell([told_anew], event="failed-over", instead_of=[link.delivery]))

    def note(self, case: Case, event: Event, *, actor: str = TURVAKT, result: str = "", step: int = 0) -> None:
        """Write down what has happened to it."""
        at = self._clock.now()
        self._history.add([Transition(case.id, case.official, at, event, actor=actor, result=result, step=step)])

    def _handed_over(self, case: Case, now: datetime) -> Sequence[Recipient] | None:
        """Whoever handed it over last, as far as any of its steps tells her; ``None``: since it began nobody has."""
        of = self._history.of(case.id, events=("opened", *BEGUN_AGAIN, "handed-over"))
        last = next((each for each in reversed(of) if each.result != NOBODY_LEFT), None)
        if last is None or last.event != "handed-over":
            return None
        return self._whom.ways_to(case, last.actor, now)

    def _others(
        self, case: Case, now: datetime, by: str
    ) -> tuple[tuple[Place, Sequence[Recipient]] | None, list[Recipient]]:
        """Who comes next and is not ``by``; if nobody does, the last resort."""
        following = self._following(case, now, but=by)
        return following, [] if following else self._whom.others(case, self._whom.last(case, now), by)

    def _following(self, case: Case, now: datetime, *, but: str = "") -> tuple[Place, Sequence[Recipient]] | None:
        """The next step in which there is somebody, and whom it tells: not ``but``, however she is told."""
        policy = self._whom.policy(case)
        place = after(policy, Place(case.step, case.round))
        while place is not None:
            if recipients := self._whom.others(case, self._whom.step(case, place.step, now), but):
                return place, recipients
            place = after(policy, place)
        return None

    def _tell_step(
        self, case: Case, place: Place, recipients: Sequence[Recipient], now: datetime, *, by_hand: bool
    ) -> int:
        case.step, case.round = place.step, place.round
        case.escalate_at = self.answer_due(case, recipients, now)
        again = case.round > 0 or (not by_hand and case.step == 1)
        self.note(case, "repeated" if again else "escalated", step=case.step, result=f"round {case.round + 1}")
        key = f"{case.series} {case.round} {case.step}"
        if by_hand:
            return self._tell(case, recipients, "handed-over", key=key)
        # Who has had no message about it does not get it again, and who has had one did not get it from somebody else.
        before = self._history.reached(case.id)
        parts: dict[Occasion, list[Recipient]] = {"reminder": [], "escalated": []}
        for each in recipients:
            parts["reminder" if each.name in before else "escalated"].append(each)
        return sum(self._tell(case, part, occasion, key=key) for occasion, part in parts.items())

    def _tell_last(self, case: Case, recipients: Sequence[Recipient], occasion: Occasion) -> int:
        # People may hand over again and again, and each time somebody must hear of it.
        times = len(self._history.of(case.id, events=["last-resort"]))
        self.note(case, "last-resort")
        return self._tell(case, recipients, occasion, key=f"{case.series} last {times}")

    def _tell(self, case: Case, recipients: Sequence[Recipient], occasion: Occasion, *, key: str) -> int:
        content = case.told(size(Told(occasion, 0, 0, 0, step=case.step, key=key), case))
        if content is None and recipients:
            self.note(case, NOBODY_LEFT)
            logger.error("incident %s: nothing is left of it by which anybody could be told", case.id)
        return 0 if content is None else len(self._telling.tell(to_one(content, each) for each in recipients))
