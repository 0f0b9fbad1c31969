"""Apache Kafka: one node that is broker and controller (KRaft)."""

import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.certificates import self_signed
from tests.servers.installing import from_maven, java
from tests.servers.process import Failed, free_port
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
    """

    name: ClassVar[str] = "kafka"
    user_name: ClassVar[str] = "turvakt"

    def __init__(self, *, secure: bool = False, properties: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._plain = f"127.0.0.1:{free_port()}"
        self._controller = f"127.0.0.1:{free_port()}"
        self._properties = dict(properties or {})
        self.secure = secure
        self.address = f"127.0.0.1:{free_port()}" if secure else self._plain
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
        done = subprocess.run([*self._java(), *format_], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"kafka: the data folder could not be made: {done.stdout}{done.stderr}")

    def command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", "server.properties"]

    def ready(self) -> bool:
        return "Kafka Server started" in self.process.output()

    def _java(self) -> list[str]:
        libraries = from_maven("kafka") / "libs" / "*"
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [java(), *options, "-Dlog4j2.configurationFile=log4j2.properties", "-cp", str(libraries)]

    def _settings(self) -> dict[str, str]:
        listeners = {"PLAINTEXT": self._plain} | ({"SECURE": self.address} if self.secure else {})
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
