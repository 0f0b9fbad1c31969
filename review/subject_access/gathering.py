"""What is held on an official, and hers to see."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.holder import Holder
from registry.withdrawal import export


def gathered(official: str, *, tenant: str, holders: Sequence[Holder]) -> dict[str, list[dict[str, Any]]]:
    """Everything that is held because of an official, per holder, as plain JSON objects.

    What other tenants decided on posts that mention her too is theirs, with the names of their people: it is left out.

    Args:
        tenant: the id of hers; empty if she is not registered any more.
    """
    held = export(official, holders=holders)
    return {name: [each for each in records if not _is_anothers(each, tenant)] for name, records in held.items()}


def _is_anothers(record: Mapping[str, Any], tenant: str) -> bool:
    decision = record.get("record", record)  # an entry of the log holds its record
    return decision.get("kind") == "decision" and decision.get("tenant", "") not in ("", tenant)
