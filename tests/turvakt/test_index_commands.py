"""turvakt index, reindex: over a real server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from classify.verdict import Verdict
from registry.holder import Part
from registry.importing import read_officials
from registry.official import Consent
from review.indexes.elasticsearch.client import connect
from tests.review.people import verdict
from tests.servers.fixtures import Place
from tests.turvakt.process import OFFICIALS, Program
from turvakt.sections import Data, Elasticsearch
from turvakt.settings import Settings
from turvakt.wiring import Parts


@pytest.fixture
def program(tmp_path: Path, elasticsearch: Place) -> Program:
    return Program(
        tmp_path,
        TURVAKT_ELASTICSEARCH_URLS=elasticsearch.address,
        TURVAKT_ELASTICSEARCH_PREFIX=elasticsearch.prefix,
    )


def checked(program: Program) -> dict[str, Any]:
    """What ``turvakt check`` says of the index."""
    parts = map(json.loads, program.finish("check", "--json").stdout.splitlines())
    return next(part for part in parts if part["part"] == "index")


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
    # Of a version before: that keeps nobody from starting what does not touch the index.
    items = f"{prefix}-items"
    httpx.put(f"{elasticsearch.address}/{items}/_mapping", json={"_meta": {"version": 0}}).raise_for_status()
    assert "Run: turvakt reindex" in program.run("index", "apply", "--yes")
    told = json.loads(program.run("index", "apply", "--json"))
    assert (told["left"], told["outdated"]) == ([], [f"{items}-000001", f"{items}-000002"])
    assert "run 'turvakt reindex'" in checked(program)["warnings"][0]
    assert "Done: 0 documents" in program.run("reindex", "--yes")
    assert checked(program)["warnings"] == []
    (index,) = json.loads(program.run("index", "show", "--json"))
    assert index["index"] == f"{prefix}-items-000003"
    assert json.loads(program.run("reindex", "--abandon", "--yes", "--json")) == {"removed": []}


def test_without_a_server_it_says_what_to_set(tmp_path: Path) -> None:
    done = Program(tmp_path).finish("index", "show")
    assert done.returncode == 2
    assert b"elasticsearch.urls" in done.stderr
    away = Program(tmp_path, TURVAKT_ELASTICSEARCH_URLS="http://127.0.0.1:9")
    assert away.finish("index", "show").returncode == 3


@contextmanager
def restored(place: Place) -> Iterator[None]:
    """A snapshot, which takes the place of what the block makes of the index."""
    there = f"{place.prefix}-*"
    with connect([place.address]) as client:
        repository = {"type": "fs", "settings": {"location": place.prefix}}
        client.snapshot.create_repository(name=place.prefix, repository=repository)
        client.snapshot.create(repository=place.prefix, snapshot="s", indices=there, wait_for_completion=True)
        yield
        client.indices.delete(index=list(client.indices.get(index=there)))
        client.snapshot.restore(repository=place.prefix, snapshot="s", indices=there, wait_for_completion=True)
        client.snapshot.delete_repository(name=place.prefix)


def test_what_a_snapshot_brings_back_is_erased_again(program: Program, elasticsearch: Place) -> None:
    program.run("index", "apply", "--yes")
    program.run("officials", "import", str(OFFICIALS))
    gone, back, partly, stays = "anna-lindqvist", "lena-berg", "bo-alander", "samira-haddadi"
    place = Elasticsearch(urls=[elasticsearch.address], prefix=elasticsearch.prefix)
    with Parts(Settings(data=Data(dir=str(program.folder)), elasticsearch=place)) as parts:

        def of_now(name: str, *officials: str, source: str = "web") -> Verdict:
            post = verdict(name, officials=officials, source=source, severity="high", labels=("threat",))
            return replace(post, post=replace(post.post, collected_at=parts.clock.now() - timedelta(milliseconds=2)))

        posts = [
            of_now("1", gone), of_now("2", gone, stays), of_now("3", back),
            of_now("4", partly), of_now("5", partly, source="feed"),
        ]  # fmt: skip
        parts.index.write_verdicts(posts)
        with restored(elasticsearch):
            erasure = replace(parts.erasure, scrub=lambda: None)
            for official, part in ((gone, None), (back, None), (partly, Part("source", "feed"))):
                erasure.withdraw(official, part)
            assert parts.index.held(post.post.id for post in posts) == {"web:2", "web:4"}
            [her] = [each for each in read_officials(OFFICIALS) if each.id == back]
            parts.store.put_all([replace(her, consents=(Consent(("*",), since=parts.clock.now()),))])
        parts.index.write_verdicts(
            [replace(later := of_now("6", back), post=replace(later.post, collected_at=parts.clock.now()))]
        )
        assert parts.index.count(gone) == 2
        assert gone in program.finish("officials", "erase-again").stdout.decode()  # there is nobody to agree
        assert parts.index.count(gone) == 2
        [done] = program.json("officials", "erase-again", "--yes")
        found = {(each["official"], each["source"], each["registered"], each["records"]) for each in done["index"]}
        assert found == {(gone, "", False, 2), (back, "", True, 1), (partly, "feed", True, 1)}
        assert (done["withdrawals"], done["removed"]) == (0, 4)
        assert parts.index.held(f"{source}:{n}" for source in ("web", "feed") for n in range(7)) == {
            "web:2",
            "web:4",
            "web:6",
        }
        assert [parts.index.count(each) for each in (gone, back, partly, stays)] == [0, 1, 1, 1]
        assert parts.index.count(partly, Part("source", "feed")) == 0
    assert "nothing of the kind" in program.run("officials", "erase-again", "--yes")
