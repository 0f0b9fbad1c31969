"""turvakt tenants: municipalities, regions and parliaments, and their own rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args

import msgspec
import typer

from flow.errors import BadInput
from registry.checking import COUNTRIES
from registry.retention import KINDS
from registry.store import Store
from registry.tenant import Body, Tenant
from turvakt.commands.shared import AsJson, aside, parts, screen, table, write_json

app = typer.Typer(
    no_args_is_help=True,
    help="Municipalities, regions and parliaments. One comes into being with its first official.",
    rich_markup_mode=None,
)

BODIES: tuple[str, ...] = get_args(Body)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List all tenants, and what each has otherwise than the settings."""
    with parts(context) as opened:
        tenants = opened.store.tenants()
    if as_json:
        for each in tenants:
            write_json(msgspec.to_builtins(each))
        return
    rows = [(each.id, each.name, each.body, each.country, _own(each)) for each in tenants]
    screen.print(table("id", "name", "body", "country", "own days of retention", rows=rows))
    if not tenants:
        aside.print(
            "There is none yet. A tenant comes into being with its first official, or by 'turvakt tenants set'."
        )


@app.command("set")
def set_(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The tenant's id: a-z, 0-9 and _.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="Its name, as people write it.", show_default=False)] = None,
    body: Annotated[str | None, typer.Option(help=f"One of: {', '.join(BODIES)}.", show_default=False)] = None,
    country: Annotated[str | None, typer.Option(help="SE or FI.", show_default=False)] = None,
    retention: Annotated[
        list[str] | None,
        typer.Option(
            help="Days by kind, such as low=14; low= for those of the settings. May be repeated. Kinds: "
            f"{', '.join(KINDS)}.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Change a tenant, or make one before it has officials (then --name and --country are needed).

    Example: turvakt tenants set ekvik --retention low=14 --retention flagged=180
    """
    _one_of(body, BODIES, "--body")
    _one_of(country, COUNTRIES, "--country")
    changes: dict[str, Any] = {"name": name, "body": body, "country": country}
    with parts(context) as opened:
        before = _there(opened.store, id, name=name, country=country)
        after = replace(before, **{key: value for key, value in changes.items() if value is not None})
        after = replace(after, retention=_days(before.retention, retention or ()))
        opened.store.put_tenant(after)
        opened.audit.write("command", "tenant-changed", tenant=after.id)
    screen.print(f"{after.id}: {after.name}, {after.body}, {after.country}; own rules: {_own(after)}", markup=False)


def _there(store: Store, id: str, *, name: str | None, country: str | None) -> Tenant:
    found = next((each for each in store.tenants() if each.id == id), None)
    if found is not None:
        return found
    if name is None or country is None:
        remedy = "To make it, give --name and --country; 'turvakt tenants list' shows those that there are"
        raise BadInput("no tenant has this id", place="tenants", remedy=remedy)
    return Tenant(id, "municipality", name, country)  # type: ignore[arg-type]  # the country is checked


def _days(before: Mapping[str, int], wanted: Sequence[str]) -> dict[str, int]:
    days = dict(before)
    for each in wanted:
        kind, _, number = each.partition("=")
        _one_of(kind, KINDS, "--retention")
        if number and not number.isdecimal():
            raise BadInput("is no whole number of days", place="--retention", remedy="Write it like low=14")
        days.pop(kind, None)
        if number:
            days[kind] = int(number)
    return days


def _own(tenant: Tenant) -> str:
    return ", ".join(f"{kind} {days} days" for kind, days in sorted(tenant.retention.items())) or "none"


def _one_of(value: str | None, known: Sequence[str], place: str) -> None:
    if value is not None and value not in known:
        raise BadInput("there is no such value", place=place, remedy=f"Choose from {', '.join(known)}")
