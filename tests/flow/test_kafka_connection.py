"""How Kafka is reached, and what is told where it is not."""

import ssl
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from flow.databases.postgres import Postgres
from flow.errors import Broken, Unavailable
from flow.kafka import Connection
from flow.logs.kafka.cluster import Cluster
from tests.flow.contract_log import fill, keys
from tests.flow.kafka_log import opened, with_topics
from tests.servers.certificates import self_signed
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka
from tests.servers.process import free_port


async def test_with_log_in_over_tls(start_server: StartServer, database: Postgres, tmp_path: Path) -> None:
    kafka = start_server(Kafka(secure=True))
    with_topics(Place(kafka.plain_address, "t-"))
    place = Place(kafka.address, "t-")

    def connection(*, password: str = kafka.password, certificates: Path = kafka.certificate) -> Connection:
        return Connection(
            [kafka.address],
            security="sasl-tls",
            username=kafka.user_name,
            password=password,
            certificates=str(certificates),
        )

    with opened(place, database, connection=connection()) as log:
        fill(log, "verdicts", "a")
        assert keys(log.browse("verdicts")) == ["a"]
        log.scrub()
        assert keys(log.browse("verdicts")) == ["a"]

    consumer = AIOKafkaConsumer("t-verdicts", auto_offset_reset="earliest", **for_aiokafka(connection()))
    await consumer.start()
    try:
        while (record := await consumer.getone()).value is None:  # a marker of the scrub
            pass
        assert record.key == b"a"
    finally:
        await consumer.stop()

    with opened(place, database, connection=connection(password="wrong"), seconds=10) as log:
        for call in (lambda: fill(log, "verdicts", "b"), lambda: log.lag("verdicts", "route")):
            with pytest.raises(Broken, match=r"log-in was refused.*kafka\.password") as refused:
                call()
            assert "wrong" not in str(refused.value)

    self_signed(stranger := tmp_path / "stranger.pem")
    with opened(place, database, connection=connection(certificates=stranger), seconds=10) as log:
        for call in (lambda: fill(log, "verdicts", "b"), lambda: log.lag("verdicts", "route")):
            with pytest.raises(Broken, match=r"not trusted.*kafka\.certificates"):
                call()


def test_where_nobody_answers_it_is_to_be_waited_for(database: Postgres) -> None:
    place = Place(f"127.0.0.1:{free_port()}", "t-")
    with opened(place, database, seconds=1) as log:
        for call in (lambda: fill(log, "verdicts", "b"), lambda: log.lag("verdicts", "route"), log.scrub):
            with pytest.raises(Unavailable, match="no answer"):
                call()


def test_nobody_need_wait_who_is_told_to_end(database: Postgres) -> None:
    place = Place(f"127.0.0.1:{free_port()}", "t-")
    with opened(place, database, seconds=200) as log:
        log.break_off()
        with pytest.raises(Unavailable):
            fill(log, "verdicts", "b")


def test_its_forms() -> None:
    plain = Connection(["a:1", "b:2"])
    assert plain.librdkafka()["bootstrap.servers"] == "a:1,b:2"
    assert plain.librdkafka()["security.protocol"] == "plaintext"
    assert (plain.tls(), plain.sasl, plain.encrypted) == (None, False, False)
    encrypted = Connection(["a:1"], security="tls")
    assert isinstance(encrypted.tls(), ssl.SSLContext)
    assert "ssl.ca.location" not in encrypted.librdkafka()
    logged_in = Connection(["a:1"], security="sasl", mechanism="SCRAM-SHA-256", username="u", password="secret")
    assert logged_in.librdkafka()["security.protocol"] == "sasl_plaintext"
    assert logged_in.librdkafka()["sasl.mechanism"] == "SCRAM-SHA-256"
    assert logged_in.tls() is None
    assert "secret" not in repr(logged_in)


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    missing = Connection(["a:1"], security="tls", certificates=str(tmp_path / "missing.pem"))
    with pytest.raises(Broken, match=r"kafka\.certificates"):
        missing.tls()
    with pytest.raises(Broken, match=r"kafka\.certificates"):
        Cluster(missing, prefix="t-")


def for_aiokafka(connection: Connection) -> dict[str, object]:
    return {
        "bootstrap_servers": list(connection.servers),
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": connection.mechanism,
        "sasl_plain_username": connection.username,
        "sasl_plain_password": connection.password,
        "ssl_context": connection.tls(),
    }
