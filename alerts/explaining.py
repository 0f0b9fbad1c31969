"""Why a post raised alerts, or did not: each rule, matched or not, and each person, told or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from alerts.alert import Recipient
from alerts.plans.plan import Plan
from alerts.plans.policies import Policy
from alerts.plans.rules import Rule
from alerts.routing import covering_consents, in_charge, policy_of, told_first
from classify.verdict import Verdict
from flow.clock import Moment
from registry.official import Official
from registry.tenant import tenant_of

Silent = Literal["deleted", "unable", "no-consent"]
Left = Literal["consent", "told"]
"""Why somebody is not told: consent does not allow it, or a rule or step further up tells the same address already."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody whom a step means, on one channel.

    Attributes:
        instead: the channels that are tried in this order if this one fails.
        held_until: end of the quiet hours that hold the message back, and whose they are.
        consents: the numbers, from 1, of those of the official's consents that allow it.
        left_out: why nothing is sent here; ``None``: it is sent.
        text: the post's text may be shown.
    """

    name: str = field(repr=False)
    channel: str
    instead: tuple[str, ...]
    held_until: Moment | None
    held_by: Literal["rule", "contact"] | None
    consents: tuple[int, ...]
    left_out: Left | None
    text: bool


@dataclass(frozen=True, slots=True)
class StepExplained:
    """A step of a policy. ``minutes`` pass before the next if nobody answers; an empty ``people``: nobody is meant or on duty."""

    minutes: int
    people: tuple[Addressee, ...]


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """A rule. ``differs`` are the keys that keep it from matching; empty: it matches, and ``steps`` say whom it tells.

    ``goes_on`` names the rule whose further steps follow if nobody answers, where that is another one: then these here are only
    what it tells at first.
    """

    rule: str
    differs: tuple[str, ...]
    policy: str = ""
    repeat: int = 0
    steps: tuple[StepExplained, ...] = ()
    last: tuple[Addressee, ...] | None = None
    """Whom the last resort tells; empty: the operator; ``None``: the policy ends without one."""
    goes_on: str = ""

    @property
    def adds(self) -> bool:
        """Whether anything happens because of it: not if rules further up tell everybody whom it tells, and by another policy."""
        left_out = {each.left_out for step in self.steps for each in step.people}
        return not self.differs and (not self.goes_on or "told" not in left_out or None in left_out)


@dataclass(frozen=True, slots=True)
class Explained:
    """What becomes of a post on behalf of one official, at one moment. ``silent``: why no rule is asked at all."""

    official: str
    tenant: str
    at: Moment
    silent: Silent | None
    rules: tuple[RuleExplained, ...]

    @property
    def raises(self) -> bool:
        """Whether an alert is raised."""
        return any(not rule.differs for rule in self.rules)


def explain(verdict: Verdict, *, official: Official, plan: Plan, at: datetime) -> Explained:
    """What `alerts.routing.alerts_about` does with ``verdict`` about ``official`` at the moment ``at``, and why."""
    silent: Silent | None = None
    if verdict.post.deleted_at is not None:
        silent = "deleted"
    elif verdict.judgement.unable is not None:
        silent = "unable"
    elif not covering_consents(official, verdict, at):
        silent = "no-consent"
    matching = tuple(rule for rule in plan.rules if rule.matches(verdict, official, at))
    first = {(each.channel, each.address): each for each in told_first(matching, plan, official, verdict, at)}
    case = _Case(verdict, official, plan, at, matching, first)
    rules = () if silent else tuple(_rule(rule, case) for rule in plan.rules)
    return Explained(official.id, tenant_of(official), at, silent, rules)


@dataclass(frozen=True, slots=True)
class _Case:
    """``first``: whom the rules that match tell at first, by channel and address."""

    verdict: Verdict
    official: Official
    plan: Plan
    at: datetime
    matching: tuple[Rule, ...]
    first: Mapping[tuple[str, str], Recipient]

    @property
    def threat(self) -> bool:
        return "threat" in self.verdict.judgement.flagged


def _rule(rule: Rule, case: _Case) -> RuleExplained:
    differs = tuple(rule.differing(case.verdict, case.official, case.at))
    if differs:
        return RuleExplained(rule.name, differs)
    policy = case.plan.policy(policy_of(rule, case.verdict))
    charge = in_charge(case.matching, case.verdict, case.plan)
    steps: list[StepExplained] = []
    raised = False
    for number, step in enumerate(policy.steps, 1):
        # The first step that may tell anybody raises the alert, and leaves out whom a rule further up tells. Later ones remind
        # the contacts of all rules.
        asking = case.matching if raised else (rule,)
        means = case.plan.step_recipients(
            policy,
            number,
            official=case.official,
            at=case.at,
            severity=case.verdict.judgement.severity,
            threat=case.threat,
            rules=[each.name for each in asking],
        )
        people = tuple(_addressee(each, case) if raised else _at_first(each, rule, case) for each in means)
        raised = raised or any(each.consents for each in people)
        steps.append(StepExplained(round(step.wait.total_seconds() / 60), people))
        if raised and rule is not charge:
            break
    if rule is not charge:
        return RuleExplained(rule.name, (), policy.name, 1, tuple(steps), goes_on=charge.name)
    return RuleExplained(rule.name, (), policy.name, policy.repeat, tuple(steps), _last(case, rule, policy))


def _last(case: _Case, charge: Rule, policy: Policy) -> tuple[Addressee, ...] | None:
    if not policy.last_resort:
        return None
    means = case.plan.last_recipients(
        official=case.official,
        at=case.at,
        severity=case.verdict.judgement.severity,
        threat=case.threat,
        rule=charge.name,
    )
    return tuple(_addressee(each, case) for each in means)


def _at_first(recipient: Recipient, rule: Rule, case: _Case) -> Addressee:
    """As far as no rule further up tells the same address, and held back no longer than any rule says."""
    first = case.first.get((recipient.channel, recipient.address), recipient)
    said = _addressee(replace(recipient, not_before=first.not_before), case)
    return replace(said, left_out="told") if said.left_out is None and first.rule != rule.name else said


def _addressee(recipient: Recipient, case: _Case) -> Addressee:
    covering = covering_consents(case.official, case.verdict, case.at)
    allowing = [each for each in covering if each.tells(recipient.name)]
    held = recipient.not_before
    severity, country = case.verdict.judgement.severity, case.official.country
    by_rules = {each.held_until(case.at, severity=severity, country=country) for each in case.matching}
    return Addressee(
        name=recipient.name,
        channel=recipient.channel,
        instead=tuple(channel for channel, _ in recipient.instead),
        held_until=held,
        held_by=None if held is None else "rule" if held in by_rules else "contact",
        consents=tuple(number for number, each in enumerate(case.official.consents, 1) if each in allowing),
        left_out=None if allowing else "consent",
        text=recipient.show_text and any(each.text for each in allowing),
    )
