"""What tests of the whole program share."""

from pathlib import Path

import pytest

from tests.turvakt.process import OFFICIALS, Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    return program
