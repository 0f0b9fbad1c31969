"""turvakt alerts: whom alerts reach, and whether they do."""

import typer

from flow.errors import BadInput
from turvakt.commands.bouncing import bounced
from turvakt.commands.duty import duty
from turvakt.commands.explaining import explain_
from turvakt.commands.exporting import export_
from turvakt.commands.rehearsing import dry_run
from turvakt.commands.shared import AsJson, Yes, confirm, parts, screen, write_json
from turvakt.commands.testing import try_

app = typer.Typer(no_args_is_help=True, help="Whom alerts reach, and whether they do.")
app.command("explain")(explain_)
app.command("dry-run")(dry_run)
app.command("duty")(duty)
app.command("export")(export_)
app.command("test")(try_)
app.command("bounced")(bounced)


@app.command()
def drill(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Send a drill now: to every contact that plans name and to the operator, by each of their channels.

    The monitor delivers it and notes what becomes of it. The operator is told of a channel that fails, and if nobody answers
    within a day. One is sent every week when operator.drill says.
    """
    from turvakt.watch.setup import drills  # it takes a while to load what tells people

    confirm("Send a drill to all contacts now?", yes=yes)
    with parts(context) as opened:
        incident = drills(opened).hold(opened.clock.now())
        if incident is None:
            remedy = "Name contacts in the rules or in operator.contacts: see docs/alerts.md"
            raise BadInput("nobody gets drills", place="contacts", remedy=remedy)
        told = [each for each in opened.incidents.history.of(incident) if each.event == "told"]
    channels = {name: sum(each.channel == name for each in told) for name in sorted({each.channel for each in told})}
    if as_json:
        write_json({"incident": incident, "channels": channels})
    else:
        by = ", ".join(f"{many} by {name}" for name, many in channels.items())
        screen.print(f"Drill {incident}: {by}.", markup=False, highlight=False)
