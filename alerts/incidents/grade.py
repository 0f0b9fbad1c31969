"""How grave a post, or an incident, is: what has to be told again once it is graver."""

from typing import NamedTuple

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


def grade_of(judgement: Judgement) -> Grade:
    """How grave a post was judged."""
    return Grade(SEVERITIES.index(judgement.severity), "threat" in judgement.flagged, "doxxing" in judgement.flagged)
