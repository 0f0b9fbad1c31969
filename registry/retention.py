"""How long posts are kept: by kind, with what a tenant wants otherwise, and the report of each time that it was enforced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from flow.clock import Moment
from flow.codec import Codec

Kind = Literal["unflagged", "sample", "low", "flagged", "case", "open-case"]
"""``unflagged``: no label, no severity; ``sample``: those of them that are kept to look for what was missed; ``low`` and
``flagged`` (from medium on): without an alert; ``case``: with an alert and a decision, from which its days count;
``open-case``: with an alert and no decision. The days of all others count from when a post was collected.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by kind; 0: not kept.

    Attributes:
        days: of every kind, for tenants that want nothing else.
        tenants: by the id of a tenant, the kinds of which it wants other days.
    """

    days: Mapping[Kind, float]
    tenants: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, kind: Kind, tenants: Iterable[str]) -> float:
        """How long a post about officials of these tenants is kept: as long as the longest of them wants."""
        wanted = (self.tenants.get(tenant, {}).get(kind, self.days[kind]) for tenant in tenants)
        return max(wanted, default=self.days[kind])

    def shortest(self, kind: Kind) -> float:
        """The fewest days that any tenant wants."""
        return min([self.days[kind], *(wanted.get(kind, self.days[kind]) for wanted in self.tenants.values())])

    def longest(self) -> float:
        """The most days that anything may be kept: of a case, until somebody decides and after it."""
        most = {kind: max(self.of(kind, ()), self.of(kind, self.tenants)) for kind in KINDS}
        return max(*most.values(), most["open-case"] + most["case"])


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What was removed, and when.

    Attributes:
        posts: how many, by tenant and kind; a post about officials of two tenants counts for both.
        records: how many, by holder; of the index with alerts, deliveries and decisions.
        held: posts whose time was over, and that are kept since somebody holds them as evidence.
    """

    at: Moment
    posts: dict[str, dict[str, int]] = field(hash=False)
    records: dict[str, int] = field(hash=False)
    held: int = 0
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def total(self) -> int:
        """How many records were removed."""
        return sum(self.records.values())


REPORTS = Codec("retention-report", RetentionReport)
