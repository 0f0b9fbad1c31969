"""Messages that wait for their channel while somebody answers."""

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.content import recipients_of
from alerts.delivery.dispatcher import NotNamed
from alerts.incidents.incident import Action
from alerts.messages.message import Message
from tests.alerts.people import AT
from tests.web.answering import CONTACTS, EVA, KAJ, Answerable

BASE = "https://turvakt.ekvik.example"


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data")


def waiting(world: Answerable) -> dict[str, Message]:
    """Each message as it would go out now, by its language."""
    messages = {}
    for item in world.parts.outbox.due(100, channel="email"):
        content = world.parts.permitted(item.content, item.recipient)
        assert content is not None
        message = world.parts.renderer(BASE).render(content, item.recipient, item.delivery.id)
        messages[item.recipient.language] = message
    return messages


@pytest.mark.parametrize("action", ["acknowledge", "on-it", "resolve", "false-alarm"])
def test_what_waited_until_somebody_answered_asks_for_no_answer(world: Answerable, action: Action) -> None:
    incident = world.raised()
    assert "nytt larm" in waiting(world)["sv"].subject
    world.parts.incidents.answer(incident.id, action, by=KAJ)
    finnish = waiting(world)["fi"]
    assert finnish.facts["type"] == "alert.answered"
    assert "joku on jo vastannut" in finnish.subject
    assert "Avaa ja vastaa" not in f"{finnish.text} {finnish.short}"
    assert f"{BASE}/a/" in finnish.text


def test_what_becomes_graver_asks_for_an_answer_again(world: Answerable) -> None:
    incident = world.raised(severity="medium", labels=("harassment",))
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    assert {each.facts["type"] for each in waiting(world).values()} == {"alert.answered"}
    world.clock.advance(10)
    world.raised("bluesky:2", severity="critical")
    assert {each.facts["type"] for each in waiting(world).values()} == {"alert.graver"}


def test_what_grows_says_so_though_somebody_has_it(world: Answerable) -> None:
    incident = world.raised("bluesky:1", labels=("harassment",))
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    world.raised("bluesky:2", labels=("harassment",))
    assert {each.facts["type"] for each in waiting(world).values()} == {"alert.grown"}


@pytest.mark.parametrize("action", ["resolve", "false-alarm"])
def test_what_had_grown_before_it_was_closed_asks_for_no_answer(world: Answerable, action: Action) -> None:
    incident = world.raised("bluesky:1", "bluesky:2")
    assert {each.facts["type"] for each in waiting(world).values()} == {"alert.grown"}
    world.parts.incidents.answer(incident.id, action, by=KAJ)
    messages = waiting(world).values()
    assert {(each.facts["type"], each.severity, each.threat) for each in messages} == {
        ("alert.answered", "none", False)
    }


@pytest.mark.parametrize("action", ["on-it", "resolve", "false-alarm"])
def test_who_had_it_is_told_that_somebody_else_has_answered(world: Answerable, action: Action) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    world.parts.incidents.answer(incident.id, action, by=EVA)
    messages = waiting(world)
    assert (messages["sv"].facts["type"], messages["fi"].facts["type"]) == ("alert.overtaken", "alert.answered")
    assert "någon annan har svarat på ditt larm" in messages["sv"].subject
    assert "Öppna och svara" not in messages["sv"].text


def test_what_is_opened_again_is_told_to_whoever_had_closed_it(world: Answerable) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    world.parts.incidents.answer(incident.id, "resolve", by=KAJ)
    assert waiting(world)["sv"].facts["type"] == "alert.answered"  # her own answers are no news to her
    world.parts.incidents.answer(incident.id, "reopen", by=EVA)
    assert waiting(world)["sv"].facts["type"] == "alert.overtaken"


QUIET = """
[[contact]]
name = "Kaj Dahl"
language = "sv"
quiet = "12:00-20:00"
timezone = "UTC"
channels = [{ channel = "email", address = "kaj@ekvik.example" }, { channel = "voice", address = "+46700000001" }]

[[rule]]
name = "grave"
severity = "low"
contacts = ["contact:Kaj Dahl", "official"]
"""


