"""The servers as docker-compose.yml starts them, with the same files: only addresses and folders are this machine's."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from scripts.make_secrets import make
from tests.deployment.reading import compose
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres
from tests.servers.process import free_port, run
from turvakt.settings import ROOT


class ContainerKafka(Kafka):
    """Started by ``config/containers/kafka/start.sh``; its secrets are in ``folder/secrets``."""

    def __init__(self) -> None:
        super().__init__(secure=True)

    def prepare(self) -> None:
        make(self.folder / "secrets")
        (self.folder / "data").mkdir()
        moved = {
            "0.0.0.0:9092": self.address,
            "kafka:9092": self.address,
            "127.0.0.1:9094": self.plain_address,
            "127.0.0.1:9093": self._controller,
            "/var/lib/kafka/data": str(self.folder / "data"),
        }
        _copy("kafka", self.folder, "server.properties", moved)
        programs = {"kafka-storage.sh": "kafka.tools.StorageTool", "kafka-server-start.sh": "kafka.Kafka"}
        for name, program in programs.items():
            java, *options = self._java()
            options = [option for option in options if "log4j2" not in option]
            line = f'exec {shlex.quote(java)} $KAFKA_LOG4J_OPTS {shlex.join(options)} {program} "$@"'
            _script(self.folder / "bin" / name, line)

    def command(self) -> Sequence[str]:
        return ["sh", "container/start.sh"]

    def environment(self) -> Mapping[str, str]:
        return {"SECRETS": str(self.folder / "secrets"), "KAFKA_BIN": str(self.folder / "bin"), "KAFKA_LOG4J_OPTS": ""}


class ContainerElasticsearch(Elasticsearch):
    """Started by ``config/containers/elasticsearch/start.sh``; its secrets are in ``folder/secrets``."""

    def __init__(self) -> None:
        super().__init__(security=True)

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "config").rename(self.folder / "image")
        make(self.folder / "secrets")
        _copy(
            "elasticsearch",
            self.folder,
            "elasticsearch.yml",
            {"0.0.0.0": "127.0.0.1", "/usr/share/elasticsearch": str(self.folder)},
        )
        with (self.folder / "container" / "elasticsearch.yml").open("a") as file:
            file.write(f"http.port: {self.port}\ntransport.port: {free_port()}\n")
            file.write("cluster.routing.allocation.disk.threshold_enabled: false\n")
        _script(self.folder / "start", f"exec {shlex.join(super().command())}")

    def command(self) -> Sequence[str]:
        return ["sh", str(self.folder / "container" / "start.sh")]

    def environment(self) -> Mapping[str, str]:
        folders = {"SECRETS": "secrets", "ES_CONFIG": "image", "ES_PATH_CONF": "config", "ES_START": "start"}
        return {**super().environment(), **{name: str(self.folder / path) for name, path in folders.items()}}

    @property
    def auth(self) -> tuple[str, str]:
        return self.login("admin")

    def login(self, user: str) -> tuple[str, str]:
        """Name and password of one of the users that ``make secrets`` makes."""
        return user, (self.folder / "secrets" / f"elasticsearch_{user}_password").read_text().strip()


class ContainerPostgres(Postgres):
    """Made and started as the image does it, by what docker-compose.yml tells it; its secrets are in ``folder/secrets``."""

    def prepare(self) -> None:
        make(self.folder / "secrets")
        self.hand_over()
        initdb = str(Path(super().command()[0]).with_name("initdb"))
        service = compose()["services"]["postgres"]
        told = shlex.split(service["environment"]["POSTGRES_INITDB_ARGS"])
        options = ["-D", "data", "--username=postgres", "--pwfile=secrets/postgres_password", "--no-sync", *told]
        run([initdb, *options], folder=self.folder, user=self.as_user)
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all all scram-sha-256\n")
        self.hand_over()

    def command(self) -> Sequence[str]:
        _, *told = compose()["services"]["postgres"]["command"]
        return [*super().command(), *told]

    def make_database(self) -> str:
        """Run what the image runs once over an empty data folder; returns the URL that Turvakt gets, with this address."""
        secrets = self.folder / "secrets"
        login = {"PGPASSWORD": (secrets / "postgres_password").read_text().strip(), "POSTGRES_USER": "postgres"}
        environment = {**login, "PGHOST": str(self.folder), "PGPORT": str(self.port), "SECRETS": str(secrets)}
        script = ROOT / "config" / "containers" / "postgres" / "turvakt.sh"
        subprocess.run(["env", *(f"{name}={value}" for name, value in environment.items()), "sh", script], check=True)
        url = httpx.URL((secrets / "postgres_url").read_text().strip())
        return str(url.copy_with(host="127.0.0.1", port=self.port))


def healthy(service: str, replaced: Mapping[str, str]) -> bool:
    """Whether the check in docker-compose.yml, a line for a shell, finds it healthy."""
    told: dict[str, Any] = compose()["services"][service]["healthcheck"]
    how, line = told["test"]
    assert how == "CMD-SHELL"
    line = _replaced(line.replace("$$", "$"), replaced)
    return subprocess.run(["sh", "-c", line], capture_output=True, check=False).returncode == 0


def _copy(name: str, folder: Path, file: str, replaced: Mapping[str, str]) -> None:
    shutil.copytree(ROOT / "config" / "containers" / name, folder / "container")
    path = folder / "container" / file
    path.write_text(_replaced(path.read_text(), replaced))


def _replaced(text: str, replaced: Mapping[str, str]) -> str:
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


def _script(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
