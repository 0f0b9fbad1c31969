"""While the index is away threats are told all the same, and what platforms delete meanwhile is deleted when it is back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import StartServer
from tests.turvakt.process import LINEAR, OFFICIALS, Program, line, until

THREAT = "Anna Lindqvist, jag vet var du bor och jag ska döda dig"
DELETED = {"source": "web", "id": "1", "deleted": True}


@pytest.fixture
def elasticsearch(start_server: StartServer) -> Elasticsearch:
    return start_server(Elasticsearch())


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    path.touch()
    return path


@pytest.fixture
def program(tmp_path: Path, posts: Path, elasticsearch: Elasticsearch) -> Iterator[Program]:
    program = Program(
        tmp_path / "data",
        TURVAKT_ELASTICSEARCH_URLS=elasticsearch.address,
        **LINEAR,
        TURVAKT_JSONL_PATH=str(posts),
        TURVAKT_JSONL_FOLLOW="true",
    )
    program.run("index", "apply", "--yes")
    program.run("officials", "import", str(OFFICIALS))
    with (tmp_path / "run.log").open("wb") as log:
        running = program.start("run", log=log)
        yield program
        running.terminate()
        assert running.wait(timeout=60) in (0, -15, 143)


def publish(posts: Path, *lines: str) -> None:
    with posts.open("a", encoding="utf-8") as file:
        file.write("".join(lines))


def messages(program: Program) -> int:
    return len(list((program.folder / "outbox").glob("*"))) if (program.folder / "outbox").exists() else 0


def held(program: Program) -> set[str]:
    return {item["verdict"]["post"]["id"] for item in program.json("search", "--official", "anna-lindqvist")}


def test_a_threat_is_told_and_a_deletion_is_not_forgotten(
    program: Program, posts: Path, elasticsearch: Elasticsearch
) -> None:
    publish(posts, line(1, "Tack Anna Lindqvist för den nya bron"))
    until(lambda: held(program) == {"web:1"})
    elasticsearch.kill()
    # In one batch: the deletion must hold nobody's alert back, neither that of the same batch nor that of a later one.
    publish(posts, json.dumps(DELETED) + "\n", json.dumps({**DELETED, "id": "99"}) + "\n", line(2, THREAT))
    until(lambda: messages(program) == 1)
    publish(posts, line(3, THREAT.replace("Anna Lindqvist", "Lena Berg i Ekvik"), author={"id": "another"}))
    until(lambda: messages(program) == 2)
    elasticsearch.start()
    until(lambda: held(program) == {"web:2"})
