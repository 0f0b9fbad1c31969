"""How an official may have been told of an alert, by whoever puts that on record."""

from alerts.notices import Form, How
from registry.official import Official

CHOICES: tuple[tuple[How, Form], ...] = (
    ("in-person", "text"),
    ("in-person", "gist"),
    ("phone", "text"),
    ("phone", "gist"),
    ("message", "text"),
    ("message", "gist"),
)
"""How she may have been told by somebody. That she read it herself is written down where she reads."""
BY_WISH: tuple[How, Form] = ("wish", "none")


def chosen(official: Official, sent: str) -> tuple[How, Form] | None:
    """What a form says of how she was told; ``None``: nothing that may be said.

    That her wish was followed may be said only where it is not to be told.
    """
    how, _, form = sent.partition("/")
    choices = (*CHOICES, BY_WISH) if official.wishes.notice == "never" else CHOICES
    return next((each for each in choices if each == (how, form)), None)
