"""What mail servers say became of a mail: delivery status notifications (RFC 3464)."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from flow.errors import BadInput

LONGEST = 1_000_000
"""Bytes of a report. It brings back the headers of what we sent, or all of it."""
_STATUS, _RETURNED = "message/delivery-status", ("text/rfc822-headers", "message/rfc822")
_MOST_PARTS, _LONGEST_TYPE = 20, 1000
"""Parts that are looked at (RFC 6522 has three), and characters of a content type."""
_DELIVERY = re.compile("[0-9a-f]{24}")
_REMEDY = "Nothing was changed. Let somebody read what comes to this address"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the mail of one delivery; ``event`` is ``None`` unless it has failed."""

    delivery: str
    event: Literal["failed"] | None


def read(raw: bytes) -> Report:
    """Read a mail that may be a report. Anybody can write one: it is read in a time that grows with its length and no faster, as
    what the ``email`` package needs for some does not.

    Raises:
        BadInput: it is none, or none about a mail from here.
    """
    if len(raw) > LONGEST:
        raise _bad(f"is longer than {LONGEST} bytes")
    head, body = _split(raw.replace(b"\r\n", b"\n"))
    kind = _type(head)
    parts = _parts(body, kind) if kind.get_content_type() == "multipart/report" else []
    fields = b"\n".join(content for name, content in parts if name == _STATUS)
    if not fields:
        raise _bad("is no report of a mail server (multipart/report with message/delivery-status)")
    returned = b"\n".join(_split(content)[0] for name, content in parts if name in _RETURNED)
    # The ids of what is brought back: not every server on the way knows of envelope ids.
    ids = (each.removeprefix("<").partition("@")[0] for each in _all(returned, "Message-ID"))
    for identity in (*_all(fields, "Original-Envelope-Id"), *ids):
        if _DELIVERY.fullmatch(identity):
            return Report(identity, _event({word.lower() for word in _all(fields, "Action")}))
    raise _bad("is a report about no mail from here")


def _event(actions: set[str]) -> Literal["failed"] | None:
    # An address may stand for several mailboxes: one of them is enough. That one has arrived was not asked for, and anybody may
    # write so: a failure that is reported afterwards would count no more.
    return "failed" if actions == {"failed"} else None


def _parts(body: bytes, kind: Message) -> list[tuple[str, bytes]]:
    """The content type of each part, and its content, decoded; not what is within parts."""
    try:
        boundary = (kind.get_boundary() or "").encode("ascii")
    except ValueError:
        return []
    if not boundary:
        return []
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(?:--)?[ \t]*$\n?", re.MULTILINE)
    parts = [_split(each) for each in line.split(body, _MOST_PARTS + 1)[1 : _MOST_PARTS + 1]]
    return [(_type(head).get_content_type(), _decoded(head, content)) for head, content in parts]


def _split(block: bytes) -> tuple[bytes, bytes]:
    """The header and the content after it, which an empty line divides."""
    found = re.search(rb"(?:\A|\n)\n", block)
    return (block, b"") if found is None else (block[: found.start()], block[found.end() :])


def _type(head: bytes) -> Message:
    """A message that has only the content type of ``head``; one that is too long counts as none."""
    found = Message()
    value = next(_values(head, "Content-Type"), "")
    if value and len(value) <= _LONGEST_TYPE:
        found["Content-Type"] = value
    return found


def _decoded(head: bytes, content: bytes) -> bytes:
    match next(_all(head, "Content-Transfer-Encoding"), "").lower():
        case "base64":
            try:
                return base64.b64decode(content)
            except binascii.Error:
                return b""
        case "quoted-printable":
            return quopri.decodestring(content)
    return content


def _all(block: bytes, name: str) -> Iterator[str]:
    """The first word of each field of this name; comments may follow it."""
    return (value.split()[0] for value in _values(block, name) if value)


def _values(block: bytes, name: str) -> Iterator[str]:
    """Each field of this name, on one line."""
    for found in re.finditer(rb"^%s:(.*(?:\n[ \t].*)*)" % name.encode(), block, re.IGNORECASE | re.MULTILINE):
        yield " ".join(found[1].decode("ascii", "replace").split())


def _bad(reason: str) -> BadInput:
    return BadInput(reason, place="mail", remedy=_REMEDY)
