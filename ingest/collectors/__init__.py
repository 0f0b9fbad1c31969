"""Every source that posts can be read from, one file each; loaded when chosen."""

from importlib import import_module
from typing import Any

from flow.errors import Broken

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
    if name not in COLLECTORS:
        known = ", ".join(sorted(COLLECTORS))
        raise Broken("unknown collector", place="settings, collectors", remedy=f"Choose from {known}")
    module, _, attribute = COLLECTORS[name].partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
