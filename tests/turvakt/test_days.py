"""The numbers of each day: kept for five weeks, over restarts, without a text."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.errors import Broken
from tests.review.people import START, verdict
from turvakt.days import FILE, KEPT_DAYS, Days, added, read_days

SECRET = "Hej Anna, hemligt"


def test_days_are_added_up_over_restarts_and_hold_no_text(tmp_path: Path) -> None:
    clock = ManualClock(START)
    for name in ("1", "2"):
        days = Days(tmp_path, clock)
        days.verdict(verdict(name, SECRET, labels=("hate",), severity="medium"))
        days.verdict(verdict(f"{name}b", language="other", unable="too-short", judged=24 * 60, model="linear@2"))
        days.verdict(verdict(f"{name}c", deleted=1))
        days.save()
    first, second = read_days(tmp_path)
    assert (first.day, second.day) == (START.date(), START.date() + timedelta(days=1))
    assert (first.models, second.models) == ({"linear@1": 2}, {"linear@2": 2})
    assert first.measures["sv hate"] == {"90%-100%": 2}
    assert second.measures == {"language": {"other": 2}, "unable": {"too-short": 2}}
    period, models = added([first, second])
    assert (period.measures["language"], models) == ({"sv": 2, "other": 2}, {"linear@1": 2, "linear@2": 2})
    assert first.measures["language"] == {"sv": 2}
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    for trace in (SECRET, "jsonl", "anna", "u1", "kalle"):
        assert trace not in file.read_text("utf-8")


def test_old_days_go(tmp_path: Path) -> None:
    clock = ManualClock(START + timedelta(days=KEPT_DAYS))
    days = Days(tmp_path, clock)
    for day in (0, 1, KEPT_DAYS):
        days.verdict(replace(verdict(), judged_at=START + timedelta(days=day)))
    days.save()
    assert [(each.day - START.date()).days for each in read_days(tmp_path)] == [1, KEPT_DAYS]


def test_they_are_kept_at_the_end_and_not_written_for_nothing(tmp_path: Path) -> None:
    days = Days(tmp_path, ManualClock(START))

    async def work(*, told: bool) -> None:
        running = asyncio.ensure_future(days.run())
        await asyncio.sleep(0)
        if told:
            days.verdict(verdict())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work(told=False))
    assert not (tmp_path / FILE).exists()
    asyncio.run(work(told=True))
    (kept,) = read_days(tmp_path)
    assert (kept.day, kept.models) == (START.date(), {"linear@1": 1})
    assert kept.measures["language"] == {"sv": 1}


@pytest.mark.parametrize("content", [b"{", b'["\xff"]'], ids=["no JSON", "no UTF-8"])
def test_a_file_that_is_none_is_told_once_and_left_to_people(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(Broken, match="Remove the file"):
        read_days(tmp_path)
    days = Days(tmp_path, ManualClock(START))
    for _ in range(2):
        days.verdict(verdict())
        with caplog.at_level(logging.WARNING):
            days.save()
    assert caplog.text.count("Remove the file") == 1
    assert (tmp_path / FILE).read_bytes() == content
    (tmp_path / FILE).unlink()
    days.save()
    assert read_days(tmp_path)[0].models == {"linear@1": 2}
