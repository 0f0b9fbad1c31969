"""Reports of mail servers as Postfix, Exchange and Exim write them, about mail to invented people."""

from textwrap import dedent

TO = "rut.ek@ekvik.example"


def postfix(delivery: str, action: str = "failed", *more: str) -> bytes:
    """As a pipe gets it, of a server that knows envelope ids; ``more`` are what became of other mailboxes."""
    statuses = {"failed": "5.1.1", "delayed": "4.4.1"}
    recipients = "\n".join(
        f"Final-Recipient: rfc822; {TO}\nOriginal-Recipient: rfc822;{TO}\nAction: {each}\n"
        f"Status: {statuses.get(each, '2.0.0')}\nRemote-MTA: dns; mx.ekvik.example\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <{TO}>: Recipient address rejected\n"
        for each in (action, *more)
    )
    return f"""\
From MAILER-DAEMON  Tue Mar  3 14:05:21 2026
Return-Path: <>
X-Original-To: turvakt@ekvik.example
Delivered-To: turvakt@mail.ekvik.example
Received: by mail.ekvik.example (Postfix) id 4C1B92E0A7; Tue,  3 Mar 2026 14:05:21 +0100 (CET)
Date: Tue,  3 Mar 2026 14:05:21 +0100 (CET)
From: MAILER-DAEMON@mail.ekvik.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: turvakt@ekvik.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9F3A12E0A1.1772543121/mail.ekvik.example"
Message-Id: <20260303130521.4C1B92E0A7@mail.ekvik.example>

This is a MIME-encapsulated message.

--9F3A12E0A1.1772543121/mail.ekvik.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.ekvik.example.

<{TO}>: host mx.ekvik.example[192.0.2.7] said: 550 5.1.1
    <{TO}>: Recipient address rejected (in reply to RCPT TO command)

--9F3A12E0A1.1772543121/mail.ekvik.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.ekvik.example
Original-Envelope-Id: {delivery}
X-Postfix-Queue-ID: 9F3A12E0A1
X-Postfix-Sender: rfc822; turvakt@ekvik.example
Arrival-Date: Tue,  3 Mar 2026 14:05:20 +0100 (CET)

{recipients}
--9F3A12E0A1.1772543121/mail.ekvik.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: turvakt@ekvik.example
To: Rut Ek <{TO}>
Subject: Turvakt
Message-ID: <{delivery}@ekvik.example>

--9F3A12E0A1.1772543121/mail.ekvik.example--
""".encode()


def exchange(delivery: str, action: str = "failed") -> bytes:
    """Of a server to which no envelope id has come, with a page for people and the headers of the mail."""
    return (
        dedent(
            f"""\
            From: <postmaster@ekvik.example>
            To: <turvakt@ekvik.example>
            Date: Tue, 3 Mar 2026 13:05:22 +0000
            Content-Type: multipart/report; report-type=delivery-status;
             boundary="f1a6d3a5-0c1e-4a5c-9a3e-1f7f0b2c7f55"
            X-MS-Exchange-Message-Is-Ndr:
            Content-Language: sv-SE
            Message-ID: <5b1c7a0e-7d3b-4c1e-8f5e-0a4a4b7f6a11@EX01.ekvik.example>
            In-Reply-To: <{delivery}@ekvik.example>
            Subject: =?utf-8?B?T2xldmVyZXJiYXJ0OiBUdXJ2YWt0?=
            MIME-Version: 1.0

            --f1a6d3a5-0c1e-4a5c-9a3e-1f7f0b2c7f55
            Content-Type: multipart/alternative; differences=Content-Type;
             boundary="2b9c1c64-6f2f-4f5b-8b0e-8f9d2a6c3f10"

            --2b9c1c64-6f2f-4f5b-8b0e-8f9d2a6c3f10
            Content-Type: text/plain; charset="utf-8"
            Content-Transfer-Encoding: base64

            TWVkZGVsYW5kZXQga3VuZGUgaW50ZSBsZXZlcmVyYXMu

            --2b9c1c64-6f2f-4f5b-8b0e-8f9d2a6c3f10--
            --f1a6d3a5-0c1e-4a5c-9a3e-1f7f0b2c7f55
            Content-Type: message/delivery-status

            Reporting-MTA: dns;EX01.ekvik.example
            Received-From-MTA: dns;mail.ekvik.example
            Arrival-Date: Tue, 3 Mar 2026 13:05:20 +0000

            Final-Recipient: rfc822;{TO}
            Action: {action}
            Status: 5.1.10
            Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup
            X-Display-Name: Rut Ek

            --f1a6d3a5-0c1e-4a5c-9a3e-1f7f0b2c7f55
            Content-Type: message/rfc822

            Received: from mail.ekvik.example (192.0.2.5) by EX01.ekvik.example (192.0.2.9)
            From: <turvakt@ekvik.example>
            To: Rut Ek <{TO}>
            Subject: Turvakt
            Message-ID: <{delivery}@ekvik.example>

            --f1a6d3a5-0c1e-4a5c-9a3e-1f7f0b2c7f55--
            """
        )
        .replace("\n", "\r\n")
        .encode()
    )


def exim(delivery: str, action: str = "failed") -> bytes:
    """Of a server that writes the name of the field otherwise."""
    return dedent(
        f"""\
        Return-path: <>
        X-Failed-Recipients: {TO}
        Auto-Submitted: auto-replied
        From: Mail Delivery System <Mailer-Daemon@post.ekvik.example>
        To: turvakt@ekvik.example
        References: <{delivery}@ekvik.example>
        Content-Type: multipart/report; report-type=delivery-status; boundary=1772543121-eximdsn-842117
        MIME-Version: 1.0
        Subject: Mail delivery failed: returning message to sender
        Message-Id: <E1w0PDx-0003XS-2a@post.ekvik.example>
        Date: Tue, 03 Mar 2026 14:05:21 +0100

        --1772543121-eximdsn-842117
        Content-type: text/plain; charset=us-ascii

        This message was created automatically by mail delivery software.

          {TO}
            Unrouteable address

        --1772543121-eximdsn-842117
        Content-type: message/delivery-status

        Reporting-MTA: dns; post.ekvik.example
        Original-Envelope-ID: {delivery}

        Action: {action}
        Final-Recipient: rfc822;{TO}
        Status: 5.0.0

        --1772543121-eximdsn-842117
        Content-type: text/rfc822-headers

        Return-path: <turvakt@ekvik.example>
        From: turvakt@ekvik.example
        To: Rut Ek <{TO}>
        Subject: Turvakt

        --1772543121-eximdsn-842117--
        """
    ).encode()
