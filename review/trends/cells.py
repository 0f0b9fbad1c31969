"""Posts counted into cells: by day, country, source, label and severity, for each tenant."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from classify.verdict import Label, Severity

UNLABELLED = "none"
UNABLE = "unable"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What is counted together. ``label`` may be `UNLABELLED`, ``severity`` is `UNABLE` where the post could not be judged."""

    day: date
    country: str
    source: str
    label: str
    severity: str

    @property
    def flagged(self) -> bool:
        """Whether its posts are flagged: they are kept longer than the others."""
        return self.label != UNLABELLED or self.severity not in (UNABLE, "none")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A post about an official of ``tenant``.

    ``post`` names the post, the same for all officials of the tenant and another one for other tenants. ``twin`` is the same
    for all tenants, but may also be that of another post.
    """

    tenant: str
    municipality: str
    country: str
    day: date
    post: str
    twin: str
    source: str
    labels: Sequence[Label]
    severity: Severity
    unable: bool

    @property
    def cells(self) -> Iterator[Cell]:
        """Where it is counted: once per label."""
        severity = UNABLE if self.unable else self.severity
        for label in self.labels or (UNLABELLED,):
            yield Cell(self.day, self.country, self.source, label, severity)


@dataclass(slots=True)
class Counted:
    """A cell's posts of each tenant, without repetition, and what tells posts apart across tenants."""

    posts: dict[str, set[str]]
    twins: dict[str, set[str]]

    @property
    def tenants(self) -> Mapping[str, int]:
        """How many posts each tenant has."""
        return {tenant: len(posts) for tenant, posts in self.posts.items()}

    def distinct(self, tenants: Iterable[str]) -> int:
        """How many posts these tenants have, at least, where a post about officials of several counts once."""
        return len(set[str]().union(*(self.twins[tenant] for tenant in tenants)))


def count(mentioned: Iterable[Mentioned]) -> dict[Cell, Counted]:
    """The cells that are not empty. A post about two officials of a tenant counts once, about those of two tenants twice."""
    cells: defaultdict[Cell, Counted] = defaultdict(lambda: Counted(defaultdict(set), defaultdict(set)))
    for each in mentioned:
        for cell in each.cells:
            cells[cell].posts[each.tenant].add(each.post)
            cells[cell].twins[each.tenant].add(each.twin)
    return dict(cells)
