"""turvakt alerts duty: who is on duty when."""

from datetime import timedelta
from typing import Annotated

import msgspec
import typer

from alerts.plans.holidays import holiday
from alerts.plans.hours import ZONES, zone
from alerts.plans.schedules import Shift
from registry.official import Country
from turvakt.commands.shared import AsJson, aside, parts, screen, table, write_json
from turvakt.commands.words import Spoken, Tenant, Words


def duty(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="So many days from now.", min=1, max=400)] = 14,
    tenant: Tenant = "",
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """Show who is on duty when, in the schedules' local time.

    Example: turvakt alerts duty --days 14
    """
    words = Words(language)
    with parts(context) as opened:
        plans = {"": opened.plans.default, **opened.plans.tenants} if not tenant else {tenant: opened.plans.of(tenant)}
        now = opened.clock.now()
    shown = False
    for each, plan in plans.items():
        for schedule in plan.schedules.values():
            shifts = list(schedule.shifts(now, now + timedelta(days=days)))
            if as_json:
                for shift in shifts:
                    write_json({"tenant": each, "schedule": schedule.name, **msgspec.to_builtins(shift)})
            else:
                heads = [words.of(f"duty.{head}") for head in ("who", "from", "until")]
                rows = [_shift(shift, schedule.timezone, words) for shift in shifts]
                screen.print(table(*heads, "", rows=rows, title=" ".join(filter(None, (each, schedule.name)))))
            shown = True
    if not shown and not as_json:
        aside.print(words.of("duty.none"), markup=False)


def _shift(shift: Shift, timezone: str, words: Words) -> tuple[str, str, str, str]:
    local = [each.astimezone(zone(timezone)) for each in (shift.since, shift.until)]
    country: Country = "FI" if timezone == ZONES["FI"] else "SE"
    day, last, free = local[0].date(), (local[1] - timedelta(seconds=1)).date(), []
    while day <= last:
        if (called := holiday(day, country, words.language)) is not None:
            free.append(f"{day:%Y-%m-%d} {called}")
        day += timedelta(days=1)
    remarks = [*([words.of("duty.override")] if shift.override else []), *free]
    who = words.of("duty.nobody") if shift.contact is None else shift.contact
    return who, *(f"{each:%Y-%m-%d %H:%M}" for each in local), ", ".join(remarks)  # type: ignore[return-value]
