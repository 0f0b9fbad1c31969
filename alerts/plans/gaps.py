"""What a plan leaves open, though nothing in it is wrong: hours in which nobody would be told, say."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from alerts.plans.hours import ZONES, zone
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule
from registry.official import Country, Official
from registry.tenant import Tenant

AHEAD = timedelta(days=370)
"""How far is looked ahead for hours without a rule: every holiday comes once."""
_STEP = timedelta(minutes=30)


def gaps(plan: Plan, now: datetime) -> Iterator[str]:
    """What a human should know of, a sentence each, without a full stop."""
    for schedule in plan.schedules.values():
        empty = schedule.first_gap(now)
        if empty is not None:
            since = "" if empty.since <= now else f" from {_wall(empty.since, schedule.timezone)}"
            until = _wall(empty.until, schedule.timezone)
            yield f"schedule '{schedule.name}': nobody is on duty{since} until {until}; its steps are skipped"
    for number, contact in enumerate(plan.contacts.values(), 1):
        if all(way.channel == "voice" for way in contact.channels):
            yield f"contact number {number} is only rung up: a message and its link need another channel, such as SMS"
    for country in ("SE", "FI"):
        silent = _without_rule(plan.rules, country, now)
        if silent is not None:
            local = silent.astimezone(zone(ZONES[country]))
            yield f"no rule matches every threat at all hours, such as on {local:%Y-%m-%d at %H:%M} ({country})"
            return


def strangers(plan: Plan, officials: Sequence[Official], sources: Collection[str]) -> Iterator[str]:
    """Values in rules that fit nobody and nothing there is, as they may be misspelt; a sentence each, without a full stop."""
    ids, towns = {each.id for each in officials}, {each.municipality for each in officials}
    roles = {each.role.casefold() for each in officials}
    for rule in plan.rules:
        unknown = (
            ("officials", "nobody in the registry", [each for each in rule.officials if each not in ids]),
            ("roles", "nobody in the registry", [each for each in rule.roles if each.casefold() not in roles]),
            ("municipalities", "nobody in the registry", [each for each in rule.municipalities if each not in towns]),
            ("sources", "JSON lines alone", [each for each in rule.sources if each not in sources]),
        )
        for key, fits, values in unknown:
            for value in values:
                yield f"rule '{rule.name}': key '{key}': '{value}' matches {fits}; misspelt?"


def of_no_tenant(plans: Plans, tenants: Sequence[Tenant]) -> Iterator[str]:
    """Plans of their own that no tenant goes by, as their files may be misnamed: a sentence each, without a full stop.

    Whoever they are meant for goes by the plan for all, which tells others.
    """
    there = sorted(each.id for each in tenants)
    for name in sorted(plans.tenants.keys() - set(there)):
        yield f"{name}.toml: there is no tenant '{name}', so nobody goes by it; there are {', '.join(there) or 'none yet'}"


def _wall(moment: datetime, timezone: str) -> str:
    return moment.astimezone(zone(timezone)).strftime("%Y-%m-%d %H:%M")


def _without_rule(rules: tuple[Rule, ...], country: Country, now: datetime) -> datetime | None:
    """The first moment at which a threat of low severity matches no rule that holds for everybody."""
    all_of_them = [
        rule
        for rule in rules
        if rule.severity == "low"
        and (not rule.labels or "threat" in rule.labels)
        and not (rule.officials or rule.roles or rule.municipalities or rule.sources)
    ]
    if any(rule.hours is None and not rule.weekdays and rule.holidays is None for rule in all_of_them):
        return None
    hour = now.replace(minute=0, second=0, microsecond=0)
    moments = (hour + number * _STEP for number in range(AHEAD // _STEP))
    return next((at for at in moments if not any(rule.is_on(country, at) for rule in all_of_them)), None)
