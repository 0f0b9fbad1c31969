"""The log of a cluster: topics in Kafka, bookkeeping in PostgreSQL."""

from flow.logs.kafka.cluster import Progress
from flow.logs.kafka.log import KafkaLog
from flow.logs.kafka.records import offset_of

__all__ = ["KafkaLog", "Progress", "offset_of"]
