"""Names that are not plainly hers: refused, or confirmed by an administrator first."""

from dataclasses import replace
from typing import Any

import pytest

from access.permissions import Actor
from access.person import Grant, Person
from flow.errors import BadInput
from ingest.naming import settled, taken
from registry.ledger import Given
from registry.official import Proposed
from registry.proposing import Item, confirmed, items
from tests.registry.people import official
from tests.web.portal.building import ID, Home

KAJ = Person("p-kaj", "Kaj Dahl", "kaj@ekvik.example", "en", (Grant("administrator", "ekvik"),))
FORM = {"given": "Anna", "family": "Lindqvist", "role": "", "party": "", "municipality": "Ekvik", "country": "SE"}
BO = official("haaby-01", given_names=("Bo",), family_names=("Ekman",), forms=("Bosse E",), municipality="Håby")


@pytest.mark.parametrize(
    ("form", "is_hers"),
    [
        ("Anna Lindqvist", True),
        ("lindqvist anna", True),
        ("Anna Lindqvists", True),
        ("Annan Lindqvistin", True),
        ("Lindqvist", False),
        ("Anna", False),
        ("Anna på bron", False),
    ],
)
def test_only_two_words_of_her_own_name_need_nobody(form: str, is_hers: bool) -> None:
    new = settled(official(ID), official(ID, forms=(form,)))
    assert (new.forms, new.proposed.forms) == (((form,), ()) if is_hers else ((), (form,)))


def test_her_own_names_in_another_order_need_nobody() -> None:
    before = official(ID, given_names=("Anna",), family_names=("Maria", "Lindqvist"))
    wanted = official(ID, given_names=("Anna", "Maria"), family_names=("Lindqvist",))
    assert settled(before, wanted) == wanted
    married = settled(before, replace(before, family_names=("Ek",)))
    assert (married.family_names, married.proposed.family_names) == (("Maria", "Lindqvist"), ("Ek",))
    assert confirmed(married, items(married.proposed)[0]).family_names == ("Ek",)


@pytest.mark.parametrize(
    ("item", "is_taken"),
    [
        (Item("form", "Bo Ekmans"), True),
        (Item("form", "den där Bo Ekman"), True),
        (Item("form", "bosse e"), True),
        (Item("form", "Ekman"), False),
        (Item("form", "Bo Ek"), False),
        (Item("handle", "https://bsky.app/profile/anna.example", "bluesky"), True),
        (Item("handle", "anna2.example", "bluesky"), False),
    ],
)
def test_what_is_somebody_elses(item: Item, is_taken: bool) -> None:
    assert bool(taken([item], ID, [BO])) is is_taken
    assert not taken([item], BO.id, [BO]), "her own is no other's"


def test_an_administrator_confirms_and_only_then_it_is_looked_for(home: Home) -> None:
    home.parts.accounts.people.add(KAJ)
    new = home.house()
    hers, keys = home.signed_in(new(), home.anna), home.signed_in(new(), KAJ)
    form = FORM | {"forms": "Ankan\nEkviksannan", "handle_bluesky": "anna.example", "act": "save"}
    assert hers.submit("/me/names", **form).status_code == 303
    assert hers.submit("/me/names", **form).status_code == 303
    assert [(each.letter.purpose, each.letter.email) for each in home.parts.letters.due()] == [
        ("names-waiting", KAJ.email)
    ]
    assert "2 names or accounts wait for confirmation" in hers.page("/me").words
    assert "Ankan" in keys.page("/names").words
    assert keys.submit("/names", official=ID, item="form::Ankan", act="confirm").status_code == 303
    assert keys.submit("/names", official=ID, item="form::Ekviksannan", act="decline").status_code == 303
    assert keys.submit("/names", official=ID, item="form::Ankan", act="confirm").status_code == 422
    anna = home.parts.store.get(ID)
    assert (anna.forms, anna.proposed, anna.handles) == (("Ankan",), Proposed(), {"bluesky": ("anna.example",)})
    assert "Nothing waits" in keys.page("/names").words
    assert {each.letter.email for each in home.parts.letters.due() if each.letter.purpose == "names-answered"} == {
        home.anna.email
    }
    acts = home.parts.audit.read(actions=["names-confirmed", "names-declined"])
    assert [(each.act.action, each.act.who, each.act.official) for each in acts] == [
        ("names-declined", "p-kaj", ID),
        ("names-confirmed", "p-kaj", ID),
    ]


def test_what_is_another_officials_is_refused_without_saying_whose(home: Home) -> None:
    home.parts.store.add(BO)
    home.parts.accounts.people.add(KAJ)
    before = home.parts.store.get(ID)
    answer = home.browser().submit("/me/names", **FORM, forms="Bo Ekman", act="save")
    assert answer.status_code == 422
    assert "cannot be used as it is. The administrator has been told" in answer.text
    assert "Håby" not in answer.text
    assert home.parts.store.get(ID) == before
    assert [each.letter.purpose for each in home.parts.letters.due()] == ["names-refused"]
    assert [each.act.official for each in home.parts.audit.read(tenant="ekvik", actions=["names-refused"])] == [ID]


def test_nobody_confirms_her_own_or_another_tenants(home: Home) -> None:
    home.browser().submit("/me/names", **FORM, forms="Ankan", act="save")
    own = replace(home.anna, grants=(*home.anna.grants, *KAJ.grants))
    home.parts.accounts.people.put(own)
    page = home.signed_in(home.house()(), own).page("/names")
    assert ("Nobody confirms their own names" in page.words, page.all("button", name="act")) == (True, [])
    for person in (own, replace(KAJ, grants=(Grant("administrator", "furuby"),))):
        with pytest.raises(BadInput):
            home.parts.naming.decide(Actor(person, "s1"), ID, "form::Ankan", confirm=True)
    assert home.parts.store.get(ID).forms == ()


def test_what_she_changes_while_a_name_is_confirmed_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Her other click falls between the look at what waits and the confirmation."""
    store = home.parts.store
    home.browser().submit("/me/names", **FORM, forms="Ankan", act="save")

    def meanwhile(*_: Any) -> list[Item]:
        her = store.get(ID)
        store.change(replace(her, consents=(replace(her.consents[0], text=False),)), given=Given("portal", by="anna"))
        return []

    monkeypatch.setattr("review.naming.taken", meanwhile)
    home.parts.naming.decide(Actor(KAJ, "s1"), ID, "form::Ankan", confirm=True)
    assert store.get(ID).forms == ("Ankan",)
    assert not store.get(ID).consents[0].text
