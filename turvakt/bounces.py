"""What mail servers report of alerts that went by e-mail, as it comes back to the address in ``email.sender``."""

from alerts.incidents.history import Event, History
from alerts.incidents.links import Links
from alerts.incidents.receipts import Receipts
from alerts.mail.reports import Report, read
from flow.errors import BadInput, Unavailable
from turvakt.wiring import Parts
from web.answer.reading import is_told

_CHANNEL = "email"
_ENDS: tuple[Event, ...] = ("delivered", "failed", "withdrawn")


def note(parts: Parts, raw: bytes) -> Report:
    """Write down what a mail says became of an alert, in the alert's history; what is on its way changes nothing.

    Raises:
        BadInput: it is no report of a mail server, or about no alert that went by e-mail and whose link still holds.
        Unavailable: that the alert was sent is not yet written down.
    """
    report = read(raw)
    if report.event is None:
        return report
    links = Links(parts.database, clock=parts.clock)
    link = links.find(report.delivery)
    became = History(parts.database).of_delivery(report.delivery)
    if (
        link is None
        or links.expired(link)
        or not is_told(link, official=parts.officials.get(link.official), clock=parts.clock)
        or all(each.channel != _CHANNEL for each in became)
    ):
        remedy = (
            "Nothing was changed. Letters, digests and tests have no history, and what was erased has none any more"
        )
        raise BadInput("is a report about no alert that went by e-mail in the last days", place="mail", remedy=remedy)
    if all(each.event not in _ENDS for each in became):
        # A report can be here before the sending is written down, which would then stand over it.
        place = f"delivery {report.delivery}"
        raise Unavailable("it is not yet written down that it was sent", place=place, remedy="Give the report in again")
    receipts = Receipts(parts.database, parts.incidents, log=parts.log, clock=parts.clock)
    receipts.note(link, report.event, channel=_CHANNEL)
    return report
