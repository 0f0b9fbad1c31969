"""Every way to reach a person, one file each; loaded when chosen."""

from typing import Any

from flow.adapters import load_adapter

CHANNELS: dict[str, str] = {
    "email": "alerts.channels.email:Email",
    "sms": "alerts.channels.sms:Sms",
    "sms-gateway": "alerts.channels.sms_gateway:SmsGateway",
    "voice": "alerts.channels.voice:Voice",
    "webhook": "alerts.channels.webhook:Webhook",
    "teams": "alerts.channels.teams:Teams",
    "matrix": "alerts.channels.matrix:Matrix",
    "ntfy": "alerts.channels.ntfy:Ntfy",
    "webpush": "alerts.channels.webpush:WebPush",
    "apprise": "alerts.channels.apprise:Apprise",
    "outbox": "alerts.channels.files:Files",
}


def load_channel(name: str) -> type[Any]:
    """The class of the channel called ``name``; its keyword arguments differ, see ``docs/channels.md``.

    Raises:
        Broken: there is no such channel.
    """
    return load_adapter(CHANNELS, name, kind="channel")
