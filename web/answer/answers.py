"""What the pages about incidents can do; the composition root gives it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from access.audit import Audit
from alerts.alert import ASKS_NOTHING
from alerts.incidents.answering import Answered, Answering
from alerts.incidents.history import History
from alerts.incidents.incident import Incident
from alerts.incidents.links import Links, Signer
from alerts.incidents.reading import IncidentReader
from alerts.incidents.receipts import Receipts
from alerts.notices import Notices
from alerts.plans.plan import Plan
from alerts.routines.routines import Routines
from alerts.routines.tasks import Task, Tasks
from registry.official import Official
from review.index import Index
from web.answer.curve import Curve, curve

_CURVE_LEAST = 3
_EITHER_SIDE = timedelta(hours=1)
_SURE = "sure"
"""Said with the wish to close an incident: though tasks are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """
    Attributes:
        step: runs what writes into the log, see `flow.runtimes.embedded.Embedded.step`.
        plan: of the tenant with this id.
        is_contact: whether the plan of the incident's tenant, the official or the operator still has a contact of this name.
        official: from the registry, by her id.
        person_name: what a person is called, given her id; anything else, such as a contact's name, comes back as it is.
        details: what is known of the trouble that an incident about Turvakt itself tells of, given the incident's id.
        index: the posts.
        notices: where it is written down that an official was told.
        audit: where it is written down who saw which texts; ``None``: nowhere.
    """

    answering: Answering
    incidents: IncidentReader
    history: History
    links: Links
    receipts: Receipts
    signer: Signer
    tasks: Tasks
    routines: Routines
    plan: Callable[[str], Plan]
    is_contact: Callable[[Incident, str], bool]
    official: Callable[[str], Official | None]
    person_name: Callable[[str], str]
    details: Callable[[str], Mapping[str, str]]
    index: Index
    notices: Notices
    audit: Audit | None
    step: Callable[..., Awaitable[Any]]

    def curve(self, incident: Incident) -> Curve | None:
        """How many posts about the official there were around its beginning; ``None``: too few for a picture."""
        if not incident.official or incident.posts < _CURVE_LEAST:
            return None
        since, until = incident.opened_at - _EITHER_SIDE, incident.opened_at + 2 * _EITHER_SIDE
        counts = self.incidents.curve(incident.official, since=since, until=until)
        return curve(counts) if len(counts) > 1 else None

    async def answer(self, incident: str, action: str, *, by: str, seen: str) -> Answered | None:
        """As `alerts.incidents.answering.Answering.answer`."""
        found: Answered | None = await self.step(self._answer, incident, action, by, seen)
        return found

    def undone(self, incident: Incident) -> list[Task]:
        """What is still to be done about it: also of a closed one, as people are reminded of it, but not of a false alarm."""
        if self._asks_nothing(incident):
            return []
        found = self.tasks.expected(incident) if incident.is_open else self.tasks.of(incident.id)
        return [each for each in found if each.done_at is None]

    def tasks_of(self, incident: Incident) -> list[Task]:
        """What was done about it, and what is still to be done."""
        over = self._asks_nothing(incident)
        return [each for each in self.tasks.expected(incident) if each.done_at is not None or not over]

    def handed_to(self, incident: Incident) -> list[str]:
        """Who is told since it was handed over, of the plan's contacts: who an official's own are is hers to tell."""
        history = self.history.of(incident.id, events=("handed-over", "told"))
        begun = max((at for at, each in enumerate(history) if each.event == "handed-over"), default=len(history))
        named = {each.name for each in self.plan(incident.tenant).all_contacts}
        told = (each for each in history[begun:] if each.event == "told" and each.result not in ASKS_NOTHING)
        return list(dict.fromkeys(each.contact for each in told if each.contact in named))

    def _asks_nothing(self, incident: Incident) -> bool:
        if incident.is_open:
            return False
        said = [each.event for each in self.answering.answers(incident.id)]
        return incident.state == "expired" or said[-1:] == ["false-alarm"]

    def asks_first(self, incident: Incident, action: str, said: str) -> bool:
        """Whether to ask once more before ``action``: it closes an incident of which not all is done."""
        return incident.is_open and action == "resolve" and said != _SURE and bool(self.undone(incident))

    def _answer(self, incident: str, action: str, by: str, seen: str) -> Answered | None:
        return self.answering.answer(incident, action, by=by, seen=seen)
