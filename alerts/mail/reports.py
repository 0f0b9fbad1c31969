"""What mail servers say became of a mail: delivery status notifications (RFC 3464)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from typing import Literal

from flow.errors import BadInput

LONGEST = 1_000_000
"""Bytes of a report. It brings back the headers of what we sent, or all of it."""
_STATUS, _HEADERS, _WHOLE = "message/delivery-status", "text/rfc822-headers", "message/rfc822"
_DELIVERY = re.compile("[0-9a-f]{24}")
_REMEDY = "Nothing was changed. Let somebody read what comes to this address"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the mail of one delivery; ``event`` is ``None`` unless it has failed."""

    delivery: str
    event: Literal["failed"] | None


def read(raw: bytes) -> Report:
    """Read a mail that may be a report.

    Raises:
        BadInput: it is none, or none about a mail from here.
    """
    if len(raw) > LONGEST:
        raise _bad(f"is longer than {LONGEST} bytes")
    try:
        mail = message_from_bytes(raw)
    except RecursionError:
        raise _bad("has too many parts within parts") from None
    parts = _within(mail) if mail.get_content_type() == "multipart/report" else []
    fields = [each for part in parts if part.get_content_type() == _STATUS for each in _within(part)]
    if not fields:
        raise _bad("is no report of a mail server (multipart/report with message/delivery-status)")
    for identity in (*_all(fields, "Original-Envelope-Id"), *_message_ids(parts)):
        if _DELIVERY.fullmatch(identity):
            return Report(identity, _event({word.lower() for word in _all(fields, "Action")}))
    raise _bad("is a report about no mail from here")


def _event(actions: set[str]) -> Literal["failed"] | None:
    # An address may stand for several mailboxes: one of them is enough. That one has arrived was not asked for, and anybody may
    # write so: a failure that is reported afterwards would count no more.
    return "failed" if actions == {"failed"} else None


def _message_ids(parts: list[Message]) -> Iterator[str]:
    """The ids in what is brought back of mails: not every server on the way knows of envelope ids."""
    for part in parts:
        if part.get_content_type() == _WHOLE:
            headers = _within(part)
        elif part.get_content_type() == _HEADERS:
            content = part.get_payload(decode=True)
            headers = (
                [HeaderParser().parsestr(content.decode("ascii", "replace"))] if isinstance(content, bytes) else []
            )
        else:
            continue
        yield from (each.removeprefix("<").partition("@")[0] for each in _all(headers, "Message-ID"))


def _within(part: Message) -> list[Message]:
    return [each for each in part.get_payload() if isinstance(each, Message)] if part.is_multipart() else []


def _all(messages: list[Message], name: str) -> Iterator[str]:
    """The first word of each field of this name; comments may follow it."""
    for each in messages:
        yield from (str(value).split()[0] for value in each.get_all(name, []) if str(value).strip())


def _bad(reason: str) -> BadInput:
    return BadInput(reason, place="mail", remedy=_REMEDY)
