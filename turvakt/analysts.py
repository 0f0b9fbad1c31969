"""What analysts see, as the settings name it: trends in Elasticsearch, and Kibana."""

from collections.abc import Callable, Collection
from datetime import timedelta

from elasticsearch import Elasticsearch

from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Official
from review.kibana.client import Kibana
from review.trends.trends import Kept, Trends
from turvakt.settings import Settings


def trends(
    settings: Settings, client: Elasticsearch, *, officials: Callable[[], Collection[Official]], clock: Clock
) -> Trends:
    """The trends, over an index in Elasticsearch.

    Args:
        officials: everybody in the registry.
    """
    retention = settings.retention
    flagged = timedelta(days=min(retention.low_days, retention.flagged_days))
    return Trends(
        client,
        prefix=settings.elasticsearch.prefix,
        officials=officials,
        limit=settings.trends.limit,
        kept=Kept(timedelta(days=retention.unflagged_days) if retention.unflagged_days else None, flagged),
        clock=clock,
    )


def kibana(settings: Settings) -> Kibana:
    """The connection to Kibana. Close it in the end.

    Raises:
        BadInput: the settings name none.
        Broken: what they say makes no connection.
    """
    section, elastic = settings.kibana, settings.elasticsearch
    if not section.url:
        raise BadInput("the settings name no Kibana", place="kibana.url", remedy="See docs/kibana.md")
    return Kibana(
        section.url,
        api_key=section.api_key,
        username=elastic.username,
        password=elastic.password,
        certificates=elastic.certificates,
    )
