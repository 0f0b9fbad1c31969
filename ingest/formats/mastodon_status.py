"""A status of the Mastodon API as a post, and the order of status ids.

Source: https://docs.joinmastodon.org/entities/Status/, and what GoToSocial sends.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flow.errors import BadInput
from ingest.formats.html import html_to_text
from ingest.formats.text import clean, fitting, paragraphs
from ingest.post import Author, Post

SOURCE = "mastodon"
_PUBLIC = frozenset({"public", "unlisted"})
_SNOWFLAKE = 10**17
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_public(status: dict[str, Any]) -> bool:
    """Whether everybody may read it; what an account sees among followers or in private is never collected."""
    return status.get("visibility") in _PUBLIC


def status_to_post(status: dict[str, Any], *, host: str, domain: str, now: datetime, edited: bool = False) -> Post:
    """The post that a status is.

    Args:
        status: The status as the server sent it. A boost is given as what it boosts.
        host: The server's name, with its port if any: ids are its own.
        domain: What follows the ``@`` in the names of the server's own accounts; often the same.
        now: The current moment, aware.
        edited: Whether this replaces an earlier version, even if the status does not say when.

    Raises:
        BadInput: id, account, content or creation time are missing or of the wrong type.
    """
    account = status.get("account")
    if not isinstance(account, dict):
        raise _wrong("account")
    content = html_to_text(_required(status, "content"))
    mentions = [each for each in _list(status.get("mentions")) if isinstance(each, dict)]
    edited_at = _moment(status.get("edited_at"))
    created_at = _moment(status.get("created_at"))
    if created_at is None:
        raise _wrong("created_at")
    named = [name for each in mentions for name in _names(each, domain)]
    return Post(
        id=status_id(_required(status, "id"), host=host),
        source=SOURCE,
        text=paragraphs([html_to_text(_text(status.get("spoiler_text"))).text, content.text, *_beside(status)]),
        created_at=min(created_at, now),
        collected_at=now,
        url=_text(status.get("url")) or _text(status.get("uri")) or None,
        author=Author(
            id=_text(account.get("url")) or None,
            handle=_handle(account, domain),
            name=_text(account.get("display_name")) or None,
        ),
        reply_to=tuple(_answered(status, account, mentions, domain)),
        quote_of=tuple(_quoted(status, domain)),
        accounts=tuple(dict.fromkeys([*named, *content.links])),
        lang=_text(status.get("language")) or None,
        edited_at=edited_at or (now if edited else None),
    )


def status_id(native: str, *, host: str) -> str:
    """The `Post.id` of a status. By server and local id, since that is all that a deletion names."""
    return fitting(f"{SOURCE}:{host}/{native}")


def later(one: str, other: str) -> str:
    """The later of two ids: numbers of any length, or ULIDs."""
    return max(one, other, key=lambda id: (len(id), id))


def earlier(id: str, *, seconds: float) -> str:
    """An id about ``seconds`` before ``id``; ``id`` itself where it does not hold its time.

    Mastodon's ids are milliseconds since 1970 shifted by 16 bits; GoToSocial's are ULIDs, whose first ten characters
    are the milliseconds in Crockford's base 32.
    """
    milliseconds = int(seconds * 1000)
    if id.isascii() and id.isdecimal() and int(id) >= _SNOWFLAKE:
        return str(int(id) - (milliseconds << 16))
    if len(id) == 26 and set(id) <= set(_CROCKFORD):
        value = 0
        for character in id[:10]:
            value = value * 32 + _CROCKFORD.index(character)
        value = max(value - milliseconds, 0)
        return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(10))) + "0" * 16
    return id


def _answered(
    status: dict[str, Any], account: dict[str, Any], mentions: list[dict[str, Any]], domain: str
) -> Iterator[str]:
    """The account that is answered. The status names it by the server's number: the mentions say who that is."""
    number = status.get("in_reply_to_account_id")
    if number is not None:
        for each in (*mentions, account):
            if each.get("id") == number:
                yield from _names(each, domain)
                return


def _quoted(status: dict[str, Any], domain: str) -> Iterator[str]:
    quote = status.get("quote")
    if not isinstance(quote, dict):
        return
    # Mastodon wraps the quoted status and tells its state; others give the status itself
    quoted = quote.get("quoted_status", quote)
    if isinstance(quoted, dict):
        if isinstance(quoted.get("account"), dict):
            yield from _names(quoted["account"], domain)
        link = _text(quoted.get("url")) or _text(quoted.get("uri"))
        if link:
            yield link


def _names(account: dict[str, Any], domain: str) -> Iterator[str]:
    for name in (_handle(account, domain), _text(account.get("url"))):
        if name:
            yield name


def _handle(account: dict[str, Any], domain: str) -> str | None:
    name = _text(account.get("acct")) or _text(account.get("username"))
    return (name if "@" in name else f"{name}@{domain}") if name else None


def _beside(status: dict[str, Any]) -> Iterator[str]:
    """What stands for pictures, and the answers of a poll."""
    for media in _list(status.get("media_attachments")):
        if isinstance(media, dict):
            yield _text(media.get("description"))
    poll = status.get("poll")
    if isinstance(poll, dict):
        options = [_text(each.get("title")) for each in _list(poll.get("options")) if isinstance(each, dict)]
        yield "\n".join(options)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _required(status: dict[str, Any], name: str) -> str:
    value = status.get(name)
    if not isinstance(value, str):
        raise _wrong(name)
    return value


def _wrong(name: str) -> BadInput:
    return BadInput(f"field {name} is missing or of the wrong type", place="mastodon status")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
