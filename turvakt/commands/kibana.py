"""turvakt kibana: what analysts see in Kibana, as it should be and as it is."""

from pathlib import Path
from typing import Annotated

import typer

from flow.errors import BadInput
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, settings, table, write_json
from turvakt.folder import faults
from turvakt.settings import ROOT

# The client of Elasticsearch takes a second to load, which no other command should pay for: what needs it is imported where
# it is used.

app = typer.Typer(
    no_args_is_help=True,
    help="What analysts see in Kibana: a space for each municipality, roles, and dashboards in three languages.",
    rich_markup_mode=None,
)


@app.command()
def apply(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Make spaces, roles and dashboards for each municipality that has officials: shows what that changes, and does it if you
    agree.

    Ends with 0 if nothing is left to do. What people have made there themselves is left alone, and nothing is removed. Give an
    analyst the roles PREFIX-analyst-MUNICIPALITY and PREFIX-space-MUNICIPALITY. With --json but without --yes it only tells.
    """
    from review.kibana.applying import left_over, plan
    from review.kibana.rights import audiences
    from turvakt.analysts import kibana
    from turvakt.indices import client, names

    with parts(context) as opened, client(opened.settings) as elastic, kibana(opened.settings) as there:
        called, limit = names(opened.settings), opened.settings.trends.limit
        wanted = audiences(opened.store.officials(), called)
        steps = plan(elastic, there, wanted, names=called, limit=limit)
        left = steps
        if not as_json:
            rows = [(step.what, step.name, step.change) for step in steps]
            screen.print(table("what", "name", "change", rows=rows) if rows else "All is as it should be.")
        if (yes or not as_json) and steps:
            confirm("Do this?", yes=yes)
            for step in steps:
                step.do()
            left = plan(elastic, there, wanted, names=called, limit=limit)
        unused = left_over(there, wanted, called)
    if as_json:
        shown = [{"what": step.what, "name": step.name, "change": step.change} for step in steps]
        write_json({"changes": shown, "left": [step.name for step in left], "left_over": unused})
    elif unused:
        aside.print(
            f"Spaces of municipalities without officials, remove them yourself: {', '.join(unused)}", markup=False
        )
    if left:
        raise typer.Exit(1)


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for one file per language.")] = ROOT / "config" / "kibana",
    as_json: AsJson = False,
) -> None:
    """Write data views, visualisations and dashboards as files that Kibana imports, for those who do it by hand."""
    from review.kibana.files import files

    chosen = settings(context)
    if not out.is_dir():
        raise BadInput("is no folder", place=str(out), remedy="Make it, or name another one with --out FOLDER")
    written = []
    with faults(out):
        for name, text in files(prefix=chosen.elasticsearch.prefix, limit=chosen.trends.limit).items():
            (out / name).write_text(text, "utf-8")
            written.append(str(out / name))
    if as_json:
        write_json({"written": written})
    else:
        screen.print("\n".join(written), markup=False, highlight=False)
