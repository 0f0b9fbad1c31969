"""turvakt alerts bounced: what a mail server reports of an alert that went by e-mail."""

import os
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from alerts.mail.reports import LONGEST
from flow.errors import BadInput, Broken, Stale, TurvaktError, Unavailable
from turvakt.commands.shared import aside, parts, printable, screen


def bounced(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help='File with one mail; "-": standard input.')] = "-",
) -> None:
    """Take in a mail in which a mail server reports that an alert could not be delivered: for the pipe of that server.

    The alert's history then says so, and where nobody else was reached the next step follows. Ends with 0 also if the mail is
    no such report, which is told and changes nothing, so that the server returns nothing; and with 75, so that it tries again,
    if the report cannot be taken in now. See docs/channels.md.

    Example: turvakt alerts bounced report.eml
    """
    from turvakt.bounces import note  # it takes a while to load what reads alerts

    raw = _read(file)
    try:
        with parts(context) as opened:
            report = note(opened, raw)
    except BadInput as error:
        _tell(error)
    except (Unavailable, Stale, Broken) as error:
        _tell(error)
        raise typer.Exit(os.EX_TEMPFAIL) from error
    else:
        screen.print(f"Delivery {report.delivery}: {report.event or 'on its way, nothing to note'}.", highlight=False)


def _tell(error: TurvaktError) -> None:
    aside.print(printable(str(error)), style="red", markup=False, highlight=False, soft_wrap=True)


def _read(file: str) -> bytes:
    if file == "-":
        return _begin(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as stream:
            return _begin(stream)
    except OSError as error:
        raise BadInput("the file cannot be read", place=file, remedy="Check path and rights") from error


def _begin(stream: BinaryIO) -> bytes:
    """As much as shows that it is too long. All is read: some mail servers take a pipe that is closed early for a failure."""
    begin = stream.read(LONGEST + 1)
    while stream.read(1 << 16):
        pass
    return begin
