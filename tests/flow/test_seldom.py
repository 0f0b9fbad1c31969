"""In an outage clients are heard seldom."""

import logging

from flow.seldom import Seldom


def line(text: str, *arguments: object, name: str = "client") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, text, arguments, None)


def test_a_line_of_each_kind_passes_once_in_a_while() -> None:
    now = 0.0
    seldom = Seldom(lambda record: record.getMessage().partition(" ")[0], seconds=60, monotonic=lambda: now)
    assert [bool(seldom.filter(line(text))) for text in ("FAIL a", "FAIL b", "ERROR c")] == [True, False, True]
    now = 61.0
    assert [bool(seldom.filter(line(text))) for text in ("FAIL a", "FAIL b")] == [True, False]


def test_what_is_of_no_kind_always_passes() -> None:
    seldom = Seldom(lambda record: None)
    assert all(seldom.filter(line("the same")) for _ in range(3))
