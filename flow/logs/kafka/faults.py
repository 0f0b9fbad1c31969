"""What Kafka's errors mean for us, and what its client's log lines become."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from flow.errors import BadInput, Broken, TurvaktError, Unavailable
from flow.seldom import Seldom

APPLY = "Run 'turvakt topics apply'"

_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
_NO_TOPIC = {
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_LOG_IN = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}
_RIGHTS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
_WRONG = {
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.INVALID_REPLICA_ASSIGNMENT,
    KafkaError.INVALID_REQUEST,
    KafkaError.INVALID_TIMESTAMP,
    KafkaError.TOPIC_EXCEPTION,
    KafkaError.POLICY_VIOLATION,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError._UNSUPPORTED_FEATURE,
}


def translated(error: KafkaError, *, place: str) -> TurvaktError:
    """Our error for one of librdkafka's. What cannot be told apart from an outage is waited out."""
    code = error.code()
    if code in _TOO_LARGE:
        return BadInput("it is larger than the topic takes", place=place, remedy=APPLY)
    if code in _NO_TOPIC:
        return Broken("a topic is missing", place=place, remedy=APPLY)
    if code in _LOG_IN:
        return Broken("the log-in was refused", place=place, remedy="Check kafka.username, kafka.password, mechanism")
    if code in _RIGHTS:
        remedy = "Give the user all rights on topics and groups with the prefix; see docs/kafka.md"
        return Broken("the user has not the right to do this", place=place, remedy=remedy)
    if code == KafkaError._SSL and "certificate verify failed" in str(error):
        return Broken("the broker's certificate is not trusted", place=place, remedy="Check kafka.certificates")
    if code == KafkaError.INVALID_REPLICATION_FACTOR:
        return Broken("there are not so many brokers", place=place, remedy="Change kafka.replication, or start more")
    if code in _WRONG:
        return Broken(f"the broker refuses it ({error.name()})", place=place, remedy="See the broker's own log")
    return Unavailable(f"no answer ({error.name()})", place=place, remedy="Workers try again by themselves")


def lost(topic: str, *, place: str) -> Broken:
    """What we know of ``topic`` is of more records than it has ever had: it must not hide new ones."""
    return Broken(f"topic {topic} has lost its end or was made anew", place=place, remedy=APPLY)


@contextmanager
def making() -> Iterator[None]:
    """Around the making of a client: nothing is asked of a broker there, so only the settings can be wrong."""
    try:
        yield
    except KafkaException as error:
        remedy = "Check kafka.certificates and kafka.security"
        raise Broken(
            f"no client can be made of the settings ({of(error).name()})", place="kafka", remedy=remedy
        ) from None


def of(error: KafkaException) -> KafkaError:
    """What is inside an exception of librdkafka's."""
    inside: KafkaError = error.args[0]
    return inside


class Refusals:
    """Hears of errors that no call raises: a client that is refused tries again for ever, and its calls merely time out.

    One per client, as its ``error_cb``.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._refused: Broken | None = None

    def __call__(self, error: KafkaError) -> None:
        meant = translated(error, place=self._place)
        if isinstance(meant, Broken):
            self._refused = meant

    def clear(self) -> None:
        """What was refused before concerns nobody any more."""
        self._refused = None

    def any(self) -> Broken | None:
        """What the client was refused since `clear`."""
        return self._refused


client_logger = logging.getLogger("flow.logs.kafka.client")
"""For what librdkafka has to say."""
client_logger.addFilter(Seldom(lambda record: record.getMessage().partition(" ")[0]))  # "FAIL", "GETPID" and the like
