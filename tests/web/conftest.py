"""What the tests of the pages share."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flow.database import Database
from tests.databases import open_file


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """For people and what they did: an up-to-date file."""
    with closing(open_file(tmp_path / "turvakt.db")) as file:
        yield file
