"""The command line: ``turvakt --help``."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from flow.errors import BadInput, TurvaktError, Unavailable
from turvakt.commands import (
    alerts,
    archive,
    audit,
    authors,
    check,
    corpus,
    database,
    dead,
    decisions,
    export,
    hold,
    index,
    kibana,
    look,
    model,
    officials,
    people,
    retention,
    tenants,
    text,
    topics,
    trends,
    truth,
    watch,
    work,
)
from turvakt.commands.shared import Globals, aside, printable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Turvakt watches public posts that mention elected officials who opted in, finds threats and hate in Swedish and "
    "Finnish, and tells the right security contact.\n\nStart with: turvakt demo",
)
app.add_typer(officials.app, name="officials")
app.add_typer(tenants.app, name="tenants")
app.add_typer(people.app, name="people")
app.add_typer(authors.app, name="authors")
app.add_typer(hold.app, name="hold")
app.add_typer(retention.app, name="retention")
app.add_typer(database.app, name="database")
app.add_typer(audit.app, name="audit")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dead.app, name="dead")
app.add_typer(topics.app, name="topics")
app.add_typer(decisions.app, name="decisions")
app.add_typer(index.app, name="index")
app.add_typer(kibana.app, name="kibana")
app.add_typer(corpus.app, name="corpus")
for command in (
    watch.run,
    watch.demo,
    work.work,
    check.check,
    look.status,
    look.search,
    text.classify,
    text.submit,
    truth.drift,
    truth.shadow,
    export.export,
    archive.backup,
    archive.restore,
    archive.migrate,
    index.reindex,
    trends.trends,
    model.train,
    model.evaluate,
):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"turvakt {version('turvakt')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Settings file [default: TURVAKT_CONFIG, or none].", show_default=False)
    ] = None,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    context.obj.config = config


def main(arguments: Sequence[str] | None = None, *, environ: Mapping[str, str] | None = None) -> NoReturn:
    """The entry point; ends with `SystemExit`.

    Exit codes: 0 done, 1 no or not all, 2 wrong input, 3 something is away, 4 it cannot go on, 70 a bug, 130 Ctrl-C,
    143 a run with an end was stopped by SIGTERM.

    Args:
        arguments: of the command line; by default this process's.
        environ: the environment; by default this process's.
    """
    try:
        app(args=arguments, obj=Globals(os.environ if environ is None else environ))
    except TurvaktError as error:
        aside.print(printable(str(error)), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, BadInput) else 3 if isinstance(error, Unavailable) else 4)
    except BrokenPipeError:
        # Whoever read the output has had enough.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  a traceback may quote a post: the places alone are told
        _tell_bug(error)
        sys.exit(70)
    sys.exit(0)


def _tell_bug(error: Exception) -> None:
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"  {Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    aside.print(f"Turvakt has a bug: unexpected {type(error).__name__}. Please report this:", style="red")
    aside.print("\n".join(places[-12:]), markup=False, highlight=False)
