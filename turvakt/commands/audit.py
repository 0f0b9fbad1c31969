"""turvakt audit: who did what, and whether the log of it is what was written."""

from typing import Annotated, Any

import typer

from access.audit_entry import ACTIONS, Anchor, AuditEntry
from flow.errors import BadInput
from turvakt.commands.shared import AsJson, aside, parts, screen, table, write_json

app = typer.Typer(
    no_args_is_help=True,
    help="The audit log: who signed in, saw texts, decided, changed or erased what, and why.",
    rich_markup_mode=None,
)


@app.command("list")
def list_(
    context: typer.Context,
    tenant: Annotated[str, typer.Option(help="Only entries of this tenant.", show_default=False)] = "",
    official: Annotated[str, typer.Option(help="Only those about the official with this id.", show_default=False)] = "",
    who: Annotated[str, typer.Option(help="Only what the person with this id did.", show_default=False)] = "",
    action: Annotated[str, typer.Option(help="Only this action, such as text-read.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    before: Annotated[
        int | None, typer.Option(help="Only entries older than the one with this number.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what was done, the newest first.

    Example: turvakt audit list --official ekvik-07 --action text-read
    """
    actions = [each for each in ACTIONS if each == action]
    if action and not actions:
        raise BadInput("is no action", place="--action", remedy=f"Choose from {', '.join(ACTIONS)}")
    with parts(context) as opened:
        entries = opened.audit.read(
            tenant=tenant or None,
            official=official or None,
            who=who or None,
            actions=actions or None,
            limit=limit,
            after=before,
        )
    if as_json:
        for entry in entries:
            write_json(_plain(entry))
        return
    rows = [_row(each) for each in entries]
    screen.print(table("number", "when (UTC)", "who", "action", "tenant", "official", "post", "why", rows=rows))
    if not entries:
        aside.print("There are no such entries.")


@app.command()
def verify(
    context: typer.Context,
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Print the end of the log alone, to be kept elsewhere.")
    ] = False,
    against: Annotated[
        str,
        typer.Option(help="An anchor that was printed before: nothing up to there may be gone.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Read the whole audit log and look whether it is what was written. Ends with 4 and names the first wrong entry if not.

    That its end was cut off, or that all was written anew, shows only against an anchor that was kept where those who can
    write into the database cannot: print one each day.

    Example: turvakt audit verify --against "$(tail -1 anchors.txt)" && turvakt audit verify --anchor >> anchors.txt
    """
    known = Anchor.parse(against) if against else None
    if against and known is None:
        raise BadInput("is no anchor", place="--against", remedy="Give what 'turvakt audit verify --anchor' printed")
    with parts(context) as opened:
        end = opened.audit.verify(known)
    if as_json:
        write_json({"entries_to": end.number, "anchor": str(end)})
    elif anchor:
        screen.print(str(end), highlight=False, soft_wrap=True)
    else:
        screen.print(f"The audit log is what was written, up to entry {end.number}.", highlight=False)


def _row(entry: AuditEntry) -> tuple[object, ...]:
    who, *about = (_shown(entry, naming) for naming in ("who", "official", "post", "why"))
    return (entry.number, f"{entry.at:%Y-%m-%d %H:%M:%S}", who, entry.act.action, entry.act.tenant, *about)


def _shown(entry: AuditEntry, naming: str) -> str:
    return "(erased)" if naming in entry.erased else str(getattr(entry.act, naming))


def _plain(entry: AuditEntry) -> dict[str, Any]:
    act = entry.act
    return {
        "number": entry.number,
        "at": entry.at,
        "who": act.who,
        "session": act.session,
        "action": act.action,
        "tenant": act.tenant,
        "official": act.official,
        "post": act.post,
        "why": act.why,
        "erased": sorted(entry.erased),
    }
