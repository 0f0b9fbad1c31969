"""turvakt dead: what could not be handled, how it comes back after a fix, and how it goes where it cannot."""

from typing import Annotated

import msgspec
import typer

from access.audit_entry import Act
from flow.entry import DeadLetter, Entry
from flow.errors import BadInput
from flow.log import Log
from turvakt.commands.noting import COMMAND, tenant_of_id
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, printable, screen, table, write_json
from turvakt.counted import counted
from turvakt.replay import drop as take_out
from turvakt.replay import find, letters, number_of
from turvakt.replay import replay as bring_back

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: what could not be handled, with the reason. Nothing bad is lost; after a fix it can be replayed.",
    rich_markup_mode=None,
)
Number = Annotated[str, typer.Argument(help="Number of the dead letter, as listed: TOPIC/OFFSET.", show_default=False)]


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List dead letters with place and reason, without any text."""
    with parts(context) as opened:
        found = list(letters(opened.log))
    if as_json:
        for entry, letter in found:
            write_json(_plain(entry, letter))
        return
    rows = [
        (number_of(entry), f"{letter.at:%Y-%m-%d %H:%M}", letter.stage, letter.place, letter.reason)
        for entry, letter in found
    ]
    screen.print(table("number", "at (UTC)", "stage", "place", "reason", rows=rows) if rows else "No dead letters.")


@app.command()
def show(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one dead letter with its content, if it was kept: it may hold the text of a post."""
    with parts(context) as opened:
        entry, letter = _find(opened.log, number)
        if letter.value is not None:  # first: nothing is shown that is not written down
            about = [Act(COMMAND, "text-read", tenant_of_id(opened, each), each) for each in letter.officials]
            opened.audit.write_all(about or [Act(COMMAND, "text-read", why="dead letter")])
    content = None if letter.value is None else letter.value.decode("utf-8", "replace")
    if as_json:
        write_json(_plain(entry, letter) | {"value": content})
        return
    for name, value in _plain(entry, letter).items():
        screen.print(printable(f"{name}: {value}"), markup=False, highlight=False)
    kept = content if content is not None else "not kept, since it names no registered official; the place above has it"
    screen.print(printable(f"value: {kept}"), markup=False, highlight=False)


@app.command()
def replay(
    context: typer.Context,
    numbers: Annotated[
        list[str] | None, typer.Argument(help="Numbers as listed; none: all.", show_default=False)
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put dead letters back where they came from. One that still cannot be read stays, with the reason.

    A running monitor takes them up at once; otherwise the next one does.
    """
    replayed, left = 0, 0
    with parts(context) as opened:
        chosen = numbers or [number_of(entry) for entry, _ in letters(opened.log)]
        if numbers:
            for number in numbers:
                _find(opened.log, number)
        else:
            if chosen:
                confirm(f"Replay all {len(chosen)} dead letters?", yes=yes)
        for number in chosen:
            try:
                if bring_back(opened, number):
                    replayed += 1
                else:
                    aside.print(f"{number} is gone: it was erased or replayed meanwhile", markup=False, highlight=False)
            except BadInput as error:
                left += 1
                aside.print(f"{number} stays: {error}", markup=False, highlight=False)
    if as_json:
        write_json({"replayed": replayed, "left": left})
    else:
        screen.print(f"{replayed} replayed, {left} left")
    if left:
        raise typer.Exit(1)


@app.command()
def drop(
    context: typer.Context,
    numbers: Annotated[list[str], typer.Argument(help="Numbers as listed.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Remove dead letters that cannot come back, for good: nobody is told of what they hold, and it may have been a threat.

    Look at it first: turvakt dead show. The audit log says that it was done.
    """
    with parts(context) as opened:
        chosen = {number: _find(opened.log, number) for number in numbers}
        for number, (_, letter) in chosen.items():
            told = f"{number}: {letter.stage}, {letter.at:%Y-%m-%d %H:%M} UTC: {letter.reason}"
            aside.print(printable(told), markup=False, highlight=False)
        confirm(f"Remove {counted(len(chosen), 'dead letter', 'dead letters')} for good?", yes=yes)
        dropped = 0
        for number, (_, letter) in chosen.items():
            why = f"{letter.stage}, {number}"
            # Before, and nobody anew who was erased.
            known = [each for each in letter.officials if opened.officials.get(each) is not None]
            about = [Act(COMMAND, "dead-letter-dropped", tenant_of_id(opened, each), each, why=why) for each in known]
            opened.audit.write_all(about or [Act(COMMAND, "dead-letter-dropped", why=why)])
            dropped += take_out(opened, number)
    screen.print(f"{dropped} removed")


def _find(log: Log, number: str) -> tuple[Entry, DeadLetter]:
    found = find(log, number)
    if found is None:
        raise BadInput("there is no such dead letter", place=number, remedy="See: turvakt dead list")
    return found


def _plain(entry: Entry, letter: DeadLetter) -> dict[str, object]:
    shown = ["at", "stage", "origin", "place", "reason", "officials"]
    plain: dict[str, object] = msgspec.to_builtins(letter)
    return {"number": number_of(entry), **{name: plain[name] for name in shown}}
