"""Tickets and invitations: good once, for a time, and for one purpose."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from access.invitations import Invitations
from access.people import People
from access.tables import TICKET
from access.tickets import LASTS, Tickets
from flow.clock import ManualClock
from flow.database import Database
from tests.access.people import NOW, person


def test_a_ticket_is_good_once(tickets: Tickets) -> None:
    shown = tickets.issue("new-factor", person="anna", by="berit", value=b"challenge")
    found = tickets.find(shown, "new-factor")
    assert found is not None
    assert (found.purpose, found.person, found.by, found.value) == ("new-factor", "anna", "berit", b"challenge")
    assert (found.at, found.ends) == (NOW, NOW + LASTS["new-factor"])
    assert "challenge" not in repr(found)
    assert tickets.take(shown, "new-factor") == found
    assert tickets.take(shown, "new-factor") is tickets.find(shown, "new-factor") is None


def test_a_ticket_is_good_for_its_purpose_alone(tickets: Tickets) -> None:
    shown = tickets.issue("second-factor", person="anna")
    assert tickets.take(shown, "join", "reset", "new-factor") is None
    assert tickets.take(shown + "x", "second-factor") is tickets.take("", "second-factor") is None
    assert tickets.take(shown, "join", "second-factor")


def test_a_ticket_ends(tickets: Tickets, clock: ManualClock, database: Database) -> None:
    shown = tickets.issue("second-factor", person="anna")
    kept = tickets.issue("join", person="anna")
    clock.advance(LASTS["second-factor"].total_seconds())
    assert tickets.find(shown, "second-factor") is tickets.take(shown, "second-factor") is None
    assert tickets.expire() == 1
    assert len(database.query(select(TICKET))) == 1
    assert tickets.find(kept, "join")


def test_of_many_who_take_a_ticket_at_once_one_gets_it(tickets: Tickets) -> None:
    shown = tickets.issue("new-factor")
    with ThreadPoolExecutor(4) as all_of_them:
        got = list(all_of_them.map(lambda _: tickets.take(shown, "new-factor"), range(4)))
    assert sum(each is not None for each in got) == 1


def test_what_is_shown_stands_nowhere(tickets: Tickets, database: Database) -> None:
    shown = tickets.issue("join", person="anna")
    assert len(shown) == 43
    assert shown not in str(database.query(select(TICKET)))


def test_a_new_invitation_makes_the_older_worthless(people: People, tickets: Tickets) -> None:
    people.add(person())
    people.add(person("bo"))
    invitations = Invitations(tickets)
    other = invitations.create(people.get("bo"), why="join")
    older = invitations.create(people.get("berit-holm"), why="join", by="bo")
    newer = invitations.create(people.get("berit-holm"), why="reset", by="bo")
    assert invitations.find(older) is None
    found = invitations.find(newer)
    assert found is not None
    assert (found.person, found.purpose, found.by) == ("berit-holm", "reset", "bo")
    assert invitations.pending("berit-holm") == [found]
    assert len(invitations.pending()) == 2
    assert invitations.withdraw("berit-holm")
    assert not invitations.withdraw("berit-holm")
    assert invitations.find(newer) is None
    assert invitations.find(other)


def test_an_invitation_is_good_for_seven_days(people: People, tickets: Tickets, clock: ManualClock) -> None:
    people.add(person())
    shown = Invitations(tickets).create(people.get("berit-holm"), why="join")
    clock.advance(7 * 24 * 3600 - 1)
    assert Invitations(tickets).find(shown)
    clock.advance(1)
    assert Invitations(tickets).find(shown) is None
    assert Invitations(tickets).pending() == []
