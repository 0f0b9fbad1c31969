"""What the page on data protection says of times is what the settings say."""

from datetime import timedelta
from pathlib import Path

import pytest

from flow.errors import BadInput
from tests.turvakt.process import Program
from turvakt.retention_page import BEGIN, END, _span, table, written
from turvakt.sections import Retention
from turvakt.settings import ROOT

PAGE = ROOT / "docs" / "data-protection.md"


def test_the_page_says_what_the_settings_say() -> None:
    page = PAGE.read_text("utf-8")
    assert written(page, Retention()) == page, "run: turvakt retention show --page docs/data-protection.md"


def test_every_number_of_days_is_told() -> None:
    told = table(Retention())
    for key in Retention.__struct_fields__:
        assert key.endswith("_days") == (f"`retention.{key}`" in told), key


def test_the_table_changes_with_the_settings_and_nothing_else_does() -> None:
    page = f"before\n{BEGIN}\nstale\n{END}\nafter\n"
    changed = written(page, Retention(log_days=3.5, backup_days=0))
    assert changed.startswith("before\n")
    assert changed.endswith("\nafter\n")
    assert "stale" not in changed
    assert "| 3.5 days | `retention.log_days` |" in changed
    assert "| not kept | `retention.backup_days` |" in changed


def test_the_command_writes_the_times_of_this_installation(tmp_path: Path) -> None:
    page = tmp_path / "record.md"
    page.write_text(f"# Ekvik\n{BEGIN}\n{END}\n", "utf-8")
    program = Program(tmp_path / "data", TURVAKT_RETENTION_LOW_DAYS="7", TURVAKT_RETENTION_UNFLAGGED_DAYS="0")
    program.run("retention", "show", "--page", str(page))
    assert page.read_text("utf-8") == written(f"# Ekvik\n{BEGIN}\n{END}\n", Retention(low_days=7))


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_page_without_both_marks_is_refused(page: str) -> None:
    with pytest.raises(BadInput, match="no place for the table"):
        written(page, Retention())


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_spans_are_told_as_people_say_them(span: timedelta, told: str) -> None:
    assert _span(span) == told
