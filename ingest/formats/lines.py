"""One line of JSON as a post: the form in which any program can hand posts to Turvakt (``docs/sources/jsonl.md``)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from flow.errors import BadInput
from ingest.collector import Deletion
from ingest.formats.text import clean
from ingest.post import Author, Post

AHEAD = timedelta(minutes=5)
"""How far a post's time may lie in the future: clocks differ a little, a larger difference is a mistake."""

_SEE = "The form of a line is described in docs/sources/jsonl.md"
_LONGEST_ID = 512

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_ID)]
_Source = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]


class _Author(msgspec.Struct):
    id: str | None = None
    handle: str | None = None
    name: str | None = None


class _Line(msgspec.Struct):
    source: _Source
    id: _Id
    text: str | None = None
    created_at: str | None = None
    url: str | None = None
    author: _Author | None = None
    reply_to: str | list[str] | None = None
    quote_of: str | list[str] | None = None
    lang: str | None = None
    edited_at: str | None = None
    deleted: bool = False


class _Named(msgspec.Struct):
    source: _Source
    id: _Id


_LINES = msgspec.json.Decoder(_Line)
_NAMED = msgspec.json.Decoder(_Named)


def parse_line(raw: bytes, *, now: datetime) -> Post | Deletion:
    """The post that one line of JSON describes, or the deletion of one.

    Args:
        raw: The line in UTF-8, with or without its line feed.
        now: The current moment, aware: becomes ``collected_at``, and the measure of what lies in the future.

    Raises:
        BadInput: no JSON object, broken UTF-8, a field missing or of the wrong type, a time without zone or more than
            five minutes ahead.
    """
    line = _decode(raw)
    id = _post_id(line)
    if line.deleted:
        return Deletion(id=id, at=now)
    if line.text is None or line.created_at is None:
        field = "text" if line.text is None else "created_at"
        raise BadInput(f"Object missing required field `{field}`", remedy=_SEE)
    author = line.author
    return Post(
        id=id,
        source=line.source,
        text=clean(line.text),
        created_at=_moment(line.created_at, "created_at", now),
        collected_at=now,
        url=line.url,
        author=Author(id=author.id, handle=author.handle, name=author.name) if author else Author(),
        reply_to=_several(line.reply_to),
        quote_of=_several(line.quote_of),
        lang=line.lang,
        edited_at=None if line.edited_at is None else _moment(line.edited_at, "edited_at", now),
    )


def line_id(raw: bytes) -> str:
    """The `Post.id` that a line which is no post would have; empty where it does not tell."""
    try:
        return _post_id(_NAMED.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _post_id(line: _Line | _Named) -> str:
    return f"{line.source}:{clean(line.id)}"


def _decode(raw: bytes) -> _Line:
    try:
        return _LINES.decode(raw)
    except msgspec.ValidationError as error:
        # names field and type, never the value
        raise BadInput(str(error), remedy=_SEE) from None
    except UnicodeDecodeError:
        raise BadInput("broken UTF-8", remedy=_SEE) from None
    except msgspec.DecodeError as error:
        raise BadInput(f"not valid JSON: {error}", remedy=_SEE) from None
    except RecursionError:
        raise BadInput("JSON nested too deeply", remedy=_SEE) from None


def _moment(value: str, field: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise BadInput(f"{field} has no time zone", remedy="Write it like 2026-09-14T06:20:40Z")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{field} is no ISO 8601 time", remedy="Write it like 2026-09-14T06:20:40Z") from None
    if moment > now + AHEAD:
        raise BadInput(f"{field} lies in the future", remedy="Check the clocks of the sender and of this machine")
    return moment


def _several(value: str | list[str] | None) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
