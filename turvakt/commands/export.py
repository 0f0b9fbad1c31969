"""turvakt export: everything that is held because of an official."""

from pathlib import Path
from typing import Annotated

import typer

from flow.errors import BadInput
from registry.tenant import tenant_of
from review.subject_access.gathering import gathered
from turvakt.commands.noting import COMMAND, tenant_of_id
from turvakt.commands.shared import aside, parts, write_json
from turvakt.folder import write


def export(
    context: typer.Context,
    official: Annotated[str, typer.Option(help="The official's id.", show_default=False)],
    html: Annotated[
        Path | None, typer.Option(help="Write it as a page for her to read into this file.", show_default=False)
    ] = None,
) -> None:
    """Write everything that is held because of an official, as JSON or as a page in her language: her right of access.

    Who withdrew gets, as JSON, what had to be kept.

    Example: turvakt export --official ekvik-07 --html ekvik-07.html
    """
    with parts(context) as opened:
        try:
            registered = opened.store.get(official)
        except BadInput:
            if html is not None or not opened.holds.of(official):
                raise
            registered = None
        # First: nothing is shown that is not written down. Who was erased is not named anew.
        named = official if registered is not None else ""
        opened.audit.write(COMMAND, "exported", tenant=tenant_of_id(opened, named), official=named)
        tenant = tenant_of(registered) if registered is not None else ""
        held = gathered(official, tenant=tenant, holders=opened.holders)
        now = opened.clock.now()
    if html is None or registered is None:
        write_json(held)
        return
    from review.subject_access.page import page_of  # what it is written with takes time to load

    write(html, page_of(registered, held, at=now))
    aside.print("Written. It is for her alone: give it to her by a safe way, and delete the file.")
