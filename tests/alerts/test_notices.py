"""Who told an official of an alert: written down once, kept, and erased with her."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from alerts.notices import Form, How, Notice, Notices
from alerts.tables import NOTICE
from flow.database import Database
from flow.errors import BadInput, Broken
from registry.holder import Part
from tests import databases

AT = datetime(2026, 9, 14, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def notices(database: Database) -> Notices:
    return Notices(database)


def notice(
    alert: str = "a1", *, official: str = "anna", at: datetime = AT, how: How = "phone", form: Form = "gist"
) -> Notice:
    return Notice(alert, official, at, how, by="vera", form=form, wish="at-once")


def test_all_that_was_told_stays_in_the_order_of_its_time(notices: Notices) -> None:
    later = notice(at=AT + timedelta(hours=1), how="in-person", form="text")
    for each in (later, notice(), notice("a2"), notice("b1", official="bo")):
        notices.add(each)
    assert notices.about(["a1"]) == [notice(), later]
    assert notices.about([]) == []
    assert notices.of("anna") == [notice(), notice("a2"), later]


def test_what_she_reads_again_is_written_down_once(notices: Notices) -> None:
    gist, text = notice(how="portal", form="gist"), notice(how="portal", form="text")
    assert [notices.read(each) for each in (gist, gist, text, gist, text)] == [True, False, True, False, False]
    assert notices.about(["a1"]) == [gist, text]


def test_that_another_told_her_does_not_stand_for_her_reading(notices: Notices) -> None:
    notices.add(notice(form="text"))
    assert notices.read(notice(how="portal", form="text"))


def test_that_she_was_not_told_by_her_wish_is_a_record_too(notices: Notices) -> None:
    never = Notice("a1", "anna", AT, "wish", by="vera", form="none", wish="never")
    notices.add(never)
    assert notices.of("anna") == [never]


def test_the_database_itself_refuses_to_change_one(notices: Notices, database: Database) -> None:
    notices.add(notice())
    with pytest.raises((Broken, BadInput)):
        database.execute(update(NOTICE).values(how="in-person"))
    assert notices.of("anna") == [notice()]


def test_hers_go_with_her_and_what_is_old_goes(notices: Notices) -> None:
    for each in (notice(), notice("b1", official="bo", at=AT - timedelta(days=400)), notice("b2", official="bo")):
        notices.add(each)
    assert (notices.count("anna"), len(notices.export("anna"))) == (1, 1)
    assert notices.erase("anna", Part("source", "web")) == 0
    assert notices.forget(["web:1"]) == 0
    assert notices.erase("anna") == 1
    assert (notices.erase("anna"), notices.count("anna"), notices.export("anna")) == (0, 0, [])
    assert notices.expire(AT - timedelta(days=365)) == 1
    assert notices.of("bo") == [notice("b2", official="bo")]


def test_a_recipient_who_told_her_and_is_erased_has_told_her_still_but_has_no_name_there(notices: Notices) -> None:
    kaj, vera, other = (
        replace(notice(each), by=by) for each, by in (("a1", "contact:Kaj"), ("a2", "vera"), ("b1", "contact:Kaj"))
    )
    for each in (kaj, vera, replace(other, official="bo")):
        notices.add(each)
    part = Part("recipient", "Kaj")
    assert notices.count("anna", part) == notices.erase("anna", part) == 1
    assert (notices.count("anna", part), notices.erase("anna", part)) == (0, 0)
    assert notices.of("anna") == [replace(kaj, by=""), vera]
    assert [each.by for each in notices.of("bo")] == ["contact:Kaj"]


def test_it_shows_nobody_when_printed() -> None:
    assert "vera" not in repr(notice())
