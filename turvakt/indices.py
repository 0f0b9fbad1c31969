"""The index in Elasticsearch, as the settings name it."""

from elasticsearch import Elasticsearch

from flow.errors import BadInput
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.statistics import Officials
from review.indexes.elasticsearch.templates import Template, load
from turvakt.settings import Settings


def elasticsearch_index(settings: Settings, *, officials: Officials) -> ElasticsearchIndex:
    """The index of a cluster. Close it in the end.

    Args:
        officials: the official with this id, for the statistics.
    """
    return ElasticsearchIndex(client(settings), prefix=settings.elasticsearch.prefix, officials=officials)


def client(settings: Settings) -> Elasticsearch:
    """The connection. Close it in the end.

    Raises:
        BadInput: the settings name no node.
        Broken: what they say makes no connection.
    """
    section = settings.elasticsearch
    if not section.urls:
        raise BadInput("the settings name no node", place="elasticsearch.urls", remedy="See docs/elasticsearch.md")
    return connect(
        section.urls,
        api_key=section.api_key,
        username=section.username,
        password=section.password,
        certificates=section.certificates,
    )


def names(settings: Settings) -> Names:
    """How the indices are called."""
    return Names(settings.elasticsearch.prefix)


def templates(settings: Settings) -> list[Template]:
    """The templates as the settings want them."""
    section = settings.elasticsearch
    return load(names(settings), shards=section.shards, replicas=section.replicas)
