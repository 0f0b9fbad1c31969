"""Entries of the audit log, and how each is sealed with all before it.

What an entry names (a person, an official, a post, a reason) is not part of the chain itself, but its salted digest is. So a
name can be erased without a trace: the entry stays, whoever kept the name can still prove it, and nobody can guess it.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

Action = Literal[
    "signed-in",
    "sign-in-refused",
    "signed-out",
    "session-ended",  # by somebody, not by itself
    "invited",
    "joined",
    "password-changed",
    "factor-added",
    "factor-removed",
    "notifications-on",
    "notifications-off",
    "person-changed",
    "person-removed",
    "text-read",  # a page or a message with the text of a post
    "texts-listed",  # a page with the texts of several posts
    "text-submitted",
    "decided",
    "told-official",
    "hold-added",
    "hold-ended",
    "official-invited",
    "official-added",
    "official-changed",
    "names-refused",  # she entered what is somebody else's
    "names-confirmed",
    "names-declined",
    "consent-given",
    "consent-changed",
    "consent-withdrawn",
    "erased",
    "exported",
    "author-looked-up",
    "author-exported",
    "author-objected",
    "author-erased",
    "dead-letter-dropped",  # what a stage could not handle: nobody is told of it
    "tenant-changed",
    "audit-read",
    "break-glass",
    "break-glass-ended",
    "names-removed",  # the log itself: names in it were erased
    "expired",  # the log itself: its first entries were too old
]
ACTIONS: tuple[Action, ...] = get_args(Action)
TEXTS: frozenset[Action] = frozenset(
    {"text-read", "texts-listed", "hold-added", "exported", "author-looked-up", "author-exported"}
)
"""The actions by which somebody saw texts, or kept one."""

Naming = Literal["who", "session", "official", "post", "why"]
NAMINGS: tuple[Naming, ...] = get_args(Naming)

_ANCHOR = re.compile(r"0:|([1-9][0-9]{0,17}):([0-9a-f]{64})")

DEPUTY = "deputy"
"""The reason of what a deputy did for her official."""
SYSTEM = "system"
"""Who did what nobody asked for: retention, erasure."""
CONTACT = "contact:"
"""What stands before the name of an official's contact who came by the link in a message, without an account."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did.

    Attributes:
        who: the id of a person, or ``system``, ``command`` or ``token`` (the shared door of a trial), or a `CONTACT` by name.
        tenant: whose administrators may read of it; empty: only who runs the installation.
        why: the reason that she gave.
    """

    who: str = field(repr=False)
    action: Action
    tenant: str = ""
    official: str = field(default="", repr=False)
    post: str = field(default="", repr=False)
    why: str = field(default="", repr=False)
    session: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act as the log holds it. What was erased of it is empty, and is named in ``erased``."""

    number: int
    at: datetime
    act: Act
    erased: frozenset[Naming] = frozenset()


@dataclass(frozen=True, slots=True)
class Name:
    """Something that an entry names, and the salt of its digest."""

    naming: Naming
    value: str = field(repr=False)
    salt: bytes = field(repr=False)

    @classmethod
    def of(cls, act: Act) -> "list[Name]":
        """All that ``act`` names, each with a new salt."""
        return [cls(each, getattr(act, each), secrets.token_bytes(16)) for each in NAMINGS if getattr(act, each)]

    def seal(self) -> str:
        """Its salted digest in hexadecimal digits."""
        return hashlib.sha256(self.salt + self.value.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Lacks:
    """What the log has lost by right: written down in the entries ``names-removed`` and ``expired``.

    Attributes:
        names: how many names are gone of the entries that are there.
        first: the number of the first entry that is there.
        before: the digest of the entry before it, in hexadecimal digits.
    """

    names: int = 0
    first: int = 1
    before: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as a link of the chain.

    Attributes:
        seals: of what it names, by `Naming`.
        lacks: only of an entry by which the log lost something.
    """

    number: int
    at: float
    action: str
    tenant: str
    seals: dict[str, str]
    lacks: Lacks | None = None

    def digest(self, before: bytes) -> bytes:
        """SHA-256 over the digest of the entry before and this one, as JSON without spaces and with sorted keys."""
        return hashlib.sha256(before + canonical(self)).digest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the log at some moment. Kept elsewhere, it shows later that nothing up to there was changed or cut off."""

    number: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"

    @classmethod
    def parse(cls, written: str) -> "Anchor | None":
        """The anchor that was written like this; ``None`` if it is none."""
        found = _ANCHOR.fullmatch(written.strip())
        return None if found is None else cls(int(found[1] or 0), bytes.fromhex(found[2] or ""))


def canonical(value: Any) -> bytes:
    """``value`` as JSON that is always written the same way."""
    return msgspec.json.encode(value, order="sorted")
