"""Apache Kafka: one node that is broker and controller (KRaft)."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.servers.certificates import self_signed
from tests.servers.installing import from_maven, java
from tests.servers.process import free_port, run
from tests.servers.server import Server

_LOGGING = """\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
"""


class Kafka(Server):
    """A broker; topics are not created by themselves.

    Args:
        secure: clients must log in (SASL/SCRAM-SHA-512, as ``user_name`` with ``password``) over TLS (trust ``certificate``).
        properties: settings of the broker that go before those below.

    Attributes:
        plain_address: where it answers without TLS and log-in even if it is ``secure``.
    """

    name: ClassVar[str] = "kafka"
    user_name: ClassVar[str] = "turvakt"

    def __init__(self, *, secure: bool = False, properties: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.address = f"127.0.0.1:{self.port}"
        self.plain_address = f"127.0.0.1:{free_port()}" if secure else self.address
        self._controller = f"127.0.0.1:{free_port()}"
        self._properties = dict(properties or {})
        self.secure = secure
        self.password = secrets.token_hex(16)

    @property
    def certificate(self) -> Path:
        """What a client must trust, as PEM."""
        return self.folder / "certificate.pem"

    def prepare(self) -> None:
        settings = {**self._settings(), **self._properties}
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        (self.folder / "server.properties").write_text(lines)
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        format_ = ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", "server.properties"]
        if self.secure:
            key = self_signed(self.certificate)
            (self.folder / "server.pem").write_text(key.read_text() + self.certificate.read_text())
            format_ += ["--add-scram", f"SCRAM-SHA-512=[name={self.user_name},password={self.password}]"]
        run([*self._java(), *format_], folder=self.folder)

    def command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", "server.properties"]

    def ready(self) -> bool:
        return "Kafka Server started" in self.process.output()

    def _java(self) -> list[str]:
        libraries = from_maven("kafka") / "libs" / "*"
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [java(), *options, "-Dlog4j2.configurationFile=log4j2.properties", "-cp", str(libraries)]

    def _settings(self) -> dict[str, str]:
        listeners = {"PLAINTEXT": self.plain_address} | ({"SECURE": self.address} if self.secure else {})
        advertised = ",".join(f"{name}://{address}" for name, address in listeners.items())
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self._controller}",
            "listeners": f"{advertised},CONTROLLER://{self._controller}",
            "advertised.listeners": advertised,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
            "log.dirs": "data",
            "num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "false",
            # How long a killed broker is still believed to live; until then it may not come back.
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "500",
        }
        if self.secure:
            settings |= {
                "sasl.enabled.mechanisms": "SCRAM-SHA-512",
                "listener.name.secure.scram-sha-512.sasl.jaas.config": (
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;"
                ),
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": "server.pem",
            }
        return settings


def create_topics(address: str, *names: str, partitions: int = 4) -> None:
    """Create topics on the broker at ``address`` (a `plain_address`), and return when they can be used.

    Raises:
        confluent_kafka.KafkaException: the broker refused, or did not answer.
    """
    admin = AdminClient({"bootstrap.servers": address})
    for made in admin.create_topics([NewTopic(name, partitions) for name in names], operation_timeout=30.0).values():
        made.result()


def delete_topics(address: str, prefix: str) -> None:
    """Delete all topics whose names start with ``prefix``.

    Raises:
        confluent_kafka.KafkaException: the broker refused, or did not answer.
    """
    admin = AdminClient({"bootstrap.servers": address})
    names = [name for name in admin.list_topics(timeout=30.0).topics if name.startswith(prefix)]
    for gone in (admin.delete_topics(names, operation_timeout=30.0) if names else {}).values():
        gone.result()
