"""The templates in ``config/elasticsearch``: mappings and settings of all indices, compared with the server's and applied."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from flow.errors import Broken
from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.names import Names

FOLDER = Path(__file__).parents[3] / "config" / "elasticsearch"


@dataclass(frozen=True, slots=True)
class Template:
    """An index template or, where it has no patterns, a component of such."""

    name: str
    body: Mapping[str, Any]

    @property
    def is_component(self) -> bool:
        return "index_patterns" not in self.body


def load(names: Names, *, shards: int, replicas: int) -> list[Template]:
    """The templates, components first.

    Args:
        shards: primary shards of each index.
        replicas: copies of each shard.

    Raises:
        Broken: a file is missing or no JSON.
    """
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        try:
            body = json.loads(path.read_text("utf-8").replace("{prefix}", names.prefix))
        except (OSError, ValueError) as error:
            raise Broken("the template cannot be read", place=str(path), remedy="Restore the file") from error
        found.append(Template(f"{names.prefix}-{path.stem}", body))
    if not found:
        raise Broken("there are no templates", place=str(FOLDER), remedy="Restore the folder")
    for template in found:
        if template.name == f"{names.prefix}-settings":
            counts = {"number_of_shards": str(shards), "number_of_replicas": str(replicas)}
            template.body["template"]["settings"]["index"].update(counts)
    return sorted(found, key=lambda template: (not template.is_component, template.name))


def differences(client: Elasticsearch, template: Template) -> list[str]:
    """What the server has otherwise, as lines for people: none if it has the template as it is here."""
    there = _there(client, template)
    if there is None:
        return ["is missing"]
    old, new = dict(_flat(there)), dict(_flat(template.body))
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return [f"{key}: {old.get(key, '-')} -> {new.get(key, '-')}" for key in changed]


def apply(client: Elasticsearch, template: Template) -> None:
    """Put the template on the server. It serves indices that are made from now on."""
    with faults(template.name):
        if template.is_component:
            client.cluster.put_component_template(name=template.name, **_arguments(template.body))
        else:
            client.indices.put_index_template(name=template.name, **_arguments(template.body))


def _there(client: Elasticsearch, template: Template) -> Mapping[str, Any] | None:
    with faults(template.name):
        try:
            if template.is_component:
                answer = client.cluster.get_component_template(name=template.name)
                body = answer["component_templates"][0]["component_template"]
            else:
                body = client.indices.get_index_template(name=template.name)["index_templates"][0]["index_template"]
        except NotFoundError:
            return None
    return {name: value for name, value in body.items() if not name.endswith("_date") and not name.endswith("_millis")}


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"meta" if name == "_meta" else name: value for name, value in body.items()}


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each leaf with its path. The server writes numbers and truths in settings as strings."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    else:
        yield path, json.dumps(value) if isinstance(value, list) else str(value).lower()
