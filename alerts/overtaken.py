"""Threats that their platform deletes before anybody has been told: they are told all the same, if without their text."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from alerts.incidents.incidents import Incidents
from alerts.plans.plan import Plans
from alerts.routing import alerts_about
from alerts.urgency import wants_answer
from classify.verdict import Verdict
from flow.clock import Clock
from registry.official import Official

_WAITED_BEFORE = timedelta(hours=1)
"""So long a verdict may have waited before ``route`` until its alert came to ``deliver``, and clocks may differ."""


class Overtaken:
    """Takes what ``route`` or ``deliver`` have yet to read, before a deletion that another stage has read removes it.

    Args:
        plans: asked only where there is something to tell.
        since: when the oldest entry came that one of the two has yet to read; ``None``: they have read all.
    """

    def __init__(
        self,
        incidents: Incidents,
        *,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        since: Callable[[], datetime | None],
        clock: Clock,
    ) -> None:
        self._incidents = incidents
        self._plans = plans
        self._officials = officials
        self._since = since
        self._clock = clock

    def __call__(self, verdicts: Sequence[Verdict]) -> int:
        """Tell of what wants an answer in ``verdicts``, whose posts were deleted, and may not have been read yet by those two; of
        what is in an incident already, nothing.

        Returns:
            How many deliveries are new.

        Raises:
            Unavailable: it cannot be told now.
        """
        urgent = [each for each in verdicts if wants_answer(each.judgement.severity, each.judgement.flagged)]
        since = self._since() if urgent else None
        if since is None:
            return 0
        # What was read long ago was told then, if it was to be told, though its incident may have gone since.
        urgent = [each for each in urgent if each.judged_at >= since - _WAITED_BEFORE]
        alerts = (
            alerts_about(urgent, plans=self._plans(), officials=self._officials, clock=self._clock) if urgent else []
        )
        known = self._incidents.known({each.verdict.post.id for each in alerts})
        return self._incidents.take([each for each in alerts if (each.official, each.verdict.post.id) not in known])
