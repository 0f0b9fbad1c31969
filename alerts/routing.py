"""From verdicts to alerts: pure, but for the clock."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from alerts.alert import Alert, Recipient, alert_id
from alerts.bulletin import Bulletin
from alerts.content import Content
from alerts.plans.plan import Plan, Plans, each_once
from alerts.plans.policies import usual_policy
from alerts.plans.rules import Rule
from alerts.plans.steps import insistence
from classify.verdict import Verdict
from flow.clock import Clock
from registry.official import Consent, Official
from registry.tenant import tenant_of

logger = logging.getLogger(__name__)


def route(
    verdicts: Sequence[Verdict],
    *,
    plans: Plans,
    officials: Callable[[str], Official | None],
    clock: Clock,
) -> list[Alert]:
    """The alerts that the rules of ``plans`` raise about ``verdicts``, as `alerts_about`; tells the log how many reach nobody."""
    alerts = alerts_about(verdicts, plans=plans, officials=officials, clock=clock)
    nobody = sum(not alert.recipients for alert in alerts)
    if nobody:
        logger.warning("alerts without a recipient, as nobody is named for their officials, or on duty: %d", nobody)
    return alerts


def alerts_about(
    verdicts: Sequence[Verdict],
    *,
    plans: Plans,
    officials: Callable[[str], Official | None],
    clock: Clock,
) -> list[Alert]:
    """The alerts that the rules of ``plans`` raise about ``verdicts``, at most one per rule, official and post.

    A contact whom several rules would tell of the same post and official is told once, by the first of them, and held back no
    longer than any of them says. Posts that are deleted or could not be judged raise none, and nobody is told of an official
    who is not registered any more or whose consent does not cover the post's source now, or none of its labels. Who may be
    told, and whether with the text, is up to rule and consent together. If a rule matches but there is nobody to tell, the
    alert is raised all the same, without recipients: it shows in the console. By which policy it goes on, and whose contacts
    its steps tell, is up to all rules that match.
    """
    now = clock.now()
    alerts: list[Alert] = []
    # Each is asked for once: a change meanwhile starts a new epoch, in which these verdicts are routed again.
    official_of = cache(officials)
    for verdict in verdicts:
        if verdict.post.deleted_at is not None or verdict.judgement.unable is not None:
            continue
        for name in dict.fromkeys(mention.official for mention in verdict.post.mentions):
            official = official_of(name)
            if official is not None:
                alerts.extend(_about(official, verdict, plans.of(tenant_of(official)), now))
    return alerts


def permitted(content: Content, recipient: Recipient, *, official: Official | None, at: datetime) -> Recipient | None:
    """The recipient as consent allows to tell her of ``content`` at the moment ``at``: perhaps without the text, or ``None``.

    Args:
        official: whom it is about, as she is registered then.
    """
    if isinstance(content, Bulletin):
        return permitted_bulletin(content, recipient, official=official, at=at)
    return _as_allowed(recipient, covering_consents(official, content.verdict, at) if official is not None else ())


def permitted_bulletin(
    bulletin: Bulletin, recipient: Recipient, *, official: Official | None, at: datetime
) -> Recipient | None:
    """The recipient, if the consent of the official whom ``bulletin`` is about, where there is one, allows to tell her."""
    if not bulletin.official:
        return recipient
    return _as_allowed(
        recipient, [each for each in official.consents if each.in_force(at)] if official is not None else ()
    )


def may_tell(official: Official, contact: str, at: datetime) -> bool:
    """Whether a consent in force allows to tell the contact of that name of the official at all."""
    return any(each.in_force(at) and each.tells(contact) for each in official.consents)


def _as_allowed(recipient: Recipient, covering: Iterable[Consent]) -> Recipient | None:
    allowing = [consent for consent in covering if consent.tells(recipient.name)]
    if not allowing:
        return None
    withheld = recipient.show_text and not any(consent.text for consent in allowing)
    return replace(recipient, show_text=False) if withheld else recipient


def covering_consents(official: Official, verdict: Verdict, at: datetime) -> Sequence[Consent]:
    """The official's consents by which people may be told of ``verdict`` at the moment ``at``."""
    flagged = verdict.judgement.flagged
    return [consent for consent in official.consents_for(verdict.post.source, at) if consent.tells_of(flagged)]


