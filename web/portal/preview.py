"""What would be found with an official's names and accounts, before she saves them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from ingest.mentions import Matcher, forms_of
from ingest.post import Author, Post
from registry.official import EVERYTHING, Consent, Official
from review.index import Query, Reading, every
from web.console.highlight import Piece, pieces

DAYS = 30
"""How far back kept posts are tried."""
_POSTS_MOST = 1000
_FORMS_MOST = 60


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, in pieces: in those that are a ``mention`` she would be recognised."""

    pieces: Sequence[Piece]
    found: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """How many posts about her of the last `DAYS` days were tried, and how many would be found again."""

    tried: int
    found: int


@dataclass(frozen=True, slots=True)
class Preview:
    """
    Attributes:
        forms: what by itself counts as a mention; ``more`` others are not shown.
    """

    forms: Sequence[str]
    more: int
    examples: Sequence[Example]
    kept: Kept


def preview(official: Official, sentences: Iterable[str], *, posts: Reading, at: datetime) -> Preview:
    """What would be found. It changes nothing, and nothing of it is kept."""
    forms, matcher = forms_of(official), _matcher(official)
    examples = [_example(matcher, text, at) for text in sentences]
    return Preview(forms[:_FORMS_MOST], max(0, len(forms) - _FORMS_MOST), examples, _kept(matcher, official, posts, at))


def _matcher(official: Official) -> Matcher:
    """As if she had agreed to everything: it is her names that are tried, not her consent."""
    return Matcher([replace(official, consents=(Consent((EVERYTHING,), since=datetime.min.replace(tzinfo=UTC)),))])


def _example(matcher: Matcher, text: str, at: datetime) -> Example:
    [mentions] = matcher.match([Post("example:1", "example", text, at, at, author=Author())], at=at)
    return Example(pieces(text, (), mentions), bool(mentions))


def _kept(matcher: Matcher, official: Official, posts: Reading, at: datetime) -> Kept:
    """Posts that somebody handed in as one about her are left out: her names do not matter for them."""
    items = islice(every(posts, Query(official=official.id, since=at - timedelta(days=DAYS))), _POSTS_MOST)
    tried = [
        replace(item.verdict.post, mentions=())
        for item in items
        if any(mention.sign != "submitted" for mention in item.verdict.post.mentions)
    ]
    return Kept(len(tried), sum(bool(each) for each in matcher.match(tried, at=at)))
