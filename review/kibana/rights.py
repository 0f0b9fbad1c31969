"""Who may see what: roles in Elasticsearch by the names of indices, and in Kibana one space for each tenant.

What keeps tenants apart are the roles of Elasticsearch, not the spaces: a data view's wildcard finds only what a role
lets its holder read. An analyst is given both roles of her tenant. Nothing here needs a paid licence.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.official import Country, Language, Official
from registry.tenant import tenant_of
from review.indexes.elasticsearch.names import Names
from review.kibana.dashboards import DASHBOARDS, Dashboard
from review.kibana.wording import Wording

_SPOKEN: Mapping[Country, Language] = {"SE": "sv", "FI": "fi"}
_TOGETHER = "all-trends"
"""No tenant is called so: their names hold no hyphen."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who see the same: a tenant's analysts, or those who see the trends of all.

    ``space`` is the id of their space in Kibana, ``indices`` are the names that their role in Elasticsearch lets them read.
    """

    space: str
    title: str
    languages: tuple[Language, ...]
    dashboards: Sequence[Dashboard]
    reader: str
    visitor: str
    indices: tuple[str, ...]

    @property
    def reading(self) -> dict[str, Any]:
        """The role ``reader`` in Elasticsearch."""
        privileges = ["read", "view_index_metadata"]
        return {"cluster": [], "indices": [{"names": list(self.indices), "privileges": privileges}]}

    @property
    def visiting(self) -> dict[str, Any]:
        """The role ``visitor`` in Kibana: nothing in Elasticsearch, and reading in the space."""
        return {
            "elasticsearch": {"cluster": [], "indices": [], "run_as": []},
            "kibana": [{"base": ["read"], "feature": {}, "spaces": [self.space]}],
        }

    @property
    def place(self) -> dict[str, Any]:
        """The space."""
        description = Wording(self.languages[0]).text("space.description")
        return {"id": self.space, "name": self.title, "description": description, "disabledFeatures": []}


def audiences(officials: Iterable[Official], names: Names) -> list[Audience]:
    """One for each tenant that has officials, and one for all of them together."""
    of: defaultdict[str, list[Official]] = defaultdict(list)
    for official in officials:
        of[tenant_of(official)].append(official)
    found = [_of_tenant(one, there, names) for one, there in sorted(of.items())]
    if found:
        indices = (names.trends("*"), names.all_trends)
        trends = [dashboard for dashboard in DASHBOARDS if dashboard.id == "trends"]
        title = " / ".join(Wording(language).text("space.all") for language in ("sv", "fi", "en"))
        found.append(_audience(_TOGETHER, title, ("sv", "fi", "en"), indices, trends, names))
    return found


def _of_tenant(one: str, officials: Sequence[Official], names: Names) -> Audience:
    spoken = {official.language for official in officials} | {_SPOKEN[official.country] for official in officials}
    languages = tuple(language for language in ("sv", "fi", "en") if language in spoken)
    indices = (names.statistics(one), names.trends(one), names.all_trends)
    title = f"Turvakt {officials[0].municipality}".strip()
    return _audience(one, title, languages, indices, DASHBOARDS, names)


def _audience(
    id: str,
    title: str,
    languages: tuple[Language, ...],
    indices: tuple[str, ...],
    dashboards: Sequence[Dashboard],
    names: Names,
) -> Audience:
    return Audience(
        space=f"{names.prefix}-{id}".replace(".", "_"),
        title=title,
        languages=languages,
        dashboards=dashboards,
        reader=f"{names.prefix}-analyst-{id}",
        visitor=f"{names.prefix}-space-{id}",
        indices=indices,
    )
