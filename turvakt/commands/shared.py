"""What the commands have in common: options, settings, output."""

import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from turvakt import logs
from turvakt.settings import Settings, load
from turvakt.wiring import Parts

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text, for other programs.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

screen = Console(emoji=False)
"""Standard output, for people."""
aside = Console(stderr=True, emoji=False)
"""Standard error: progress and messages, so that output can be piped."""


@dataclass(slots=True)
class Globals:
    """The environment, and the options that stand before the command."""

    environ: Mapping[str, str]
    config: Path | None = None


def settings(context: typer.Context) -> Settings:
    """The settings of this call; sets the logging up.

    Raises:
        Broken: something in them is wrong.
    """
    chosen: Globals = context.obj
    loaded = load(file=chosen.config, environ=chosen.environ)
    logs.configure(loaded.logging)
    return loaded


@contextmanager
def parts(context: typer.Context) -> Iterator[Parts]:
    """The parts over the data folder; closed afterwards."""
    with Parts(settings(context)) as opened:
        yield opened


def write_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def printable(text: str) -> str:
    """``text`` for a terminal, which obeys control characters: they and invisible format characters become U+FFFD.

    Line feeds and tabs stay, and the joiner that emoji are made with.
    """
    return "".join(each if each in _KEPT or unicodedata.category(each) not in _UNSEEN else "\ufffd" for each in text)


_KEPT = "\n\t\u200d"
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def table(*columns: str, rows: Sequence[Sequence[object]], title: str | None = None) -> Table:
    """A table for the screen; numbers stand on the right."""
    made = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        made.add_row(*(Text(printable(str(cell))) for cell in row))
    for column in made.columns:  # on a narrow screen a cell is broken, never shortened
        column.overflow = "fold"
    for column, cell in zip(made.columns, rows[0] if rows else (), strict=False):
        if isinstance(cell, int | float):
            column.justify = "right"
    return made


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless told not to. Without a terminal to ask on it refuses, rather than guess.

    Raises:
        typer.Exit: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        aside.print(f"{question} There is no terminal to answer on: add --yes.")
        raise typer.Exit(2)
    if not typer.confirm(question):
        raise typer.Exit(1)
