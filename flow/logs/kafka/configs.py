"""Settings of topics, read and changed one by one."""

from collections.abc import Collection, Mapping

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from flow.logs.kafka.cluster import Cluster

FILE_AGE = "segment.ms"
FILE_MILLISECONDS = 6 * 3_600_000
"""The age at which a partition begins a new file: what is forgotten stays on a disk a little longer than that."""


def describe(cluster: Cluster, topics: Collection[str]) -> dict[str, dict[str, str]]:
    """All settings of each topic.

    Raises:
        Unavailable, Broken: see `Cluster`.
    """
    if not topics:
        return {}
    wanted = [ConfigResource(ResourceType.TOPIC, cluster.full(topic)) for topic in topics]
    found = cluster.ask(
        lambda: {each.name: answer.result() for each, answer in cluster.admin.describe_configs(wanted).items()}
    )
    return {
        cluster.short(name): {setting: str(entry.value) for setting, entry in entries.items()}
        for name, entries in found.items()
    }


def set_config(cluster: Cluster, topics: Collection[str], name: str, value: str) -> None:
    """Give one setting of each topic a value."""
    alter(cluster, {topic: {name: value} for topic in topics})


def alter(cluster: Cluster, settings: Mapping[str, Mapping[str, str]]) -> None:
    """Give settings of topics their values; others stay.

    Raises:
        Unavailable, Broken: see `Cluster`.
    """

    def entries(wanted: Mapping[str, str]) -> list[ConfigEntry]:
        operation = AlterConfigOpType.SET
        return [ConfigEntry(name, value, incremental_operation=operation) for name, value in wanted.items()]

    resources = [
        ConfigResource(ResourceType.TOPIC, cluster.full(topic), incremental_configs=entries(wanted))
        for topic, wanted in settings.items()
    ]
    cluster.ask(lambda: [each.result() for each in cluster.admin.incremental_alter_configs(resources).values()])
