"""Reminders of tasks: what is overdue at once is one message, and of a closed incident nothing is to be handed over."""

from dataclasses import replace
from typing import Any

import pytest

from alerts.bulletin import Bulletin
from alerts.delivery.outbox import Item
from alerts.messages.message import Message
from tests.web.answering import EVA, KAJ, Answerable
from tests.web.portal.building import at_once
from turvakt.answering import reminding

BASE = "https://turvakt.ekvik.example"
HAND_OVER = {"sv": "lämna över", "fi": "siirrä"}


@pytest.fixture
def world(tmp_path: Any) -> Answerable:
    return Answerable(tmp_path / "data")


def reminders(world: Answerable) -> list[Item]:
    """What is to be sent now of what is overdue."""
    step: Any = at_once
    reminding(world.parts, step, wake=lambda: None).turn(world.clock.now())
    waiting = world.parts.outbox.due(1000, channel="email")
    return [each for each in waiting if isinstance(each.content, Bulletin) and each.content.kind == "task-overdue"]


def read(world: Answerable, item: Item) -> Message:
    return world.parts.renderer(BASE).render(item.content, item.recipient, item.delivery.id)


def test_what_is_overdue_at_once_is_one_message_to_each(world: Answerable) -> None:
    incident = world.raised()
    assert reminders(world) == []
    world.wait(days=2)
    told = reminders(world)
    assert sorted(each.recipient.name for each in told) == [EVA, KAJ]
    assert reminders(world) == told
    history = world.parts.incidents.history.of(incident.id)
    late = [each.result for each in history if each.event == "task-overdue"]
    assert {"safe", "police-se"} <= set(late)
    kaj = next(read(world, each) for each in told if each.recipient.name == KAJ)
    routines = reminding(world.parts, at_once, wake=lambda: None)._routines
    assert all(routines.title(each, "sv") in kaj.text for each in late)
    assert "uppgifter väntar" in kaj.subject
    assert "Ingen har svarat på larmet än" in kaj.text
    assert "Larmets allvarsgrad: hög" in kaj.text


def test_what_was_done_or_erased_since_the_look_is_not_told(world: Answerable) -> None:
    incident = world.raised()
    assert reminders(world) == []
    world.wait(minutes=16)
    reminder, now = reminding(world.parts, at_once, wake=lambda: None), world.clock.now()
    [late] = reminder._tasks.late(now)
    assert reminder._tasks.done(incident, late.task, by=KAJ)
    assert reminder._remind(incident.id, [late], now) == 0
    assert reminder._tasks.undone(incident, late.task, by=KAJ)
    world.parts.incidents.erase(incident.official)
    world.parts.incidents.history.erase(incident.official)
    assert reminder._remind(incident.id, [late], now) == 0
    assert world.parts.incidents.history.of(incident.id) == []


def test_whom_consent_does_not_name_is_not_told_in_the_place_of_others(tmp_path: Any) -> None:
    """The plan has a contact who is called like the owner of tasks, and who may not be told of her."""
    rules = """
        [[rule]]
        name = "any"
        severity = "low"
        [[contact]]
        name = "officer"
        language = "sv"
        channels = [{ channel = "email", address = "beredskap@ekvik.example" }]
    """
    world = Answerable(tmp_path / "data", rules=rules, new=False)
    consent = replace(world.her.consents[0], recipients=(KAJ, EVA))
    world.parts.store.add(replace(world.her, consents=(consent,)))
    world.raised()
    world.wait(minutes=16)
    assert sorted(each.recipient.name for each in reminders(world)) == [EVA, KAJ]


@pytest.mark.parametrize("by", [KAJ, "rut"])
def test_a_reminder_of_a_closed_incident_does_not_offer_to_hand_it_over(world: Answerable, by: str) -> None:
    incident, rut = world.raised(), world.person()
    world.wait(minutes=16)
    before = reminders(world)
    assert all(HAND_OVER[each.recipient.language] in read(world, each).text for each in before)
    world.parts.incidents.answer(incident.id, "on-it", by=by)
    world.parts.incidents.answer(incident.id, "resolve", by=by)
    world.wait(days=2)
    told = [read(world, each) for each in reminders(world) if each not in before]
    letters = [each.letter for each in world.parts.letters.due()]
    assert (len(letters), bool(told)) == ((1, False) if by == rut.id else (0, True))
    for message in told:
        assert not any(words in message.text for words in HAND_OVER.values())
