"""What mail servers report, and mails that are no report of theirs."""

import base64
import time
from collections.abc import Callable

import pytest

from alerts.mail.reports import LONGEST, Report, read
from flow.errors import BadInput
from tests.alerts.bounces import TO, exchange, exim, postfix

DELIVERY = "0123456789abcdef01234567"


@pytest.mark.parametrize("server", [postfix, exchange, exim])
@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("failed", "failed"),
        ("Failed (gave up)", "failed"),
        ("delivered", None),
        ("delayed", None),
        ("relayed", None),
    ],
)
def test_servers_say_what_became_of_which_mail(server: Callable[..., bytes], action: str, event: str | None) -> None:
    report = read(server(DELIVERY, action))
    assert (report.delivery, report.event) == (DELIVERY, event)


@pytest.mark.parametrize("other", ["delivered", "relayed", "delayed"])
def test_one_mailbox_of_several_that_fails_is_no_failure(other: str) -> None:
    assert read(postfix(DELIVERY, "failed", other)).event is None
    assert read(postfix(DELIVERY, "failed", "failed")) == Report(DELIVERY, "failed")


NESTED = b"".join(b'Content-Type: multipart/report; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(2000))


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (b"", "no report"),
        (b"\xff\x00\xfe" * 50, "no report"),
        (f"From: {TO}\nSubject: Tack\n\nOriginal-Envelope-Id: {DELIVERY}\nAction: failed\n".encode(), "no report"),
        (b"Content-Type: multipart/report\n\nno parts\n", "no report"),
        (
            postfix(DELIVERY)
            .replace(b"report-type=delivery-status", b"")
            .replace(b"multipart/report", b"multipart/mixed"),
            "no",
        ),
        (postfix("rut.ek@ekvik.example"), "no mail from here"),
        (postfix(DELIVERY.upper()), "no mail from here"),
        (exim("'; DROP TABLE outbox; --"), "no mail from here"),
        (exchange("å\x00").replace(b"\xc3", b"\xff"), "no mail from here"),
        (postfix(DELIVERY) + b"x" * LONGEST, "longer than"),
        (NESTED, "no report"),
    ],
)
def test_what_is_no_report_about_our_mail_is_said_without_a_word_of_it(mail: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as refused:
        read(mail)
    assert "Nothing was changed" in str(refused.value)
    assert "@" not in str(refused.value)


_REPORT = b"Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n"


@pytest.mark.parametrize(
    "mail",
    [
        _REPORT + b"A: b\n\n" * 160_000,
        b'Content-Type: multipart/report; boundary=a; x="' + b";" * 900_000 + b"\n\n",
        b"Content-Type: multipart/report;\n" + b" x=y;\n" * 160_000 + b"\n",
        b"Content-Type: multipart/report; boundary=a\n\n" + b"--a\n\n" * 190_000,
        b"".join(b'Content-Type: multipart/report; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(80))
        + b"\n" * 900_000,
        _REPORT + b"Original-Envelope-Id:\n " * 40_000,
    ],
    ids=["recipients", "quotes", "parameters", "parts", "within", "ids"],
)
def test_a_forged_report_costs_about_as_much_as_any_other_mail_of_its_length(mail: bytes) -> None:
    """As against minutes, where the cost grows with the square of the length."""

    def cost(content: bytes) -> float:
        begun = time.process_time()
        with pytest.raises(BadInput, match=r"no report|no mail from here"):
            read(content)
        return time.process_time() - begun

    other = _REPORT + b"Action: failed\n\n--a\nContent-Type: text/plain\n\n"
    plain = min(cost(other + b"Hej\n" * ((len(mail) - len(other)) // 4)) for _ in range(3))
    assert cost(mail) < 100 * plain


def test_a_part_that_was_encoded_on_the_way_is_read() -> None:
    returned = base64.encodebytes(f"Message-ID: <{DELIVERY}@ekvik.example>\n".encode())
    encoded = b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n" + returned
    assert read(_REPORT + b"Action: failed\n\n--a\n" + encoded + b"\n--a--\n") == Report(DELIVERY, "failed")
