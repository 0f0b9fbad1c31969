"""turvakt hold: posts that law requires to keep, whatever is erased."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from flow.errors import BadInput
from turvakt.commands.noting import COMMAND
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, table, write_json

app = typer.Typer(
    no_args_is_help=True,
    help="Posts that law requires to keep, such as for a report to the police: copies apart, which end by themselves.",
    rich_markup_mode=None,
)


@app.command()
def add(
    context: typer.Context,
    post: Annotated[str, typer.Argument(help="The post's id.", show_default=False)],
    official: Annotated[str, typer.Option(help="Id of the official whom it mentions.", show_default=False)],
    reason: Annotated[str, typer.Option(help="What requires it: the number of the report.", show_default=False)],
    until: Annotated[str, typer.Option(help="Day (or moment) at which it ends: 2028-01-31.", show_default=False)],
) -> None:
    """Keep a copy of a post, also when the official withdraws or the author deletes it.

    Her consent must cover evidence. The report of an erasure tells her of the copy, its reason and its end.

    Example: turvakt hold add bluesky:3kabc --official ekvik-07 --reason "Police report 5000-K123456-26" --until 2028-01-31
    """
    with parts(context) as opened:
        item = opened.index.get(post)
        if item is None:
            raise BadInput("the index holds no post with this id", place="hold", remedy="See 'turvakt search'")
        hold = opened.holds.add(item.verdict, official=official, reason=reason, until=_moment(until), by="command")
        opened.audit.write(COMMAND, "hold-added", tenant=hold.tenant, official=official, post=post, why=hold.reason)
    screen.print(f"Hold {hold.number} keeps a copy until {hold.until:%Y-%m-%d}")


@app.command("list")
def list_(
    context: typer.Context,
    official: Annotated[str, typer.Option(help="Only those of this official.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List what is held, the first to end first."""
    with parts(context) as opened:
        holds = opened.holds.of(official) if official else opened.holds.all()
    if as_json:
        for hold in holds:
            write_json(
                {
                    "number": hold.number,
                    "official": hold.official,
                    "post": hold.post,
                    "reason": hold.reason,
                    "by": hold.by,
                    "since": hold.since,
                    "until": hold.until,
                }
            )
        return
    rows = [(each.number, each.official, each.post, each.reason, f"{each.until:%Y-%m-%d}") for each in holds]
    screen.print(table("number", "official", "post", "reason", "until", rows=rows))
    if not holds:
        aside.print("Nothing is held.")


@app.command()
def end(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The hold's number.", show_default=False)],
    yes: Yes = False,
) -> None:
    """End a hold before its time: its copy is removed and cannot be brought back."""
    confirm(f"Remove the copy that hold {number} keeps?", yes=yes)
    with parts(context) as opened:
        hold = next((each for each in opened.holds.all() if each.number == number), None)
        opened.holds.end(number)
        # Who was erased is not named anew.
        named = hold.official if hold and opened.officials.get(hold.official) else ""
        opened.audit.write(
            COMMAND, "hold-ended", tenant=hold.tenant if hold else "", official=named, why=f"hold {number}"
        )
        opened.holds.expire(opened.clock.now())
    screen.print(f"Hold {number} has ended")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("is no day or moment", place="--until", remedy="Write it like 2028-01-31") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
