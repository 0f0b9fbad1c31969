"""What channels to telephones share."""

import re

from alerts.messages.message import Message, clean
from flow.errors import BadInput
from flow.hosts import is_guarded

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_ANSWERS = "/a/"


def check_number(address: str, *, place: str) -> None:
    """Look at a telephone number: international, as of E.164, such as ``+46701740605``.

    Raises:
        BadInput: it is none.
    """
    if not _NUMBER.fullmatch(address):
        remedy = "Write it with + and the country's number, without spaces"
        raise BadInput("the address is no international telephone number", place=place, remedy=remedy)


def brief(message: Message) -> str:
    """What fits a short message: no text, name or label."""
    return " ".join(filter(None, (clean(message.short) or clean(message.subject), message.link)))


def callback(message: Message, path: str) -> str:
    """Where a service tells us what came of this message; empty: it has no link, or nobody could reach it.

    The secret part is that of the message's own link: who carries the message knows it anyway.
    """
    base, _, token = message.link.rpartition(_ANSWERS)
    return f"{base}/{path}/{token}" if base and token and is_guarded(base) else ""
