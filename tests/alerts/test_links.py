"""Links to answer by: nobody can make one, and one made for something else opens nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.incidents.links import LASTS, Link, Links, Signer
from flow.clock import ManualClock
from tests import databases
from tests.review.people import START

ID, OTHER = "0123456789abcdef01234567", "fedcba9876543210fedcba98"


def test_a_token_is_short_and_names_its_delivery() -> None:
    signer = Signer(["a key"])
    token = signer.token(ID)
    assert len(token) == 38
    assert signer.delivery(token) == ID
    assert signer.token(OTHER)[16:] != token[16:]


def test_what_was_not_signed_here_for_a_link_opens_nothing() -> None:
    signer = Signer(["a key"])
    token = signer.token(ID)
    sealed = signer.seal(ID, "3").rpartition(".")[2]
    forged = [
        "",
        "x",
        "å" * 38,
        token[:-1],
        token + "A",
        token + "==",
        token[:16] + signer.token(OTHER)[16:],
        Signer(["another key"]).token(ID),
        token[:-1] + next(letter for letter in "AQgw" if letter != token[-1]),
        # Only the unused bits of the last letter differ: the same value, written in another way.
        token[:-1] + chr(ord(token[-1]) + 1),
        token.replace(token[20], "!", 1),
    ]
    assert [each for each in forged if signer.delivery(each) is not None] == []
    assert signer.seen(ID, f"3.{sealed}") == "3"
    assert signer.seen(OTHER, f"3.{sealed}") is None
    assert signer.seen(ID, f"4.{sealed}") is None
    assert signer.seen(ID, f"3.{token}") is None
    assert signer.seen(ID, "3") is None


def test_a_new_key_takes_over_while_links_of_the_old_one_are_on_their_way() -> None:
    old = Signer(["old"])
    both, new = Signer(["new", "old"]), Signer(["new"])
    assert both.delivery(old.token(ID)) == ID
    assert both.token(ID) == new.token(ID) != old.token(ID)
    assert both.seen(ID, old.seal(ID, "1")) == "1"
    assert new.delivery(old.token(ID)) is None


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(params=databases.KINDS)
def links(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Links]:
    for database in databases.opened(request.param, request):
        yield Links(database, clock=clock)


def test_a_link_ends_and_still_says_so_for_a_while(links: Links, clock: ManualClock) -> None:
    link = Link(ID, "i1", "anna", "Kaj", "sv", show_text=True, expires=START + LASTS)
    links.add([link])
    assert links.find(ID) == link
    assert links.find(OTHER) is None
    assert not links.expired(link)
    assert links.expire() == 0
    clock.advance(LASTS.total_seconds())
    assert links.expired(link)
    assert links.find(ID) == link
    clock.advance((LASTS + timedelta(seconds=1)).total_seconds())
    assert links.expire() == 1
    assert links.find(ID) is None
