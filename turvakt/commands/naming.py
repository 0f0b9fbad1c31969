"""turvakt officials names, confirm: what officials have entered themselves, where no other administrator is there to decide."""

from typing import Annotated

import typer

from flow.errors import BadInput
from registry.proposing import items
from registry.tenant import tenant_of
from turvakt.commands.noting import COMMAND
from turvakt.commands.shared import AsJson, aside, parts, screen, table, write_json


def names(context: typer.Context, as_json: AsJson = False) -> None:
    """List the names and accounts that officials have entered themselves and that wait for somebody to confirm them."""
    with parts(context) as opened:
        waiting = [(each, item) for each in opened.store.officials() for item in items(each.proposed)]
    if as_json:
        for official, item in waiting:
            write_json({"official": official.id, "tenant": tenant_of(official), "item": item.key})
        return
    screen.print(table("official", "tenant", "item", rows=[(of.id, tenant_of(of), item.key) for of, item in waiting]))
    if not waiting:
        aside.print("Nothing waits.")


def confirm_(
    context: typer.Context,
    official: Annotated[str, typer.Argument(help="The official's id.", show_default=False)],
    item: Annotated[str, typer.Argument(help='What waits, as "turvakt officials names" lists it.', show_default=False)],
    reason: Annotated[str, typer.Option(help="Why it is known to be hers, or not.", show_default=False)],
    decline: Annotated[bool, typer.Option("--decline", help="It is not hers: remove it.")] = False,
) -> None:
    """Confirm a name or an account that an official has entered herself, or decline it. She is written to.

    Administrators do it in the console, at /names. This is for an official who is her tenant's only administrator: nobody
    confirms her own.

    Example: turvakt officials confirm ekvik-07 "form::Ankan" --reason "So called in the minutes of the council"
    """
    if not reason.strip():
        raise BadInput("is empty", place="--reason", remedy="Say why it is known to be hers, or not")
    with parts(context) as opened:
        opened.naming.settle(COMMAND, official, item, confirm=not decline, why=reason.strip())
    screen.print(f"{official}: {'removed' if decline else 'looked for from now on'}", markup=False, highlight=False)
