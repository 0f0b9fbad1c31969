"""turvakt database: the tables in PostgreSQL, and whether erased data leaves its files."""

from contextlib import closing

import typer

from flow.errors import BadInput
from turvakt import schema
from turvakt.commands.shared import AsJson, screen, settings, write_json

app = typer.Typer(
    no_args_is_help=True,
    help="The database of a cluster: PostgreSQL. The file of the embedded runtime needs no care of this kind.",
    rich_markup_mode=None,
)


@app.command()
def upgrade(context: typer.Context, as_json: AsJson = False) -> None:
    """Make the tables in PostgreSQL, or bring them up to what this version needs. Changes nothing if they are.

    Run it once before the workers of a new version start. It also looks whether the server lets erased data leave its
    files, and ends with 4 and the remedy if it does not.
    """
    from flow.databases.postgres import Postgres  # the driver is loaded only where it is used

    url = settings(context).postgres.url
    if not url:
        remedy = "Name it, or do nothing: the embedded runtime's file is brought up to date when it is opened"
        raise BadInput("no PostgreSQL is named", place="postgres.url", remedy=remedy)
    with closing(Postgres(url)) as opened:
        before = schema.upgrade(opened)
        opened.check()
    if as_json:
        write_json({"before": before, "now": schema.NEWEST})
    elif before == schema.NEWEST:
        screen.print(f"The tables are up to date (version {schema.NEWEST}).", highlight=False)
    else:
        screen.print(f"The tables are of version {schema.NEWEST} now (before: {before or 'none'}).", highlight=False)
