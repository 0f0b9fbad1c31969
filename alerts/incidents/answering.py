"""What people say to an incident: only to what they have seen, and each thing once."""

from dataclasses import dataclass
from typing import cast

from alerts.incidents.history import ANSWERS, History, Transition
from alerts.incidents.incident import Action, Incident
from alerts.incidents.incidents import Incidents
from flow.database import Database

MOST_JUDGED = 50
"""Posts of an incident that one word may call a false alarm: of more, each deserves a look."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer: the incident as it is now, and whether the answer changed it."""

    incident: Incident
    done: bool


def offered(incident: Incident, answers: list[Transition], *, by: str) -> tuple[Action, ...]:
    """What ``by`` may say to it as it is, the likeliest first.

    Args:
        answers: what people have said so far, see `Answering.answers`.
    """
    if not incident.is_open:
        closed = bool(answers) and answers[-1].event in ("false-alarm", "resolved")
        return ("reopen",) if closed else ()
    if incident.kind == "drill":
        return () if incident.state == "acknowledged" else ("acknowledge",)
    seen: tuple[Action, ...] = () if incident.state == "acknowledged" else ("acknowledge",)
    mine: tuple[Action, ...] = () if incident.owner == by else ("on-it",)
    # A campaign has no posts of its own to decide on.
    may_be_wrong = incident.kind == "campaign" or 0 < incident.posts <= MOST_JUDGED
    wrong_ones: tuple[Action, ...] = ("false-alarm",) if may_be_wrong else ()
    end: tuple[Action, ...] = ("resolve",) if incident.state == "acknowledged" else ()
    return (*mine, *seen, "hand-over", *wrong_ones, *end)


class Answering:
    """Answers to incidents, by links and in the console.

    An answer comes with what its sender had `seen`. If somebody has answered since, or the same form is sent once more, it
    changes nothing: nobody takes over, hands over or closes what she does not know as it is.
    """

    def __init__(self, database: Database, incidents: Incidents) -> None:
        self._database = database
        self._incidents = incidents
        self._history: History = incidents.history

    def answers(self, incident: str) -> list[Transition]:
        """What people have said to it, in their order."""
        return self._history.of(incident, events=ANSWERS.values())

    def said_already(self, incident: str, action: str, *, by: str) -> bool:
        """Whether the last answer to it is this one, by the same one: who sends a form twice has nothing to learn."""
        said = self.answers(incident)
        return bool(said) and (said[-1].actor, said[-1].event) == (by, ANSWERS.get(cast(Action, action)))

    def seen(self, incident: str) -> str:
        """What somebody who looks at it now has seen."""
        return str(len(self.answers(incident)))

    def answer(self, incident: str, action: str, *, by: str, seen: str) -> Answered | None:
        """Say ``action`` to it, if that is offered and nobody has said anything since.

        Args:
            by: the name of a contact, or the id of a person.
            seen: what she had `seen`.

        Returns:
            ``None``: there is no such incident.
        """
        with self._database.transaction():
            # Of two who answer at once, the second has not seen the answer of the first.
            self._database.lock("answers")
            found = self._incidents.get(incident)
            if found is None:
                return None
            before = self.answers(incident)
            chosen = next((each for each in offered(found, before, by=by) if each == action), None)
            if chosen is None or str(len(before)) != seen:
                return Answered(found, done=False)
            now = self._incidents.answer(incident, chosen, by=by)
            return None if now is None else Answered(now, done=True)
