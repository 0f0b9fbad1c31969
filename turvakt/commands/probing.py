"""Whether the services behind the channels answer, found out without sending anything."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

from alerts.channel import Channel
from alerts.delivery.limits import receiver_of
from flow.database import Database
from flow.errors import BadInput, TurvaktError
from turvakt.watch.beats import LOST, Beat, Beats
from turvakt.watch.channels import place_of
from turvakt.watch.trying import Named, inner, of_one_try, probed, servers_of, try_all

_SECTIONS = {"voice": "[sms] and [voice]", "sms-gateway": "[sms_gateway]"}


def try_channels(channels: Mapping[str, Channel], ways: Iterable[Named], *, wrong: Iterable[str] = ()) -> str:
    """Try all of them, and the servers of contacts who have their own, and say for each what came of it.

    Args:
        ways: of contacts, each with where it stands; what is wrong with an address, others say.
        wrong: what is known to be wrong.

    Raises:
        BadInput: a service does not answer, or refuses us, or something was wrong before.
    """
    channels = inner(channels)
    servers, unfit = servers_of(channels, ways)
    failed = asyncio.run(_try(channels, servers))
    wrong = [
        *wrong,
        *unfit,
        *(_said(name, servers.get((name, server)), failed[name, server]) for name, server in failed),
    ]
    if wrong:
        raise BadInput("\n".join(wrong), place="channels")
    untried = channels.keys() - {name for name, _ in servers} - {"outbox", *probed(channels)}
    lines = [", ".join(sorted(channels))]
    if untried:
        lines.append(f"{', '.join(sorted(untried))}: not tried; use turvakt alerts test")
    return "\n".join(lines)


async def _try(
    channels: Mapping[str, Channel], servers: Collection[tuple[str, str]]
) -> dict[tuple[str, str], TurvaktError]:
    try:
        return await try_all(channels, servers)
    finally:
        for each in channels.values():
            await each.close()  # connections do not outlive the loop that they were made in


def _said(name: str, whose: str | None, error: TurvaktError) -> str:
    if whose is None:
        return f"settings {_SECTIONS.get(name, f'[{name}]')}, {of_one_try(error)}"
    return f"{whose}, {of_one_try(error)}"


def left_alone(database: Callable[[], Database], ways: Iterable[Named]) -> list[str]:
    """Whose channels or servers the monitor leaves alone, as they failed too often in a row, and what the last error was."""
    failing: dict[str, Beat] = {}
    with suppress(TurvaktError):  # what is wrong with the database, others say
        failing = {beat.place: beat for beat in Beats(database()).all() if beat.failing_since is not None}
    found: dict[str, str] = {}
    for whose, channel, address in ways:
        place = place_of(channel, receiver_of(address))
        if place in failing:
            beat = failing[place]
            since = f"has failed since {beat.failing_since:%Y-%m-%d %H:%M} UTC, at {beat.at:%Y-%m-%d %H:%M} with"
            found.setdefault(place, f"{whose}, channel {channel}: {since}: {beat.reason.removeprefix(LOST)}")
    return list(found.values())
