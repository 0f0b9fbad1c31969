"""Threats that their platform deletes before anybody has been told: they are told all the same, if without their text."""

from collections.abc import Callable, Sequence

from alerts.incidents.incidents import Incidents
from alerts.plans.plan import Plans
from alerts.routing import alerts_about
from alerts.urgency import wants_answer
from classify.verdict import Verdict
from flow.clock import Clock
from registry.official import Official


class Overtaken:
    """Takes what ``route`` or ``deliver`` have yet to read, before a deletion that another stage has read removes it.

    Args:
        waits: whether anything waits before one of the two.
    """

    def __init__(
        self,
        incidents: Incidents,
        *,
        plans: Plans,
        officials: Callable[[str], Official | None],
        waits: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._incidents = incidents
        self._plans = plans
        self._officials = officials
        self._waits = waits
        self._clock = clock

    def __call__(self, verdicts: Sequence[Verdict]) -> int:
        """Tell of what wants an answer in ``verdicts``, whose posts were deleted; of what is in an incident already, nothing.

        Returns:
            How many deliveries are new.
        """
        urgent = [each for each in verdicts if wants_answer(each.judgement.severity, each.judgement.flagged)]
        if not urgent or not self._waits():
            return 0
        alerts = alerts_about(urgent, plans=self._plans, officials=self._officials, clock=self._clock)
        known = self._incidents.known({each.verdict.post.id for each in alerts})
        return self._incidents.take([each for each in alerts if (each.official, each.verdict.post.id) not in known])
