"""Why a post raised alerts, or did not: each rule, matched or not, and each person, told or not."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alerts.alert import Recipient
from alerts.plans.plan import Plan
from alerts.plans.policies import Policy
from alerts.plans.rules import Rule
from alerts.routing import covering_consents, policy_of
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
    """A rule. ``differs`` are the keys that keep it from matching; empty: it matches, and ``steps`` say whom it tells."""

    rule: str
    differs: tuple[str, ...]
    policy: str = ""
    repeat: int = 0
    steps: tuple[StepExplained, ...] = ()
    last: tuple[Addressee, ...] | None = None
    """Whom the last resort tells; empty: the operator; ``None``: the policy ends without one."""

    @property
    def adds(self) -> bool:
        """Whether it raises an alert of its own: not if rules further up tell everybody whom it tells."""
        left_out = {each.left_out for step in self.steps for each in step.people}
        return not self.differs and ("told" not in left_out or None in left_out)


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
    told: set[tuple[str, str]] = set()
    case = _Case(verdict, official, plan, at)
    rules = () if silent else tuple(_rule(rule, case, told) for rule in plan.rules)
    return Explained(official.id, tenant_of(official), at, silent, rules)


@dataclass(frozen=True, slots=True)
class _Case:
    verdict: Verdict
    official: Official
    plan: Plan
    at: datetime

    @property
    def threat(self) -> bool:
        return "threat" in self.verdict.judgement.flagged


def _rule(rule: Rule, case: _Case, told: set[tuple[str, str]]) -> RuleExplained:
    differs = tuple(rule.differing(case.verdict, case.official, case.at))
    if differs:
        return RuleExplained(rule.name, differs)
    policy = case.plan.policy(policy_of(rule, case.verdict))
    steps: list[StepExplained] = []
    raised = covered = False
    for number, step in enumerate(policy.steps, 1):
        means = case.plan.step_recipients(
            policy,
            number,
            official=case.official,
            at=case.at,
            severity=case.verdict.judgement.severity,
            threat=case.threat,
            rule=rule.name,
        )
        # The first step that may tell anybody raises the alert, and leaves out whom a rule further up tells. Later ones remind.
        people = tuple(_addressee(each, rule, case, frozenset() if raised else told) for each in means)
        if not raised and any(each.consents for each in people):
            raised, covered = True, all(each.left_out for each in people)
            told.update((each.channel, each.address) for each, said in zip(means, people, strict=True) if said.consents)
        steps.append(StepExplained(round(step.wait.total_seconds() / 60), people))
        if covered:
            break  # rules further up tell everybody: there is no alert whose next step could follow
    last = None if covered else _last(rule, case, policy)
    return RuleExplained(rule.name, (), policy.name, policy.repeat, tuple(steps), last)


def _last(rule: Rule, case: _Case, policy: Policy) -> tuple[Addressee, ...] | None:
    if not policy.last_resort:
        return None
    means = case.plan.last_recipients(
        official=case.official,
        at=case.at,
        severity=case.verdict.judgement.severity,
        threat=case.threat,
        rule=rule.name,
    )
    return tuple(_addressee(each, rule, case, frozenset()) for each in means)


def _addressee(recipient: Recipient, rule: Rule, case: _Case, told: Collection[tuple[str, str]]) -> Addressee:
    covering = covering_consents(case.official, case.verdict, case.at)
    allowing = [each for each in covering if each.tells(recipient.name)]
    left_out: Left | None = None if allowing else "consent"
    if allowing and (recipient.channel, recipient.address) in told:
        left_out = "told"
    held = recipient.not_before
    by_rule = rule.held_until(case.at, severity=case.verdict.judgement.severity, country=case.official.country)
    return Addressee(
        name=recipient.name,
        channel=recipient.channel,
        instead=tuple(channel for channel, _ in recipient.instead),
        held_until=held,
        held_by=None if held is None else "rule" if held == by_rule else "contact",
        consents=tuple(number for number, each in enumerate(case.official.consents, 1) if each in allowing),
        left_out=left_out,
        text=recipient.show_text and any(each.text for each in allowing),
    )
