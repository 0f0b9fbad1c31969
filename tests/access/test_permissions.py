"""What each role may do: as the page tells it, for whom, and not at all for who is shut out."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from access.permissions import MAY, Actor, Permission
from access.person import ROLES, Grant
from tests.access.people import ANNA, DEPUTY, OFFICER, person
from turvakt.settings import ROOT

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)


def test_the_page_tells_it() -> None:
    page = (ROOT / "docs" / "people.md").read_text("utf-8")
    head, _, *rows = page.partition("role may do: begin -->\n")[2].partition("\n<!--")[0].splitlines()
    assert head == f"| permission | {' | '.join(ROLES)} |"
    told = {row.split("|")[1].strip(" `"): [cell.strip() for cell in row.split("|")[2:-1]] for row in rows}
    assert told == {each: ["yes" if each in MAY[role] else "" for role in ROLES] for each in PERMISSIONS}
    explained = set(re.findall(r"`([a-z-]+)`:", page))
    assert explained == set(PERMISSIONS)


def test_every_role_may_something_and_none_all() -> None:
    assert MAY.keys() == set(ROLES)
    assert all(each and len(each) < len(PERMISSIONS) for each in MAY.values())
    assert set().union(*MAY.values()) == set(PERMISSIONS)


def test_a_role_of_one_tenant_is_none_of_another() -> None:
    actor = Actor(person(grants=(OFFICER, Grant("analyst", "byarum"))), "s")
    assert actor.may("see-texts")
    assert actor.may("see-texts", tenant="ekvik")
    assert not actor.may("see-texts", tenant="byarum")
    assert not actor.may("see-texts", official="ekvik-07")
    assert actor.tenants("see-texts") == {"ekvik"}
    assert actor.tenants("see-statistics") == {"ekvik", "byarum"}
    assert not actor.may("manage-people")


@pytest.mark.parametrize("grant", [ANNA, DEPUTY])
def test_an_official_and_her_deputy_see_her_alone(grant: Grant) -> None:
    actor = Actor(person(grants=(grant,)), "s")
    assert actor.may("see-own", official="ekvik-07")
    assert not actor.may("see-own", official="ekvik-08")
    assert not actor.may("see-own", tenant="ekvik")
    assert actor.officials("see-own") == {"ekvik-07"}
    assert actor.tenants("see-own") == frozenset()
    assert actor.may("consent", official="ekvik-07") is (grant is ANNA)


def test_an_operator_serves_no_tenant() -> None:
    actor = Actor(person(grants=(Grant("operator"),)), "s")
    assert [each for each in PERMISSIONS if actor.may(each)] == ["operate"]
    assert not actor.may("operate", tenant="ekvik")


def test_who_is_shut_out_may_nothing() -> None:
    everything = person(grants=(OFFICER, ANNA, Grant("administrator", "ekvik"), Grant("operator")))
    assert any(Actor(everything, "s").may(each) for each in PERMISSIONS)
    shut_out = Actor(replace(everything, active=False), "s")
    assert not any(shut_out.may(each) for each in PERMISSIONS)
    assert shut_out.tenants("see-texts") == shut_out.officials("see-own") == frozenset()
