"""turvakt retention: how long posts are kept, and what went."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.retention import KINDS, RetentionReport
from turvakt import retaining, retention_page
from turvakt.commands.shared import AsJson, aside, parts, screen, settings, table, write_json

app = typer.Typer(
    no_args_is_help=True,
    help="How long posts are kept. Enforced every night by a running monitor, and by 'turvakt retention run'.",
    rich_markup_mode=None,
)


@app.command()
def show(
    context: typer.Context,
    as_json: AsJson = False,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Write the times of all that is kept as a table into this page, between the marks that "
            "docs/data-protection.md shows, such as into your record of processing activities.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Tell the days by kind of post, and the tenants that have their own. 0: not kept."""
    if page is not None:
        page.write_text(retention_page.written(page.read_text("utf-8"), settings(context).retention), "utf-8")
        aside.print(f"The table stands in {page}", highlight=False)
        return
    with parts(context) as opened:
        kept = retaining.retention(opened)
    if as_json:
        write_json(msgspec.to_builtins(kept))
        return
    rows = [
        (tenant or "settings", *(f"{kept.of(kind, [tenant]):g}" for kind in KINDS))
        for tenant in ("", *sorted(kept.tenants))
    ]
    screen.print(table("days", *KINDS, rows=rows))


@app.command()
def run(context: typer.Context, as_json: AsJson = False) -> None:
    """Remove now what may not be kept any longer, and tell what went. Works beside a running monitor."""
    with parts(context) as opened:
        report = opened.expire()
        opened.scrub()
    if as_json:
        write_json(msgspec.to_builtins(report))
    else:
        _show([report])


@app.command()
def reports(
    context: typer.Context,
    many: Annotated[int, typer.Option(help="So many, the newest first.", min=1)] = 30,
    as_json: AsJson = False,
) -> None:
    """Tell what went each time that retention was enforced. Reports are kept for three years."""
    with parts(context) as opened:
        found = opened.retention_reports.newest(many)
    if as_json:
        for report in found:
            write_json(msgspec.to_builtins(report))
        return
    _show(found)
    if not found:
        aside.print("Retention has not been enforced yet.")


def _show(found: list[RetentionReport]) -> None:
    for report in found:
        held = f", {report.held} posts held as evidence" if report.held else ""
        screen.print(f"{report.at:%Y-%m-%d %H:%M} UTC: {report.total} records removed{held}", highlight=False)
        rows = [(tenant, kind, many) for tenant, kinds in sorted(report.posts.items()) for kind, many in kinds.items()]
        if rows:
            screen.print(table("tenant", "kind", "posts", rows=rows))
