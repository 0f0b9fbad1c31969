"""What runs in the containers of Kafka, Elasticsearch and PostgreSQL, run on this machine with the same files."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from flow.databases.postgres import Postgres
from flow.errors import Broken
from flow.kafka import Connection, Security
from tests.deployment.containers import ContainerElasticsearch, ContainerKafka, ContainerPostgres, healthy
from tests.deployment.reading import compose
from tests.servers.fixtures import StartServer
from tests.servers.process import Process, free_port
from turvakt import schema
from turvakt.settings import ROOT


def topics(kafka: ContainerKafka, security: Security, password: str = "") -> set[str]:
    connection = Connection([kafka.address], security=security, username="turvakt", password=password)
    client = AdminClient({**connection.librdkafka(), "log_level": 0})
    client.poll(0)
    return set(client.list_topics(timeout=5.0).topics)


def test_kafka_lets_in_who_knows_the_password_and_keeps_its_data(start_server: StartServer) -> None:
    kafka = start_server(ContainerKafka())
    password = (kafka.folder / "secrets" / "kafka_password").read_text().strip()
    assert topics(kafka, "sasl", password) == set()
    with pytest.raises(KafkaException):
        topics(kafka, "sasl", "guessed")
    with pytest.raises(KafkaException):
        topics(kafka, "none")
    inside = AdminClient({"bootstrap.servers": kafka.plain_address})
    inside.create_topics([NewTopic("turvakt.posts", 4)])["turvakt.posts"].result()
    kafka.restart()
    assert topics(kafka, "sasl", password) == {"turvakt.posts"}
    output = (kafka.folder / "log").read_text()
    assert password not in output
    assert "storedKey" not in output


def test_elasticsearch_gives_each_user_its_rights(start_server: StartServer) -> None:
    elasticsearch = start_server(ContainerElasticsearch())
    with httpx.Client(base_url=elasticsearch.address, timeout=30.0) as client:
        worker, admin = elasticsearch.login("turvakt"), elasticsearch.login("admin")
        assert client.get("/").status_code == 401
        assert client.get("/", auth=("turvakt", "guessed")).status_code == 401
        template = {"index_patterns": ["turvakt-*"]}
        assert client.put("/_index_template/turvakt", json=template, auth=worker).status_code == 403
        assert client.put("/_index_template/turvakt", json=template, auth=admin).status_code == 200
        assert client.put("/turvakt-items-000001", auth=worker).status_code == 200
        assert client.put("/turvakt-items-000001/_doc/1", json={"a": 1}, auth=worker).status_code == 201
        assert client.put("/others", auth=admin).status_code == 200
        for call in ("GET", "/others/_search"), ("PUT", "/others/_doc/1"), ("PUT", "/mine"):
            assert client.request(*call, json={}, auth=worker).status_code == 403, call
        assert client.get("/_security/user", auth=worker).status_code == 403
        token = (elasticsearch.folder / "secrets" / "kibana_token").read_text().strip()
        kibana = client.get("/_security/_authenticate", headers={"Authorization": f"Bearer {token}"}).json()
        assert kibana["username"] == "elastic/kibana"
    where = {"http://127.0.0.1:9200": elasticsearch.address}
    assert healthy("elasticsearch", where | {"/run/secrets": str(elasticsearch.folder / "secrets")})
    assert not healthy("elasticsearch", where | {"/run/secrets": "/nowhere"})


def test_postgres_gives_turvakt_a_database_and_what_erasure_needs(start_server: StartServer) -> None:
    postgres = start_server(ContainerPostgres())
    where = {"--host 127.0.0.1": f"--host 127.0.0.1 --port {postgres.port}"}
    where["/run/secrets"] = str(postgres.folder / "secrets")
    assert not healthy("postgres", where), "as where the first start was broken off"
    url = postgres.make_database()
    assert healthy("postgres", where)
    with closing(Postgres(url)) as database:
        schema.upgrade(database)
        schema.check(database)
        database.check()
        database.scrub()
        assert database.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
        # One for each of eleven processes, and many more.
        assert database.query("SELECT current_setting('max_connections')::int >= 11 * 10") == [(True,)]
    password = httpx.URL(url).password
    with closing(Postgres(url.replace(password, "guessed"))) as refused, pytest.raises(Broken):
        refused.query("SELECT 1")
    elsewhere = str(httpx.URL(url).copy_with(path="/postgres"))
    with closing(Postgres(elsewhere)) as database, pytest.raises(Broken):
        database.execute("CREATE TABLE public.mine (n int)")


def test_setup_makes_all_that_workers_need_and_they_are_found_healthy(
    start_server: StartServer, tmp_path: Path
) -> None:
    """By their own commands, settings and health check. The second time nothing is left to set up but what a person decides on.

    As the settings come, no source is switched on: `collect` waits for some, and so does not start over and over.
    """
    cluster = Cluster(start_server, tmp_path)
    environment = cluster.environment("setup")
    (script,) = compose()["services"]["setup"]["command"]
    for _ in range(2):
        done = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        cluster.make_mapping_old()
    assert "Run: turvakt reindex" in done.stdout
    for command in script.split(";"):
        again = shlex.split(command.replace(" --yes", ""))
        assert subprocess.run(again, env=environment, capture_output=True, check=False).returncode == 0, command

    for name in "collect", "classify", "house", "console":
        environment = cluster.environment(name)
        command = ["turvakt", *compose()["services"][name]["command"]]
        worker = Process(command, folder=tmp_path, log=tmp_path / f"{name}.log", environment=environment)
        check = [sys.executable, "-m", "turvakt.healthy"]
        alive = partial(subprocess.run, check, cwd=ROOT, env=environment, capture_output=True, check=False)
        worker.wait_until(lambda: alive().returncode == 0, seconds=120.0)  # noqa: B023
        if name == "collect":
            worker.wait_until(lambda: "collect: works" in worker.output(), seconds=120.0)  # noqa: B023
            assert "no collector is switched on" in worker.output()
        worker.stop()
        assert "stopped in order" in worker.output()
        assert alive().returncode == 1


class Cluster:
    """Servers as they run in the containers, at this machine's addresses."""

    def __init__(self, start_server: StartServer, folder: Path) -> None:
        kafka = start_server(ContainerKafka())
        elasticsearch = start_server(ContainerElasticsearch())
        postgres = start_server(ContainerPostgres())
        self.folder = folder
        self._elasticsearch = elasticsearch
        (folder / "postgres_url").write_text(postgres.make_database())
        shutil.copy(kafka.folder / "secrets" / "kafka_password", folder)
        names = ("elasticsearch_turvakt_password", "elasticsearch_admin_password")
        for name in (*names, "console_token", "console_key", "webpush_key"):
            shutil.copy(elasticsearch.folder / "secrets" / name, folder)
        self._moved = {
            "kafka:9092": kafka.address,
            "http://elasticsearch:9200": elasticsearch.address,
            "/config/turvakt.toml": str(ROOT / "config" / "turvakt.toml"),
            "0.0.0.0": "127.0.0.1",
        }

    def make_mapping_old(self) -> None:
        """As a release with a new mapping finds it."""
        mapping = f"{self._elasticsearch.address}/turvakt-items/_mapping"
        old = {"_meta": {"version": 0}}
        httpx.put(mapping, json=old, auth=self._elasticsearch.login("admin")).raise_for_status()

    def environment(self, service: str) -> dict[str, str]:
        """What ``service`` has in docker-compose.yml, and a data folder and ports of its own."""
        told = compose()["services"][service]["environment"]
        ours = {
            name: self._moved.get(value, value.replace("/run/secrets", str(self.folder)))
            for name, value in told.items()
            if value
        }
        own = {"TURVAKT_DATA_DIR": str(self.folder / "data"), "TURVAKT_WEB_PORT": str(free_port())}
        if ours["TURVAKT_METRICS_PORT"] != "0":
            own["TURVAKT_METRICS_PORT"] = str(free_port())
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TURVAKT_")}
        path = {"PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{kept['PATH']}"}
        return kept | path | ours | own
