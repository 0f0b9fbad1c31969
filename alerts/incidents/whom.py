"""Whom an incident is told to: by its plan and by consent, or the operator."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from access.checking import folded
from alerts.alert import Alert, Recipient
from alerts.incidents.case import Case
from alerts.incidents.incident import Incident
from alerts.plans.contacts import contacts_of
from alerts.plans.hours import ZONES
from alerts.plans.plan import Plan, Plans
from alerts.plans.policies import BUILT_IN, Policy
from alerts.plans.rules import Rule
from alerts.routing import asking, in_charge, permitted, permitted_bulletin
from classify.verdict import SEVERITIES, Severity
from registry.official import Official


class Operator(Protocol):
    """Who looks after Turvakt."""

    def __call__(self, *, at: datetime, severity: Severity) -> tuple[Recipient, ...]:
        """How she is told."""
        ...


def no_operator(*, at: datetime, severity: Severity) -> tuple[Recipient, ...]:
    """Where nobody looks after it."""
    return ()


def no_account(by: str) -> str:
    """Where nobody signs in."""
    return ""


class Whom:
    """Asks plans, registry and operator each time.

    Args:
        plans: whom each tenant tells.
        officials: the registry.
        operator: who is told of what is wrong with Turvakt itself, and of what nobody else has answered.
        email_of: the address of the person with this id; empty: nobody has it.
        contacts_of: given an incident and a person, both by id, the names of the contacts by whose links she has answered it.
    """

    def __init__(
        self,
        *,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        operator: Operator,
        email_of: Callable[[str], str],
        contacts_of: Callable[[str, str], Collection[str]],
    ) -> None:
        self._plans = plans
        self._officials = officials
        self._operator = operator
        self._email_of = email_of
        self._contacts_of = contacts_of

    def step(self, case: Case, step: int, now: datetime) -> tuple[Recipient, ...]:
        """Whom a step of its policy tells, from 1."""
        if case.kind == "operation":
            return self._operator(at=now, severity=SEVERITIES[case.severity])
        official = self._officials(case.official)
        recipients = self._plan(case).step_recipients(
            self.policy(case),
            step,
            official=official,
            at=now,
            severity=SEVERITIES[case.severity],
            threat=case.threat,
            rules=[rule.name for rule in self._asking(case)],
        )
        return _allowed(case, recipients, official, now)

    def last(self, case: Case, now: datetime) -> tuple[Recipient, ...]:
        """Whom to tell when nobody has answered."""
        if case.kind == "operation":
            # A tenant's contacts cannot mend Turvakt.
            return self._operator(at=now, severity="critical")
        severity, official, plan = SEVERITIES[case.severity], self._officials(case.official), self._plan(case)
        named = plan.last_recipients(
            official=official, at=now, severity=severity, threat=case.threat, rule=self._in_charge(case)
        )
        return _allowed(case, named or self._operator(at=now, severity="critical"), official, now)

    def held_until(self, case: Case, recipient: Recipient, at: datetime) -> datetime | None:
        """When quiet hours end that hold back from the recipient how it grows; ``None``: none do, as of what wants an answer."""
        if case.wants_answer:
            return None
        return self._plan(case).held_until(
            recipient,
            official=self._officials(case.official),
            at=at,
            severity=SEVERITIES[case.severity],
            rule=case.content.rule if isinstance(case.content, Alert) else "",
        )

    def ways_to(self, case: Case, by: str, now: datetime) -> list[Recipient]:
        """How ``by``, a contact's name or a person's id, is told of it, whichever step tells her; empty: none does."""
        steps = range(1, len(self.policy(case).steps) + 1)
        known = [*(each for step in steps for each in self.step(case, step, now)), *self.last(case, now)]
        return self.apart(case, known, by)[0]

    def ways_of(
        self, case: Case, name: str, now: datetime, *, show_text: bool, calmly: bool
    ) -> list[Sequence[Recipient]]:
        """The ways to each contact of that name, in their order, as far as consent allows to tell her of it.

        Args:
            calmly: as of what asks nothing: by none that rings.
        """
        severity: Severity = "none" if calmly else SEVERITIES[case.severity]
        if case.kind == "operation":
            told = [each for each in self._operator(at=now, severity=severity) if each.name == name]
            return [[replace(each, channel=way[0], address=way[1], instead=()) for each in told for way in _ways(each)]]
        official, plan = self._officials(case.official), self._plan(case)
        threat = case.threat and not calmly
        rule = case.content.rule if isinstance(case.content, Alert) else ""
        found: list[Sequence[Recipient]] = []
        for contact in (*plan.all_contacts, *(contacts_of(official) if official is not None else ())):
            if contact.name == name:
                # Quiet hours are those of contact and rule together; her zone is known to the plan.
                until = partial(plan.held_until, official=official, at=now, severity=severity, threat=threat, rule=rule)
                ways = contact.recipients(
                    at=now, severity=severity, threat=threat, every=True, show_text=show_text, timezone=ZONES["SE"]
                )
                held = (replace(each, not_before=until(each)) for each in ways)
                found.append(_allowed(case, held, official, now))
        return found

    def contacts(self, case: Case | Incident, now: datetime) -> set[str]:
        """The names of all contacts of plan, official and operator; of a drill, which is of no tenant, those of all plans."""
        official, plans = self._officials(case.official), self._plans()
        its = (plans.default, *plans.tenants.values()) if case.kind == "drill" else (plans.of(case.tenant),)
        of_official = contacts_of(official) if official is not None else ()
        contacts = (*(contact for plan in its for contact in plan.all_contacts), *of_official)
        operator = {each.name for each in self._operator(at=now, severity="critical")}
        return operator | {each.name for each in contacts}

    def apart(self, case: Case, recipients: Iterable[Recipient], by: str) -> tuple[list[Recipient], list[Recipient]]:
        """Those who are ``by``, a contact's name or a person's id, and the others. A person is each contact, too, that has her
        e-mail address, or by whose link she has answered.
        """
        email = folded(self._email_of(by)) if by else ""
        names = {by, *self._contacts_of(case.id, by)} if by else set()
        hers: list[Recipient] = []
        others: list[Recipient] = []
        for each in recipients:
            is_hers = each.name in names or (email and email in self._emails(case, each))
            (hers if is_hers else others).append(each)
        return hers, others

    def others(self, case: Case, recipients: Iterable[Recipient], by: str) -> list[Recipient]:
        """Those of them who are not ``by``, see `apart`."""
        return self.apart(case, recipients, by)[1]

    def _emails(self, case: Case, recipient: Recipient) -> set[str]:
        """The e-mail addresses of a recipient, also those by which she is not told this time."""
        contact = self._plan(case).contact(recipient.name, self._officials(case.official))
        ways = [(way.channel, way.address) for way in contact.channels] if contact is not None else []
        return {folded(address) for channel, address in (*_ways(recipient), *ways) if channel == "email"}

    def policy(self, case: Case) -> Policy:
        """By which it goes on."""
        # No tenant's plan says how often the operator is woken: for an hour, and then as ``operator.repeat_hours`` says.
        return BUILT_IN[case.policy] if case.kind == "operation" else self._plan(case).policy(case.policy)

    def _in_charge(self, case: Case) -> str:
        """The name of the rule by whose policy it goes on; empty: the plan has none for it any more."""
        rules = self._asking(case)
        if not rules or not isinstance(case.content, Alert):
            return ""
        return in_charge(rules, case.content.verdict, self._plan(case)).name

    def _asking(self, case: Case) -> Sequence[Rule]:
        """The rules that ask to tell of it; of those that match one post in the order of the plan."""
        if not isinstance(case.content, Alert):
            return ()
        return asking(case.content, self._plan(case), self._officials(case.official))

    def _plan(self, case: Case) -> Plan:
        return self._plans().of(case.tenant)


def _ways(recipient: Recipient) -> tuple[tuple[str, str], ...]:
    """Channel and address of each way to a recipient."""
    return (recipient.channel, recipient.address), *recipient.instead


def _allowed(
    case: Case, recipients: Iterable[Recipient], official: Official | None, now: datetime
) -> tuple[Recipient, ...]:
    """Those whom the official's consent allows to tell: a step that may tell nobody is not waited for."""
    content = case.content
    if content is None or not content.official:
        return tuple(recipients)
    asked = (
        permitted(content, each, official=official, at=now)
        if isinstance(content, Alert)
        else permitted_bulletin(content, each, official=official, at=now)
        for each in recipients
    )
    return tuple(each for each in asked if each is not None)
