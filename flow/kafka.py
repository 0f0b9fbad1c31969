"""How Kafka is reached: one description, in the form of either client."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flow.errors import Broken

Security = Literal["none", "tls", "sasl", "sasl-tls"]

_PROTOCOLS: dict[Security, str] = {"none": "plaintext", "tls": "ssl", "sasl": "sasl_plaintext", "sasl-tls": "sasl_ssl"}


@dataclass(frozen=True, slots=True)
class Connection:
    """The brokers, and what they ask for.

    Attributes:
        servers: ``HOST:PORT`` of some brokers; the others are learnt from them.
        mechanism, username, password: for SASL.
        certificates: file of the authorities to trust in place of the system's; empty: these.
    """

    servers: Sequence[str]
    security: Security = "none"
    mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    certificates: str = ""

    @property
    def sasl(self) -> bool:
        """Whether a user logs in."""
        return self.security.startswith("sasl")

    @property
    def encrypted(self) -> bool:
        """Whether it goes over TLS."""
        return self.security.endswith("tls")

    @property
    def protocol(self) -> str:
        """What Python's clients call `security`."""
        return _PROTOCOLS[self.security].upper()

    @property
    def place(self) -> str:
        """What messages call it."""
        return f"Kafka at {', '.join(self.servers)}"

    def librdkafka(self) -> dict[str, Any]:
        """As librdkafka wants it (confluent-kafka)."""
        settings: dict[str, Any] = {
            "bootstrap.servers": ",".join(self.servers),
            "client.id": "turvakt",
            "security.protocol": _PROTOCOLS[self.security],
            "socket.keepalive.enable": True,
            # A broker that is back is found soon, and one that closes an idle connection is no event.
            "reconnect.backoff.max.ms": 2000,
            # Otherwise librdkafka 2.16 forgets all brokers in an outage, and then finds none of them again.
            "metadata.recovery.strategy": "none",
            "log.connection.close": False,
        }
        if self.sasl:
            settings |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        if self.encrypted and self.certificates:
            settings["ssl.ca.location"] = self.certificates
        return settings

    def tls(self) -> ssl.SSLContext | None:
        """As Python's clients want it (aiokafka, Faust), with `servers`, `mechanism`, `username` and `password`.

        Raises:
            Broken: the file of authorities cannot be read.
        """
        if not self.encrypted:
            return None
        try:
            return ssl.create_default_context(cafile=self.certificates or None)
        except OSError as error:
            remedy = "Check path, rights and that it is PEM"
            raise Broken(
                "the authorities to trust cannot be read", place="kafka.certificates", remedy=remedy
            ) from error
