"""A withdrawal that was interrupted counts as pending and is completed by the same command."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from flow.errors import Unavailable
from tests.turvakt.process import OFFICIALS, Program
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
