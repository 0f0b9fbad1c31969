"""The servers answer, keep what they acknowledged through ``kill -9``, and are gone in the end."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka, create_topics
from tests.servers.postgres import Postgres, sql
from tests.servers.process import Failed
from tests.servers.prometheus import Alertmanager, Prometheus, amtool, promtool
from tests.servers.server import Server
from tests.servers.sharing import shared
from tests.turvakt.process import until

ROOT = Path(__file__).parents[2]
PIPES: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}


def test_kafka_keeps_what_it_acknowledged(start_server: StartServer) -> None:
    kafka = start_server(Kafka())
    client = {"bootstrap.servers": kafka.address}
    create_topics(kafka.address, "posts", partitions=1)
    send(client, "posts", b"one")
    kafka.kill()
    assert not listens(kafka)
    kafka.start()
    assert first(client, "posts") == b"one"
    kafka.restart()
    assert first(client, "posts") == b"one"
    gone_after_close(kafka)


def test_kafka_over_tls_wants_a_name_and_a_password(start_server: StartServer) -> None:
    kafka = start_server(Kafka(secure=True))
    create_topics(kafka.plain_address, "posts", partitions=1)
    client = {
        "bootstrap.servers": kafka.address,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": kafka.user_name,
        "sasl.password": kafka.password,
        "ssl.ca.location": str(kafka.certificate),
    }
    send(client, "posts", b"one")
    assert first(client, "posts") == b"one"
    assert refusal({**client, "sasl.password": "wrong"}) == KafkaError._AUTHENTICATION
    assert refusal({**client, "ssl.ca.location": ssl.get_default_verify_paths().cafile or ""}) == KafkaError._SSL


def test_elasticsearch_keeps_what_it_acknowledged(start_server: StartServer) -> None:
    elasticsearch = start_server(Elasticsearch())
    document = f"{elasticsearch.address}/posts/_doc/one"
    httpx.put(document, json={"severity": "high"}, timeout=60.0).raise_for_status()
    elasticsearch.kill()
    assert not listens(elasticsearch)
    elasticsearch.start()
    assert httpx.get(document, timeout=60.0).json()["_source"] == {"severity": "high"}
    elasticsearch.stop()
    assert "] closed\n" in elasticsearch.log.read_text()
    gone_after_close(elasticsearch)


def test_elasticsearch_with_security_wants_a_password_or_a_key(start_server: StartServer) -> None:
    elasticsearch = start_server(Elasticsearch(security=True))
    url = f"{elasticsearch.address}/_security/api_key"
    assert httpx.get(url, timeout=60.0).status_code == 401
    only_posts = {"cluster": [], "index": [{"names": ["posts"], "privileges": ["read"]}]}
    made = httpx.post(
        url, json={"name": "k", "role_descriptors": {"r": only_posts}}, auth=elasticsearch.auth, timeout=60.0
    )
    with_key = {"Authorization": f"ApiKey {made.raise_for_status().json()['encoded']}"}
    assert httpx.get(f"{elasticsearch.address}/posts/_search", headers=with_key, timeout=60.0).status_code == 404
    assert httpx.get(f"{elasticsearch.address}/others/_search", headers=with_key, timeout=60.0).status_code == 403


def test_postgres_keeps_what_it_acknowledged(start_server: StartServer) -> None:
    postgres = start_server(Postgres())
    sql(postgres.address, "CREATE TABLE posts (id text)")
    sql(postgres.address, "INSERT INTO posts VALUES ('one')")
    with subprocess.Popen(["sleep", "60"]) as other:  # a child of ours, not of the server
        postgres.kill()
        assert other.poll() is None
        other.kill()
    assert not listens(postgres)
    postgres.start()
    assert sql(postgres.address, "SELECT id FROM posts") == "one"
    gone_after_close(postgres)


def test_prometheus_and_alertmanager_answer(start_server: StartServer, tmp_path: Path) -> None:
    alerting = tmp_path / "alertmanager.yml"
    alerting.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    assert amtool("check-config", str(alerting)).returncode == 0
    alertmanager = start_server(Alertmanager(alerting))
    config = tmp_path / "prometheus.yml"
    target = alertmanager.address.removeprefix("http://")
    config.write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: a, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    assert promtool("check", "config", str(config)).returncode == 0
    prometheus = start_server(Prometheus(config))

    def up() -> bool:
        answer = httpx.get(f"{prometheus.address}/api/v1/query", params={"query": "up{job='a'}"}, timeout=10.0)
        return [sample["value"][1] for sample in answer.json()["data"]["result"]] == ["1"]

    until(up)
    prometheus.kill()
    prometheus.start()
    gone_after_close(prometheus)
    gone_after_close(alertmanager)


def test_paused_it_hangs_and_resumed_it_answers(start_server: StartServer) -> None:
    postgres = start_server(Postgres())
    postgres.pause()
    with pytest.raises(TimeoutError), socket.create_connection(("127.0.0.1", postgres.port), timeout=0.5) as connection:
        connection.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")  # whether it speaks TLS
        connection.recv(1)
    postgres.resume()
    assert sql(postgres.address, "SELECT 1") == "1"


def test_what_does_not_start_says_why_and_leaves_nothing(start_server: StartServer) -> None:
    kafka = Kafka(properties={"num.partitions": "many"})
    folder = kafka.folder
    with pytest.raises(Failed, match="many"):
        start_server(kafka)
    assert not listens(kafka)
    assert not folder.exists()


def test_a_server_ends_with_whoever_started_it(start_server: StartServer) -> None:
    start_server(Postgres())  # else skip
    code = """
