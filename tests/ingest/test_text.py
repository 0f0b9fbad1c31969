"""Small repairs of texts and ids."""

import pytest

from ingest.formats.mastodon_status import status_id
from ingest.formats.text import fitting


@pytest.mark.parametrize("id", ["bluesky:did:plc:a/3k", "x" * 512])
def test_an_id_of_usual_length_stays(id: str) -> None:
    assert fitting(id) == id


def test_a_longer_one_is_cut_and_still_told_from_others() -> None:
    one, other = fitting("x" * 5000 + "1"), fitting("x" * 5000 + "2")
    assert len(one) == len(other) == 512
    assert one != other
    assert fitting("x" * 5000 + "1") == one


def test_no_id_holds_what_postgresql_refuses() -> None:
    assert fitting("mastodon:a.example/1\x002") == "mastodon:a.example/1\ufffd2"
    assert "\x00" not in fitting("\x00" * 600)


def test_a_server_cannot_make_an_id_longer() -> None:
    assert len(status_id("9" * 100_000, host="a.example")) == 512
