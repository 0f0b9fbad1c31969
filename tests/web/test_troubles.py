"""The pages of Turvakt's own troubles: every kind, in three languages, whatever is known of it."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.messages.translations import LANGUAGES
from registry.official import Language
from tests.web.answering import Answerable
from turvakt.watch.operator import OperatorTeller
from turvakt.watch.report import report
from turvakt.watch.trouble import KINDS, Detail, Trouble
from turvakt.watch.troubles import Troubles

OPERATOR = {"contacts": [{"name": "IT", "channel": "email", "address": "it@ekvik.example", "language": "en"}]}


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data", sections={"operator": OPERATOR})


def watch(world: Answerable) -> Troubles:
    parts = world.parts
    teller = OperatorTeller(parts.settings.operator, parts.incidents, parts.telling, clock=world.clock)
    return Troubles(parts.database, teller=teller, repeat=timedelta(hours=4))


def begun(world: Answerable, *troubles: Trouble) -> Troubles:
    found = watch(world)
    for _ in range(2):
        found.take(troubles, world.clock.now())
        world.wait(minutes=3)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_page_for_the_operator_and_behind_her_link(world: Answerable, language: Language) -> None:
    begun(world, *(Trouble(kind, "channel:email", world.clock.now()) for kind in KINDS))
    operator = world.browser(world.person("operator", tenant="", id="olle"), language=language)
    anybody = world.browser(language=language)
    incidents = world.parts.incidents.open()
    assert {each.subject.partition(" ")[0] for each in incidents} == set(KINDS)
    for each in incidents:
        for page in (operator.page(f"/incidents/{each.id}"), anybody.page(world.link(each, "IT"))):
            assert "channel:email" in page.words


@pytest.mark.parametrize(
    ("language", "said"),
    [("sv", "Felmeddelande: no [[contact]]"), ("fi", "Virheilmoitus: no"), ("en", "Error message: no")],
)
def test_why_a_plan_is_broken_is_told_as_in_the_mail(world: Answerable, language: Language, said: str) -> None:
    reason: dict[Detail, str] = {"file": "rules.toml", "reason": "no [[contact]] of that name"}
    begun(world, Trouble("plan-broken", "plans", world.clock.now(), reason))
    [incident] = world.parts.incidents.open()
    operator = world.browser(world.person("operator", tenant="", id="olle"), language=language)
    assert said in operator.page(f"/incidents/{incident.id}").words


def test_what_is_not_seen_any_more_is_said_to_be_gone_before_it_counts_as_over(world: Answerable) -> None:
    troubles = begun(world, Trouble("plan-broken", "plans", world.clock.now(), {"file": "rules.toml"}))
    [incident] = world.parts.incidents.open()
    operator = world.browser(world.person("operator", tenant="", id="olle"))
    path, remedy, gone = f"/incidents/{incident.id}", "mend the file", "It has not been seen since"
    words = operator.page(path).words
    assert (remedy in words, gone in words) == (True, False)
    troubles.take((), world.clock.now())
    world.wait(minutes=1)
    words = operator.page(path).words
    assert (remedy in words, gone in words) == (False, True)
    [standing] = report(world.parts.database, world.clock.now(), zone=ZoneInfo("UTC"))["troubles"]
    assert standing["details"].keys() == {"file", "not-found"}
    troubles.take([Trouble("plan-broken", "plans", world.clock.now(), {"file": "rules.toml"})], world.clock.now())
    assert gone not in operator.page(path).words
