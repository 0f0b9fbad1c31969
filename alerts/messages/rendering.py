"""From an alert or a bulletin to the message that a recipient reads: in her language, disclosing no more than the rule allows."""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Recipient, Told
from alerts.bulletin import Bulletin
from alerts.incidents.incident import Incident, State
from alerts.listing import link_id, read
from alerts.messages.announcing import lay_out, referred
from alerts.messages.layout import Layout, Section
from alerts.messages.message import Message, clean
from alerts.messages.translations import Translations
from alerts.messages.words import FOLDER, FOLDERS, HOMES, REFERENCE_LETTERS, Words
from alerts.plans.hours import ZONES
from alerts.urgency import breaks_through
from classify.law import Provision, as_json, hints
from classify.verdict import SEVERITIES, Severity
from registry.official import Official

__all__ = ["FOLDER", "FOLDERS", "MOST_HINTS", "Renderer"]
MOST_HINTS = 3
"""Provisions that a message names at most; the console shows all."""
_ALONE = Told("raised", posts=1, accounts=1, minutes=0, step=1)


class Renderer:
    """Turns what is told into messages.

    Args:
        translations: of the texts in `FOLDERS`.
        base_url: address of the console.
        officials: the registry, for the time zone and the law of an official's country.
        law: the provisions that a message may hint at.
        link_of: the address at which the recipient of a delivery answers, from the delivery's id; without it links lead into the
            console.
        incidents: those that a digest lists, given by id. Whom they are about stands in none that waits, so that erasing her
            leaves nothing there.
    """

    def __init__(
        self,
        translations: Translations,
        *,
        base_url: str,
        officials: Callable[[str], Official | None],
        law: Sequence[Provision] = (),
        link_of: Callable[[str], str] | None = None,
        incidents: Callable[[str], Incident | None] = lambda incident: None,
    ) -> None:
        self._translations = translations
        self._base_url = base_url.rstrip("/")
        self._officials = officials
        self._law = tuple(provision for provision in law if provision.in_alerts)
        self._link_of = link_of
        self._incidents = incidents

    def render(self, told: Alert | Bulletin, recipient: Recipient, delivery: str = "") -> Message:
        """The message by which ``recipient`` is told.

        Args:
            delivery: the id of the delivery that carries it; empty: it has none, and nothing to answer.
        """
        words = Words(self._translations, recipient.language)
        if isinstance(told, Bulletin):
            return self._bulletin(told, words, delivery)
        return self._alert(told, words, delivery, show_text=recipient.show_text)

    def _alert(self, alert: Alert, words: Words, delivery: str, *, show_text: bool) -> Message:
        post, judgement = alert.verdict.post, alert.verdict.judgement
        told = alert.told or _ALONE
        reference = alert.incident or alert.id
        link = self._answer(delivery) if alert.incident else ""
        if not link and post.deleted_at is None:
            link = f"{self._base_url}/alerts/{alert.id}"
        law = self._hints(alert)
        size = words.size(posts=told.posts, accounts=told.accounts, minutes=told.minutes)
        grave = _severity(alert)
        severity = words.severity(grave)
        labels = ", ".join(words.name("label", label) for label in judgement.flagged)
        source = words.name("source", post.source)
        facts = (
            (words.text("fact.official"), clean(alert.official_name)),
            (words.text("fact.severity"), severity),
            (words.text("fact.labels"), labels or words.text("no_label")),
            *(((words.text("fact.size"), size),) if told.posts > 1 else ()),
            (
                words.text("fact.source"),
                f"{source}, {words.moment(post.created_at, self._zone(alert.official, words))}",
            ),
        )
        answered = alert.asks_nothing
        step = words.text(f"step.{_first_step(alert, show_text=show_text)}")
        if post.deleted_at is not None:
            step = f"{step} {words.text('deleted')}"
        layout = Layout(
            language=words.language,
            title=words.text(f"title.{told.occasion}", severity=severity),
            severity="none" if answered else grave,
            lead=words.text(f"lead.{told.occasion}", size=size),
            answer=words.text("answer") if link and not answered else "",
            button=words.text("open" if answered else "button"),
            link=link,
            first=None if answered else (words.text("first"), step),
            facts=facts,
            sections=_sections(law[:MOST_HINTS], words),
            notes=(words.text("hint"), *words.reference(reference)),
        )
        opening = words.text("spoken.opening", severity=severity)
        closing = () if answered else (words.text("spoken.answer"), words.text("spoken.danger"))
        return Message(
            subject=words.subject(layout.title, reference),
            text=layout.text(),
            html=layout.html(),
            short=words.short(layout, reference[:REFERENCE_LETTERS]),
            spoken=" ".join((opening, layout.lead, *closing)),
            link=link,
            facts=_facts(alert, told, severity=grave, law=law[:MOST_HINTS], link=link),
            official=alert.official,
            post=post.id,
            # What asks nothing wakes nobody, however grave that is which somebody else has.
            severity=layout.severity,
            threat="threat" in judgement.flagged and not answered,
            quote=post.text if show_text and post.text else None,
            thread=reference,
        )

    def _bulletin(self, bulletin: Bulletin, words: Words, delivery: str) -> Message:
        known = self._officials(bulletin.official) if bulletin.official else None
        zone = self._zone(bulletin.official, words)
        name = clean(known.name) if known else ""
        answer = self._answer(delivery) if bulletin.incident else ""

        def link_to(incident: str) -> str:
            return self._answer(link_id(delivery, incident)) if delivery else ""

        layout = lay_out(
            bulletin,
            words,
            zone=zone,
            official=name,
            answer=answer,
            base_url=self._base_url,
            link_to=link_to,
            standing=self._standing,
        )
        spoken = [
            "Turvakt.",
            f"{layout.heading}.",
            layout.lead,
            *([words.text("spoken.answer")] if layout.answer else []),
        ]
        data: dict[str, Any] = {
            "kind": bulletin.kind,
            "incident": bulletin.incident,
            "official": {"id": bulletin.official, "name": name} if bulletin.official else None,
            "severity": bulletin.severity,
            "link": layout.link,
            **bulletin.values,
        }
        if "listed" in bulletin.values:
            listed = [(each, self._standing(each.incident)) for each in read(bulletin.values["listed"])]
            data["listed"] = [
                each._asdict() | _about(standing) | {"link": link_to(each.incident)} for each, standing in listed
            ]
        return Message(
            subject=words.subject(layout.title, bulletin.incident),
            text=layout.text(),
            html=layout.html(),
            short=words.short(layout, referred(bulletin, words)),
            spoken=" ".join(spoken),
            link=layout.link,
            facts={"type": f"bulletin.{bulletin.kind}", "timestamp": bulletin.at.isoformat(), "data": data},
            official=bulletin.official,
            post="",
            # An end wakes nobody, however grave what is over was.
            severity=layout.severity,
            threat=bulletin.threat and not bulletin.asks_nothing,
            thread=bulletin.incident,
        )

    def _standing(self, incident: str) -> tuple[Official, State] | None:
        """Whom an incident is about, and its state; ``None``: it, or she, is there no more."""
        found = self._incidents(incident)
        known = self._officials(found.official) if found is not None else None
        return (known, found.state) if found is not None and known is not None else None

    def _answer(self, delivery: str) -> str:
        return self._link_of(delivery) if self._link_of and delivery else ""

    def _hints(self, alert: Alert) -> list[Provision]:
        known = self._officials(alert.official)
        return hints(self._law, alert.verdict.judgement, countries=(known.country,) if known else ())

    def _zone(self, official: str, words: Words) -> tzinfo:
        known = self._officials(official) if official else None
        if known is not None:
            return ZoneInfo(ZONES[known.country])
        return UTC if official else ZoneInfo(HOMES[words.language])


