"""Invented officials, posts and verdicts for the tests of alerts. Nobody here exists, and no text is abusive."""

from datetime import UTC, datetime, timedelta

from alerts.alert import Alert, Recipient, alert_id
from classify.verdict import LABELS, Judgement, Label, Score, Severity, Span, Unable, Verdict
from ingest.post import Author, Mention, Post
from registry.official import Consent, Contact, Language, Official

AT = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
DESK = Contact("Beredskap Ekvik", "email", "vakt@ekvik.example", "sv")
DUTY = Contact("Päivystys", "webhook", "https://valvonta.example/hook", "fi")


def official(
    id: str = "anna-lindqvist",
    *,
    name: tuple[str, str] = ("Anna", "Lindqvist"),
    country: str = "SE",
    municipality: str = "Ekvik",
    contacts: tuple[Contact, ...] = (DESK,),
    scope: tuple[str, ...] = ("*",),
    until: datetime | None = None,
    consents: tuple[Consent, ...] = (),
) -> Official:
    return Official(
        id=id,
        given_names=(name[0],),
        family_names=(name[1],),
        forms=(),
        language="sv",
        role="kommunalråd",
        party="Ekvikspartiet",
        municipality=municipality,
        country="FI" if country == "FI" else "SE",
        handles={},
        consents=consents or (Consent(scope, AT - timedelta(days=30), until),),
        contacts=contacts,
    )


def verdict(
    id: str = "bluesky:1",
    *,
    text: str = "Tack Anna Lindqvist för den nya bron!",
    severity: Severity = "high",
    labels: tuple[Label, ...] = ("harassment",),
    unable: Unable | None = None,
    mentions: tuple[str, ...] = ("anna-lindqvist",),
    deleted_at: datetime | None = None,
) -> Verdict:
    post = Post(
        id=id,
        source=id.partition(":")[0],
        text=text,
        created_at=AT,
        collected_at=AT,
        url="https://social.example/@kalle/1",
        author=Author("1", "kalle.example", "Kalle"),
        mentions=tuple(Mention(each, 5, 19, "full-name") for each in mentions),
        deleted_at=deleted_at,
    )
    scores = {label: Score(0.9 if label in labels else 0.1, label in labels) for label in LABELS}
    judgement = Judgement("sv", unable, severity, scores, (Span(0, 4, "harassment"),), "linear@1")
    return Verdict(post, judgement, AT)


def recipient(
    address: str = "vakt@ekvik.example",
    *,
    channel: str = "email",
    language: Language = "sv",
    show_text: bool = False,
    not_before: datetime | None = None,
) -> Recipient:
    return Recipient("Beredskap Ekvik", channel, address, language, show_text, not_before)


def alert(judged: Verdict | None = None, *recipients: Recipient, rule: str = "grave", about: str = "") -> Alert:
    judged = judged or verdict()
    about = about or judged.post.mentions[0].official
    return Alert(
        id=alert_id(rule=rule, official=about, post=judged.post.id),
        rule=rule,
        official=about,
        official_name="Anna Lindqvist",
        verdict=judged,
        recipients=recipients or (recipient(),),
        raised_at=AT,
    )
