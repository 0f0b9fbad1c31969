"""Whether messages can go where a file of rules says: channels that there are, and addresses of their form."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from alerts.channels import CHANNELS
from alerts.channels.addresses import check_address
from alerts.plans.toml import Mistake
from flow.errors import BadInput


def wrong_ways(given: Any, *, key: str, place: str) -> Iterator[Mistake]:
    """What is wrong with channels and addresses in the list ``given`` that stands under ``key``, whatever else is.

    Whether a channel is set up is up to the settings, which only the process that sends needs to have.
    """
    for number, way in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(way, Mapping):
            continue
        channel, address = way.get("channel"), way.get("address")
        if not _is_text(channel) or not _is_text(address):
            continue  # who reads the table tells of that
        says = wrong_way(channel, address)
        if says:
            yield Mistake(f"{place}, key '{key}[{number}]'", says)


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def wrong_way(channel: str, address: str) -> str:
    """Why nothing can ever arrive by this way, by key; empty: it can, as far as the plan tells."""
    if channel not in CHANNELS:
        return f"key 'channel': there is no such channel. There are {', '.join(CHANNELS)}"
    try:
        check_address(channel, address)
    except BadInput as error:
        return f"key 'address': {error.reason}, channel {channel}. {error.remedy}"
    return ""
