"""The plan of a tenant: whom to tell of what, when, how often, and who comes last."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from alerts.alert import Recipient
from alerts.plans.contacts import Contact, contacts_of, refuse
from alerts.plans.hours import ZONES
from alerts.plans.policies import BUILT_IN, CONTACT, OFFICIAL, RULE, SCHEDULE, URGENT, Policy
from alerts.plans.rules import Rule, To
from alerts.plans.schedules import Schedule
from alerts.urgency import breaks_through
from classify.verdict import Severity
from registry.official import Official

_ANYWHERE = ZONES["SE"]
"""The zone of quiet hours where neither contact nor official has one."""


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many messages an hour one address gets that are neither urgent nor for the operator; the rest waits for a digest."""

    per_hour: int = 12

    def __post_init__(self) -> None:
        refuse((not 1 <= self.per_hour <= 10_000, "key 'per_hour': is not 1 to 10000"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one file of rules says. Contacts, schedules and policies by name.

    Attributes:
        last_resort: whom to tell when nobody has answered: ``official``, ``contact:NAME``, ``schedule:NAME``; empty: it is up to
            the operator.
        second_factor: pages behind links in messages ask to sign in first, unless the contact says otherwise.
        phone: the number that those pages name for whoever cannot sign in; empty: none. Whoever has the link can read it.
    """

    rules: tuple[Rule, ...]
    contacts: Mapping[str, Contact] = field(default_factory=dict, repr=False)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    last_resort: tuple[str, ...] = ()
    second_factor: bool = False
    phone: str = ""

    def policy(self, name: str) -> Policy:
        """The policy of that name; where there is none any more, the built-in ``urgent``: rather told once too often."""
        return self.policies.get(name) or BUILT_IN.get(name, URGENT)

    def rule(self, name: str) -> Rule | None:
        """The rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def contact(self, name: str, official: Official | None = None) -> Contact | None:
        """The contact of that name, of the plan or else of the official in the registry."""
        hers = contacts_of(official) if official is not None else ()
        return self.contacts.get(name) or next((each for each in hers if each.name == name), None)

    @property
    def all_contacts(self) -> tuple[Contact, ...]:
        """The contacts that it names, those that only a rule names among them."""
        return *self.contacts.values(), *(to.contact for rule in self.rules for to in rule.named)

    def needs_second_factor(self, contact: str, official: Official | None) -> bool:
        """Whether whoever is told by that name has to sign in behind a link, of which no more than the name is known.

        What the plan lets one of its contacts off does not hold where the official, or a rule, names somebody else like her.
        """
        own = self.contacts.get(contact)
        if own is None or own.second_factor is None:
            return self.second_factor
        others = (
            *(contacts_of(official) if official else ()),
            *(to.contact for rule in self.rules for to in rule.named),
        )
        is_shared = any(each.name == contact and not each.addresses <= own.addresses for each in others)
        return own.second_factor or (self.second_factor and is_shared)

    def step_recipients(
        self,
        policy: Policy,
        step: int,
        *,
        official: Official | None,
        at: datetime,
        severity: Severity,
        threat: bool,
        rules: Sequence[str] = (),
    ) -> tuple[Recipient, ...]:
        """Whom a step tells, each address once, before consent is asked (`alerts.routing.permitted`).

        Args:
            step: from 1.
            official: whom the incident is about; ``None``: nobody.
            rules: the names of the rules that ask to tell: they say who is meant by ``rule``, whether the text is shown, and what
                is held back. Whom several mean gets what the first of them shows, and is held back no longer than any of them
                says.

        Returns:
            Nobody where the schedules have nobody on duty: the next step is then to be told at once.
        """
        if step > len(policy.steps):
            return ()  # the policy has become shorter since the incident came so far
        chosen = policy.steps[step - 1]
        every = chosen.channels == "all" or breaks_through(severity, threat=threat)
        found: list[Recipient] = []
        asking: list[Rule | None] = [by for by in map(self.rule, rules) if by is not None]
        for by in asking or [None]:
            contacts = self.told(chosen.tell, official=official, at=at, rule=by)
            until = by.held_until(at, severity=severity, country=official.country) if by and official else None
            of = _addresses(contacts, official, at=at, severity=severity, threat=threat, every=every, rule=by)
            found += [_held(each, until) for each in of]
        return each_once(found)

    def last_recipients(
        self, *, official: Official | None, at: datetime, severity: Severity, threat: bool, rule: str = ""
    ) -> tuple[Recipient, ...]:
        """Whom the plan's last resort tells, on all channels; empty: the plan names none, and it is up to the operator.

        Args:
            rule: the name of the rule in charge, for whose contacts the last resort stands in: it may read what they may.
        """
        found, by = self.told(self.last_resort, official=official, at=at, rule=None), self.rule(rule)
        return tuple(_addresses(found, official, at=at, severity=severity, threat=threat, every=True, rule=by))

    def held_until(
        self,
        recipient: Recipient,
        *,
        official: Official | None,
        at: datetime,
        severity: Severity,
        threat: bool = False,
        rule: str = "",
    ) -> datetime | None:
        """When quiet hours end that hold back from the recipient what is so grave: hers, and those of the rule that chose her.

        Args:
            rule: the name of that rule, if she does not know it herself.

        Returns:
            ``None``: at the moment ``at`` there are none.
        """
        zone = ZONES[official.country] if official is not None else _ANYWHERE
        by, contact = self.rule(recipient.rule or rule), self.contact(recipient.name, official)
        ends = (
            by.held_until(at, severity=severity, country=official.country) if by and official else None,
            contact.held_until(at, severity=severity, threat=threat, timezone=zone) if contact else None,
        )
        return max((each for each in ends if each is not None), default=None)

    def told(
        self, words: Sequence[To | str], *, official: Official | None, at: datetime, rule: Rule | None
    ) -> Iterator[Contact]:
        """The contacts that are meant by ``words`` at the moment ``at``."""
        for word in words:
            if isinstance(word, To):
                yield word.contact
            elif word == RULE and rule is not None and RULE not in rule.tell:
                yield from self.told(rule.tell, official=official, at=at, rule=None)
            elif word in (RULE, OFFICIAL):
                yield from contacts_of(official) if official is not None else ()
            else:
                schedule = self.schedules.get(word.removeprefix(SCHEDULE)) if word.startswith(SCHEDULE) else None
                name = schedule.on_duty(at) if schedule is not None else word.removeprefix(CONTACT)
                if name is not None and name in self.contacts:
                    yield self.contacts[name]


def _addresses(
    contacts: Iterable[Contact],
    official: Official | None,
    *,
    at: datetime,
    severity: Severity,
    threat: bool,
    every: bool,
    rule: Rule | None,
) -> Iterator[Recipient]:
    told: set[tuple[str, str]] = set()
    zone = ZONES[official.country] if official is not None else _ANYWHERE
    show_text = rule is not None and rule.show_text
    for contact in contacts:
        for each in contact.recipients(
            at=at, severity=severity, threat=threat, every=every, show_text=show_text, timezone=zone
        ):
            if (each.channel, each.address) not in told:
                told.add((each.channel, each.address))
                yield each if rule is None else replace(each, rule=rule.name)


def _held(recipient: Recipient, until: datetime | None) -> Recipient:
    """Held back by rule and contact: until the later of both ends."""
    own = recipient.not_before
    return recipient if until is None else replace(recipient, not_before=until if own is None else max(own, until))


def each_once(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Each address once: as the first of several rules says, and held back no longer than any of them says."""
    found: dict[tuple[str, str], Recipient] = {}
    for each in recipients:
        known = found.setdefault((each.channel, each.address), each)
        found[each.channel, each.address] = replace(known, not_before=_earlier(known, each))
    return tuple(found.values())


def _earlier(one: Recipient, other: Recipient) -> datetime | None:
    return None if one.not_before is None or other.not_before is None else min(one.not_before, other.not_before)


class Plans:
    """The plan of each tenant: its own, or that of everybody else.

    Args:
        default: of those who have none of their own.
        tenants: by the tenant's id.
    """

    def __init__(self, default: Plan, tenants: Mapping[str, Plan] | None = None) -> None:
        self._default = default
        self._tenants = tenants or {}

    @property
    def default(self) -> Plan:
        """The plan of those who have none of their own."""
        return self._default

    @property
    def tenants(self) -> Mapping[str, Plan]:
        """The plans of tenants that have their own, by the tenant's id."""
        return self._tenants

    def of(self, tenant: str) -> Plan:
        """The plan of the tenant with that id; an empty id: the default."""
        return self.tenants.get(tenant, self.default)

    def whose(self, tenant: str) -> str:
        """Whose plan that is: the tenant's id, if it has its own; empty: everybody else's."""
        return tenant if tenant in self.tenants else ""
