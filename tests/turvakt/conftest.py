"""What tests of the whole program share."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from flow.clock import ManualClock
from registry.importing import read_officials
from tests.turvakt.process import OFFICIALS, START, Program
from turvakt.settings import Settings
from turvakt.wiring import Parts


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    return program


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def parts(tmp_path: Path, clock: ManualClock) -> Iterator[Parts]:
    settings = msgspec.convert({"data": {"dir": str(tmp_path / "data")}, "retention": {"unflagged_days": 30}}, Settings)
    with Parts(settings, clock=clock) as parts:
        parts.store.put_all(read_officials(OFFICIALS))
        yield parts
