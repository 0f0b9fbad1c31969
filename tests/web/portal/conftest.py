"""What tests of the portal share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.portal.building import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "data")
    with home.parts:
        yield home
