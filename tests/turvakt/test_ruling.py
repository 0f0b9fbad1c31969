"""Whom links would ask to sign in first though they cannot, as `turvakt check` tells."""

from pathlib import Path

import pytest

from access.person import Grant, Person
from alerts.plans.plan import Plans
from alerts.plans.planning import load_plans
from registry.official import Contact, Official
from registry.tenant import Tenant
from tests.alerts.people import official
from turvakt.commands.ruling import cannot_sign_in

TENANTS = [Tenant("ekvik", "municipality", "Ekvik", "SE"), Tenant("furuby", "municipality", "Furuby", "SE")]
PLAN = """
second_factor = true
[[rule]]
name = "all"
severity = "low"
contacts = ["contact:Rut Ek", "contact:Desk", "contact:Chief"]
[[contact]]
name = "Rut Ek"
language = "sv"
channels = [{ channel = "sms", address = "+46701740605" }]
[[contact]]
name = "Desk"
language = "sv"
channels = [{ channel = "email", address = "Desk@ekvik.example" }]
[[contact]]
name = "Chief"
language = "sv"
channels = [{ channel = "email", address = "chief@ekvik.example" }]
second_factor = false
"""


def plans(tmp_path: Path, text: str = PLAN) -> Plans:
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    return load_plans(tmp_path / "rules.toml")


def person(name: str, email: str, role: Grant, *, id: str = "p1", active: bool = True) -> Person:
    return Person(id, name, email, "sv", (role,), active)


RUT = person("Rut Ek", "rut@ekvik.example", Grant("officer", "ekvik"))
DESK = person("Somebody", "desk@ekvik.example", Grant("reviewer", "ekvik"), id="p2")


def test_each_tenant_is_told_of_those_without_an_account(tmp_path: Path) -> None:
    without, nobody = cannot_sign_in(plans(tmp_path), TENANTS, [], [RUT])
    assert without.startswith("tenant ekvik: ")
    assert without.endswith("that may answer there: Desk")
    assert nobody.startswith("tenant furuby: links ask to sign in first (second_factor), and nobody has an account")


@pytest.mark.parametrize(
    "grant", [Grant("analyst", "ekvik"), Grant("officer", "furuby"), Grant("official", "ekvik", "x")]
)
def test_an_account_that_may_not_answer_there_is_none(tmp_path: Path, grant: Grant) -> None:
    desk = person("Desk", "desk@ekvik.example", grant, id="p2")
    (without,) = cannot_sign_in(plans(tmp_path), TENANTS[:1], [], [RUT, desk])
    assert without.endswith(": Desk")


def test_nothing_is_told_where_all_can_or_need_not(tmp_path: Path) -> None:
    assert list(cannot_sign_in(plans(tmp_path), TENANTS[:1], [], [RUT, DESK])) == []
    lax = plans(tmp_path, PLAN.replace("second_factor = true", "second_factor = false"))
    assert list(cannot_sign_in(lax, TENANTS, [], [])) == []


def test_an_officials_own_contact_may_be_the_official(tmp_path: Path) -> None:
    def hers(name: str) -> Official:
        return official(contacts=(Contact(name, "email", "anna@ekvik.example", "sv"),))

    anna = hers("Anna")
    tenant = Tenant("ekvik", "municipality", "Ekvik", "SE")
    herself = person("Anna Lindqvist", "anna@ekvik.example", Grant("official", "ekvik", anna.id), id="p3")
    assert list(cannot_sign_in(plans(tmp_path), [tenant], [anna], [RUT, DESK, herself])) == []
    (without,) = cannot_sign_in(plans(tmp_path), [tenant], [anna], [RUT, DESK])
    assert without.endswith(f": Anna (official {anna.id})")
