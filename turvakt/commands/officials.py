"""turvakt officials: who opted in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from access.audit_entry import Act
from alerts.audience import audience
from alerts.routing import may_tell
from flow.errors import BadInput, Unavailable
from registry import withdrawal
from registry.building import build
from registry.checking import refusal
from registry.expiry import ending
from registry.holder import Part
from registry.importing import read_officials
from registry.ledger import Given
from registry.official import Consent, Official
from registry.tenant import tenant_of
from turvakt.commands.again import erase_again
from turvakt.commands.naming import confirm_, names
from turvakt.commands.noting import COMMAND, tenant_of_id
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, printable, screen, table, write_json
from turvakt.commands.silent import refuse_silent
from turvakt.wiring import Parts

app = typer.Typer(
    no_args_is_help=True,
    help="The officials who opted in. Nobody is matched without a consent in force.",
    rich_markup_mode=None,
)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List everybody in the registry, whether her consent is in force now, and if it ends within 30 days and no other follows."""
    with parts(context) as opened:
        now = opened.clock.now()
        officials = opened.store.officials()
        ends = {each.official: each.until for each in reversed(ending(officials, now))}
        if as_json:
            for official in officials:
                told = {"consent_in_force": _in_force(official, now), "consent_ends": ends.get(official.id)}
                write_json(msgspec.to_builtins(official) | told)
            return
        rows = [
            (each.id, each.name, each.role, each.municipality, each.language, _standing(each, now, ends.get(each.id)))
            for each in officials
        ]
        screen.print(table("id", "name", "role", "municipality", "language", "consent", rows=rows))
        if not officials:
            aside.print("Nobody is registered. Try: turvakt officials import config/examples/officials.toml")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="A .toml or .csv file; docs/registry.md describes both.", show_default=False)
    ],
    on_paper: Annotated[
        bool, typer.Option("--on-paper", help="The consents were signed on paper: the ledger says so.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add or change officials from a file: all of them or, if anything is wrong, none.

    Importing the same file again changes nothing. The consent of an official who withdrew, or who has said on her page what she
    consents to, is changed only by one that begins after that.

    Example: turvakt officials import config/examples/officials.toml
    """
    officials = read_officials(file)
    with parts(context) as opened:
        refuse_silent(officials, place=str(file), now=opened.clock.now())
        with opened.database.transaction():
            before = {each.id: each for each in opened.store.officials()}
            done = opened.store.put_all(officials, given=Given("paper" if on_paper else "file"))
            opened.audit.write_all(_changes(before, opened.store.officials()))
    if as_json:
        write_json(msgspec.to_builtins(done))
    else:
        screen.print(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged")


def _changes(before: Mapping[str, Official], after: Iterable[Official]) -> list[Act]:
    """An entry of the audit log for each who was added or changed."""
    return [
        Act(COMMAND, "official-changed" if each.id in before else "official-added", tenant_of(each), each.id)
        for each in after
        if each != before.get(each.id)
    ]


@app.command()
def add(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Short id: lower-case letters, digits, hyphens.", show_default=False)],
    given: Annotated[list[str], typer.Option("--given", help="Given name; may be repeated.")],
    family: Annotated[list[str], typer.Option("--family", help="Family name; may be repeated.")],
    role: Annotated[str, typer.Option(help="Office, in her language.")],
    municipality: Annotated[str, typer.Option(help="Municipality.")],
    contact: Annotated[list[str], typer.Option(help='Who is told: "name|channel|address|language"; may be repeated.')],
    consent_from: Annotated[str, typer.Option(help="First day (or moment) of her consent, such as 2026-01-01.")],
    consent_until: Annotated[str, typer.Option(help="Day (or moment) at which it ends; empty: until withdrawn.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="Source she consents to; may be repeated. [default: all]")
    ] = None,
    form: Annotated[list[str] | None, typer.Option(help="Another form of her name; may be repeated.")] = None,
    handle: Annotated[list[str] | None, typer.Option(help='Account: "platform:handle"; may be repeated.')] = None,
    party: Annotated[str, typer.Option(help="Party.")] = "",
    country: Annotated[str, typer.Option(help="SE or FI.")] = "SE",
    language: Annotated[str, typer.Option(help="Her language: sv, fi or en.")] = "sv",
) -> None:
    """Add one official.

    Example: turvakt officials add anna-lindqvist --given Anna --family Lindqvist --role kommunalråd --municipality Ekvik
    --contact "Beredskap|outbox|vakt@ekvik.example|sv" --consent-from 2026-01-01
    """
    handles: dict[str, list[str]] = {}
    for each in handle or []:
        platform, _, account = each.partition(":")
        handles.setdefault(platform, []).append(account)
    consent: dict[str, object] = {"scope": scope or ["*"], "from": consent_from}
    if consent_until:
        consent["until"] = consent_until
    official, problems = build(
        {
            "id": id,
            "given_names": given,
            "family_names": family,
            "forms": form or [],
            "language": language,
            "role": role,
            "party": party,
            "municipality": municipality,
            "country": country,
            "handles": handles,
            "consent": consent,
            "contacts": [_contact(each) for each in contact],
        }
    )
    if problems:
        raise refusal([str(problem) for problem in problems], place="command line")
    with parts(context) as opened:
        refuse_silent([official], place="command line", now=opened.clock.now())
        with opened.database.transaction():
            opened.store.add(official)
            opened.audit.write_all(_changes({}, [official]))
    screen.print(f"{official.id} added")


@app.command()
def consent(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The official's id.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Tell what an official has consented to, and how each change of it came about: her entries in the consent ledger.

    Example: turvakt officials consent ekvik-07
    """
    with parts(context) as opened:
        official, now = opened.store.get(id), opened.clock.now()
        entries = opened.store.ledger(id)
        if as_json:
            for entry in entries:
                write_json(msgspec.to_builtins(entry))
            return
        told = audience(opened.plans.of(tenant_of(official)), official)
    for entry in entries:
        by = f", by {entry.by}" if entry.by else ""
        shown = f", wording {entry.wording} in {entry.language}" if entry.wording else ""
        allowed = ", ".join(entry.recipients) or "nobody"
        head = f"{entry.number}. {entry.at:%Y-%m-%d %H:%M} UTC: {entry.act} ({entry.how}{by}{shown}); may be told: {allowed}"
        screen.print(printable(head), markup=False, highlight=False)
        rows = [_consented(each) for each in entry.consents]
        screen.print(table("from", "until", "sources", "labels", "recipients", "allowed", rows=rows))
    named = ", ".join(name for name in told.names if may_tell(official, name, now)) or "nobody"
    own = "told, too" if told.own else "NOT told"
    sentence = f"By the rules in force now: {named}; her own contacts are {own}"
    screen.print(printable(sentence), markup=False, highlight=False)


def _consented(consent: Consent) -> tuple[str, ...]:
    allowed = [name for name in ("text", "evidence", "statistics", "sample") if getattr(consent, name)]
    until = "" if consent.until is None else f"{consent.until:%Y-%m-%d %H:%M}"
    left_out = [f"but {len(consent.left_out)}"] if consent.left_out else []
    lists = (consent.scope, consent.labels, [*consent.recipients, *left_out], allowed)
    return (f"{consent.since:%Y-%m-%d %H:%M}", until, *(", ".join(each) for each in lists))


@app.command()
def withdraw(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The official's id.", show_default=False)],
    source: Annotated[str, typer.Option(help="Only the consent to this source.", show_default=False)] = "",
    recipient: Annotated[str, typer.Option(help="Only telling the contact of this name.", show_default=False)] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """End an official's consent at once, all of it or a part, and erase what is held because of it.

    A running monitor obeys within seconds. What is removed is reported per place, and cannot be brought back; so is what
    stays. Interrupted, it is completed by the next call or the next start of the monitor.

    Example: turvakt officials withdraw ekvik-07 --source bluesky
    """
    if source and recipient:
        raise BadInput(
            "names two", place="command line", remedy="Withdraw --source and --recipient one after the other"
        )
    part = Part("source", source) if source else Part("recipient", recipient) if recipient else None
    with parts(context) as opened:
        begun = opened.store.withdrawal(id) if part is None else opened.partial.withdrawal(id, part)
        if begun is None or begun.erased_at is not None:
            opened.store.get(id)
            what = "all consent" if part is None else f"the consent of this {part.kind}"
            confirm(f"End {what} of {id} and erase everything held because of it?", yes=yes)
        report = _withdrawn(opened, id, part)
    if as_json:
        write_json(msgspec.to_builtins(report))
        return
    what = "Consent" if part is None else f"Consent to a {part.kind}"
    screen.print(f"{what} of {report.official} ended at {report.at:%Y-%m-%d %H:%M:%S} UTC. Removed or changed:")
    screen.print(table("place", "records", rows=sorted(report.removed.items()) or [("nothing", 0)]))
    screen.print("What stays:")
    screen.print(table("what", "until", "reason", rows=[_row(kept) for kept in report.kept]))
    if report.copies_until is not None:
        screen.print(f"Backups made before are gone by {report.copies_until:%Y-%m-%d}, if they are kept as set.")


app.command("erase-again")(erase_again)
app.command("names")(names)
app.command("confirm")(confirm_)


def _withdrawn(opened: Parts, id: str, part: Part | None) -> withdrawal.Report:
    """Written down as it begins and as it ends: somebody may kill it in between."""
    tenant = tenant_of_id(opened, id)
    # Who is erased is not named anew: not by the next try, nor at the end.
    named, after = id if opened.officials.get(id) is not None else "", "" if part is None else id
    opened.audit.write(COMMAND, "consent-withdrawn", tenant=tenant, official=named, why="begun")
    try:
        report = opened.erasure.withdraw(id, part)
    except Unavailable:
        begun = opened.store.withdrawal(id) if part is None else opened.partial.withdrawal(id, part)
        if begun is None or begun.erased_at is not None:
            opened.audit.write(COMMAND, "consent-withdrawn", tenant=tenant, official=named, why="failed")
        else:
            opened.audit.write(COMMAND, "erased", tenant=tenant, official=after, why="pending")
        raise
    opened.audit.write(COMMAND, "erased", tenant=tenant, official=after)
    return report


_KEPT = {
    "digest": "the time, and a digest to know an older file by",
    "ledger": "what she had consented to before, until she withdraws all",
    "audit": "that somebody did something, without her name",
    "hold": "a post that law requires to keep",
    "trends": "counts of several people's posts, without names",
    "messages": "what recipients have been sent, or are told of the end of alerts",
}


def _row(kept: withdrawal.Kept) -> tuple[str, str, str]:
    return _KEPT[kept.what], "" if kept.until is None else f"{kept.until:%Y-%m-%d}", kept.reason


def _standing(official: Official, now: datetime, ends: datetime | None) -> str:
    if not _in_force(official, now):
        return "NO"
    return "yes" if ends is None else f"ends {ends:%Y-%m-%d}"


def _in_force(official: Official, now: datetime) -> bool:
    return any(consent.in_force(now) for consent in official.consents)


def _contact(text: str) -> dict[str, str]:
    fields = text.split("|")
    if len(fields) != 4:
        raise BadInput("has not four fields", place="--contact", remedy='Write "name|channel|address|language"')
    return dict(zip(("name", "channel", "address", "language"), fields, strict=True))
