"""A letter to somebody who signs in, before it is put into words; what of it opens an account is sealed while it waits."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from access.sealing import Seal
from flow.clock import Moment
from flow.codec import Codec
from registry.official import Language

LetterKind = Literal[
    "invitation",
    "invitation-watched",
    "reset",
    "consent-ends",
    "break-glass",
    "role-given",
    "role-offered",
    "role-texts",
    "names-waiting",
    "names-refused",
    "names-answered",
    "alert",
    "task-overdue",
    "erased",
]
VALUES: dict[LetterKind, frozenset[str]] = {
    "invitation": frozenset({"link", "until", "tenant"}),
    "invitation-watched": frozenset({"link", "until", "tenant", "since"}),
    "reset": frozenset({"link", "until"}),
    "consent-ends": frozenset({"until"}),
    "break-glass": frozenset({"at", "who", "tenant", "reason"}),
    "role-given": frozenset({"tenant"}),
    "role-offered": frozenset({"tenant", "by"}),
    "role-texts": frozenset({"tenant", "who", "role", "by"}),
    "names-waiting": frozenset({"tenant"}),
    "names-refused": frozenset({"tenant"}),
    "names-answered": frozenset(),
    "alert": frozenset({"number", "alert", "alerts", "wish"}),
    "task-overdue": frozenset({"incident", "task"}),
    "erased": frozenset({"at", "removed", "kept", "kept_until", "last_copy"}),
}
"""What each kind tells. ``at``, ``since``, ``until``, ``kept_until`` and ``last_copy`` are moments in ISO form, or empty.
``since`` is when the consent began by which an official, or a function, is watched already.
``incident`` is an id, ``task`` the title of a step in the reader's language.
``alert`` is an id if the letter is about one alert, or empty; ``alerts`` are the ids of all, with spaces between them; ``wish``
is how its reader wished to be told. ``by`` is the name of somebody, or empty if it was a command.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What to tell whom; it is put into words when it is sent."""

    purpose: LetterKind
    name: str = field(repr=False)
    email: str = field(repr=False)
    language: Language
    values: dict[str, str] = field(repr=False, hash=False)
    added_at: Moment
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


LETTERS = Codec("letter", Letter)

SEALED = "sealed:"
"""How a link begins that is sealed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that is to be sent now. ``attempts`` have failed; ``official`` is who it goes with when she is erased."""

    id: str
    letter: Letter
    attempts: int
    official: str


def sealed(letter: Letter, *, seal: Seal, of: str) -> Letter:
    """With its link, if it has one, so that only the key opens it: whoever reads the database could use it else.

    Args:
        of: the id of the letter, for which alone it opens.
    """
    if "link" not in letter.values:
        return letter
    link = SEALED + seal.close(letter.values["link"].encode(), of=of).decode()
    return replace(letter, values=letter.values | {"link": link})


def opened(letter: Letter, *, seal: Seal, of: str) -> Letter:
    """With its link as it is to be read.

    Raises:
        Broken: it was sealed with another key.
    """
    link = letter.values.get("link", "")
    if not link.startswith(SEALED):  # it has none, or has waited since before links were sealed
        return letter
    return replace(
        letter, values=letter.values | {"link": seal.open(link.removeprefix(SEALED).encode(), of=of).decode()}
    )
