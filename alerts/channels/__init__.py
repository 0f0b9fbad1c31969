"""Every way to reach a person, one file each; loaded when chosen."""

from typing import Any

from flow.adapters import load_adapter

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
    return load_adapter(CHANNELS, name, kind="channel")
