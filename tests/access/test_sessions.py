"""Sessions: who is signed in, where, and how long."""

from datetime import timedelta

from sqlalchemy import select

from access.people import People
from access.sessions import IDLE, LONGEST, Sessions
from access.tables import SESSION
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Unavailable
from tests.access.people import NOW, person


def signed_in(people: People, sessions: Sessions, id: str = "berit-holm", client: str = "Firefox") -> str:
    if not any(each.id == id for each in people.all()):
        people.add(person(id))
    return sessions.open(people.get(id), client=client, method="password+totp")


def test_a_cookie_finds_whose_it_is(people: People, sessions: Sessions) -> None:
    cookie = signed_in(people, sessions)
    actor = sessions.find(cookie)
    assert actor is not None
    assert actor.person == person()
    assert [each.id for each in sessions.of("berit-holm")] == [actor.session]
    assert (
        sessions.find(None) is sessions.find("") is sessions.find(cookie[:-1]) is sessions.find(actor.session) is None
    )


def test_no_cookie_is_stored(people: People, sessions: Sessions, database: Database) -> None:
    cookies = [signed_in(people, sessions) for _ in range(3)]
    assert len(set(cookies)) == 3
    stored = str(database.query(select(SESSION)))
    assert not any(cookie in stored for cookie in cookies)


def test_a_session_ends_when_it_is_not_used(people: People, sessions: Sessions, clock: ManualClock) -> None:
    cookie = signed_in(people, sessions)
    clock.advance(IDLE.total_seconds() - 1)
    assert sessions.find(cookie)
    clock.advance(IDLE.total_seconds() - 1)
    assert sessions.find(cookie)
    clock.advance(IDLE.total_seconds())
    assert sessions.find(cookie) is None
    assert sessions.of("berit-holm") == []


def test_a_session_ends_though_it_is_used(people: People, sessions: Sessions, clock: ManualClock) -> None:
    cookie = signed_in(people, sessions)
    step = timedelta(minutes=20)
    for _ in range(LONGEST // step - 1):
        clock.advance(step.total_seconds())
        assert sessions.find(cookie)
    clock.advance(step.total_seconds())
    assert sessions.find(cookie) is None


def test_who_is_signed_in_reads_though_nothing_can_be_written(
    people: People, sessions: Sessions, clock: ManualClock, database: Database
) -> None:
    cookie = signed_in(people, sessions)
    clock.advance(120)

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(database, name)

        def execute(self, *_: object) -> int:
            raise Unavailable("the disk is full")

    reading = Sessions(Full(), clock=clock)  # type: ignore[arg-type]
    assert reading.find(cookie)
    assert sessions.of("berit-holm")[0].seen == NOW


def test_who_may_not_sign_in_any_more_is_signed_out(people: People, sessions: Sessions) -> None:
    cookie = signed_in(people, sessions)
    people.put(person(active=False))
    assert sessions.find(cookie) is None


def test_a_change_of_roles_holds_at_once(people: People, sessions: Sessions) -> None:
    cookie = signed_in(people, sessions)
    people.put(person(grants=()))
    actor = sessions.find(cookie)
    assert actor is not None
    assert not actor.may("see-texts")


def test_sessions_are_seen(people: People, sessions: Sessions, clock: ManualClock) -> None:
    phone = signed_in(people, sessions, client="Phone\r\n\x1b[2J" + "x" * 500)
    clock.advance(600)
    signed_in(people, sessions, client="Desk")
    signed_in(people, sessions, "bo")
    clock.advance(60)
    assert sessions.find(phone)
    first, second = sessions.of("berit-holm")
    assert (first.client[:8], len(first.client), second.client) == ("Phone[2J", 200, "Desk")
    assert (first.at, first.seen) == (NOW, NOW + timedelta(seconds=660))
    assert second.seen == NOW + timedelta(seconds=600)
    assert first.method == "password+totp"
    assert "Phone" not in repr(first)


def test_sessions_are_ended_one_by_one_and_only_by_whose_they_are(people: People, sessions: Sessions) -> None:
    one, other = signed_in(people, sessions), signed_in(people, sessions, "bo")
    mine = sessions.of("berit-holm")[0].id
    assert not sessions.end(mine, person="bo")
    assert sessions.find(one)
    assert sessions.end(mine, person="berit-holm")
    assert not sessions.end(mine)
    assert sessions.find(one) is None
    assert sessions.find(other)


def test_all_sessions_are_ended_or_all_but_one(people: People, sessions: Sessions) -> None:
    cookies = [signed_in(people, sessions, client=str(number)) for number in range(3)]
    other = signed_in(people, sessions, "bo")
    kept = next(each.id for each in sessions.of("berit-holm") if each.client == "1")
    assert sessions.end_all("berit-holm", but=kept) == 2
    assert [sessions.find(cookie) is not None for cookie in cookies] == [False, True, False]
    assert sessions.end_all("berit-holm") == 1
    assert sessions.find(cookies[1]) is None
    assert sessions.find(other)


def test_what_has_ended_is_removed(people: People, sessions: Sessions, clock: ManualClock, database: Database) -> None:
    signed_in(people, sessions)
    clock.advance(IDLE.total_seconds() - 1)
    cookie = signed_in(people, sessions)
    assert sessions.expire() == 0
    clock.advance(1)
    assert sessions.expire() == 1
    assert sessions.find(cookie)
    assert len(database.query(select(SESSION))) == 1
