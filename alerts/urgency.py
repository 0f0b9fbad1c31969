"""How urgent something is: two questions, and no third."""

from collections.abc import Collection

from classify.verdict import Label, Severity


def breaks_through(severity: Severity, *, threat: bool) -> bool:
    """Whether no pause, breaker or quiet hours of a contact may hold it up; it goes by all of a contact's channels at once."""
    return threat or severity == "critical"


def wants_answer(severity: Severity, flagged: Collection[Label]) -> bool:
    """Whether somebody has to answer it: what breaks through, or a home or family that is being exposed."""
    return breaks_through(severity, threat="threat" in flagged) or "doxxing" in flagged
