"""Tenants: the municipality, region or parliament that an official belongs to. What belongs to one is closed to the others."""

import re
import unicodedata
from functools import cache

from registry.official import Official

_LETTERS = str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "æ": "ae", "ø": "oe"})


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
