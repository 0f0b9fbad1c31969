"""What 'turvakt status' tells of troubles and signs of life."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from alerts.tables import OUTBOX
from flow.clock import SystemClock
from turvakt.cli import main
from turvakt.settings import load
from turvakt.watch.beats import REFUSED, Beat, Beats
from turvakt.watch.processes import Processes
from turvakt.watch.trouble import Detail, Trouble
from turvakt.watch.troubles import Troubles
from turvakt.wiring import Parts

HOUR = timedelta(hours=1)


class Silent:
    """Tells nobody (implements `turvakt.watch.troubles.Teller`)."""

    def tell(self, event: str, trouble: Trouble, *, incident: str) -> str:
        return "1"


@pytest.fixture
def shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["status", *arguments], environ={"TURVAKT_DATA_DIR": str(tmp_path), "COLUMNS": "80"})
        assert ended.value.code == 0
        return capsys.readouterr().out

    return run


def fill(folder: Path, now: datetime) -> None:
    with Parts(load(file=None, environ={"TURVAKT_DATA_DIR": str(folder)})) as parts:
        refused = Beat("collector:mastodon", now, now, now - HOUR, f"{REFUSED}the server refuses (401)")
        Beats(parts.database).write([Beat("worker:run", now), refused], {})
        processes = Processes(parts.database)
        processes.lives("1", "worker:run", now)
        processes.ends("1", now)
        row = dict.fromkeys(("slot", "alert_id", "post", "official", "incident", "thread", "contact"), "")
        moments = dict.fromkeys(("first_due", "due", "at", "collected_at"), now.timestamp())
        numbers = {"severity": 2, "threat": 0, "attempts": 1, "step": 0}
        values = {"id": "1", "channel": "email", "state": "waiting"}
        parts.database.execute(insert(OUTBOX), row | moments | numbers | values)
        details: dict[Detail, str] = {"left-alone": (now - HOUR).isoformat(), "tried-again": "1", "failed": "3"}
        failing = Trouble("channel-failing", "channel:email", now - HOUR, details)
        Troubles(parts.database, teller=Silent(), repeat=HOUR).take([failing], now)


def test_each_in_the_readers_language_and_whole_names_on_a_narrow_screen(
    tmp_path: Path, shown: Callable[..., str]
) -> None:
    fill(tmp_path, SystemClock().now())
    said = shown()
    assert max(map(len, said.splitlines())) <= 80
    for whole in ("channel-failing  channel:email ", "collector:mastodon ", "stopped in order", "left alone since"):
        assert whole in said
    assert "Kanava ei toimita" in shown("--language", "fi")


def test_why_it_is_not_ready_is_told_in_the_readers_language(tmp_path: Path, shown: Callable[..., str]) -> None:
    fill(tmp_path, SystemClock().now())
    with Parts(load(file=None, environ={"TURVAKT_DATA_DIR": str(tmp_path)})) as parts:
        parts.database.execute(update(OUTBOX).values(state="failed"))
    for language, said in (
        ("en", "1 delivery has failed in the last 3 days."),
        ("sv", "1 leverans har misslyckats de senaste 3 dygnen."),
        ("fi", "1 toimitus on epäonnistunut viimeisten 3 vuorokauden aikana."),
    ):
        assert said in " ".join(shown("--language", language).split())
    assert json.loads(shown("--json", "--language", "fi"))["not_ready"] == ["1 delivery failed in the last 3 days"]
