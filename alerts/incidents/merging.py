"""What an incident is told by, once one more alert belongs to it."""

from dataclasses import replace

from alerts.alert import Alert
from alerts.content import Content
from alerts.urgency import wants_answer
from classify.verdict import SEVERITIES


def merged(alert: Alert, before: Content | None) -> Alert:
    """The gravest alert of an incident that was told by ``before``, to all whom any of its rules tells.

    Its ``rules`` are those of the gravest posts alone: who is to hear of lesser ones is not called again and again for these.
    """
    if not isinstance(before, Alert):
        return alert
    # Of one verdict a plan's first rule comes first: a later one adds whom it tells, and nothing else.
    replaces = _weight(alert) >= _weight(before) and alert.verdict != before.verdict
    newest = alert if replaces else before
    earlier = {(each.name, each.channel, each.address): each for each in before.recipients}
    recipients = []
    for each in alert.recipients:
        known = earlier.pop((each.name, each.channel, each.address), each)
        chosen = each if replaces else known
        # Quiet hours of a lesser rule must not hold back what is told of a threat.
        awake = newest.breaks_through and None in (each.not_before, known.not_before)
        recipients.append(replace(chosen, not_before=None) if awake else chosen)
    gravest = [each for each in (newest, alert, before) if _weight(each) == _weight(newest)]
    rules = tuple(dict.fromkeys(name for each in gravest for name in each.rules or (each.rule,)))
    return replace(newest, recipients=(*recipients, *earlier.values()), rules=rules)


def _weight(alert: Alert) -> tuple[bool, bool, int]:
    severity, flagged = alert.verdict.judgement.severity, alert.verdict.judgement.flagged
    return "threat" in flagged, wants_answer(severity, flagged), SEVERITIES.index(severity)
