"""What the brokers know of one member of a group."""

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, for_code

from flow.errors import Unavailable
from flow.kafka import Connection

REQUEST_SECONDS = 20.0
_UUID = 36


class Membership:
    """Asks the coordinator of ``group``, which is found anew each time: it moves when brokers come and go.

    aiokafka asks, as librdkafka's client for administration ends the whole process when a coordinator has moved (seen in 2.16).

    Args:
        group: its full name in Kafka.
        client, member: what the member is called, see `flow.runtimes.faust_app.make_app`.
    """

    def __init__(self, connection: Connection, *, group: str, client: str, member: str | None) -> None:
        self._connection = connection
        self._group = group
        self._client = client
        self._member = member
        self._asking: AIOKafkaAdminClient | None = None

    async def given(self) -> set[int] | None:
        """The partitions that the brokers have given to the member; ``None`` if they know none of that name.

        Raises:
            Unavailable: there was no answer.
        """
        try:
            if self._asking is None:
                self._asking = AIOKafkaAdminClient(**self._settings())
                await self._asking.start()
            [answer] = await self._asking.describe_consumer_groups([self._group])
            [(error, _, _, _, _, members, *_)] = answer.groups
            if error:
                raise for_code(error)
        except (KafkaError, OSError) as error:
            await self.close()
            raise Unavailable(
                f"no answer ({type(error).__name__})", place=self._connection.place, remedy="It is asked again"
            ) from None
        for identity, client, _, _, assignment in members:
            # A member with a name of its own keeps its first client's name over restarts, but is called by its own.
            if identity[: -_UUID - 1] == self._member if self._member else client == self._client:
                return _partitions(assignment)
        return None

    async def close(self) -> None:
        """Let go of the connections."""
        asking, self._asking = self._asking, None
        if asking is not None:
            await asking.close()

    def _settings(self) -> dict[str, Any]:
        connection = self._connection
        settings: dict[str, Any] = {
            "bootstrap_servers": list(connection.servers),
            "client_id": f"{self._client}-watch",
            "request_timeout_ms": round(1000 * REQUEST_SECONDS),
            "security_protocol": connection.protocol,
            "ssl_context": connection.tls(),
        }
        if connection.sasl:
            settings |= {
                "sasl_mechanism": connection.mechanism,
                "sasl_plain_username": connection.username,
                "sasl_plain_password": connection.password,
            }
        return settings


def _partitions(assignment: bytes) -> set[int]:
    """Of the one topic that the group reads; none while they are balanced anew."""
    if not assignment:
        return set()
    decoded = ConsumerProtocolMemberAssignment.decode(assignment)
    return {each.partition for each in decoded.partitions()}
