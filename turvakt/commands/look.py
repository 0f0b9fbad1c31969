"""turvakt status, search: how it stands, and what it holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from math import ceil
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from alerts.messages.translations import Translations
from alerts.messages.words import FOLDERS, Words
from classify.verdict import LABELS, SEVERITIES
from flow.errors import BadInput
from review.index import MOST, Item, Query
from turvakt.access import base_url, link, token
from turvakt.commands.noting import note
from turvakt.commands.shared import AsJson, aside, parts, printable, screen, table, write_json
from turvakt.commands.words import spoken
from turvakt.counted import counted
from turvakt.status import not_ready
from turvakt.status import status as status_of
from turvakt.watch.operator import zone
from web.readiness import Reason
from web.wording import Texts, Wording

MOST_DAYS = 36_500

Reading = Annotated[str, typer.Option("--language", help="Language in which it tells what is wrong: sv, fi or en.")]


def status(context: typer.Context, language: Reading = "en", as_json: AsJson = False) -> None:
    """Tell how Turvakt stands: officials, posts, alerts, deliveries, what waits and what is dead. Works beside a running one."""
    reader = spoken(language)
    with parts(context) as opened:
        reasons = not_ready(opened)
        now = status_of(opened, reasons=reasons)
    if as_json:
        write_json(now)
        return
    words, wording = Words(Translations(*FOLDERS), reader), Texts().wording(reader)
    now["not_ready"] = " ".join(_said(each, wording) for each in reasons) or "no"
    watch = now.pop("watch")
    wrong_first = sorted(now.items(), key=lambda each: each[0] not in _WRONG)
    pairs = [(section, name, value) for section, values in wrong_first for name, value in _flat(values)]
    # What is nothing is told of officials alone: without them nothing is matched.
    rows = [(f"{part}: {name}", value) for part, name, value in pairs if value not in (0, "no") or part == "officials"]
    screen.print(_whole_names(table("", "", rows=rows)))
    _show_watch(watch, words, zone(opened.settings.operator))
    # Last: where the token is still to be made, a full disk prevents that, and the rest has been told.
    address = base_url(opened.settings)
    if opened.settings.web.sign_in == "token":
        address = link(address, token(opened.settings))
    screen.print(f"\nConsole: {address}", markup=False, highlight=False, soft_wrap=True)


_WRONG = ("not_ready", "dead", "model_lacks")
"""The sections of the status that say what is wrong."""


def _said(reason: str, wording: Wording) -> str:
    return f"{wording.reason(reason)} {reason.detail}".rstrip() if isinstance(reason, Reason) else reason


def _show_watch(watch: dict[str, Any], words: Words, zone: tzinfo) -> None:
    troubles = [
        (each["kind"], each["place"], _moment(each["since"], zone), _what(each, words, zone))
        for each in watch["troubles"]
    ]
    parts = [
        (each["place"], _moment(each["at"], zone), _moment(each["worked_at"], zone), _remarks(each, zone))
        for each in watch["parts"]
    ]
    for title, rows, columns in (
        ("Troubles", troubles, ("kind", "place", "since", "what")),
        ("Signs of life", parts, ("place", "last sign", "last work", "")),
    ):
        if rows:
            screen.print()
            screen.print(_whole_names(table(*columns, rows=rows, title=f"{title}, in the time of {zone}")))


def _whole_names(made: Table) -> Table:
    made.columns[0].no_wrap = True
    return made


def _moment(at: str | None, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def _what(trouble: dict[str, Any], words: Words, zone: tzinfo) -> str:
    return f"{words.name('trouble', trouble['kind'])}. {words.details(trouble['details'], zone)}"


def _remarks(part: dict[str, Any], zone: tzinfo) -> str:
    hours = part["noticed_hours"]
    remarks = (
        "stopped in order" if part["stopped"] else "",
        f"left alone since {_moment(part['left_alone'], zone)}" if part["left_alone"] else "",
        part["fails"],
        _SILENCE.get(hours) or (f"silence noticed after {counted(ceil(hours), 'hour', 'hours')}" if hours else ""),
    )
    return "; ".join(filter(None, remarks))


_SILENCE = {"unknown": "not yet known how much is usual", "long": "silence not noticed within 60 days"}


def _flat(values: Any, prefix: str = "") -> list[tuple[str, object]]:
    if isinstance(values, dict):
        return [pair for key, value in values.items() for pair in _flat(value, f"{prefix} {key}".strip())]
    return [(prefix or "-", ", ".join(values) or "no" if isinstance(values, list) else values)]


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help='Words, "a phrase" or begin*.', show_default=False)] = "",
    official: Annotated[str | None, typer.Option(help="Official's id.")] = None,
    label: Annotated[str | None, typer.Option(help=f"One of: {', '.join(LABELS)}.")] = None,
    severity: Annotated[str | None, typer.Option(help=f"At least: {', '.join(SEVERITIES)}.")] = None,
    source: Annotated[str | None, typer.Option(help="Source, such as bluesky.")] = None,
    days: Annotated[float | None, typer.Option(help="Only the last so many days.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=MOST)] = 20,
    as_json: AsJson = False,
) -> None:
    """Search what was judged, newest first. Shows the texts of posts, with what was found marked.

    With --json "found" tells where in the text that stands: from which character up to which.

    Example: turvakt search --severity high --days 7
    """
    if days is not None and not 0 < days <= MOST_DAYS:
        raise BadInput("is no number of days", place="--days", remedy=f"Choose more than 0 and at most {MOST_DAYS}")
    _one_of(label, LABELS, "--label")
    _one_of(severity, SEVERITIES, "--severity")
    with parts(context) as opened:
        if official is not None:
            opened.store.get(official)
        since = None if days is None else opened.clock.now() - timedelta(days=days)
        found = opened.index.search(
            Query(
                text=text or None,
                official=official,
                label=label,  # type: ignore[arg-type]  # checked above
                severity=severity,  # type: ignore[arg-type]
                source=source,
                since=since,
                limit=limit,
            )
        )
        found_at = opened.index.highlight(text, [item.verdict for item in found.items])
        # First: nothing is shown that is not written down.
        note(opened, "texts-listed", (item for item in found.items if item.verdict.post.text))
    for item, places in zip(found.items, found_at, strict=True):
        if as_json:
            write_json(msgspec.to_builtins(item) | {"found": places})
        else:
            _show(item, places)
    if not found.items and not as_json:
        aside.print("Nothing found.")


def _one_of(value: str | None, known: tuple[str, ...], place: str) -> None:
    if value is not None and value not in known:
        raise BadInput("there is no such value", place=place, remedy=f"Choose from {', '.join(known)}")


def _show(item: Item, places: Sequence[tuple[int, int]]) -> None:
    post, judgement = item.verdict.post, item.verdict.judgement
    about = ", ".join(dict.fromkeys(mention.official for mention in post.mentions))
    labels = ", ".join(judgement.flagged) or judgement.unable or "-"
    facts = f"{post.created_at:%Y-%m-%d %H:%M}  {about}  {counted(len(item.alerts), 'alert', 'alerts')}"
    screen.print(f"[bold]{judgement.severity}[/bold]  {labels}  [dim]{facts}[/dim]")
    head = f"  {post.id}\n  "
    shown = Text(printable(f"{head}{post.text}\n"))
    for start, end in places:
        shown.stylize("bold reverse", len(head) + start, len(head) + end)
    screen.print(shown, highlight=False)
