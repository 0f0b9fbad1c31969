"""turvakt alerts test: whether a contact's channels work."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.plans.contacts import Contact, contacts_of
from flow.errors import BadInput, Unavailable
from registry.tenant import tenant_of
from turvakt.access import base_url
from turvakt.commands.shared import AsJson, parts, screen, table, write_json
from turvakt.commands.words import Spoken, Tenant, Words
from turvakt.watch.beats import Beats
from turvakt.watch.channels import beats_of
from turvakt.watch.operator import contacts as operator_contacts
from turvakt.watch.trying import of_one_try
from turvakt.wiring import Parts

_SECONDS = 60.0

Result = tuple[str, str, str, str, float]
"""Channel, masked address, ``taken``, ``never`` or ``later``, why, seconds."""


def try_(
    context: typer.Context,
    contact: Annotated[
        str,
        typer.Argument(help="Name of a contact: of the rules, of an official, or of the operator.", show_default=False),
    ],
    channel: Annotated[str, typer.Option(help="Only this channel.", show_default=False)] = "",
    tenant: Tenant = "",
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """Send a test message to a contact now, by each of its channels, and tell what happened. Ends with 1 if one did not take it.

    The message says that it is a test, and names nobody.

    Example: turvakt alerts test "Duty desk" --channel email
    """
    words = Words(language)
    with parts(context) as opened:
        ways = [each for each in _ways(opened, contact, tenant) if channel in ("", each.channel)]
        if not ways:
            raise BadInput(words.of("test.unknown"), place="CONTACT")
        results = asyncio.run(send(opened, ways, tenant))
        # First what has been sent: it is not to be sent again for a database that is busy.
        _show(results, words, as_json=as_json)
        # What works now need not wait for the next alert to be seen to work.
        Beats(opened.database).write(beats_of(opened.channels.values()), {}, now=opened.clock.now())
    if any(outcome != "taken" for _, _, outcome, _, _ in results):
        raise typer.Exit(1)


def _show(results: Sequence[Result], words: Words, *, as_json: bool) -> None:
    if as_json:
        for way, address, outcome, why, seconds in results:
            write_json({"channel": way, "address": address, "outcome": outcome, "why": why, "seconds": seconds})
    else:
        heads = [words.of(f"test.heads_{head}") for head in ("way", "address", "result", "seconds")]
        rows = [
            (way, address, " ".join(filter(None, (words.of(f"test.{outcome}"), why))), seconds)
            for way, address, outcome, why, seconds in results
        ]
        screen.print(table(*heads, rows=rows))


def _ways(opened: Parts, name: str, tenant: str) -> list[Recipient]:
    """Every way to the contacts of that name, each once."""
    found: dict[tuple[str, str], Recipient] = {}
    for contact in _contacts(opened, name, tenant):
        for way in contact.channels:
            found.setdefault(
                (way.channel, way.address),
                Recipient(contact.name, way.channel, way.address, contact.language, show_text=False),
            )
    return list(found.values())


def _contacts(opened: Parts, name: str, tenant: str) -> Iterator[Contact]:
    plans = [opened.plans.of(tenant)] if tenant else [opened.plans.default, *opened.plans.tenants.values()]
    for plan in plans:
        yield from (each for each in plan.all_contacts if each.name == name)
    if not tenant:
        yield from (each for each in operator_contacts(opened.settings.operator) if each.name == name)
    for official in opened.officials.all():
        if tenant in ("", tenant_of(official)):
            yield from (each for each in contacts_of(official) if each.name == name)


async def send(opened: Parts, ways: Sequence[Recipient], tenant: str) -> list[Result]:
    """Send by each of the ways, one after another, and close the channels. Whatever one does, the others are tried."""
    async with AsyncExitStack() as stack:
        for channel in opened.channels.values():
            stack.push_async_callback(channel.close)
        return [await _try(opened, way, tenant) for way in ways]


async def _try(opened: Parts, to: Recipient, tenant: str) -> Result:
    bulletin = Bulletin("test", "", "", tenant, "low", False, {}, to, opened.clock.now())
    started, outcome, why = time.monotonic(), "taken", ""
    try:
        channel = opened.channels.get(to.channel)
        if channel is None:
            raise Unavailable("is not set up", place=f"channel {to.channel}", remedy="See docs/channels.md")
        message = opened.renderer(base_url(opened.settings)).render(bulletin, to)
        async with asyncio.timeout(_SECONDS):
            await channel.send(message, recipient=to, idempotency_key=secrets.token_hex(12))
    except BadInput as error:
        outcome, why = "never", str(error)
    except (Unavailable, TimeoutError) as error:
        why = of_one_try(error) if isinstance(error, Unavailable) else type(error).__name__
        outcome = "later"
    except Exception as error:  # noqa: BLE001  whatever a channel does, the others are tried
        outcome, why = "later", f"unexpected {type(error).__name__}"
    return to.channel, masked(to.address), outcome, why, round(time.monotonic() - started, 2)


def masked(address: str) -> str:
    """Enough of an address to know it again."""
    shown = 2 if len(address) > 8 else 0
    return f"{address[:shown]}…{address[-shown:]}" if shown else "…"
