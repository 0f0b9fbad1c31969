"""What reviewers search: every verdict with its alerts, deliveries and decision, behind one protocol."""

import base64
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from alerts.alert import Alert, Delivery, State
from classify.verdict import Label, Severity, Verdict, at_least
from flow.clock import Moment
from flow.errors import BadInput
from registry.holder import Part
from review.decision import Decision, Outcome, in_force
from review.fact import Fact

MOST = 500
"""The most items of one page."""

Row = TypeVar("Row")

logger = logging.getLogger(__name__)

Place = tuple[int, int, str]
"""Where an item stands in the order of the index: judged at, created at (both in microseconds), post id."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert as the index keeps it: without text, names and addresses. ``severity`` is the one it was raised with."""

    id: str
    rule: str
    official: str
    post: str
    severity: Severity
    at: Moment


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; a field that is ``None`` does not limit.

    ``text`` is full text: words that must all occur, ``"a phrase"``, ``begin*``; upper and lower case are the same,
    å, ä, ö are letters of their own. ``officials`` asks for posts that mention any of these. ``severity`` is the least
    one, ``flagged`` asks for any label or severity, ``alerted`` for any alert,
    ``decision`` for one of any tenant or, if ``decided_by`` names some, for one that counts for these (see
    `review.decision.counting_for`). ``since`` (inclusive) and ``until`` (exclusive) bound the moment of judgement, by which the
    items are ordered, newest first. ``after`` is the ``next`` of the page before.
    """

    text: str | None = None
    official: str | None = None
    officials: tuple[str, ...] | None = None
    label: Label | None = None
    severity: Severity | None = None
    flagged: bool | None = None
    alerted: bool | None = None
    source: str | None = None
    language: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    decision: Outcome | Literal["none"] | None = None
    decided_by: tuple[str, ...] | None = None
    unable: bool | None = None
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A verdict with all that is known about it. Alerts and deliveries stand in the order of their time.

    ``decisions`` are the newest ones of each tenant, also what takes one back, in the order of the tenants.
    """

    verdict: Verdict
    alerts: tuple[Raised, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def decision(self) -> Decision | None:
        """The newest one of a tenant that holds; else that of the whole installation."""
        return max(in_force(self.decisions), key=lambda each: (each.tenant != "", each.at), default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, newest first; ``next`` goes on behind the last one, and is ``None`` at the end.

    ``unread`` is how many more stood among them that this program cannot read: while versions change, a newer one has written
    them.
    """

    items: tuple[Item, ...]
    next: str | None
    unread: int = 0


Age = Literal["unflagged", "low", "flagged", "case", "open-case"]
"""By what a post is kept, see `registry.retention.Kind`; one of the sample is ``unflagged`` here."""

Kind = Severity | Literal["unable"]
"""The severity of a post, or that it could not be judged: that says nothing of its severity."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the index holds. ``verdicts`` counts posts: ``unable`` ones, which could not be judged, and the rest per severity.
    ``decisions`` counts the posts that anybody decided on."""

    verdicts: int
    unable: int
    labels: dict[Label, int]
    severities: dict[Severity, int]
    alerts: int
    deliveries: dict[State, int]
    decisions: int


class Reading(Protocol):
    """What may be asked of the posts, by whoever looks at them: of all, or of a part (`review.scoped.Scoped`)."""

    def search(self, query: Query) -> Page:
        """The newest items that ``query`` asks for, but for what this program cannot read. Full text that makes no sense finds
        nothing; it never fails.

        Raises:
            BadInput: ``query.after`` comes from no page.
        """
        ...

    def newer(self, query: Query, than: str, *, most: int = 100) -> int:
        """How many items stand before the place ``than`` (see `place_of`); counts up to ``most``.

        Raises:
            BadInput: ``than`` is no place.
        """
        ...

    def get(self, post: str) -> Item | None:
        """The item of the post with this id.

        Raises:
            BadInput: this program cannot read it; a newer one has written it.
        """
        ...

    def counts(self) -> Counts:
        """How much is held."""
        ...

    def highlight(self, text: str, verdicts: Sequence[Verdict]) -> list[tuple[tuple[int, int], ...]]:
        """Where in the text of each post stands what a `Query` with this ``text`` finds: first character and the one behind the
        last of each whole word or phrase, in their order, which may overlap; other forms of a word if the index finds them."""
        ...

    def activity(self, since: datetime, *, hours: int = 24) -> list[dict[Kind, int]]:
        """The posts judged in each of the ``hours`` hours from ``since`` on, per kind (those with none left out)."""
        ...

    def post_of(self, alert: str) -> str | None:
        """The id of the post that the alert with this id is about."""
        ...


class Index(Reading, Protocol):
    """Holds verdicts, alerts, deliveries and decisions (a `registry.holder.Holder`, too).

    Writes are upserts that end the same in whatever order and however often they come; an alert or a decision may come
    before its verdict. `review.precedence` says which of two records stays.
    """

    name: str

    def write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Keep the newest verdict of each post."""
        ...

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Keep what `Raised` keeps of each alert."""
        ...

    def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Keep the state that each delivery has come to."""
        ...

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        """Keep the newest decision of each tenant on each post."""
        ...

    def write_items(self, items: Sequence[Item]) -> None:
        """Take in what another index held."""
        ...

    def held(self, posts: Collection[str]) -> set[str]:
        """Those of ``posts`` about which anything is held."""
        ...

    def facts(self, officials: Mapping[str, str], *, since: datetime, until: datetime) -> Iterator[Fact]:
        """What is known without its text of each post about any of ``officials`` that was judged from ``since`` up to ``until``:
        one for each of them whom it mentions, in no order. ``officials`` says whose tenant's decisions count for each.

        Elasticsearch tells only of those whose consent lets it be counted, and of what was written a second ago.
        """
        ...

    def posts_of(self, source: str, author: str) -> list[str]:
        """The ids of the posts that the author with this `Author.id` wrote on ``source``."""
        ...

    def officials(self) -> set[str]:
        """See `registry.holder.Listing.officials`."""
        ...

    def ids(self) -> Iterator[str]:
        """The id of each post, in their own order; what is removed meanwhile is left out."""
        ...

    def erase(self, official: str, part: Part | None = None) -> int:
        """See `registry.holder.Holder.erase`."""
        ...

    def forget(self, posts: Collection[str]) -> int:
        """See `registry.holder.Holder.forget`."""
        ...

    def expire(self, before: datetime, *, flagged: bool | None = None) -> int:
        """Remove posts collected before ``before``: the flagged or the unflagged ones, or (``None``) all of them."""
        ...

    def old(self, age: Age, before: datetime) -> Iterator[Sequence[Item]]:
        """The posts of one kind that were collected before ``before``, some at a time, but for what this program cannot read.
        They may be removed meanwhile."""
        ...

    def export(self, official: str) -> list[dict[str, Any]]:
        """See `registry.holder.Holder.export`. Other officials whom a post mentions are left out."""
        ...

    def count(self, official: str, part: Part | None = None) -> int:
        """See `registry.holder.Holder.count`."""
        ...


def every(index: Reading, query: Query, *, whole: bool = False) -> Iterator[Item]:
    """All that ``query`` asks for, newest first, page by page: what is removed meanwhile is left out, and so is what this program
    cannot read.

    Args:
        whole: for an index, not a part of one: refuse to leave out what cannot be read.

    Raises:
        BadInput: there is something that cannot be read.
    """
    page = index.search(replace(query, limit=MOST))
    while True:
        if whole and page.unread:
            raise BadInput(
                "some posts cannot be read: a newer program has written them", place="index", remedy=_UPGRADE
            )
        yield from page.items
        if page.next is None:
            return
        page = index.search(replace(query, limit=MOST, after=page.next))


_UPGRADE = "Upgrade Turvakt"


def readable(rows: Iterable[Row], read: Callable[[Row], Item]) -> tuple[list[Item], int]:
    """What ``read`` makes of each row, and of how many it makes nothing, which the log tells: one post that a newer program has
    written must not keep the others from being seen."""
    items, unread, reason = list[Item](), 0, ""
    for row in rows:
        try:
            items.append(read(row))
        except BadInput as error:
            unread, reason = unread + 1, str(error)
    if unread:
        logger.warning("%d posts of the index cannot be read and are left out: %s", unread, reason)
    return items, unread


def read_raised(record: bytes | str) -> Raised:
    """An alert as the index wrote it.

    Raises:
        BadInput: this program cannot read it.
    """
    try:
        return msgspec.json.decode(record, type=Raised)
    except msgspec.DecodeError:
        raise BadInput("an alert cannot be read", place="index", remedy=_UPGRADE) from None


def raised(alert: Alert) -> Raised:
    """What the index keeps of an alert."""
    return Raised(
        id=alert.id,
        rule=alert.rule,
        official=alert.official,
        post=alert.verdict.post.id,
        severity=alert.verdict.judgement.severity,
        at=alert.raised_at,
    )


def is_flagged(verdict: Verdict) -> bool:
    """Whether a verdict says anything at all: a label or a severity.

    ``unable`` says nothing: consents as they are worded do not let such a post be kept, see
    docs/decisions/0031-not-judged-not-kept.md.
    """
    return bool(verdict.judgement.flagged) or verdict.judgement.severity != "none"


def age_of(item: Item) -> Age:
    """By what the post of an item is kept."""
    if item.alerts:
        return "open-case" if item.decision is None else "case"
    if not is_flagged(item.verdict):
        return "unflagged"
    return "flagged" if at_least(item.verdict.judgement.severity, "medium") else "low"


def without(verdict: Verdict, official: str) -> Verdict | None:
    """A verdict after the erasure of ``official``; ``None`` if it was there for her alone.

    Which of the accounts that the post names or answers are hers the index cannot know: all go, they have done their work.
    """
    others = tuple(mention for mention in verdict.post.mentions if mention.official != official)
    if not others:
        return None
    return replace(verdict, post=replace(verdict.post, mentions=others, reply_to=(), quote_of=(), accounts=()))


def about(verdict: Verdict, official: str) -> Verdict:
    """A verdict as ``official`` may see it: who else is registered is not her business."""
    hers = tuple(mention for mention in verdict.post.mentions if mention.official == official)
    return replace(verdict, post=replace(verdict.post, mentions=hers))


def place_of(verdict: Verdict) -> Place:
    """Where a verdict stands in the order of the index."""
    return micros(verdict.judged_at), micros(verdict.post.created_at), verdict.post.id


def write_place(place: Place) -> str:
    """A place as it stands in ``Page.next``."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_place(text: str) -> Place:
    """The place that `write_place` wrote.

    Raises:
        BadInput: ``text`` is none.
    """
    try:
        place: Place = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Place)
    except ValueError as error:
        raise BadInput("no such place in the index", place="after", remedy="Start again from the first page") from error
    return place


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970: exact, as a float would not be."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The moment that `micros` gives this number."""
    return _EPOCH + number * _MICROSECOND