def _about(official: Official, verdict: Verdict, plan: Plan, now: datetime) -> Iterable[Alert]:
    if not covering_consents(official, verdict, now):
        return []
    matching = [rule for rule in plan.rules if rule.matches(verdict, official, now)]
    if not matching:
        return []
    policy, names = policy_of(in_charge(matching, verdict, plan), verdict), tuple(rule.name for rule in matching)
    told = told_first(matching, plan, official, verdict, now)
    alerts = []
    for rule in matching:
        recipients = tuple(each for each in told if each.rule == rule.name)
        if recipients:
            alerts.append(_alert(official, verdict, rule, recipients, now))
    if not alerts:
        alerts.append(_alert(official, verdict, matching[0], (), now))
    return [replace(each, policy=policy, rules=names) for each in alerts]


def told_first(
    matching: Iterable[Rule], plan: Plan, official: Official, verdict: Verdict, now: datetime
) -> tuple[Recipient, ...]:
    """Whom rules that match tell at first, each address once; each recipient names her rule."""
    covering = covering_consents(official, verdict, now)
    return each_once(
        each for rule in matching for each in _first_step(rule, plan, official, verdict, now, covering=covering)
    )


def _first_step(
    rule: Rule, plan: Plan, official: Official, verdict: Verdict, now: datetime, *, covering: Sequence[Consent]
) -> Sequence[Recipient]:
    """Whom the first step tells that tells anybody: schedules may have nobody on duty, and consent may leave everybody out."""
    judgement = verdict.judgement
    policy = plan.policy(policy_of(rule, verdict))
    for step in range(1, len(policy.steps) + 1):
        chosen = plan.step_recipients(
            policy,
            step,
            official=official,
            at=now,
            severity=judgement.severity,
            threat="threat" in judgement.flagged,
            rules=(rule.name,),
        )
        allowed = [each for each in (_as_allowed(each, covering) for each in chosen) if each is not None]
        if allowed:
            return allowed
    return ()


def policy_of(rule: Rule, verdict: Verdict) -> str:
    """The name of the policy that ``rule`` asks for of ``verdict``."""
    return rule.policy or usual_policy(verdict.judgement.severity, verdict.judgement.flagged)


def in_charge(matching: Sequence[Rule], verdict: Verdict, plan: Plan) -> Rule:
    """Of rules that match a verdict the one by whose policy it goes on: the most insistent, of equal ones the first."""
    return max(matching, key=lambda rule: insistence(plan.policy(policy_of(rule, verdict))))


def asking(alert: Alert, plan: Plan, official: Official | None) -> list[Rule]:
    """The rules that ask to tell of ``alert``, in the order of the plan as it was: those that raised it. Where the plan lacks one
    of them by now, it may be under another name: then also those that match it now as it was raised.
    """
    names = alert.rules or (alert.rule,)
    there = [rule for rule in map(plan.rule, names) if rule is not None]
    if len(there) == len(names) or official is None:
        return there
    matching = (rule for rule in plan.rules if rule.matches(alert.verdict, official, alert.raised_at))
    return [*there, *(rule for rule in matching if rule not in there)]


def _alert(official: Official, verdict: Verdict, rule: Rule, recipients: tuple[Recipient, ...], now: datetime) -> Alert:
    # An alert about one official must not tell that another one is registered, nor outlive her erasure.
    mentions = tuple(mention for mention in verdict.post.mentions if mention.official == official.id)
    if len(mentions) < len(verdict.post.mentions):
        verdict = replace(verdict, post=replace(verdict.post, mentions=mentions))
    return Alert(
        id=alert_id(rule=rule.name, official=official.id, post=verdict.post.id),
        rule=rule.name,
        official=official.id,
        official_name=official.name,
        verdict=verdict,
        recipients=recipients,
        raised_at=now,
    )
