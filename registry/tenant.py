"""Tenants: the municipality, region or parliament that an official belongs to. What belongs to one is closed to the others."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from flow.codec import Codec
from flow.errors import BadInput
from registry.official import Country, Official
from registry.retention import KINDS

Body = Literal["municipality", "region", "parliament", "other"]
_LETTERS = str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "æ": "ae", "ø": "oe"})
_ID = re.compile(r"[a-z0-9_]{1,100}")
_LONGEST = 300
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Tenant:
    """A municipality, region or parliament, and its own rules. It comes into being with its first official.

    Attributes:
        body: what it is.
        retention: days by kind of what is kept, where they differ from the settings; 0: it is not kept.
    """

    id: str
    body: Body
    name: str
    country: Country
    retention: dict[str, int] = field(default_factory=dict, hash=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


TENANTS = Codec("tenant", Tenant)


def first_of(official: Official) -> Tenant:
    """The tenant that comes into being with this official. What kind it is, nobody has said: most are municipalities."""
    tenant = tenant_of(official)
    name = official.municipality if tenant == tenant_id(official.municipality) else tenant
    return Tenant(tenant, "municipality", name or tenant, official.country)


def checked(tenant: Tenant) -> Tenant:
    """``tenant``, if nothing is wrong with it.

    Raises:
        BadInput: names the field.
    """
    wrong = None
    if not is_tenant_id(tenant.id):
        wrong = "id is malformed: 1 to 100 of a-z, 0-9 and _"
    elif not tenant.name.strip() or len(tenant.name) > _LONGEST or not tenant.name.isprintable():
        wrong = f"name is empty, longer than {_LONGEST} characters, or not printable"
    elif not set(KINDS).issuperset(tenant.retention):
        wrong = f"retention has an unknown kind; they are {', '.join(KINDS)}"
    elif not all(0 <= days <= _MOST_DAYS for days in tenant.retention.values()):
        wrong = f"retention is in days, 0 to {_MOST_DAYS}"
    if wrong:
        raise BadInput(wrong, place="tenant")
    return tenant


def is_tenant_id(value: str) -> bool:
    """Whether ``value`` has the form of a tenant's id."""
    return _ID.fullmatch(value) is not None


def tenant_of(official: Official) -> str:
    """The id of the official's tenant: the one that she was given or else her municipality, in letters that a name may have.

    ``å`` becomes ``aa`` and so on, since Habo and Håbo are two municipalities. It holds no hyphen, so that no tenant's
    indices are called as if they were another one's.
    """
    return official.tenant or tenant_id(official.municipality)


@cache
def tenant_id(name: str) -> str:
    """The id of the tenant called ``name``: 1 to 100 of ``a-z``, ``0-9`` and ``_``."""
    folded = unicodedata.normalize("NFC", name).lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:100] or "none"