def _about(standing: tuple[Official, State] | None) -> dict[str, Any]:
    if standing is None:
        return {}
    official, state = standing
    return {"official": {"id": official.id, "name": clean(official.name)}, "state": state}


def _sections(law: Sequence[Provision], words: Words) -> tuple[Section, ...]:
    if not law:
        return ()
    return (Section(words.text("law"), tuple(_named(each, words) for each in law), words.text("law_hint")),)


def _named(provision: Provision, words: Words) -> str:
    key = "provision_mandate" if provision.mandate else "provision"
    section, _ = provision.cited(words.language)
    return words.text(key, name=getattr(provision.name, words.language), section=section)


def _first_step(alert: Alert, *, show_text: bool) -> str:
    judgement = alert.verdict.judgement
    if alert.verdict.post.deleted_at is not None:
        return "gone"
    if breaks_through(judgement.severity, threat="threat" in judgement.flagged):
        step = "danger"
    else:
        step = "private" if "doxxing" in judgement.flagged else "look"
    # Behind the link there is no text for her: nobody is told to read what she may not see.
    return step if show_text else f"{step}_unread"


def _severity(alert: Alert) -> Severity:
    """That of the post which is new, or the gravest of the incident that is told again."""
    own = alert.verdict.judgement.severity
    if alert.told is None or alert.told.occasion == "raised":
        return own
    return max(own, alert.told.severity, key=SEVERITIES.index)


def _facts(alert: Alert, told: Told, *, severity: Severity, law: Sequence[Provision], link: str) -> dict[str, Any]:
    post, judgement = alert.verdict.post, alert.verdict.judgement
    data: dict[str, Any] = {
        "alert": alert.id,
        "incident": alert.incident,
        "rule": alert.rule,
        "official": {"id": alert.official, "name": clean(alert.official_name)},
        "severity": severity,
        "labels": {label: round(judgement.labels[label].probability, 4) for label in judgement.flagged},
        "law": as_json(law),
        "language": judgement.language,
        "model": judgement.model,
        "source": post.source,
        "posted_at": post.created_at.isoformat(),
        "deleted": post.deleted_at is not None,
        "posts": told.posts,
        "accounts": told.accounts,
        "minutes": told.minutes,
        "step": told.step,
        "link": link,
        "note": "Labels and law are a hint to a human, not a legal verdict, and say nothing about anybody's guilt.",
    }
    return {"type": f"alert.{told.occasion}", "timestamp": alert.raised_at.isoformat(), "data": data}
