"""What a server lacks to carry the index: templates and the first generation. Planned first, so that people can look."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch

from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.templates import Template, apply, differences


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be changed: ``name`` of a template or index, what differs in it, and the change."""

    name: str
    differences: Sequence[str]
    do: Callable[[], object]


def plan(client: Elasticsearch, names: Names, templates: Sequence[Template]) -> list[Step]:
    """What has to be done, in this order. Nothing: the server has all of it."""
    steps = [
        Step(template.name, found, partial(apply, client, template))
        for template in templates
        if (found := differences(client, template))
    ]
    generations = Generations(client, names.items)
    if not generations.all():
        steps.append(Step(names.items, ["is missing"], generations.begin))
    return steps


def outdated(client: Elasticsearch, names: Names, templates: Sequence[Template]) -> list[str]:
    """The indices whose mapping is another one than the templates give: a reindexing brings them up to date."""
    wanted = {template.name: _version(template.body["template"]) for template in templates if not template.is_component}
    indices = f"{names.items}-*,{names.statistics('*')}"
    with faults(names.prefix):
        found = client.indices.get(index=indices, features=["mappings"])
    return sorted(name for name, index in found.items() if _version(index) not in _of(name, wanted))


def aliases(client: Elasticsearch, names: Names) -> list[str]:
    """The alias of the items, and those of all statistics and trends."""
    indices = f"{names.statistics('*')},{names.trends('*')},{names.all_trends}-*"
    with faults(names.prefix):
        found = client.indices.get(index=indices, features=["aliases"])
    return [names.items, *sorted({name.rpartition("-")[0] for name in found})]


def _of(index: str, wanted: Mapping[str, int]) -> Iterator[int]:
    return (version for template, version in wanted.items() if index.startswith(f"{template}-"))


def _version(body: Mapping[str, Any]) -> int:
    return int(body["mappings"].get("_meta", {}).get("version", 0))
