"""Every way to reach a person, one file each; loaded when chosen."""

from importlib import import_module
from typing import Any

from flow.errors import Broken

CHANNELS: dict[str, str] = {
    "email": "alerts.channels.email:Email",
    "webhook": "alerts.channels.webhook:Webhook",
    "outbox": "alerts.channels.files:Files",
}


def load_channel(name: str) -> type[Any]:
    """The class of the channel called ``name``; its keyword arguments differ, see ``docs/alerts.md``.

    Raises:
        Broken: there is no such channel.
    """
    if name not in CHANNELS:
        raise Broken("unknown channel", place="contacts", remedy=f"Choose from {', '.join(sorted(CHANNELS))}")
    module, _, attribute = CHANNELS[name].partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
