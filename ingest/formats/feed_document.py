"""An RSS or Atom document as entries, and an entry as a post."""

import calendar
import hashlib
import io
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import msgspec

from flow.errors import BadInput
from ingest.formats.html import Html, html_to_text
from ingest.formats.text import clean, paragraphs
from ingest.post import Author, Post

SOURCE = "feed"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROOT = re.compile(rb"<[A-Za-z]")


class Entry(msgspec.Struct, frozen=True):
    """One entry of a feed. Times are seconds since 1970; ``html`` tells whether ``content`` is HTML."""

    feed: str
    key: str
    title: str
    content: str
    html: bool
    link: str | None
    author: str | None
    author_link: str | None
    published: int | None
    updated: int | None
    lang: str | None

    @property
    def name(self) -> str:
        """The same for the same entry of any document of its feed."""
        return _digest(self.key, 12)

    @property
    def fingerprint(self) -> str:
        """Changes when what people read changes."""
        return _digest(f"{self.title}\x00{self.content}", 6)

    def encode(self) -> bytes:
        """As JSON, for `decode_entry`."""
        return msgspec.json.encode(self)


def decode_entry(raw: bytes) -> Entry:
    """The entry that `Entry.encode` gave.

    Raises:
        BadInput: it is none.
    """
    try:
        return msgspec.json.decode(raw, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput("this is no entry of a feed", place="feed entry") from None


def read_entries(document: bytes, *, feed: str, content_type: str) -> list[Entry]:
    """The entries of ``document``, oldest last as feeds have them. Blocking: a large feed takes a while.

    Args:
        document: RSS or Atom as bytes.
        feed: The address that the feed is known by. Relative links and names start there, wherever the document was
            found, so that an entry keeps its name when its feed moves.
        content_type: What the server said it is.

    Raises:
        BadInput: empty, no feed, or with entities of its own, which could grow without bounds.
    """
    if not document.strip():
        raise BadInput("the answer is empty", place="feed")
    root = _ROOT.search(document)
    # NULs fall out so that UTF-16 does not hide it
    if b"<!ENTITY" in document[: root.start() if root else None].replace(b"\x00", b"").upper():
        raise BadInput("the document defines entities of its own", place="feed")
    # A stream, since feedparser takes bytes that look like an address or a file's name for one, and opens it.
    headers = {"content-type": content_type, "content-location": feed}
    try:
        parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, response_headers=headers)
    except Exception as error:  # noqa: BLE001 - it lets through whatever its date, address and encoding code raises
        raise BadInput(f"the document cannot be read ({type(error).__name__})", place="feed") from None
    if not parsed.get("version"):
        raise BadInput("the answer is no RSS or Atom document", place="feed")
    language = parsed.feed.get("language")
    return [_entry(dict(each), feed, language) for each in parsed.entries]


def post_of(entry: Entry, *, now: datetime, edited: bool) -> Post:
    """The post that ``entry`` makes.

    Raises:
        BadInput: it has neither title nor text.
    """
    body = html_to_text(entry.content) if entry.html else Html(entry.content, ())
    title = " ".join(entry.title.split())
    # feeds without titles repeat the beginning of the text in its place
    text = paragraphs([body.text] if body.text.startswith(title.rstrip("….")) else [title, body.text])
    if not text:
        raise BadInput("the entry has neither title nor text", place="feed entry")
    published = _moment(entry.published) or _moment(entry.updated) or now
    updated = _moment(entry.updated) or now
    return Post(
        id=f"{SOURCE}:{_digest(entry.feed, 8)}/{entry.name}",
        source=SOURCE,
        text=text,
        created_at=min(published, now),
        collected_at=now,
        url=entry.link,
        author=Author(id=entry.author_link, handle=None, name=entry.author),
        accounts=body.links,
        lang=entry.lang,
        edited_at=(updated if published < updated <= now else now) if edited else None,
    )


def _entry(parsed: dict[str, Any], feed: str, language: str | None) -> Entry:
    contents = parsed.get("content") or [parsed.get("summary_detail") or {}]
    content = max(contents, key=lambda each: len(each.get("value") or ""))
    title = parsed.get("title_detail") or {}
    title_text = clean(title.get("value") or "")
    if _is_html(title):
        title_text = html_to_text(title_text).text
    value = clean(content.get("value") or "")
    author = parsed.get("author_detail") or {}
    return Entry(
        feed=feed,
        key=parsed.get("id") or parsed.get("link") or f"{title_text}\x00{value}",
        title=title_text,
        content=value,
        html=_is_html(content),
        link=_address(parsed.get("link")),
        author=author.get("name") or parsed.get("author") or None,
        author_link=_address(author.get("href")),
        published=_seconds(parsed.get("published_parsed")),
        updated=_seconds(parsed.get("updated_parsed")),
        lang=content.get("language") or language or None,
    )


def _is_html(detail: Any) -> bool:
    return "html" in (detail.get("type") or "")


def _address(value: Any) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _seconds(parsed: time.struct_time | None) -> int | None:
    try:
        return None if parsed is None else calendar.timegm(parsed)
    except (ValueError, OverflowError):
        return None


def _moment(seconds: int | None) -> datetime | None:
    try:
        return None if seconds is None else _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size).hexdigest()
