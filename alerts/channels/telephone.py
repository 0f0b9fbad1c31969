"""What channels to telephones share."""

from alerts.messages.message import Message, clean

_ANSWERS = "/a/"


def brief(message: Message) -> str:
    """What fits a short message: no text, name or label."""
    return " ".join(filter(None, (clean(message.short) or clean(message.subject), message.link)))


def callback(message: Message, path: str) -> str:
    """Where a service tells us what came of this message; empty: it has no link, or none that begins with ``https``.

    The secret part is that of the message's own link: who carries the message knows it anyway.
    """
    base, _, token = message.link.rpartition(_ANSWERS)
    return f"{base}/{path}/{token}" if base.startswith("https://") and token else ""
