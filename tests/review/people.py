"""Invented verdicts, alerts, deliveries and decisions. The texts are mild."""

from datetime import UTC, datetime, timedelta

from alerts.alert import Alert, Delivery, State
from classify.verdict import LABELS, Judgement, Label, Score, Severity, Span, Unable, Verdict
from ingest.post import Author, Mention, Post
from review.decision import Decision, Outcome

START = datetime(2026, 9, 14, 6, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def verdict(
    name: str = "1",
    text: str = "Tack för bron",
    *,
    officials: tuple[str, ...] = ("anna",),
    severity: Severity = "none",
    labels: tuple[Label, ...] = (),
    spans: tuple[Span, ...] = (),
    source: str = "jsonl",
    author: str | None = "u1",
    language: str = "sv",
    unable: Unable | None = None,
    judged: float = 0,
    created: float = 0,
    collected: float = 0,
    edited: float | None = None,
    deleted: float | None = None,
    url: str | None = None,
    mentions: tuple[Mention, ...] | None = None,
    model: str = "linear@1",
) -> Verdict:
    """A verdict on post ``<source>:<name>``; times are minutes after START."""
    if mentions is None:
        mentions = tuple(Mention(official, 0, 0, "reply") for official in officials)
    post = Post(
        id=f"{source}:{name}",
        source=source,
        text=text,
        created_at=at(created),
        collected_at=at(collected),
        url=url,
        author=Author(id=author, handle="kalle.example", name="Kalle") if author else Author(),
        reply_to=("did:plc:anna",),
        edited_at=at(edited) if edited is not None else None,
        deleted_at=at(deleted) if deleted is not None else None,
        mentions=mentions,
    )
    scores = {label: Score(0.91 if label in labels else 0.04, label in labels) for label in LABELS}
    judgement = Judgement(language, unable, severity, scores, spans, model)  # type: ignore[arg-type]
    return Verdict(post, judgement, judged_at=at(judged))


def alert(
    about: Verdict, *, official: str = "anna", rule: str = "grave", raised: float = 1, id: str | None = None
) -> Alert:
    name = id or f"{rule}-{official}-{about.post.id}"
    return Alert(name, rule, official, "Anna Lindqvist", about, (), raised_at=at(raised))


def delivery(
    of: Alert, *, state: State = "waiting", minutes: float = 2, attempts: int = 1, reason: str | None = None
) -> Delivery:
    post = of.verdict.post.id
    collected = of.verdict.post.collected_at
    return Delivery(f"d-{of.id}", of.id, post, of.official, "email", state, attempts, at(minutes), collected, reason)


def decision(
    post: str, outcome: Outcome = "confirmed", *, minutes: float = 5, by: str = "Rut", tenant: str = ""
) -> Decision:
    return Decision(post, outcome, by, at(minutes), tenant)