from tests.servers.postgres import Postgres
postgres = Postgres()
postgres.start()
print(postgres.folder, postgres.address, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **PIPES) as owner:
        folder, address = told(owner).split()
        assert sql(address, "SELECT 1") == "1"
        owner.kill()
    until(lambda: not answers(port_of(address)) and not Path(folder).exists())


def test_a_shared_server_is_one_for_all_and_ends_with_the_last(start_server: StartServer, tmp_path: Path) -> None:
    start_server(Postgres())  # else skip
    code = f"""
from pathlib import Path
from tests.servers.sharing import shared
with shared("postgres", Path({str(tmp_path)!r})) as address:
    print(address, flush=True)
    input()
"""
    with (
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **PIPES) as one,
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **PIPES) as other,
    ):
        address = told(one)
        assert told(other) == address
        one.kill()
        one.wait()
        assert sql(address, "SELECT 1") == "1"
        other.kill()
    until(lambda: not answers(port_of(address)))
    with shared("postgres", tmp_path) as another:
        assert sql(another, "SELECT 1") == "1"
    until(lambda: not answers(port_of(another)))


def test_a_test_gets_its_own_part(kafka: Place, elasticsearch: Place, postgres: str) -> None:
    create_topics(kafka.address, f"{kafka.prefix}posts")
    assert f"{kafka.prefix}posts" in AdminClient({"bootstrap.servers": kafka.address}).list_topics(timeout=30).topics
    with httpx.Client(base_url=elasticsearch.address, timeout=60.0) as client:
        template = {"index_patterns": [f"{elasticsearch.prefix}*"]}
        client.put(f"/_index_template/{elasticsearch.prefix}a", json=template).raise_for_status()
        client.put(f"/{elasticsearch.prefix}posts").raise_for_status()
    assert sql(postgres, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def send(client: Mapping[str, str], topic: str, value: bytes) -> None:
    producer = Producer({**client, "acks": "all"})
    problems: list[object] = []
    producer.produce(topic, value, on_delivery=lambda error, _: problems.append(error))
    assert producer.flush(30) == 0
    assert problems == [None]


def first(client: Mapping[str, str], topic: str) -> bytes | None:
    with closing(Consumer({**client, "group.id": "first", "enable.auto.commit": "false"})) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(30)
        assert message is not None
        assert message.error() is None
        return message.value()


def refusal(client: Mapping[str, str]) -> int:
    """Why a client is refused. That the connection fell, which it may hear first, is not why."""
    codes: list[int] = []

    def hear(error: KafkaError) -> None:
        codes.append(error.code())

    admin = AdminClient({**client, "error_cb": hear})  # type: ignore[dict-item]
    fallen = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}
    until(lambda: admin.poll(0.1) >= 0 and not fallen.issuperset(codes))
    return next(code for code in codes if code not in fallen)


def gone_after_close(server: Server) -> None:
    folder = server.folder
    server.close()
    assert not listens(server)
    assert not folder.exists()


def listens(server: Server) -> bool:
    return answers(server.port)


def told(process: "subprocess.Popen[str]") -> str:
    """The next line that it writes."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except ConnectionError:  # refused, or cut while it ends
        return False
