"""A withdrawal that was interrupted counts as pending and is completed by the same command."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flow.errors import Unavailable
from review.index import Query
from tests.turvakt.process import OFFICIALS, Program
from tests.turvakt.test_parts import THREAT, post, watch
from turvakt.housekeeping import finish_erasures, keep_house
from turvakt.settings import Settings
from turvakt.wiring import Parts

ID = "anna-lindqvist"


def pending(program: Program) -> int:
    (status,) = program.json("status")
    return int(status["officials"]["erasures_pending"])


@pytest.mark.parametrize("place", ["in a holder", "before the files are scrubbed"])
def test_the_same_command_completes_it(tmp_path: Path, place: str) -> None:
    def interrupted() -> None:
        raise Unavailable("the database is read by another process", place="database")

    program = Program(tmp_path)
    program.run("officials", "import", str(OFFICIALS))
    with Parts(msgspec.convert({"data": {"dir": str(tmp_path)}}, Settings)) as parts:
        if place == "in a holder":
            parts.store.withdraw(ID, parts.clock.now())
        else:
            with pytest.raises(Unavailable):
                replace(parts.erasure, scrub=interrupted).withdraw(ID)
    assert pending(program) == 1
    assert f"Consent of {ID} ended" in program.run("officials", "withdraw", ID)
    assert pending(program) == 0
    noted = [(each["action"], each["official"], each["why"]) for each in program.json("audit", "list")]
    assert [each for each in noted if each[0] in ("consent-withdrawn", "erased")] == [
        ("erased", "", ""),
        ("consent-withdrawn", "", "begun" if place == "before the files are scrubbed" else ""),
    ]
    assert "withdrew on" in program.finish("officials", "withdraw", ID).stderr.decode()


def test_what_is_in_the_index_after_it_was_complete_goes_within_the_hour(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "turvakt.housekeeping")
    watch(parts, post(1, THREAT))
    late = [each.verdict for each in parts.index.search(Query(official=ID)).items]
    held = [len(late)]

    async def step(function: Any, *args: Any) -> Any:
        return function(*args)

    async def an_hour(seconds: float) -> None:
        held.append(parts.index.count(ID))
        finish_erasures(parts)  # as `keep_erasing` does meanwhile
        if len(held) == 2:
            parts.erasure.withdraw(ID)
            parts.index.write_verdicts(late)
        if len(held) == 5:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        asyncio.run(keep_house(parts, step=step, sleep=an_hour))
    assert held == [1, 3, 1, 0, 0]
    assert parts.store.erasures().pending == 0
    assert [each.getMessage() for each in caplog.records if each.levelno > logging.INFO] == [
        "the index holds something again of 1 erasure: it is erased once more"
    ]
