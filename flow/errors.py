"""The error tree: each kind means one action.

::

    TurvaktError
    ├── BadInput      this entry can never succeed     -> dead letter
    ├── Unavailable   something outside does not answer -> wait, try again
    ├── Stale         data was erased since it was read -> read again
    └── Broken        nothing sensible can be done      -> stop, tell a human

A message names the place and the remedy. It never carries a post's text, a person's name or an address:
it ends up in logs and on screens.
"""


class TurvaktError(Exception):
    """Base of every error that Turvakt raises on purpose."""

    def __init__(self, reason: str, *, place: str = "", remedy: str = "") -> None:
        self.reason = reason
        self.place = place
        self.remedy = remedy
        where = f"{place}: " if place else ""
        stop = "" if reason.endswith(("?", "!", ".")) else "."
        cure = f"{stop} {remedy}" if remedy else ""
        super().__init__(f"{where}{reason}{cure}")


class BadInput(TurvaktError):
    """The input is wrong and stays wrong: it goes to the dead letters with this reason."""


class Unavailable(TurvaktError):
    """Something outside is busy, full or away: wait and try again."""


class Stale(TurvaktError):
    """What was read has been erased meanwhile: read again and repeat the step."""


class Broken(TurvaktError):
    """Stop and tell a human."""
