from datetime import UTC, datetime

import pytest

from ingest.clients.waiting import exhausted, rate_limit_reset, retry_after
from ingest.formats.text import clean, paragraphs

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 01 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Nov 2026 12:01:00 -0000", 60.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999", 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=NOW) == seconds
    assert retry_after({}, now=NOW) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-01T12:05:00.000000Z", 300.0),
        ("2026-11-01T12:05:00", 300.0),
        (str(int(NOW.timestamp()) + 30), 30.0),
        ("2026-11-01T11:00:00Z", 0.0),
        ("nan", None),
        ("1e400", None),
        ("soon", None),
        ("", None),
    ],
)
def test_rate_limit_reset(value: str, seconds: float | None) -> None:
    assert rate_limit_reset({"x-ratelimit-reset": value}, now=NOW) == seconds


def test_exhausted() -> None:
    assert exhausted({"x-ratelimit-remaining": "0"})
    assert not exhausted({"x-ratelimit-remaining": "1"})
    assert not exhausted({})


def test_text() -> None:
    assert clean("a\x00b") == "a\ufffdb"
    assert paragraphs(["a ", "", " \n", "b\x00"]) == "a\n\nb\ufffd"
