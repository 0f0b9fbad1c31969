"""The consent ledger: what each official agreed to, when and how, one entry after another. No entry is ever changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from flow.clock import Moment
from flow.codec import Codec
from registry.official import Consent, Language, Official

Act = Literal["given", "changed", "withdrawn"]
How = Literal["portal", "file", "command", "paper"]
PURPOSE = "protection"
"""What every consent is for: that threats, hate and harassment are seen and she is protected. The wordings say it in full."""


@dataclass(frozen=True, slots=True)
class Given:
    """How a change of consent came about.

    Attributes:
        how: on the portal, by an imported file, by a command, or on paper.
        by: the id of the person who gave it, or who entered it; empty if nobody had signed in.
        wording: the version of the text that was shown; empty: none was.
        language: the language of that text.
        purpose: what it was given for.
    """

    how: How
    by: str = field(default="", repr=False)
    wording: str = ""
    language: Language = "sv"
    purpose: str = PURPOSE


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What holds from the moment ``at`` on.

    Attributes:
        number: counts an official's entries from 1, without a gap.
        act: given (nothing held before), changed, or withdrawn (nothing holds any more).
        consents: all of them, also those that have ended or not begun.
        recipients: the names of her contacts whom the consents allow to be told.
        purpose, how, by, wording, language: see `Given`.
    """

    number: int
    official: str
    at: Moment
    act: Act
    consents: tuple[Consent, ...]
    recipients: tuple[str, ...] = field(repr=False)
    purpose: str
    how: How
    by: str = field(repr=False)
    wording: str
    language: Language
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


LEDGER = Codec("consent-entry", LedgerEntry)


def entry(before: Official | None, after: Official, given: Given, *, number: int, at: datetime) -> LedgerEntry | None:
    """What the ledger says of a change from ``before`` to ``after``; ``None`` if neither consents nor recipients differ."""
    recipients = _recipients(after, at)
    if before is not None and before.consents == after.consents and _recipients(before, at) == recipients:
        return None
    held = before is not None and any(each.is_open(at) for each in before.consents)
    holds = any(each.is_open(at) for each in after.consents)
    act: Act = ("changed" if held else "given") if holds or before is None else "withdrawn"
    return LedgerEntry(
        number=number,
        official=after.id,
        at=at,
        act=act,
        consents=after.consents,
        recipients=recipients,
        purpose=given.purpose,
        how=given.how,
        by=given.by,
        wording=given.wording,
        language=given.language,
    )


def overruled(consents: Sequence[Consent], before: Sequence[Consent], said: LedgerEntry, given: Given) -> str | None:
    """Why these consents may not take the place of those ``before``; ``None`` if they may.

    What she ``said`` on the portal, the last time, is her own word, also after somebody withdrew a part for her: nobody else
    changes what is left of it, but for a consent that she gave later.
    """
    if given.how == "portal" or all(consent in before or consent.since > said.at for consent in consents):
        return None
    moment = f"{said.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"has said on the portal at {moment} what she consents to: only a consent given later, with its time, changes it"


def _recipients(official: Official, at: datetime) -> tuple[str, ...]:
    names = dict.fromkeys(contact.name for contact in official.contacts)
    return tuple(name for name in names if any(each.is_open(at) and each.tells(name) for each in official.consents))
