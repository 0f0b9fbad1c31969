"""Whether the services behind the channels answer, found out without sending anything."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from alerts.channel import AGAIN, Addressed, Channel, Probed
from alerts.channels.reaching import reach
from alerts.delivery.limits import Limited, receiver_of
from flow.database import Database
from flow.errors import BadInput, TurvaktError
from turvakt.watch.beats import LOST, Beat, Beats
from turvakt.watch.channels import place_of

_AT_ONCE = 8
_SECTIONS = {"voice": "[sms] and [voice]", "sms-gateway": "[sms_gateway]"}


class Named(NamedTuple):
    """A contact's way, and where it stands, such as ``rule 'grave'``: addresses are never shown."""

    whose: str
    channel: str
    address: str


def try_channels(channels: Mapping[str, Channel], ways: Iterable[Named], *, wrong: Iterable[str] = ()) -> str:
    """Try all of them, and the servers of contacts who have their own, and say for each what came of it.

    Args:
        ways: of contacts; what is wrong with an address, others say.
        wrong: what is known to be wrong.

    Raises:
        BadInput: a service does not answer, or refuses us, or something was wrong before.
    """
    inner = {name: each.channel if isinstance(each, Limited) else each for name, each in channels.items()}
    servers, unfit = _servers(inner, ways)
    wrong = [*wrong, *unfit, *asyncio.run(_try_all(inner, servers))]
    if wrong:
        raise BadInput("\n".join(wrong), place="channels")
    untried = inner.keys() - {name for name, _ in servers} - {"outbox"}
    untried -= {name for name, each in inner.items() if isinstance(each, Probed)}
    lines = [", ".join(sorted(inner))]
    if untried:
        lines.append(f"{', '.join(sorted(untried))}: not tried; use turvakt alerts test")
    return "\n".join(lines)


def of_one_try(error: TurvaktError) -> str:
    """What a channel says is wrong, and what to do. That it is tried again holds where alerts wait for it, not here."""
    remedy = "" if error.remedy == AGAIN else error.remedy
    return str(TurvaktError(error.reason, place=error.place, remedy=remedy))


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


def _servers(channels: Mapping[str, Channel], ways: Iterable[Named]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """Who is the first to need a server, by channel and server; and what is wrong with whose way."""
    found: dict[tuple[str, str], str] = {}
    wrong: list[str] = []
    for whose, name, address in ways:
        channel = channels.get(name)
        if isinstance(channel, Addressed) and _is_fit(channels[name], address):
            try:
                for server in channel.servers(address):
                    found.setdefault((name, server), whose)
            except BadInput as error:
                wrong.append(f"{whose}, {error}")
    return found, wrong


def _is_fit(channel: Channel, address: str) -> bool:
    try:
        channel.check(address)
    except BadInput:
        return False
    return True


async def _try_all(channels: Mapping[str, Channel], servers: Mapping[tuple[str, str], str]) -> list[str]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def probe(name: str, channel: Probed) -> str:
        try:
            async with slots:
                await channel.probe()
        except TurvaktError as error:
            return f"settings {_SECTIONS.get(name, f'[{name}]')}, {of_one_try(error)}"
        finally:
            await channels[name].close()  # connections do not outlive the loop that they were made in
        return ""

    async def find(name: str, server: str, whose: str) -> str:
        try:
            async with slots:
                await reach(server, place=f"{whose}, channel {name}")
        except TurvaktError as error:
            return of_one_try(error)
        return ""

    probed = [probe(name, each) for name, each in channels.items() if isinstance(each, Probed)]
    reached = [find(name, server, whose) for (name, server), whose in servers.items()]
    return [said for said in await asyncio.gather(*probed, *reached) if said]
