"""turvakt index, reindex: the indices in Elasticsearch, as they should be and as they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TextColumn

from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, settings, table, write_json
from turvakt.settings import Settings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

# Its client takes a second to load, which no other command should pay for: what needs it is imported where it is used.

app = typer.Typer(
    no_args_is_help=True,
    help="The indices in Elasticsearch. The embedded index needs no care of this kind.",
    rich_markup_mode=None,
)


@contextmanager
def _connected(context: typer.Context) -> Iterator[tuple[Settings, "Elasticsearch"]]:
    from turvakt.indices import client

    chosen = settings(context)
    with client(chosen) as connected:
        yield chosen, connected


@app.command()
def apply(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Make templates and indices as this version and the settings want them: shows what that changes, and does it if you agree.

    Ends with 0 if nothing is left for it to do. Indices that are there keep their documents and their mapping; where that is
    an older one, it tells, as 'turvakt check' does, and 'turvakt reindex' is to be run. With --json but without --yes it only
    tells.
    """
    from review.indexes.elasticsearch.applying import outdated, plan
    from turvakt.indices import names, templates

    with _connected(context) as (chosen, connected):
        called, wanted = names(chosen), templates(chosen)
        steps = plan(connected, called, wanted)
        if not as_json:
            rows = [(step.name, line) for step in steps for line in step.differences]
            screen.print(table("name", "change", rows=rows) if rows else "Templates and indices are as they should be.")
        if (yes or not as_json) and steps:
            confirm("Do this?", yes=yes)
            for step in steps:
                step.do()
        left = plan(connected, called, wanted)
        old = outdated(connected, called, wanted)
    if as_json:
        shown = [{"name": step.name, "differences": step.differences} for step in steps]
        write_json({"changes": shown, "left": [step.name for step in left], "outdated": old})
    elif old:
        told = f"The mapping of {', '.join(old)} is of another version. Run: turvakt reindex"
        screen.print(told, highlight=False, soft_wrap=True)
    # Not where a mapping is old: who waits for this to succeed, such as all workers in containers, would stand still.
    if left:
        raise typer.Exit(1)


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show each index: its documents, its size, and whether it is in use."""
    from review.indexes.elasticsearch.applying import aliases
    from review.indexes.elasticsearch.generations import Generations
    from turvakt.indices import names

    with _connected(context) as (chosen, connected):
        standing = [
            each for alias in aliases(connected, names(chosen)) for each in Generations(connected, alias).standing()
        ]
    if as_json:
        write_json([asdict(each) for each in standing])
        return
    rows = [(each.index, each.documents, each.removed, round(each.size / 1e6, 1), each.state) for each in standing]
    heads = ("index", "documents", "removed, still in files", "MB", "state")
    screen.print(table(*heads, rows=rows) if rows else "There are no indices yet. Run: turvakt index apply")


@app.command()
def roll(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Let new documents go into a new index behind the same alias. The old ones stay, and are changed where they are.

    The hourly cleaning does so by itself where a shard has passed 40 GB, and removes old indices once they are empty.
    """
    from review.indexes.elasticsearch.generations import Generations
    from turvakt.indices import names

    with _connected(context) as (chosen, connected):
        confirm("Begin a new index?", yes=yes)
        begun = Generations(connected, names(chosen).items).roll()
    if as_json:
        write_json({"index": begun})
    else:
        screen.print(f"New documents go into {begun}.", highlight=False)


def reindex(
    context: typer.Context,
    broken_off: Annotated[
        bool, typer.Option("--abandon", help="Clear up after a reindexing that was broken off. Only while none runs.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make items and statistics in Elasticsearch anew, with the present mapping, number of shards and statistics, while Turvakt
    runs.

    Needs room for a second copy. What is read stays as it is until the end; what is written goes on, but for a pause before
    the end, in which the stages wait. If it fails, nothing has changed. Trends stay as they are.
    """
    from review.indexes.elasticsearch.reindexing import Reindexing, abandon
    from turvakt.indices import client, names

    with parts(context) as opened, client(opened.settings) as connected:
        called = names(opened.settings)
        if broken_off:
            confirm("Remove what a reindexing has left? Only if none runs any more.", yes=yes)
            removed = abandon(connected, called)
            if as_json:
                write_json({"removed": removed})
            else:
                screen.print(f"Removed: {', '.join(removed) or 'nothing'}", highlight=False)
            return
        confirm("Make items and statistics anew?", yes=yes)
        with Progress(TextColumn("{task.completed:.0f} documents copied"), console=aside, disable=as_json) as progress:
            task = progress.add_task("")
            work = Reindexing(
                connected,
                names=called,
                officials=opened.officials.get,
                told=lambda copied: progress.update(task, completed=copied),
            )
            documents = work.run()
    if as_json:
        write_json({"documents": documents})
    else:
        screen.print(f"Done: {documents} documents.", highlight=False)
