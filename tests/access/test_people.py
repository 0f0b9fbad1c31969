"""People in the table: no two with one address, nothing wrong in a field, nothing left of who was removed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select

from access.invitations import Invitations
from access.people import People
from access.person import Grant
from access.sessions import Sessions
from access.tables import OF_A_PERSON, PASSWORD, RECOVERY
from access.tickets import Tickets
from flow.database import Database
from flow.errors import BadInput
from tests.access.people import ANNA, DEPUTY, OFFICER, person


def test_people_are_found_by_id_by_address_and_by_what_they_are(people: People) -> None:
    berit, anna = person(), person("anna", email="Anna.Lindqvist@Ekvik.example", grants=(ANNA,))
    carl, dora = (
        person("carl", grants=(Grant("operator"),)),
        person("dora", grants=(DEPUTY, Grant("analyst", "byarum"))),
    )
    for each in (dora, berit, carl, anna):
        people.add(each)
    assert people.get("anna") == anna
    assert people.all() == [anna, berit, carl, dora]
    assert people.all("ekvik") == [anna, berit, dora]
    assert people.all("byarum") == [dora]
    assert people.of_official("ekvik-07") == [anna, dora]
    assert people.by_email(" anna.lindqvist@EKVIK.example ") == anna
    assert people.by_email("anna@ekvik.example") is None


def test_nobody_has_an_unknown_id(people: People) -> None:
    with pytest.raises(BadInput, match=r"nobody has this id\. See 'turvakt people list'"):
        people.get("berit-holm")
    with pytest.raises(BadInput, match="nobody has this id"):
        people.put(person())
    assert people.all() == []


def test_id_and_address_are_taken_once(people: People) -> None:
    people.add(person())
    with pytest.raises(BadInput, match="person berit-holm: the id is taken"):
        people.add(person(email="other@ekvik.example"))
    with pytest.raises(BadInput, match="person bo: somebody else has this address"):
        people.add(person("bo", email="BERIT-holm@ekvik.example"))
    people.add(person("bo"))
    with pytest.raises(BadInput, match="person bo: somebody else has this address"):
        people.put(person("bo", email="berit-holm@ekvik.example"))
    people.put(person("bo", name="Bo Ek", email="bo.ek@ekvik.example"))
    assert people.get("bo").name == "Bo Ek"
    assert people.by_email("bo@ekvik.example") is None


def test_of_two_who_are_added_at_once_with_one_address_one_is_refused(people: People) -> None:
    def add(id: str) -> bool:
        try:
            people.add(person(id, email="same@ekvik.example"))
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(add, ("one", "two"))) == [False, True]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "Berit Holm", "email": "b@ekvik.example"}, r"^person: .*\n? *id is none"),
        ({"name": " "}, "name is empty"),
        ({"name": "Berit\x1b[2J"}, "name is empty, too long or has control characters"),
        ({"email": "nowhere"}, "email is none"),
        ({"email": "a@b.example,c@d.example"}, "email is none"),
        ({"email": "berit@ekvik.example\nBcc: x@y.example"}, "email is none"),
        ({"language": "de"}, "language is unknown"),
        ({"grants": (OFFICER, OFFICER)}, "grants 2 stands there twice"),
        ({"grants": (Grant("king", "ekvik"),)}, "grants 1.role is unknown"),  # type: ignore[arg-type]
        ({"grants": (Grant("officer"),)}, "grants 1.tenant is none"),
        ({"grants": (Grant("operator", "ekvik"),)}, "grants 1.tenant is given"),
        ({"grants": (Grant("deputy", "ekvik"),)}, "grants 1.official is none"),
        ({"grants": (Grant("officer", "ekvik", "ekvik-07"),)}, "grants 1.official is given"),
    ],
)
def test_a_wrong_field_is_refused_and_named_without_its_value(
    people: People, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason) as refused:
        people.add(person(**changes))
    given = [value for value in changes.values() if isinstance(value, str) and value.strip()]
    assert not any(value in str(refused.value) for value in given)
    assert people.all() == []


def test_nothing_is_left_of_who_was_removed(
    database: Database, people: People, sessions: Sessions, tickets: Tickets
) -> None:
    for id in ("berit-holm", "bo"):
        people.add(person(id))
        sessions.open(people.get(id), client="Firefox", method="password+totp")
        Invitations(tickets).create(people.get(id), why="join")
        database.execute(insert(PASSWORD), {"person": id, "digest": "x", "at": 0.0})
        database.execute(insert(RECOVERY), {"person": id, "digest": b"x"})
    assert people.remove("berit-holm")
    assert not people.remove("berit-holm")
    left = {row[0] for table in OF_A_PERSON for row in database.query(select(table.c.person))}
    assert left == {"bo"}
    assert [each.id for each in people.all()] == ["bo"]


def test_every_table_that_names_a_person_goes_with_her() -> None:
    """But for the audit log, which says what was done, and letters, which have their own time."""
    from access.tables import METADATA

    assert {name for name, table in METADATA.tables.items() if "person" in table.c} == {
        str(table.name) for table in OF_A_PERSON
    }
