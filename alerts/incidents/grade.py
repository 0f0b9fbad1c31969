"""How grave a post, or an incident, is: what has to be told again once it is graver."""

from typing import NamedTuple

from alerts.urgency import breaks_through
from classify.verdict import SEVERITIES, Judgement


class Grade(NamedTuple):
    """Three things, none of which outweighs another.

    Attributes:
        severity: the place in `SEVERITIES`.
        exposes: it tells where somebody lives, or how to find her.
    """

    severity: int
    threat: bool
    exposes: bool

    def exceeds(self, other: "Grade") -> bool:
        """Whether it is graver in any of the three."""
        return any(mine > its for mine, its in zip(self, other, strict=True))

    def joined(self, other: "Grade") -> "Grade":
        """The graver of the two in each of the three."""
        return Grade(max(self.severity, other.severity), self.threat or other.threat, self.exposes or other.exposes)

    @property
    def wants_answer(self) -> bool:
        """Whether somebody has to answer: see `alerts.urgency.wants_answer`."""
        return any(self.urgent)

    def is_news(self, before: "Grade | None") -> bool:
        """Whether it wants an answer for something that was not so ``before``: a threat, an exposed home, what is critical."""
        was = (False, False, False) if before is None else before.urgent
        return any(mine and not its for mine, its in zip(self.urgent, was, strict=True))

    @property
    def urgent(self) -> tuple[bool, bool, bool]:
        """For what it wants an answer: as a threat, as it exposes a home, as it is critical."""
        return self.threat, self.exposes, breaks_through(SEVERITIES[self.severity], threat=False)


def grade_of(judgement: Judgement) -> Grade:
    """How grave a post was judged."""
    return Grade(SEVERITIES.index(judgement.severity), "threat" in judgement.flagged, "doxxing" in judgement.flagged)
