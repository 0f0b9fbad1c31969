"""turvakt officials erase-again: what a restored copy of the index or of the database has brought back."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from turvakt import again, since
from turvakt.commands.archive import withdrawals_in
from turvakt.commands.noting import COMMAND
from turvakt.commands.shared import AsJson, Yes, confirm, parts, printable, screen, table, write_json


def erase_again(
    context: typer.Context,
    withdrawals: Annotated[
        Path | None,
        typer.Option(
            help='The database was restored: what "turvakt backup --withdrawals" wrote last.', show_default=False
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase once more what a restored snapshot of Elasticsearch or a restored dump of the database has brought back.

    From the index: all about officials whom the registry does not know and, of others who have withdrawn everything or a
    source, what was collected before. With --withdrawals also, everywhere, what was withdrawn after the database was copied.
    Shows what it would erase from the index, and asks. May be run at any time, also beside running workers.

    Example: turvakt officials erase-again --withdrawals withdrawals.jsonl.gz
    """
    later = [] if withdrawals is None else list(withdrawals_in(withdrawals))
    with parts(context) as opened:
        there = bool(opened.settings.elasticsearch.urls) or withdrawals is None
        back = again.brought_back(opened) if there else []
        if not as_json:
            rows = [(each.official, each.source or "all", _since(each), each.records) for each in back]
            screen.print(
                table("official", "source", "why", "records", rows=rows)
                if rows
                else "The index holds nothing of the kind."
            )
        confirm("Erase this, and what is in the list?" if later else "Erase this?", yes=yes)
        opened.audit.write(COMMAND, "erased", why="again")
        # Who was entered meanwhile, since she was seen to be missing, keeps what is hers.
        still = {(each.official, each.source, each.before) for each in again.brought_back(opened)} if there else set()
        back = [each for each in back if (each.official, each.source, each.before) in still]
        removed = again.erase_again(opened, back) if there else 0
        # When the copy was made nothing tells: who is not in the list may have come after it, and so nobody is removed.
        count = since.do_again(opened, later, newer=False).officials
    if as_json:
        write_json({"withdrawals": count, "index": msgspec.to_builtins(back), "removed": removed})
        return
    screen.print(
        printable(f"{count} withdrawals carried out again; {removed} records of the index removed or changed.")
    )


def _since(back: again.Back) -> str:
    return "not registered" if back.withdrew is None else f"withdrew on {back.withdrew:%Y-%m-%d %H:%M}"
