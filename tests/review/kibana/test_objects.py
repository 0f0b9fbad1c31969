"""The saved objects have the form that Kibana takes, and what they point at is there."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from alerts.messages.translations import LANGUAGES, Translations
from classify.verdict import LABELS, SEVERITIES
from ingest.collectors import COLLECTORS
from registry.official import Language
from review.decision import Outcome
from review.indexes.elasticsearch.names import Names
from review.kibana.colours import COLOURS
from review.kibana.dashboards import DASHBOARDS
from review.kibana.files import files
from review.kibana.objects import Maker, SavedObject, saved_objects
from review.kibana.views import FIELDS, NAMED, VIEWS
from review.kibana.wording import FOLDER as TEXTS
from review.kibana.wording import Wording
from scripts.draw_dashboards import FILE as PICTURE
from scripts.draw_dashboards import draw
from tests.review.kibana import schema
from tests.review.kibana.kql import Kql
from turvakt.settings import ROOT

KINDS = {"index-pattern": schema.DataView, "lens": schema.Lens, "dashboard": schema.Dashboard}


@cache
def objects(language: Language) -> list[SavedObject]:
    return saved_objects(language)


def of_kind(kind: str, language: Language = "en") -> list[SavedObject]:
    return [each for each in objects(language) if each["type"] == kind]


def layer_of(lens: Mapping[str, Any]) -> Mapping[str, Any]:
    ((_, layer),) = lens["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].items()
    return layer  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_is_that_of_kibana(language: Language) -> None:
    for each in objects(language):
        saved = msgspec.convert(each, schema.Saved)
        attributes = msgspec.convert(saved.attributes, KINDS[saved.type])
        if isinstance(attributes, schema.Lens):
            state = attributes.state
            msgspec.convert(state.visualization, schema.STATES[attributes.visualization_type])
            assert len(state.datasource_states.form_based.layers) == 1
        elif isinstance(attributes, schema.DataView):
            msgspec.json.decode(attributes.field_attrs, type=dict[str, schema.FieldAttributes])
            msgspec.json.decode(attributes.field_format_map, type=dict[str, schema.Format])
        else:
            controls = attributes.control_group_input
            msgspec.json.decode(controls.panels_json, type=dict[str, schema.Control])
            msgspec.json.decode(controls.ignore_parent_settings_json, type=schema.Ignored)
            msgspec.json.decode(attributes.panels_json, type=list[schema.Panel])
            msgspec.json.decode(attributes.options_json, type=schema.Options)
            json.loads(attributes.kibana_saved_object_meta.search_source_json)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reference_leads_to_an_object_before_it(language: Language) -> None:
    """Kibana imports in any order; people who read the file do not."""
    seen: set[tuple[str, str]] = set()
    for each in objects(language):
        assert {(to["type"], to["id"]) for to in each["references"]} <= seen
        assert (each["type"], each["id"]) not in seen
        seen.add((each["type"], each["id"]))


def test_ids_are_unique_over_languages_and_spaces() -> None:
    """Kibana wants them to be unique over all spaces."""
    ids = [
        (each["type"], each["id"])
        for root in ("turvakt", "turvakt-ekvik")
        for language in LANGUAGES
        for each in saved_objects(language, root=root)
    ]
    assert len(set(ids)) == len(ids)


def test_what_a_visualisation_shows_are_its_columns() -> None:
    for each in of_kind("lens"):
        layer, state = layer_of(each), each["attributes"]["state"]
        columns = layer["columns"]
        shown = set(_accessors(state["visualization"]))
        buckets = [id for id in layer["columnOrder"] if columns[id]["isBucketed"]]
        assert set(layer["columnOrder"]) == columns.keys()
        assert layer["columnOrder"][: len(buckets)] == buckets
        hidden = {id for id, column in columns.items() if "X" in id}
        assert shown == columns.keys() - hidden
        assert set(state["datasourceStates"]["formBased"]["layers"]) == set(_layers(state["visualization"]))
        for id, column in columns.items():
            assert set(column.get("references", ())) <= hidden
            by = column.get("params", {}).get("orderBy", {}).get("columnId")
            assert by is None or columns[by]["operationType"] in ("unique_count", "sum")
            # Lens drops columns whose ids begin with that of a formula when somebody edits it.
            assert column["operationType"] != "formula" or not [
                other for other in columns.keys() - hidden - {id} if other.startswith(id)
            ]


def _accessors(state: Mapping[str, Any]) -> Iterator[str]:
    for layer in state.get("layers", [state]):
        yield from (layer[key] for key in ("xAccessor", "splitAccessor", "metricAccessor") if key in layer)
        yield from [*layer.get("accessors", ()), *layer.get("primaryGroups", ()), *layer.get("metrics", ())]
        yield from (column["columnId"] for column in layer.get("columns", ()))
        assert {each["forAccessor"] for each in layer.get("yConfig", ())} <= set(layer.get("accessors", ()))


def _layers(state: Mapping[str, Any]) -> list[str]:
    return [layer["layerId"] for layer in state.get("layers", [state])]


def test_fields_are_those_of_the_mapping_and_no_others_are_asked() -> None:
    for view in VIEWS:
        file = "statistics.json" if view == "statistics" else "trends.json"
        mapping = json.loads((ROOT / "config" / "elasticsearch" / file).read_text("utf-8"))["template"]["mappings"]
        there = set(_fields(mapping["properties"]))
        assert set(FIELDS[view]) == there - ({"municipality"} if view == "all-trends" else set())
    views = {each["id"]: set(json.loads(each["attributes"]["fieldAttrs"])) for each in of_kind("index-pattern")}
    for each in of_kind("lens"):
        fields = views[each["references"][0]["id"]]
        assert set(_asked(each)) <= fields, each["id"]
    for each in of_kind("dashboard"):
        controls = json.loads(each["attributes"]["controlGroupInput"]["panelsJSON"])
        for to in each["references"]:
            if to["type"] == "index-pattern":
                control = controls.pop(to["name"].removeprefix("controlGroup_").removesuffix(":optionsListDataView"))
                assert control["explicitInput"]["fieldName"] in views[to["id"]]
        assert not controls


def _fields(properties: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _fields(field["properties"], f"{path}{name}.")
        else:
            yield path + name


def _asked(lens: Mapping[str, Any]) -> Iterator[str]:
    queries = [lens["attributes"]["state"]["query"]["query"]]
    for column in layer_of(lens)["columns"].values():
        if "sourceField" in column:
            yield column["sourceField"]
        if column.get("filter"):
            queries.append(column["filter"]["query"])
        queries.extend(each["input"]["query"] for each in column.get("params", {}).get("filters", ()))
    for query in queries:
        yield from (field for _, field, _ in Kql(query).terms)


def test_known_values_are_all_that_there_are() -> None:
    wanted = {
        "severity": {*SEVERITIES, "unable"},
        "labels": set(LABELS),
        "label": {*LABELS, "none"},
        "source": set(COLLECTORS),
        "decision": {*get_args(Outcome), "none"},
    }
    assert {field: set(NAMED[field][1]) for field in wanted} == wanted


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.id)
def test_panels_lie_side_by_side(dashboard: Any) -> None:
    (saved,) = (each for each in of_kind("dashboard") if each["id"].endswith(f"-{dashboard.id}"))
    grids = [panel["gridData"] for panel in json.loads(saved["attributes"]["panelsJSON"])]
    assert all(grid["x"] + grid["w"] <= 48 for grid in grids)
    for one, other in combinations(grids, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or below
    for y in {grid["y"] for grid in grids}:  # no gap at the right
        assert sum(grid["w"] for grid in grids if grid["y"] == y) == 48


def test_every_text_is_used_and_every_object_has_its_own() -> None:
    used: set[str] = set()

    class Watched(Wording):
        def text(self, key: str, **values: object) -> str:
            used.add(key)
            return super().text(key, **values)

        def name(self, group: str, value: str) -> str:
            used.add(f"{group}.{value}")
            return super().name(group, value)

    for language in LANGUAGES:
        made = Maker("turvakt", Watched(language), Names("turvakt"), 5).objects(DASHBOARDS)
        titles = [each["attributes"]["title"] for each in made if each["type"] == "dashboard"]
        assert len(set(titles)) == len(titles)
    assert used | {"space.description", "space.all"} >= Translations(TEXTS).keys()
    texts = {
        language: [str(each["attributes"].get("description")) for each in objects(language)] for language in LANGUAGES
    }
    for one, other in combinations(LANGUAGES, 2):
        assert not {text for text in texts[one] if text != "None"} & set(texts[other])


@pytest.mark.parametrize("group", sorted(COLOURS))
def test_colours_can_be_told_apart_by_those_who_see_fewer(group: str) -> None:
    """Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009."""
    for seen in _SEEN.values():
        points = [_lab(seen @ _linear(colour)) for colour in COLOURS[group].values()]
        assert min(float(np.linalg.norm(a - b)) for a, b in combinations(points, 2)) > 10


_SEEN = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def _linear(colour: str) -> Any:
    values = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _lab(rgb: Any) -> Any:
    """CIE L*a*b* with the white of D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_files_and_picture_are_up_to_date() -> None:
    """Else: turvakt kibana export; python scripts/draw_dashboards.py."""
    assert PICTURE.read_text("utf-8") == draw()
    assert {path.name: path.read_text("utf-8") for path in (ROOT / "config" / "kibana").iterdir()} == files()
