"""turvakt kibana, trends: over real servers, and what stands for a Kibana."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch as Client

from alerts.messages.translations import LANGUAGES
from registry.importing import read_officials
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.kibana.files import files
from tests.review.kibana.server import FakeKibana
from tests.review.people import verdict
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import Place, StartServer
from tests.turvakt.process import OFFICIALS, Program


def over(folder: Path, address: str, prefix: str, **more: str) -> Program:
    return Program(folder, TURVAKT_ELASTICSEARCH_URLS=address, TURVAKT_ELASTICSEARCH_PREFIX=prefix, **more)


def write(client: Client, prefix: str, *, about: str, many: int, days_ago: int) -> None:
    """Flagged posts about an official."""
    officials = {each.id: each for each in read_officials(OFFICIALS)}
    judged = datetime.now(UTC) - timedelta(days=days_ago)
    index = ElasticsearchIndex(client, prefix=prefix, officials=officials.get)
    posts = [verdict(str(n), officials=(about,), severity="high", labels=("threat",)) for n in range(many)]
    index.write_verdicts([replace(each, judged_at=judged) for each in posts])


def told(client: Client, prefix: str) -> dict[str, int]:
    """The counts by alias."""
    pattern = f"{prefix}-trends-*,{prefix}-all-trends-*"
    client.indices.refresh(index=pattern)
    hits = client.search(index=pattern, size=100)["hits"]["hits"]
    return {hit["_index"].removeprefix(prefix).rpartition("-")[0]: hit["_source"]["posts"] for hit in hits}


def program_json(program: Program, *arguments: str, code: int = 0) -> list[Any]:
    return [json.loads(line) for line in program.run(*arguments, "--json", code=code).splitlines()]


def test_trends_are_counted_once_and_anew_after_a_withdrawal(tmp_path: Path, elasticsearch: Place) -> None:
    program = over(tmp_path, elasticsearch.address, elasticsearch.prefix)
    program.run("index", "apply", "--yes")
    program.run("officials", "import", str(OFFICIALS))
    one, *_ = read_officials(OFFICIALS)
    with connect([elasticsearch.address]) as client:
        write(client, elasticsearch.prefix, about=one.id, many=6, days_ago=3)
        day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
        assert day in program.json("trends")[0]["days"]
        counted = told(client, elasticsearch.prefix)
        assert set(counted.values()) == {6}
        assert "-all-trends" in counted
        assert day not in program.json("trends")[0]["days"]
        assert day in program.json("trends", "--again", day)[0]["days"]
        assert f"{day} to" in program.run("trends", "--again", day)
        program.run("officials", "withdraw", one.id, "--yes")
        assert told(client, elasticsearch.prefix) == {}


def test_apply_shows_asks_and_does_it_once(tmp_path: Path, start_server: StartServer) -> None:
    elastic = start_server(Elasticsearch(security=True))
    with connect([elastic.address], username=elastic.user_name, password=elastic.password) as client:
        client.security.put_role(name="some")  # a fresh server answers before it has made the index of its roles
    secrets = {"TURVAKT_ELASTICSEARCH_USERNAME": elastic.user_name, "TURVAKT_ELASTICSEARCH_PASSWORD": elastic.password}
    with FakeKibana(elastic.address, elastic.auth) as fake:
        program = over(
            tmp_path,
            elastic.address,
            "turvakt",
            TURVAKT_KIBANA_URL=f"{fake.address}/",
            TURVAKT_KIBANA_API_KEY="secret",
            **secrets,
        )
        program.run("officials", "import", str(OFFICIALS))
        assert "saved objects" in program.run("kibana", "apply", code=2)  # there is nobody to ask
        (planned,) = program_json(program, "kibana", "apply", code=1)
        assert planned["left"] == [change["name"] for change in planned["changes"]]
        assert fake.spaces.keys() == {"default"}
        (done,) = program_json(program, "kibana", "apply", "--yes")
        assert done["changes"] == planned["changes"]
        assert done["left"] == done["left_over"] == []
        assert len(fake.spaces) > 2
        assert "as it should be" in program.run("kibana", "apply")
        fake.spaces["turvakt-gone"] = {"id": "turvakt-gone", "name": "Gone"}
        assert "turvakt-gone" in program.finish("kibana", "apply").stderr.decode()
        fake.down = 503
        program.run("kibana", "apply", code=3)


def test_without_security_nothing_is_applied(tmp_path: Path, elasticsearch: Place) -> None:
    with FakeKibana(elasticsearch.address, None) as fake:
        kibana = {"TURVAKT_KIBANA_URL": fake.address, "TURVAKT_KIBANA_API_KEY": "secret"}
        program = over(tmp_path, elasticsearch.address, elasticsearch.prefix, **kibana)
        program.run("officials", "import", str(OFFICIALS))
        ended = program.finish("kibana", "apply", "--yes")
    assert ended.returncode == 4
    assert "xpack.security.enabled" in ended.stderr.decode()
    assert not fake.requests


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    program = Program(tmp_path)
    for command in (("kibana", "apply"), ("trends",)):
        ended = program.finish(*command)
        assert (ended.returncode, "elasticsearch.urls" in ended.stderr.decode()) == (2, True)
    ended = over(tmp_path, "http://127.0.0.1:9", "turvakt").finish("kibana", "apply")
    assert (ended.returncode, "kibana.url" in ended.stderr.decode()) == (2, True)


def test_export_writes_files_to_import_by_hand(tmp_path: Path) -> None:
    program = Program(tmp_path, TURVAKT_ELASTICSEARCH_PREFIX="ours", TURVAKT_TRENDS_LIMIT="7")
    program.run("kibana", "export", "--out", str(tmp_path / "nowhere"), code=2)
    out = tmp_path / "out"
    out.mkdir()
    (told,) = program_json(program, "kibana", "export", "--out", str(out))
    assert {Path(name).name for name in told["written"]} == {f"{language}.ndjson" for language in LANGUAGES}
    written = {path.name: path.read_text("utf-8") for path in out.iterdir()}
    assert written == files(prefix="ours", limit=7)
    assert '"title": "ours-statistics-*"' in written["sv.ndjson"]
