"""People who sign in, and what each may be for whom."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from flow.codec import Codec
from registry.official import Language

Role = Literal["official", "deputy", "officer", "reviewer", "analyst", "administrator", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Function:
    """A service, a board or a unit, as whoever invited its manager described it: what is to be looked for when she consents.

    Attributes:
        name: what it is called first of all.
        forms: what people call it besides.
        handles: its accounts, per platform.
    """

    name: str = field(repr=False)
    forms: tuple[str, ...] = field(default=(), repr=False)
    handles: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """One role for one tenant.

    Attributes:
        tenant: the tenant's id; empty for an operator, who serves the installation.
        official: of an official and her deputies, the official's id; empty for all others.
        function: of the manager who answers for a function and was invited as such: what she was invited for.
    """

    role: Role
    tenant: str = ""
    official: str = ""
    function: Function | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in. ``email`` is where letters go, and her name at the sign-in; no two people share one.

    Attributes:
        id: 1 to 64 of ``a-z``, ``0-9`` and ``-``; it stands in the audit log.
        offers: roles that she was offered and has not accepted: they let her do nothing.
    """

    id: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    language: Language
    grants: tuple[Grant, ...]
    active: bool = True
    offers: tuple[Grant, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


PEOPLE = Codec("person", Person)
