"""How indices, aliases and documents are called."""

import hashlib
import re
from dataclasses import dataclass

from flow.errors import Broken

_PREFIX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that begin with ``prefix``. A generation of an alias is ``<alias>-NNNNNN``.

    Raises:
        Broken: Elasticsearch would not take such names.
    """

    prefix: str

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            remedy = "Use lower-case letters, digits, '-', '_' and '.' only"
            raise Broken("no index can be called so", place="elasticsearch.prefix", remedy=remedy)

    @property
    def items(self) -> str:
        """The alias of the items."""
        return f"{self.prefix}-items"

    def statistics(self, tenant: str) -> str:
        """The alias of a tenant's statistics; of all tenants with ``*``."""
        return f"{self.prefix}-statistics-{tenant}"

    def trends(self, tenant: str) -> str:
        """The alias of a tenant's trends; of all tenants with ``*``."""
        return f"{self.prefix}-trends-{tenant}"

    @property
    def all_trends(self) -> str:
        """The alias of the trends of all tenants together."""
        return f"{self.prefix}-all-trends"


def next_generation(alias: str, before: str | None) -> str:
    """The name of the index that follows ``before``."""
    number = int(before.rpartition("-")[2]) if before else 0
    return f"{alias}-{number + 1:06d}"


def document_id(*parts: str) -> str:
    """The id of a document, the same for the same ``parts``. A post's own id may be longer than Elasticsearch takes."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
