"""What would be silent in an official's fields is refused before it is stored."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from alerts.channels import CHANNELS
from classify.verdict import LABELS
from ingest.collectors import COLLECTORS
from registry.checking import refusal
from registry.official import EVERYTHING, Consent, Official
from turvakt.commands.shared import aside


def refuse_silent(officials: Sequence[Official], *, place: str, now: datetime) -> None:
    """What would be silent is refused: a channel, a label or a recipient that does not exist. A source may be any name in JSON
    lines: that is a hint.
    """
    wrong = [
        f"{official.id}: contacts {number}.channel is unknown (choose from {', '.join(sorted(CHANNELS))})"
        for official in officials
        for number, contact in enumerate(official.contacts, 1)
        if contact.channel not in CHANNELS
    ]
    wrong += [
        f"{official.id}: {reason}"
        for official in officials
        for number, consent in enumerate(official.consents, 1)
        if consent.is_open(now)
        for reason in _unknown(consent, official, number)
    ]
    if wrong:
        raise refusal(wrong, place=place)
    for official in officials:
        sources = {source for consent in official.consents for source in consent.scope}
        for source in sorted(sources - {EVERYTHING, *COLLECTORS}):
            hint = "it matches only JSON lines with that source; misspelt?"
            aside.print(
                f"{official.id}: her consent names the source '{source}': {hint}", markup=False, highlight=False
            )


def _unknown(consent: Consent, official: Official, number: int) -> Iterator[str]:
    for label in consent.labels:
        if label not in (EVERYTHING, *LABELS):
            yield f"consent {number}.labels has an unknown one (choose from {', '.join(LABELS)})"
    names = {EVERYTHING, *(contact.name for contact in official.contacts)}
    if not names.issuperset(consent.recipients):
        yield f"consent {number}.recipients names somebody who is no contact (write the names as in contacts)"
