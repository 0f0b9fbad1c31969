"""turvakt dead: what could not be handled, and how it comes back after a fix."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from flow.entry import DEAD_LETTERS, DeadLetter, Entry
from flow.errors import BadInput
from flow.log import Log
from ingest.collector import Collected
from ingest.collectors import load_collector
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, table, write_json
from turvakt.wiring import Parts

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
        letters = list(_letters(opened.log))
    if as_json:
        for entry, letter in letters:
            write_json(_plain(entry, letter))
        return
    rows = [
        (_number(entry), f"{letter.at:%Y-%m-%d %H:%M}", letter.stage, letter.place, letter.reason)
        for entry, letter in letters
    ]
    screen.print(table("number", "at (UTC)", "stage", "place", "reason", rows=rows) if rows else "No dead letters.")


@app.command()
def show(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one dead letter with its content, if it was kept: it may hold the text of a post."""
    with parts(context) as opened:
        entry, letter = _find(opened.log, number)
    content = None if letter.value is None else letter.value.decode("utf-8", "replace")
    if as_json:
        write_json(_plain(entry, letter) | {"value": content})
        return
    for name, value in _plain(entry, letter).items():
        screen.print(f"{name}: {value}", markup=False, highlight=False)
    kept = content if content is not None else "not kept, since it names no registered official; the place above has it"
    screen.print(f"value: {kept}", markup=False, highlight=False)


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
        letters = [_find(opened.log, number) for number in numbers] if numbers else list(_letters(opened.log))
        if not numbers:
            confirm(f"Replay all {len(letters)} dead letters?", yes=yes)
        for entry, letter in letters:
            try:
                _replay(opened, entry, letter)
            except BadInput as error:
                left += 1
                aside.print(f"{_number(entry)} stays: {error}", markup=False, highlight=False)
            else:
                replayed += 1
    if as_json:
        write_json({"replayed": replayed, "left": left})
    else:
        screen.print(f"{replayed} replayed, {left} left")
    if left:
        raise typer.Exit(1)


def _replay(opened: Parts, entry: Entry, letter: DeadLetter) -> None:
    if letter.value is None:
        raise BadInput("its content was not kept", place=letter.place, remedy="Hand the line in again at its source")
    collector, _, name = letter.origin.partition("collector:")
    if not collector and name:
        post = load_collector(name)(**_reading(name)).parse(letter.value)
        opened.intake(lambda collector, taken: None).take(name, Collected((post,), None))
        with opened.log.write() as writer:
            writer.discard(entry.topic, [entry.offset])
        return
    with opened.log.write() as writer:
        writer.append(letter.origin, letter.key, letter.value)
        writer.discard(entry.topic, [entry.offset])


def _reading(collector: str) -> dict[str, object]:
    """What a collector must be given although it shall only parse."""
    needed: dict[str, dict[str, object]] = {
        "jsonl": {"path": "-"},
        "mastodon": {"server": "https://localhost"},
        "feed": {"urls": []},
    }
    return needed.get(collector, {})


def _letters(log: Log) -> Iterator[tuple[Entry, DeadLetter]]:
    for topic in log.topics():
        if topic.endswith(".dead"):
            after = -1
            while entries := log.browse(topic, after=after):
                yield from ((entry, DEAD_LETTERS.decode(entry.value)) for entry in entries)
                after = entries[-1].offset


def _find(log: Log, number: str) -> tuple[Entry, DeadLetter]:
    topic, _, offset = number.rpartition("/")
    if topic.endswith(".dead") and offset.isdigit():
        for entry in log.browse(topic, after=int(offset) - 1, limit=1):
            if entry.offset == int(offset):
                return entry, DEAD_LETTERS.decode(entry.value)
    raise BadInput("there is no such dead letter", place=number, remedy="See: turvakt dead list")


def _number(entry: Entry) -> str:
    return f"{entry.topic}/{entry.offset}"


def _plain(entry: Entry, letter: DeadLetter) -> dict[str, object]:
    shown = ["at", "stage", "origin", "place", "reason", "officials"]
    plain: dict[str, object] = msgspec.to_builtins(letter)
    return {"number": _number(entry), **{name: plain[name] for name in shown}}
