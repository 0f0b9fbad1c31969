"""From verdicts to alerts: pure, but for the clock."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from alerts.alert import Alert, Recipient, alert_id
from alerts.rules import Rule
from classify.verdict import Verdict
from flow.clock import Clock
from registry.official import Consent, Official

logger = logging.getLogger(__name__)


def route(
    verdicts: Sequence[Verdict],
    *,
    rules: Sequence[Rule],
    officials: Callable[[str], Official | None],
    clock: Clock,
) -> list[Alert]:
    """The alerts that ``rules`` raise about ``verdicts``, as `alerts_about`; tells the log how many reach nobody."""
    alerts = alerts_about(verdicts, rules=rules, officials=officials, clock=clock)
    nobody = sum(not alert.recipients for alert in alerts)
    if nobody:
        logger.warning("%d alerts have no recipient: their officials have no contact in the registry", nobody)
    return alerts


def alerts_about(
    verdicts: Sequence[Verdict],
    *,
    rules: Sequence[Rule],
    officials: Callable[[str], Official | None],
    clock: Clock,
) -> list[Alert]:
    """The alerts that ``rules`` raise about ``verdicts``, at most one per rule, official and post.

    A contact whom several rules would tell of the same post and official is told once, by the first of them. Posts that are
    deleted or could not be judged raise none, and nobody is told of an official who is not registered any more or
    whose consent does not cover the post's source now, or none of its labels. Who may be told, and whether with the text, is
    up to rule and consent together. If a rule matches but there is nobody to tell, the alert is raised all the same, without
    recipients: it shows in the console.
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
                alerts.extend(_about(official, verdict, rules, now))
    return alerts


def permitted(alert: Alert, recipient: Recipient, *, official: Official | None, at: datetime) -> Recipient | None:
    """The recipient as consent allows to tell her of ``alert`` at the moment ``at``: perhaps without the text, or ``None``.

    Args:
        official: whom the alert is about, as she is registered then.
    """
    allowing = _allowing(_covering(official, alert.verdict, at) if official is not None else (), recipient.name)
    if not allowing:
        return None
    return recipient if any(consent.text for consent in allowing) else replace(recipient, show_text=False)


def _covering(official: Official, verdict: Verdict, at: datetime) -> Sequence[Consent]:
    flagged = verdict.judgement.flagged
    return [consent for consent in official.consents_for(verdict.post.source, at) if consent.tells_of(flagged)]


def _allowing(consents: Iterable[Consent], recipient: str) -> Sequence[Consent]:
    return [consent for consent in consents if consent.tells(recipient)]


def _about(official: Official, verdict: Verdict, rules: Sequence[Rule], now: datetime) -> Iterable[Alert]:
    covering = _covering(official, verdict, now)
    if not covering:
        return []
    told: set[tuple[str, str]] = set()
    matching = [rule for rule in rules if rule.matches(verdict, official)]
    alerts = []
    for rule in matching:
        recipients = []
        until = rule.held_until(now, severity=verdict.judgement.severity, country=official.country)
        for contact in rule.people(official):
            allowing = _allowing(covering, contact.name)
            if not allowing or (contact.channel, contact.address) in told:
                continue
            told.add((contact.channel, contact.address))
            recipients.append(
                Recipient(
                    name=contact.name,
                    channel=contact.channel,
                    address=contact.address,
                    language=contact.language,
                    show_text=rule.show_text and any(consent.text for consent in allowing),
                    not_before=until,
                )
            )
        if recipients:
            alerts.append(_alert(official, verdict, rule, tuple(recipients), now))
    if matching and not alerts:
        alerts.append(_alert(official, verdict, matching[0], (), now))
    return alerts


def _alert(official: Official, verdict: Verdict, rule: Rule, recipients: tuple[Recipient, ...], now: datetime) -> Alert:
    # An alert about one official must not tell that another one is registered, nor outlive her erasure.
    mentions = tuple(mention for mention in verdict.post.mentions if mention.official == official.id)
    return Alert(
        id=alert_id(rule=rule.name, official=official.id, post=verdict.post.id),
        rule=rule.name,
        official=official.id,
        official_name=official.name,
        verdict=replace(verdict, post=replace(verdict.post, mentions=mentions)),
        recipients=recipients,
        raised_at=now,
    )
