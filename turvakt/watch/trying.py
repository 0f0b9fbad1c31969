"""Tries the channels without sending anything, so that a password that has expired is known before a threat comes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.channel import AGAIN, Addressed, Channel, Probed
from alerts.channels.reaching import reach
from alerts.delivery.limits import Limited, receiver_of
from flow.clock import Clock
from flow.database import Database
from flow.errors import BadInput, TurvaktError, Unavailable
from flow.step import Step
from turvakt.watch.beats import CHANNEL, LOST, TRIED, Beat, Beats
from turvakt.watch.channels import Ways, place_of, places_of
from turvakt.watch.trouble import Detail, Trouble

EVERY, SOON = timedelta(hours=1), timedelta(minutes=10)
"""How often channels are tried, and how often while one of them fails: at who signs in wrongly more often, doors are shut."""
FAILS = timedelta(minutes=5)
"""One try that fails tells nothing: a server is restarted in less."""
_SECONDS = 60.0
_AT_ONCE = 8

logger = logging.getLogger(__name__)


class Named(NamedTuple):
    """A contact's way, and what it is known by, such as ``rule 'grave'``: addresses are never shown."""

    whose: str
    channel: str
    address: str


def servers_of(channels: Mapping[str, Channel], ways: Iterable[Named]) -> tuple[dict[tuple[str, str], str], list[str]]:
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


async def try_all(
    channels: Mapping[str, Channel], servers: Collection[tuple[str, str]], *, seconds: float = _SECONDS
) -> dict[tuple[str, str], TurvaktError]:
    """Try the services of ``channels`` and the servers of contacts, all at once; returns what is wrong, by channel and server.

    A service that the settings name has no server there.

    Args:
        seconds: how long each may take.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def attempt(name: str, server: str) -> TurvaktError | None:
        channel, place = channels[name], f"channel {name}"
        try:
            async with slots, asyncio.timeout(seconds):
                if server:
                    await reach(server, place=place)
                elif isinstance(channel, Probed):
                    await channel.probe()
        except TurvaktError as error:
            return error
        except TimeoutError:
            return Unavailable("no answer in time", place=place)
        except Exception as error:  # noqa: BLE001  a fault of one must not end the others
            return Unavailable(f"unexpected {type(error).__name__}", place=place)
        return None

    asked = [*((name, "") for name in probed(channels)), *servers]
    said = await asyncio.gather(*(attempt(*each) for each in asked))
    return {each: error for each, error in zip(asked, said, strict=True) if error is not None}


def probed(channels: Mapping[str, Channel]) -> list[str]:
    """The names of those whose service can be tried."""
    return [name for name, each in channels.items() if isinstance(each, Probed)]


def inner(channels: Mapping[str, Channel]) -> dict[str, Channel]:
    """The channels themselves, without limits."""
    return {name: each.channel if isinstance(each, Limited) else each for name, each in channels.items()}


def of_one_try(error: TurvaktError) -> str:
    """What a channel says is wrong, and what to do. That it is tried again holds where alerts wait for it, not here."""
    remedy = "" if error.remedy == AGAIN else error.remedy
    return str(TurvaktError(error.reason, place=error.place, remedy=remedy))


class Trying:
    """Tries the channels in use, where messages go out, and writes down what came of it: no beat of a channel is touched by it.

    Args:
        ways: channel and address of everybody who may be told.
        seconds: how long one try may take.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        ways: Ways,
        step: Step,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seconds: float = _SECONDS,
    ) -> None:
        self._database = database
        self._channels = inner(channels)
        self._ways = ways
        self._step = step
        self._clock = clock
        self._sleep = sleep
        self._seconds = seconds

    async def run(self) -> None:
        """Try them every hour until cancelled, and sooner again while one fails."""
        while True:
            wrong = True
            try:
                wrong = await self.turn()
            except Exception as error:  # noqa: BLE001  it must not end what it tries
                logger.error("the channels could not be tried: %s", type(error).__name__)
            await self._sleep((SOON if wrong else EVERY).total_seconds())

    async def turn(self) -> bool:
        """Try each once; returns whether one failed."""
        # Some look things up for long, or in the database.
        used, servers = await asyncio.to_thread(self._used)
        wrong = await try_all(used, servers, seconds=self._seconds)
        found: dict[str, TurvaktError | None] = dict.fromkeys(servers.values())
        found |= dict.fromkeys(f"{TRIED}{name}" for name in probed(used))
        found |= {servers.get((name, server), f"{TRIED}{name}"): error for (name, server), error in wrong.items()}
        await self._step(self._note, found)
        return bool(wrong)

    def _used(self) -> tuple[dict[str, Channel], dict[tuple[str, str], str]]:
        """The channels by which somebody may be told, and where the beat of each server stands."""
        ways = list(self._ways())
        names = {place.split(":")[1] for place in places_of(ways)}
        used = {name: each for name, each in self._channels.items() if name in names}
        named = (Named(_tried(place_of(name, receiver_of(address))), name, address) for name, address in ways)
        servers, _ = servers_of(used, named)
        return used, servers

    def _note(self, found: Mapping[str, TurvaktError | None]) -> None:
        beats, now = Beats(self._database), self._clock.now()
        before = {beat.place: beat for beat in beats.all() if beat.place.startswith(TRIED)}
        # After a stop one try that fails is the first.
        since = {place: beat.failing_since for place, beat in before.items() if now - beat.at <= 2 * EVERY}
        tried = [
            Beat(place, now, now)
            if error is None
            else Beat(place, now, None, min(since.get(place) or now, now), of_one_try(error))
            for place, error in found.items()
        ]
        # What is not tried any more does not fail.
        gone = [Beat(place, now, now) for place, beat in before.items() if beat.failing_since and place not in found]
        beats.write([*tried, *gone], {})


def _tried(place: str) -> str:
    """Where the beat of the tries stands, given the place of that of deliveries."""
    return f"{TRIED}{place.removeprefix(CHANNEL)}"


def unready(beats: Beats, *, ways: Ways) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether services behind channels in use failed when they were tried, and nothing has got through since.

    Args:
        ways: what nobody is told by any longer is no trouble.
    """

    def ask(now: datetime) -> Iterator[Trouble]:
        known = {beat.place: beat for beat in beats.all()}
        failing = [beat for beat in known.values() if beat.place.startswith(TRIED) and beat.failing_since is not None]
        used = places_of(ways()) if failing else ()
        found: dict[str, list[tuple[datetime, Beat]]] = {}
        for tried in failing:
            since, place = tried.failing_since or now, f"{CHANNEL}{tried.place.removeprefix(TRIED)}"
            if place in used and tried.at - since >= FAILS and not _explains(known.get(place), tried.at, since):
                name = place.removeprefix(CHANNEL).partition(":")[0]
                found.setdefault(f"{CHANNEL}{name}", []).append((since, tried))
        for place, those in found.items():
            last = max((tried for _, tried in those), key=lambda tried: tried.at)
            details: dict[Detail, str] = {"failed-at": last.at.isoformat(), "reason": last.reason}
            yield Trouble("channel-unready", place, min(since for since, _ in those), details)

    return ask


def _explains(sent: Beat | None, tried_at: datetime, since: datetime) -> bool:
    """Whether something was delivered after the try, or was left undelivered before: of that `Channels` tells."""
    if sent is None:
        return False
    if sent.worked_at is not None and sent.worked_at > tried_at:
        return True
    return sent.failing_since is not None and sent.failing_since <= since and not sent.reason.startswith(LOST)
