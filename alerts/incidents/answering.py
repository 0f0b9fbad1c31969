"""What people say to an incident: only to what they have seen, and each thing once."""

from dataclasses import dataclass
from typing import Literal, cast

from alerts.incidents.history import ANSWERS, BEGUN_AGAIN, History, Transition
from alerts.incidents.incident import Action, Incident
from alerts.incidents.incidents import DecisionsAway, Incidents
from flow.database import Database

MOST_JUDGED = 50
"""Posts of an incident that one word may call a false alarm: of more, each deserves a look."""
Refusal = Literal["outdated", "graver", "grown", "away"]
"""Why an answer changes nothing. Since its sender looked somebody has answered, or it is not offered; it has begun again; more
posts have come, and the answer is about each of them; or it decides on posts, and what was decided on them before cannot be read
just now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer: the incident as it is now, and why the answer did not change it, if it did not."""

    incident: Incident
    refusal: Refusal | None = None

    @property
    def done(self) -> bool:
        """Whether the answer changed it."""
        return self.refusal is None


class _Overtaken(Exception):
    """Something came between the look at an incident and the answer; what was written is not to stay."""

    def __init__(self, answered: Answered) -> None:
        self.answered = answered
        super().__init__()


def offered(
    incident: Incident, answers: list[Transition], *, by: str, posts: int, is_alone: bool = False
) -> tuple[Action, ...]:
    """What ``by`` may say to it as it is, the likeliest first.

    Args:
        posts: how many posts of it are left.
        is_alone: nobody else could take it over.
        answers: what people have said so far, see `Answering.answers`.
    """
    if not incident.is_open:
        closed = bool(answers) and answers[-1].event in ("false-alarm", "resolved")
        # What nobody has answered is taken up all the same, but not what is gone with its posts.
        unanswered = incident.state == "expired" and (posts > 0 or incident.threat) and incident.kind == "posts"
        return ("reopen",) if closed or unanswered else ()
    if incident.kind == "drill":
        return () if incident.state == "acknowledged" else ("acknowledge",)
    seen: tuple[Action, ...] = () if incident.state == "acknowledged" else ("acknowledge",)
    mine: tuple[Action, ...] = () if incident.owner == by else ("on-it",)
    # A campaign has no posts of its own to decide on.
    may_be_wrong = incident.kind == "campaign" or (incident.posts > 0 and posts <= MOST_JUDGED)
    wrong_ones: tuple[Action, ...] = ("false-alarm",) if may_be_wrong else ()
    end: tuple[Action, ...] = ("resolve",) if incident.state == "acknowledged" else ()
    others: tuple[Action, ...] = () if is_alone else ("hand-over",)
    return (*mine, *seen, *others, *wrong_ones, *end)


class Answering:
    """Answers to incidents, by links and in the console.

    An answer comes with what its sender had `seen`. If somebody has answered since, it has become graver or another post has
    come that wants an answer by itself, or the same form is sent once more, it changes nothing: nobody takes over, hands over
    or closes what she does not know as it is. That it has grown holds up a false alarm alone, which is said of each of its
    posts.
    """

    def __init__(self, database: Database, incidents: Incidents) -> None:
        self._database = database
        self._incidents = incidents
        self._history: History = incidents.history

    def offered(self, incident: Incident, *, by: str) -> tuple[Action, ...]:
        """What ``by`` may say to it now, the likeliest first."""
        is_alone = self._incidents.is_alone(incident, by=by)
        posts = self._incidents.posts_left(incident.id)
        return offered(incident, self.answers(incident.id), by=by, posts=posts, is_alone=is_alone)

    def answers(self, incident: str) -> list[Transition]:
        """What people have said to it, in their order."""
        return self._history.of(incident, events=ANSWERS.values())

    def said_already(self, incident: str, action: str, *, by: str, seen: str) -> bool:
        """Whether the last answer to it is this one, by the same one who had ``seen`` all but that: who sends a form twice has
        nothing to learn.
        """
        last = self.last(incident)
        same = last is not None and (last.actor, last.event) == (by, ANSWERS.get(cast(Action, action)))
        return same and seen.split("-")[0] == str(len(self.answers(incident)) - 1)

    def last(self, incident: str) -> Transition | None:
        """The last answer to it, if it still holds: since then it has not begun again."""
        last = self._history.of(incident, events=(*ANSWERS.values(), *BEGUN_AGAIN))[-1:]
        return last[0] if last and last[0].event not in BEGUN_AGAIN else None

    def seen(self, incident: Incident) -> str:
        """What somebody who looks at it as it is here has seen: how many answers, beginnings and posts."""
        return _seen(incident, self.answers(incident.id))

    def answer(self, incident: str, action: str, *, by: str, seen: str) -> Answered | None:
        """Say ``action`` to it, if that is offered and nothing has happened since that its sender has to know.

        Args:
            by: the name of a contact, or the id of a person.
            seen: what she had `seen`.

        Returns:
            ``None``: there is no such incident.
        """
        try:
            with self._database.transaction():
                # Of two who answer at once, the second has not seen the answer of the first.
                self._database.lock(f"answer {incident}")
                found = self._incidents.get(incident)
                if found is None:
                    return None
                before = self.answers(incident)
                chosen = next((each for each in self.offered(found, by=by) if each == action), None)
                refusal = _refused(action, _seen(found, before), seen)
                if chosen is None or refusal is not None:
                    return Answered(found, refusal or "outdated")
                now = self._incidents.answer(incident, chosen, by=by)
                # Only now are the incidents locked: alerts may have come in between.
                if now is not None and (refusal := _refused(action, _seen(now, before), seen)):
                    raise _Overtaken(Answered(found, refusal))
                return None if now is None else Answered(now)
        except _Overtaken as overtaken:
            return overtaken.answered
        except DecisionsAway:
            unchanged = self._incidents.get(incident)
            return None if unchanged is None else Answered(unchanged, "away")


def _seen(incident: Incident, answers: list[Transition]) -> str:
    return f"{len(answers)}-{incident.series}-{incident.posts}"


def _refused(action: str, now: str, seen: str) -> Refusal | None:
    answers, series, posts = now.split("-")
    known = (*seen.split("-"), "", "")
    if known[0] != answers:
        return "outdated"
    if known[1] != series and action != "hand-over":  # which silences nothing
        return "graver"
    return "grown" if action == "false-alarm" and known[2] != posts else None
