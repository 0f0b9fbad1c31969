"""turvakt trends: counts for analysts."""

from datetime import date, datetime
from typing import Annotated

import typer

from flow.errors import BadInput
from turvakt.commands.shared import AsJson, parts, screen, write_json


def trends(
    context: typer.Context,
    again: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Count all days from this one on anew, also those that are counted already."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count the posts of the days that are over: by category, severity, source and municipality, without small counts.

    Housekeeping does so by itself; needs the index in Elasticsearch. Counts are kept longer than the posts. Count anew after a
    change of trends.limit, or when posts reached the index more than a day late.

    Example: turvakt trends --again 2026-09-01
    """
    with parts(context) as opened:
        if opened.trends is None:
            remedy = "Trends are kept in Elasticsearch: see docs/kibana.md"
            raise BadInput("the settings name no node", place="elasticsearch.urls", remedy=remedy)
        days: list[date] = opened.count_trends(since=again.date() if again is not None else None)
    if as_json:
        write_json({"days": days})
    elif days:
        screen.print(f"Counted {len(days)} days, {days[0]} to {days[-1]}.")
    else:
        screen.print("There was nothing to count." if again is not None else "All days are counted.")
