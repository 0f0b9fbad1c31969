"""How long a server asks its clients to wait."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from flow.errors import Unavailable

Sleep = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds: `asyncio.sleep`, or a test's stand-in."""

LONGEST = 24 * 3600.0
"""No server makes us wait for more than a day (seconds): a mistaken header must not silence a source for good."""


class Busy(Unavailable):
    """The server asks for a pause of ``wait`` seconds; ``None``: it did not say how long."""

    def __init__(self, reason: str, *, place: str, wait: float | None = None) -> None:
        super().__init__(reason, place=place)
        self.wait = wait


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds to wait by ``Retry-After`` (seconds or a date, RFC 9110 section 10.2.3); ``None`` if absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal() and value.isascii():
        return _bounded(float(value))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return _until(moment, now)


def rate_limit_reset(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds until ``X-RateLimit-Reset``: an ISO 8601 time (Mastodon, GoToSocial) or seconds since 1970 (others)."""
    value = headers.get("x-ratelimit-reset", "").strip()
    try:
        moment = datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    return _until(moment, now)


def exhausted(headers: Mapping[str, str]) -> bool:
    """Whether ``X-RateLimit-Remaining`` says that the next request would be one too many."""
    return headers.get("x-ratelimit-remaining", "").strip() == "0"


def _until(moment: datetime, now: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded((aware - now).total_seconds())


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)
