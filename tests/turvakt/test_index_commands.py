"""turvakt index, reindex: over a real server."""

import json
from pathlib import Path

import pytest

from tests.servers.fixtures import Place
from tests.turvakt.process import OFFICIALS, Program


@pytest.fixture
def program(tmp_path: Path, elasticsearch: Place) -> Program:
    return Program(
        tmp_path,
        TURVAKT_ELASTICSEARCH_URLS=elasticsearch.address,
        TURVAKT_ELASTICSEARCH_PREFIX=elasticsearch.prefix,
    )


def test_apply_shows_asks_and_does_it_once(program: Program, elasticsearch: Place) -> None:
    prefix = elasticsearch.prefix
    assert f"{prefix}-items" in program.run("index", "apply", code=2)  # there is nobody to ask
    plan = json.loads(program.run("index", "apply", "--json", code=1))
    names = {f"{prefix}-{name}" for name in ("settings", "text", "items", "statistics")}
    assert {change["name"] for change in plan["changes"]} >= names
    assert plan["left"] == [change["name"] for change in plan["changes"]]
    done = json.loads(program.run("index", "apply", "--yes", "--json"))
    assert done["changes"] == plan["changes"]
    assert done["left"] == done["outdated"] == []
    assert "as they should be" in program.run("index", "apply")
    (index,) = json.loads(program.run("index", "show", "--json"))
    assert (index["index"], index["documents"]) == (f"{prefix}-items-000001", 0)


def test_apply_tells_what_the_settings_change(program: Program, tmp_path: Path, elasticsearch: Place) -> None:
    program.run("index", "apply", "--yes")
    more = Program(
        tmp_path,
        TURVAKT_ELASTICSEARCH_URLS=elasticsearch.address,
        TURVAKT_ELASTICSEARCH_PREFIX=elasticsearch.prefix,
        TURVAKT_ELASTICSEARCH_SHARDS="3",
    )
    (change,) = json.loads(more.run("index", "apply", "--json", code=1))["changes"]
    assert change["name"] == f"{elasticsearch.prefix}-settings"
    assert change["differences"] == ["template.settings.index.number_of_shards: 1 -> 3"]


def test_roll_over_reindex_and_clear_up(program: Program, elasticsearch: Place) -> None:
    prefix = elasticsearch.prefix
    program.run("index", "apply", "--yes")
    program.run("officials", "import", str(OFFICIALS))
    assert json.loads(program.run("index", "roll", "--yes", "--json")) == {"index": f"{prefix}-items-000002"}
    assert [each["state"] for each in json.loads(program.run("index", "show", "--json"))] == [
        "takes changes", "takes new documents",
    ]  # fmt: skip
    assert "Done: 0 documents" in program.run("reindex", "--yes")
    (index,) = json.loads(program.run("index", "show", "--json"))
    assert index["index"] == f"{prefix}-items-000003"
    assert json.loads(program.run("reindex", "--abandon", "--yes", "--json")) == {"removed": []}


def test_without_a_server_it_says_what_to_set(tmp_path: Path) -> None:
    done = Program(tmp_path).finish("index", "show")
    assert done.returncode == 2
    assert b"elasticsearch.urls" in done.stderr
    away = Program(tmp_path, TURVAKT_ELASTICSEARCH_URLS="http://127.0.0.1:9")
    assert away.finish("index", "show").returncode == 3
