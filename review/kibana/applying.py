"""What Kibana and Elasticsearch lack for the analysts: planned first, so that people can look."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError

from flow.errors import Broken
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.names import Names
from review.kibana.client import Kibana
from review.kibana.objects import SavedObject, saved_objects
from review.kibana.rights import Audience

_KINDS = ("index-pattern", "lens", "dashboard")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be changed: what kind of thing, its name, what changes in it, and the change."""

    what: str
    name: str
    change: str
    do: Callable[[], object]


def plan(
    elastic: Elasticsearch, kibana: Kibana, audiences: Sequence[Audience], *, names: Names, limit: int
) -> list[Step]:
    """What has to be done, in this order. Nothing: all is there.

    Args:
        limit: see `review.kibana.objects.Maker`.

    Raises:
        Unavailable: one of them is away.
        Broken: one of them refuses us; Elasticsearch has no security.
    """
    kibana.check()
    spaces = {space["id"]: space for space in kibana.spaces()}
    return [
        step
        for audience in audiences
        for step in (
            *_reading(elastic, audience),
            *_space(kibana, audience, spaces.get(audience.space)),
            *_visiting(kibana, audience),
            *_objects(kibana, audience, names=names, limit=limit, empty=audience.space not in spaces),
        )
    ]


def left_over(kibana: Kibana, audiences: Sequence[Audience], names: Names) -> list[str]:
    """Spaces of tenants that have no officials any more. Nothing removes them by itself: people may have put things there."""
    wanted = {audience.space for audience in audiences}
    # No tenant's name has a hyphen: where one follows, the space is of an installation whose prefix begins with ours.
    own = re.compile(re.escape(f"{names.prefix}-".replace(".", "_")) + "[^-]+")
    return sorted(id for space in kibana.spaces() if own.fullmatch(id := space["id"]) and id not in wanted)


def _reading(elastic: Elasticsearch, audience: Audience) -> Iterator[Step]:
    name, role = audience.reader, audience.reading
    there = _role(elastic, name)
    if there is None or _granted(there) != _granted(role):
        do = partial(_put_role, elastic, name, role)
        yield Step("role in Elasticsearch", name, _new_or(there, f"may read {', '.join(audience.indices)}"), do)


def _role(elastic: Elasticsearch, name: str) -> Mapping[str, Any] | None:
    with faults("roles"):
        try:
            found: Mapping[str, Any] = elastic.security.get_role(name=name)[name]
        except NotFoundError:
            return None
        except ApiError as error:
            if error.status_code in (400, 405):
                remedy = "Set xpack.security.enabled: true. Without it nothing keeps the tenants apart"
                raise Broken("it has no security", place=PLACE, remedy=remedy) from None
            raise
    return found


_TELLING = ("name", "description", "metadata", "transient_metadata", "_transform_error", "_unrecognized_applications")
"""What a role says besides what it grants."""


def _granted(role: Any) -> Any:
    """What a role grants, to be compared: without what is empty, and lists of names in their order."""
    if isinstance(role, Mapping):
        granted = {key: _granted(value) for key, value in role.items() if key not in _TELLING}
        return {key: value for key, value in granted.items() if value}
    if isinstance(role, list):
        return sorted(map(_granted, role), key=str)
    return role


def _put_role(elastic: Elasticsearch, name: str, role: Mapping[str, Any]) -> None:
    with faults("roles"):
        elastic.security.put_role(name=name, cluster=role["cluster"], indices=role["indices"])


def _space(kibana: Kibana, audience: Audience, there: Mapping[str, Any] | None) -> Iterator[Step]:
    space = audience.place
    if there is None:
        yield Step("space", audience.space, _new_or(None, audience.title), partial(kibana.make_space, space))
    elif not _holds(there, space):
        # What people have set besides, such as a colour, stays.
        kept = {key: value for key, value in there.items() if not key.startswith("_")}
        yield Step("space", audience.space, "changed", partial(kibana.change_space, kept | space))


def _visiting(kibana: Kibana, audience: Audience) -> Iterator[Step]:
    name, role = audience.visitor, audience.visiting
    there = kibana.role(name)
    if there is None or _granted(there) != _granted(role):
        do = partial(kibana.put_role, name, role)
        yield Step("role in Kibana", name, _new_or(there, f"may visit {audience.space}"), do)


def _objects(kibana: Kibana, audience: Audience, *, names: Names, limit: int, empty: bool) -> Iterator[Step]:
    there = {} if empty else {(each["type"], each["id"]): each for each in kibana.saved(audience.space, _KINDS)}
    for language in audience.languages:
        wanted = saved_objects(
            language, root=audience.space, prefix=names.prefix, limit=limit, dashboards=audience.dashboards
        )
        new = [each for each in wanted if (each["type"], each["id"]) not in there]
        changed = [each for each in wanted if each not in new and not _same(there[each["type"], each["id"]], each)]
        if new or changed:
            told = ", ".join(f"{len(some)} {word}" for some, word in ((new, "new"), (changed, "changed")) if some)
            do = partial(kibana.bring, audience.space, wanted)
            yield Step("saved objects", f"{audience.space} ({language})", told, do)


def _same(there: SavedObject, wanted: SavedObject) -> bool:
    """Whether an object is as it should be. Kibana may have added to it when it took it in."""
    references = {tuple(sorted(each.items())) for each in wanted["references"]}
    found = {tuple(sorted(each.items())) for each in there["references"]}
    return references == found and _holds(_parsed(there["attributes"]), _parsed(wanted["attributes"]))


def _parsed(value: Any) -> Any:
    """With the JSON that stands in strings."""
    if isinstance(value, Mapping):
        return {key: _parsed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_parsed(inner) for inner in value]
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _holds(there: Any, wanted: Any) -> bool:
    """Whether ``there`` has all of ``wanted``: mappings may have more keys, all else is equal."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(key in there and _holds(there[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list):
        return len(there) == len(wanted) and all(map(_holds, there, wanted))
    return bool(there == wanted)


def _new_or(there: object, says: str) -> str:
    return f"new: {says}" if there is None else f"changed: {says}"
