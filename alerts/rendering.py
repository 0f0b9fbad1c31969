"""From an alert to the message that a recipient reads: in her language, disclosing no more than the rule allows."""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Recipient
from alerts.message import Message, clean
from alerts.rules import ZONES
from alerts.translations import Translations
from classify.law import Provision, as_json, hints
from registry.official import Language, Official

FOLDER = Path(__file__).parent / "translations"
MOST_SHOWN = 1000
"""Characters of a post that a message quotes at most."""
MOST_HINTS = 3
"""Provisions that a message names at most; the console shows all."""


class Renderer:
    """Turns alerts into messages.

    Args:
        translations: of the texts in ``alerts/translations``.
        base_url: address of the console, to which links lead.
        officials: the registry, for the time zone and the law of an official's country.
        law: the provisions that a message may hint at.
    """

    def __init__(
        self,
        translations: Translations,
        *,
        base_url: str,
        officials: Callable[[str], Official | None],
        law: Sequence[Provision] = (),
    ) -> None:
        self._translations = translations
        self._base_url = base_url.rstrip("/")
        self._officials = officials
        self._law = tuple(provision for provision in law if provision.in_alerts)

    def render(self, alert: Alert, recipient: Recipient) -> Message:
        """The message that tells ``recipient`` of ``alert``; the post's text is in it only if she may see it."""
        language, post, judgement = recipient.language, alert.verdict.post, alert.verdict.judgement
        reference = alert.id[:6]
        link = f"{self._base_url}/alerts/{alert.id}"
        name, text = clean(alert.official_name), self._translations.text
        named = self._translations.name
        severity = named(language, "severity", judgement.severity)
        labels = ", ".join(named(language, "label", label) for label in judgement.flagged)
        source = clean(named(language, "source", post.source))
        moment = self._translations.moment(language, post.created_at, zone=self._zone(alert.official))
        step = text(language, f"step.{_first_step(alert)}")
        law = self._hints(alert)
        lines = [
            text(language, "opening"),
            "",
            text(language, "official", name=name),
            text(language, "severity_line", severity=severity),
            text(language, "labels", labels=labels or text(language, "no_label")),
            text(language, "source_line", source=source, moment=moment),
            "",
            text(language, "first", step=step),
        ]
        if post.deleted_at is None:
            lines.append(link)
        else:
            lines.append(text(language, "deleted"))
        shown = recipient.show_text and bool(post.text)
        if shown:
            lines += ["", text(language, "quoted"), *_quoted(post.text)]
            if len(post.text) > MOST_SHOWN:
                lines.append(text(language, "shortened"))
        if law:
            lines += ["", text(language, "law"), *(f"- {self._named(each, language)}" for each in law[:MOST_HINTS])]
            lines.append(text(language, "law_hint"))
        lines += ["", text(language, "hint"), text(language, "reference_line", reference=reference), ""]
        return Message(
            subject=text(language, "subject", severity=severity, reference=reference),
            text="\n".join(lines),
            facts=_facts(alert, law=law[:MOST_HINTS], link=link, shown=shown),
            official=alert.official,
            post=post.id,
        )

    def _hints(self, alert: Alert) -> list[Provision]:
        known = self._officials(alert.official)
        return hints(self._law, alert.verdict.judgement, countries=(known.country,) if known else ())

    def _named(self, provision: Provision, language: Language) -> str:
        key = "provision_mandate" if provision.mandate else "provision"
        section, _ = provision.cited(language)
        return self._translations.text(language, key, name=getattr(provision.name, language), section=section)

    def _zone(self, official: str) -> tzinfo:
        known = self._officials(official)
        return ZoneInfo(ZONES[known.country]) if known else UTC


def _quoted(text: str) -> list[str]:
    return [f"> {clean(line)}".rstrip() for line in text[:MOST_SHOWN].splitlines()]


def _first_step(alert: Alert) -> str:
    judgement = alert.verdict.judgement
    if alert.verdict.post.deleted_at is not None:
        return "gone"
    if "threat" in judgement.flagged or judgement.severity == "critical":
        return "danger"
    return "private" if "doxxing" in judgement.flagged else "look"


def _facts(alert: Alert, *, law: Sequence[Provision], link: str, shown: bool) -> dict[str, Any]:
    post, judgement = alert.verdict.post, alert.verdict.judgement
    data: dict[str, Any] = {
        "alert": alert.id,
        "rule": alert.rule,
        "official": {"id": alert.official, "name": clean(alert.official_name)},
        "severity": judgement.severity,
        "labels": {label: round(judgement.labels[label].probability, 4) for label in judgement.flagged},
        "law": as_json(law),
        "language": judgement.language,
        "model": judgement.model,
        "source": post.source,
        "posted_at": post.created_at.isoformat(),
        "deleted": post.deleted_at is not None,
        "link": link,
        "note": "Labels and law are a hint to a human, not a legal verdict, and say nothing about anybody's guilt.",
    }
    if shown:
        data["text"] = post.text
    return {"type": "alert.raised", "timestamp": alert.raised_at.isoformat(), "data": data}