@pytest.mark.parametrize("answers", [[EVA], [KAJ, EVA]])
def test_that_somebody_has_answered_disturbs_nobody(tmp_path: Path, answers: list[str]) -> None:
    """It was a threat, which comes at any hour and rings; there is nothing to be done about it any more."""
    world = Answerable(tmp_path / "data", rules=QUIET)
    incident = world.raised(severity="critical")
    told = {item.delivery.id: item for item in world.parts.outbox.due(100, channel="email")}
    assert all(world.parts.permitted(item.content, item.recipient) == item.content for item in told.values())
    for by in answers:
        world.parts.incidents.answer(incident.id, "on-it", by=by)
    assert world.parts.outbox.due(100, channel="voice") == []
    items = [item for item in world.parts.outbox.due(100, channel="email") if item.recipient.name == KAJ]
    for item in items:
        content = world.parts.permitted(item.content, item.recipient)
        assert content is not None
        assert content.asks_nothing
        assert not content.breaks_through
        (to,) = recipients_of(content)
        assert (to.not_before, to.instead) == (AT.replace(hour=20, minute=0, second=0), ())
        message = world.parts.renderer(BASE).render(content, to, item.delivery.id)
        assert (message.severity, message.threat) == ("none", False)
        assert "allvarsgrad kritisk" in message.subject
    assert len(items) == len(answers)


def test_quiet_hours_are_those_of_whoever_was_told_though_the_official_has_moved(tmp_path: Path) -> None:
    rules, tenants = tmp_path / "rules.toml", tmp_path / "tenants"
    rules.write_text(QUIET, "utf-8")
    tenants.mkdir()
    (tenants / "sandvik.toml").write_text(
        '[[rule]]\nname = "grave"\nseverity = "low"\ncontacts = "official"\n', "utf-8"
    )
    world = Answerable(tmp_path / "data", sections={"alerts": {"rules": str(rules), "tenants": str(tenants)}})
    incident = world.raised(severity="critical")
    world.parts.store.put_all([replace(world.her, tenant="sandvik")])
    world.parts.incidents.answer(incident.id, "on-it", by=EVA)
    (item,) = (each for each in world.parts.outbox.due(100, channel="email") if each.recipient.name == KAJ)
    content = world.parts.permitted(item.content, item.recipient)
    assert content is not None
    assert content.asks_nothing
    assert [to.not_before for to in recipients_of(content)] == [AT.replace(hour=20, minute=0, second=0)]


def test_who_is_only_rung_up_is_not_told_that_somebody_else_has_answered(tmp_path: Path) -> None:
    email = '{ channel = "email", address = "kaj@ekvik.example" }, '
    world = Answerable(tmp_path / "data", rules=QUIET.replace(email, "").replace(', "official"', ""))
    world.her = replace(world.her, contacts=CONTACTS[1:])
    incident = world.raised()
    for by in (KAJ, EVA):
        world.parts.incidents.answer(incident.id, "on-it", by=by)
    assert [each.contact for each in world.parts.incidents.history.of(incident.id) if each.event == "told"] == [EVA]


@pytest.mark.parametrize(
    ("by", "state"), [("token", "acknowledged"), (KAJ, "acknowledged"), ("p-removed", "escalated")]
)
def test_what_is_with_somebody_who_is_gone_is_told_anew(world: Answerable, by: str, state: str) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=by)
    world.parts.incidents.take_back()
    assert [each.state for each in world.parts.incidents.open()] == [state]


PLANNED = """
last_resort = ["contact:Chief"]

[[contact]]
name = "Chief"
language = "sv"
channels = [{ channel = "email", address = "ADDRESS" }]

[[rule]]
name = "grave"
severity = "low"
contacts = "official"
"""


def test_what_waits_goes_to_the_address_that_its_contact_has_now(tmp_path: Path) -> None:
    """Of the plan of its incident, of the official, or of the operator."""
    operator = {"contacts": [{"name": "Ops", "channel": "email", "address": "ops@turvakt.example", "language": "sv"}]}
    world = Answerable(
        tmp_path / "data", rules=PLANNED.replace("ADDRESS", "new@ekvik.example"), sections={"operator": operator}
    )
    incident = world.raised()
    (item, *_) = world.parts.outbox.due(100, channel="email")
    assert item.delivery.incident == incident.id
    world.parts.store.put_all(
        [replace(world.her, contacts=(replace(CONTACTS[0], address="kaj@x.example"), CONTACTS[1]))]
    )
    changed = {
        (KAJ, "kaj@ekvik.example"): "kaj@x.example",
        (EVA, "eva@ekvik.example"): "eva@ekvik.example",
        ("Chief", "old@ekvik.example"): "new@ekvik.example",
        ("Ops", "ops@turvakt.example"): "ops@turvakt.example",
    }
    for (name, before), now in changed.items():
        content = world.parts.permitted(item.content, replace(item.recipient, name=name, address=before))
        assert content is not None
        assert [each.address for each in recipients_of(content)] == [now]
    renamed = world.parts.permitted(item.content, replace(item.recipient, name="Boss", address="new@ekvik.example"))
    assert renamed is not None
    assert [each.name for each in recipients_of(renamed)] == ["Chief"]
    # Of whom no plan knows any more nothing is told, however long it has waited.
    with pytest.raises(NotNamed):
        world.parts.permitted(item.content, replace(item.recipient, name="Somebody", address="who@ekvik.example"))
