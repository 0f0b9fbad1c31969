"""Whether the services behind the channels answer, found out without sending anything."""

import asyncio
from collections.abc import Mapping

from alerts.channel import Channel, Probed
from alerts.delivery.limits import Limited
from flow.errors import BadInput, TurvaktError

_REMEDY = "Check the settings of the channel and the way to its server; then 'turvakt alerts test'"


def try_channels(channels: Mapping[str, Channel]) -> str:
    """Try all of them, and say for each what came of it.

    Raises:
        BadInput: a service does not answer, or refuses us.
    """
    found = asyncio.run(_try_all(channels))
    wrong = [f"{error.place or name}: {error.reason}" for name, error in found.items() if error is not None]
    if wrong:
        raise BadInput("; ".join(wrong), place="channels", remedy=_REMEDY)
    untried = sorted(channels.keys() - found.keys() - {"outbox"})
    lines = [", ".join(sorted(channels))]
    if untried:
        lines.append(f"{', '.join(untried)}: not tried; use turvakt alerts test")
    return "\n".join(lines)


async def _try_all(channels: Mapping[str, Channel]) -> dict[str, TurvaktError | None]:
    inner = {name: each.channel if isinstance(each, Limited) else each for name, each in channels.items()}
    probed = {name: each for name, each in inner.items() if isinstance(each, Probed)}
    answers = await asyncio.gather(*map(_try, probed.values()))
    for name in probed:
        await channels[name].close()  # connections do not outlive the loop that they were made in
    return dict(zip(probed, answers, strict=True))


async def _try(channel: Probed) -> TurvaktError | None:
    try:
        await channel.probe()
    except TurvaktError as error:
        return error
    return None
