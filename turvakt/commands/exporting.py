"""turvakt alerts export: all that became of an incident."""

import sys
from typing import Annotated

import typer

from alerts.incidents.incident import Incident
from alerts.messages.words import REFERENCE_LETTERS
from flow.errors import BadInput
from turvakt.commands.noting import COMMAND, tenant_of_id
from turvakt.commands.shared import parts
from turvakt.wiring import Parts


def export_(
    context: typer.Context,
    incident: Annotated[
        str,
        typer.Argument(
            help="Id of an incident, or of an alert or a post of it; or the reference in a message.", show_default=False
        ),
    ],
) -> None:
    """Print every transition of an incident, one JSON object a line: when, what, by whom, to whom, how. Shows no text.

    Example: turvakt alerts export web:1 > incident.jsonl
    """
    with parts(context) as opened:
        found = _incidents(opened, incident)
        if not found:
            remedy = "Ids stand in the console, in what 'turvakt alerts explain' shows, and in brackets in messages"
            raise BadInput("there is no incident, alert or post with this id", place="INCIDENT", remedy=remedy)
        for each in found:
            tenant = tenant_of_id(opened, each.official)
            why = f"incident {each.id}"
            opened.audit.write(COMMAND, "exported", tenant=tenant, official=each.official, why=why)
            sys.stdout.write(opened.incidents.history.lines(each.id))


def _incidents(opened: Parts, id: str) -> list[Incident]:
    found = opened.incidents.get(id)
    if found is not None:
        return [found]
    item = opened.index.get(opened.index.post_of(id) or id)
    if item is None:
        return referred(opened, id, place="INCIDENT")
    about = opened.incidents.about([each.id for each in item.alerts])
    return sorted({each.id: each for each in about.values()}.values(), key=lambda each: each.opened_at)


def referred(opened: Parts, reference: str, *, place: str) -> list[Incident]:
    """The incident that messages call by this reference, or an empty list.

    Args:
        place: the argument that gives it.

    Raises:
        BadInput: several are called by it.
    """
    found = opened.incidents.referred(reference) if len(reference) >= REFERENCE_LETTERS else []
    if len(found) > 1:
        whole = ", ".join(each.id for each in found)
        raise BadInput(f"several incidents have this reference: {whole}", place=place, remedy="Give a whole id")
    return found
