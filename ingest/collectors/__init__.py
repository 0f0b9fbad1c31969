"""Every source that posts can be read from, one file each; loaded when chosen."""

from typing import Any

from flow.adapters import load_adapter

COLLECTORS: dict[str, str] = {
    "bluesky": "ingest.collectors.bluesky:Bluesky",
    "mastodon": "ingest.collectors.mastodon:Mastodon",
    "feed": "ingest.collectors.feed:Feed",
    "jsonl": "ingest.collectors.jsonl:Jsonl",
    "manual": "ingest.collectors.manual:Manual",
}


def load_collector(name: str) -> type[Any]:
    """The class of the collector called ``name``; its keyword arguments differ, see ``docs/sources``.

    Raises:
        Broken: there is no such collector.
    """
    return load_adapter(COLLECTORS, name, kind="collector")
