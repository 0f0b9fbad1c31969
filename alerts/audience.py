"""Whom the plan in force may tell of an official."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from alerts.plans.plan import Plan
from alerts.plans.policies import CONTACT, OFFICIAL, RULE, SCHEDULE, URGENT, USUAL
from alerts.plans.rules import Rule, To
from registry.official import Official


@dataclass(frozen=True, slots=True)
class Audience:
    """Before consent is asked (`alerts.routing.may_tell`).

    Attributes:
        names: of the plan's contacts, as it calls them: at first, later, as last resort, on duty at any time, or in a digest.
        own: whether her own contacts in the registry are told, too.
    """

    names: tuple[str, ...] = field(repr=False)
    own: bool


def audience(plan: Plan, official: Official) -> Audience:
    """Whom the rules that are for this official may come to tell, whatever is posted and whenever."""
    meant = list(dict.fromkeys(_meant(plan, official)))
    return Audience(tuple(each for each in meant if each is not None), None in meant)


def _meant(plan: Plan, official: Official) -> Iterator[str | None]:
    """The names; ``None`` stands for her own contacts."""
    last_resort = False
    for rule in plan.rules:
        if not rule.concerns(official):
            continue
        for policy in map(plan.policy, (rule.policy,) if rule.policy else (URGENT.name, USUAL.name)):
            last_resort = last_resort or policy.last_resort
            for step in policy.steps:
                yield from _named(step.tell, plan, rule)
    if last_resort:
        yield from _named(plan.last_resort, plan, None)
    yield from (contact.name for contact in plan.contacts.values() if contact.digests)


def _named(words: Sequence[To | str], plan: Plan, rule: Rule | None) -> Iterator[str | None]:
    for word in words:
        if isinstance(word, To):
            yield word.name
        elif word == RULE and rule is not None and RULE not in rule.tell:
            yield from _named(rule.tell, plan, None)
        elif word in (RULE, OFFICIAL):
            yield None
        elif word.startswith(SCHEDULE):
            schedule = plan.schedules[word.removeprefix(SCHEDULE)]
            yield from (*schedule.rotation, *(each.contact for each in schedule.overrides))
        else:
            yield word.removeprefix(CONTACT)
