"""How long what is kept, as a table for a page: written from the settings and the code, so that it cannot drift."""

from datetime import timedelta
from typing import get_type_hints

from access.sessions import IDLE
from access.sessions import LONGEST as SESSION
from access.tickets import LASTS
from flow.errors import BadInput
from registry.retention import Retention
from review.holds import LONGEST as HOLD
from turvakt import sections
from turvakt.retaining import REPORTS_KEPT, days

BEGIN = "<!-- retention table: begin -->"
END = "<!-- retention table: end -->"


def table(section: sections.Retention) -> str:
    """The table in Markdown: what the settings decide, and what is fixed."""
    rows = [("what", "kept for", "set by"), ("---", "---", "---")]
    for key, hint in get_type_hints(sections.Retention, include_extras=True).items():
        if key.endswith("_days"):
            help = next(meta.description for meta in hint.__metadata__ if meta.description)
            rows.append((help.rstrip("."), _days(getattr(section, key)), f"`retention.{key}`"))
    longest = _days(Retention(days(section)).longest())
    fixed = {
        "A copy that is held apart by `turvakt hold`": f"the day that it was given; {_days(HOLD.days)} at most",
        "Reports of what retention removed": _days(REPORTS_KEPT.days),
        "A session": f"{_span(SESSION)}, or {_span(IDLE)} without use",
        "A link that invites somebody, or lets her choose a new password": _span(LASTS["join"]),
        "Audit log; notices; history of incidents; letters that have ended": f"{longest}, as a case at most",
        "Consent ledger": "as long as the official stays; erased with her",
        "Time of a withdrawal, and a digest of the id; decisions on authors' objections": "no end",
    }
    rows += [(what, kept, "-") for what, kept in fixed.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(page: str, section: sections.Retention) -> str:
    """``page`` with the table between its two marks.

    Raises:
        BadInput: it has not both marks, in this order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadInput("the page has no place for the table", place="retention", remedy=f"Add {BEGIN} and {END}")
    return f"{before}{begin}\n{table(section)}\n{end}{after}"


def _days(days: float) -> str:
    if not days:
        return "not kept"
    return f"{days:,g} {'day' if days == 1 else 'days'}"


def _span(span: timedelta) -> str:
    if span >= timedelta(days=1):
        return _days(span / timedelta(days=1))
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    return f"{minutes} minutes" if minutes else f"{hours} hours"
