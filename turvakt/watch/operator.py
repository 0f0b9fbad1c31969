"""The operator: who is told of troubles, and how."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.incidents.history import TURVAKT
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.plans.contacts import Contact, Way
from classify.verdict import Severity
from flow.clock import Clock
from flow.errors import BadInput, Broken
from turvakt.sections import Operator
from turvakt.watch.trouble import Event, Trouble

_RINGS = "voice"
"""The channel that rings people up: an end wakes nobody."""


def zone(settings: Operator) -> ZoneInfo:
    """Where the operator is.

    Raises:
        Broken: there is no such zone.
    """
    try:
        return ZoneInfo(settings.timezone)
    except (KeyError, ValueError) as error:
        remedy = 'Name one like "Europe/Stockholm"'
        raise Broken("is no time zone", place="operator.timezone", remedy=remedy) from error


def contacts(settings: Operator, *, ringing: bool = True) -> tuple[Contact, ...]:
    """The operator's contacts: ways of the same name are one contact's, in their order; with or without those that ring."""
    ways: dict[str, list[Way]] = {}
    for each in settings.contacts:
        if each.channel == _RINGS and not ringing:
            continue
        ways.setdefault(each.name, []).append(Way(channel=each.channel, address=each.address))
    languages = {each.name: each.language for each in reversed(settings.contacts)}
    return tuple(Contact(name=name, language=languages[name], channels=tuple(each)) for name, each in ways.items())


def recipients(settings: Operator, *, at: datetime, severity: Severity, ringing: bool = True) -> tuple[Recipient, ...]:
    """How the operator is told: of what is critical on all channels at once, else on the first, and the others if it fails."""
    every = severity == "critical"
    told = (
        contact.recipients(
            at=at, severity=severity, threat=False, every=every, show_text=False, timezone=settings.timezone
        )
        for contact in contacts(settings, ringing=ringing)
    )
    return tuple(recipient for each in told for recipient in each)


class OperatorTeller:
    """Tells the operator of troubles, by an incident for each (implements `turvakt.watch.troubles.Teller`).

    Args:
        unused: whether a trouble is over only as nobody uses any longer what failed.
    """

    def __init__(
        self,
        settings: Operator,
        incidents: Incidents,
        telling: Telling,
        *,
        clock: Clock,
        unused: Callable[[Trouble], bool] = lambda trouble: False,
    ) -> None:
        self._settings = settings
        self._incidents = incidents
        self._telling = telling
        self._clock = clock
        self._unused = unused

    def tell(self, event: Event, trouble: Trouble, *, incident: str) -> str:
        """See `turvakt.watch.troubles.Teller.tell`."""
        now, severity = self._clock.now(), trouble.severity
        values = {
            "event": event,
            "trouble": trouble.kind,
            "place": trouble.place,
            "since": trouble.since.isoformat(),
            **{f"detail.{name}": value for name, value in trouble.details.items()},
        }
        if event == "over" and self._unused(trouble):
            values["unused"] = "yes"
        bulletin = Bulletin("operation", "", "", "", severity, False, values, None, now)
        if event == "begins":
            subject = f"{trouble.kind} {trouble.place}"
            return self._incidents.raise_("operation", subject=subject, severity=severity, bulletin=bulletin).id
        # Who was told of it wants to know that it is over, by the same way, or by the next one where that would ring her up.
        more = replace(bulletin, incident=incident, step=1, key=f"{event} {now.isoformat()}")
        told = recipients(self._settings, at=now, severity=severity, ringing=event != "over")
        self._telling.tell([replace(more, recipient=recipient) for recipient in told])
        if event == "over":
            with suppress(BadInput):  # a later version has written it, and sees to it
                self._incidents.answer(incident, "resolve", by=TURVAKT)
        return incident


def hold_drill(settings: Operator, plans: Iterable[Contact], incidents: Incidents, *, now: datetime) -> str | None:
    """Tell every contact by each of its channels that this is a drill; returns the id of its incident, ``None``: nobody is there.

    Args:
        plans: the contacts that plans name; the operator's are told besides.
    """
    without = {each.name for each in settings.contacts if not each.drill}
    own = [each for each in contacts(settings) if each.name not in without]
    # By every channel, as of what is critical, and now: the settings say when drills are.
    told = {
        (recipient.channel, recipient.address): replace(recipient, not_before=None)
        for contact in (*(each for each in plans if each.drill), *own)
        for recipient in contact.recipients(
            at=now, severity="critical", threat=False, every=True, show_text=False, timezone=settings.timezone
        )
    }
    if not told:
        return None
    bulletin = Bulletin("drill", "", "", "", "medium", False, {}, None, now)
    raised = incidents.raise_(
        "drill", subject=now.isoformat(), severity="medium", bulletin=bulletin, recipients=tuple(told.values())
    )
    return raised.id
