"""What channels carry."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from alerts.urgency import breaks_through
from classify.verdict import Severity

_JOINER = "\u200d"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Message:
    """What one recipient is told, in every form that a channel may want.

    ``subject``, ``short`` and ``spoken`` are safe where others see or hear them: no text, name or label is in them.

    Attributes:
        subject: one line.
        text: the whole message, as plain text.
        html: the same as a page of its own; empty: there is none.
        short: one line for lock screens; with ``link`` behind it, one short message of a telephone (`units`).
        spoken: for a voice that reads it aloud.
        link: where it is read in full and answered; empty: nowhere.
        facts: what it says, for machines, as JSON.
        quote: the post's text, if the recipient may see it. Only what is encrypted for her own key carries it, and the signed
            webhook (`with_quote`): all others leave it behind the link.
        official, post: ids, for channels that keep what they send and must be able to erase it.
        severity: of what it tells, as verdicts have it.
        threat: it tells of a threat.
        thread: messages of the same thread belong together; empty: with no other.
    """

    subject: str
    text: str = field(repr=False)
    facts: dict[str, Any] = field(repr=False, hash=False)
    official: str
    post: str
    html: str = field(default="", repr=False)
    short: str = ""
    spoken: str = ""
    link: str = field(default="", repr=False)
    severity: Severity = "none"
    threat: bool = False
    quote: str | None = field(default=None, repr=False)
    thread: str = ""

    @property
    def breaks_through(self) -> bool:
        """See `alerts.urgency.breaks_through`."""
        return breaks_through(self.severity, threat=self.threat)

    def with_quote(self) -> dict[str, Any]:
        """``facts``, with the quote as ``data.text`` if there is one."""
        if self.quote is None:
            return self.facts
        return {**self.facts, "data": {**self.facts["data"], "text": self.quote}}


def units(text: str) -> tuple[int, int]:
    """How much of a short message on a telephone ``text`` takes, and how much fits into one (3GPP TS 23.038).

    Letters of the basic alphabet count one, those of its extension two, of 160; any other letter makes all of them sixteen bits
    wide, of which 70 fit.
    """
    if all(letter in _BASIC or letter in _EXTENSION for letter in text):
        return sum(2 if letter in _EXTENSION else 1 for letter in text), 160
    return len(text.encode("utf-16-le")) // 2, 70


def clean(text: str) -> str:
    """``text`` on one line, without characters that control a terminal, a mail header or the direction of writing."""
    return " ".join("".join(map(_shown, text)).split())


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Cs" | "Zl" | "Zp":
            return " "
        case "Cf":  # marks that turn the direction of writing, and the joiner that emoji are built with
            return character if character == _JOINER else ""
        case _:
            return character
