"""What the outbox holds: an alert or a bulletin."""

from dataclasses import replace
from datetime import datetime

from alerts.alert import ALERTS, Alert, Delivery, Recipient, delivery_id
from alerts.bulletin import BULLETINS, Bulletin, Envelope
from alerts.listing import read
from classify.verdict import Severity
from ingest.post import Author

Content = Alert | Bulletin
_BULLETIN = b'{"kind":"bulletin"'


def decoded(value: bytes) -> Content:
    """The alert or bulletin in ``value``.

    Raises:
        BadInput: it is neither.
    """
    return BULLETINS.decode(value).bulletin if value.startswith(_BULLETIN) else ALERTS.decode(value)


def encoded(content: Content) -> bytes:
    """What `decoded` reads."""
    return BULLETINS.encode(Envelope(content)) if isinstance(content, Bulletin) else ALERTS.encode(content)


def to_one(content: Content, recipient: Recipient) -> Content:
    """The same to this recipient alone."""
    if isinstance(content, Bulletin):
        return replace(content, recipient=recipient)
    return replace(content, recipients=(recipient,))


def recipients_of(content: Content) -> tuple[Recipient, ...]:
    """Whom it is for."""
    if isinstance(content, Alert):
        return content.recipients
    return (content.recipient,) if content.recipient else ()


def listed_in(content: Content) -> list[str]:
    """The ids of the incidents that a digest lists."""
    listed = content.values.get("listed", "") if isinstance(content, Bulletin) else ""
    return [each.incident for each in read(listed)]


def occasion_of(content: Content) -> str:
    """Why somebody is told (`alerts.alert.Occasion`), or the kind of a bulletin that says nothing of it."""
    if isinstance(content, Bulletin):
        return content.values.get("occasion") or content.kind
    return content.told.occasion if content.told is not None else ""


def addressed(content: Content, recipient: Recipient, now: datetime) -> tuple[Delivery, Severity, bool]:
    """The delivery of ``content`` to ``recipient``, and how grave it is."""
    to = {"channel": recipient.channel, "address": recipient.address}
    if isinstance(content, Bulletin):
        key = f"{content.kind}\x00{content.key}"
        identity = delivery_id(about=content.incident or f"{content.tenant}\x00{content.official}", key=key, **to)
        alert = post = ""
        step, severity, threat, collected_at = content.step, content.severity, content.threat, content.at
    else:
        judgement, told = content.verdict.judgement, content.told
        severity, threat = judgement.severity, "threat" in judgement.flagged
        alert, post, step = content.id, content.verdict.post.id, told.step if told else 0
        key = told.key if told else grade(content)
        identity = delivery_id(about=content.incident or content.id, key=key, **to)
        collected_at = content.verdict.post.collected_at
    if content.asks_nothing:
        severity, threat = "none", False
    delivery = Delivery(
        id=identity,
        alert=alert,
        post=post,
        official=content.official,
        channel=recipient.channel,
        state="waiting",
        attempts=0,
        at=now,
        collected_at=collected_at,
        incident=content.incident,
        step=step,
    )
    return delivery, severity, threat


def grade(alert: Alert) -> str:
    """How grave its post was judged: one that was edited into something graver is told again."""
    judgement = alert.verdict.judgement
    return f"{judgement.severity}{'+threat' if 'threat' in judgement.flagged else ''}"


def without_content(alert: Alert, deleted_at: datetime | None) -> Alert:
    """The alert without all that came from the platform; ``deleted_at``: when that deleted the post, if it did."""
    post = alert.verdict.post
    bare = replace(
        post,
        text="",
        url=None,
        author=Author(),
        reply_to=(),
        quote_of=(),
        accounts=(),
        mentions=(),
        extra={},
        deleted_at=deleted_at or post.deleted_at,
    )
    judgement = replace(alert.verdict.judgement, spans=())
    return replace(alert, verdict=replace(alert.verdict, post=bare, judgement=judgement))
