"""What is known of a post about an official without its text, author and address: for those who count."""

from dataclasses import dataclass
from datetime import datetime

from classify.verdict import Label, Severity


@dataclass(frozen=True, slots=True)
class Fact:
    """
    Attributes:
        post: the same for all officials of a tenant whom the post mentions; it may be another one for other tenants.
        flagged: see `review.index.is_flagged`.
        unable: it could not be judged.
        decided_seconds: from the judgement to the newest decision; ``None``: nobody has decided.
    """

    post: str
    official: str
    source: str
    judged_at: datetime
    collected_at: datetime
    labels: tuple[Label, ...]
    severity: Severity
    flagged: bool
    unable: bool
    decided_seconds: float | None
