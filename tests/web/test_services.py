"""Services that carried a message tell what came of it, by the secret part of its link alone."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.delivery.outbox import Result
from alerts.incidents.incident import Incident
from alerts.incidents.links import LASTS
from alerts.plans.plan import Plan
from registry.official import Contact
from tests.web.answering import EVA, KAJ, Answerable, erasing
from tests.web.portal.building import at_once
from turvakt.answering import answers
from turvakt.watch.setup import drills

CONTACTS = (Contact(KAJ, "sms", "+46700000001", "sv"), Contact(EVA, "voice", "+46700000002", "fi"))


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    world = Answerable(tmp_path / "data", new=False)
    world.her = replace(world.her, contacts=CONTACTS)
    world.parts.store.add(world.her)
    return world


def token(world: Answerable, incident: Incident, contact: str = KAJ) -> str:
    return world.link(incident, contact).rpartition("/")[2]


def told(world: Answerable, incident: Incident) -> list[tuple[str, str, str]]:
    events = world.parts.incidents.history.of(incident.id)
    return [(each.event, each.contact, each.channel) for each in events if each.result == "receipt"]


def state(world: Answerable, incident: Incident) -> str:
    found = world.parts.incidents.get(incident.id)
    assert found
    return found.state


def test_a_receipt_is_written_down_once(world: Answerable) -> None:
    incident, browser = world.raised(), world.browser()
    path = f"/receipts/sms/{token(world, incident)}"
    sent = {"id": "s1", "status": "delivered", "delivered": "2026-03-03T13:05:20"}
    assert [browser.post(path, data=sent).status_code for _ in range(2)] == [204, 204]
    assert told(world, incident) == [("received", KAJ, "sms")]
    assert browser.post(f"/receipts/voice/{token(world, incident, EVA)}", data={"state": "busy"}).status_code == 204
    assert told(world, incident)[1:] == [("failed", EVA, "voice")]


def test_a_receipt_is_of_the_step_of_its_message(world: Answerable) -> None:
    incident = world.raised()
    last = world.link(incident, KAJ)
    history = world.parts.incidents.history
    [asked] = {each.step for each in history.of(incident.id) if each.contact == KAJ and each.event == "told"}
    world.browser().post(f"/receipts/sms/{last.rpartition('/')[2]}", data={"status": "failed"})
    [noted] = [each for each in history.of(incident.id) if each.result == "receipt"]
    assert (noted.event, noted.step) == ("failed", asked)
    assert asked > 0


def test_a_receipt_that_comes_while_the_official_is_erased_leaves_nothing(world: Answerable) -> None:
    incident = world.raised()
    path = f"/receipts/sms/{token(world, incident)}"
    assert world.browser(step=erasing(world)).post(path, data={"status": "delivered"}).status_code == 204
    assert world.parts.incidents.history.of(incident.id) == []


@pytest.mark.parametrize(("channel", "status"), [("sms", "lost"), ("sms", ""), ("email", "delivered")])
def test_what_is_no_receipt_changes_nothing(world: Answerable, channel: str, status: str) -> None:
    incident = world.raised()
    world.browser().post(f"/receipts/{channel}/{token(world, incident)}", data={"status": status})
    assert told(world, incident) == []


@pytest.mark.parametrize("channel", ["voice", "sms-gateway"])
def test_a_receipt_for_what_went_another_way_changes_nothing(world: Answerable, channel: str) -> None:
    incident = world.raised()
    path = f"/receipts/{channel}/{token(world, incident)}"
    assert world.browser().post(path, data={"status": "failed"}).status_code == 204
    assert told(world, incident) == []


def test_what_arrives_after_all_has_not_failed(world: Answerable) -> None:
    incident, browser = world.raised(), world.browser()
    path = f"/receipts/sms/{token(world, incident)}"
    items = world.parts.outbox.due(10, channel="sms")
    sent = [replace(each.delivery, state="delivered", attempts=1, at=world.clock.now()) for each in items]
    world.parts.telling.record([Result(each, contact=KAJ) for each in sent])
    for status, state in (("failed", "failed"), ("delivered", "delivered"), ("failed", "delivered")):
        browser.post(path, data={"status": status})
        assert world.parts.outbox.counts()[state] == 1
    assert told(world, incident) == [("failed", KAJ, "sms"), ("received", KAJ, "sms")]


def test_the_key_1_acknowledges_and_no_other(world: Answerable) -> None:
    incident, browser = world.raised(), world.browser()
    path = f"/voice/{token(world, incident)}"
    for digit in ("2", "", "failed"):
        assert browser.post(path, data={"callid": "c1", "result": digit}).json() == {"hangup": "reject"}
    assert browser.get(path).status_code == 401
    assert state(world, incident) == "triggered"
    assert browser.post(path, data={"callid": "c1", "result": "1"}).json() == {"play": "sound/beep"}
    assert state(world, incident) == "acknowledged"
    last = world.parts.incidents.history.of(incident.id)[-1]
    assert (last.event, last.actor) == ("acknowledged", KAJ)
    before = world.state()
    browser.post(path, data={"callid": "c1", "result": "1"})
    assert world.state() == before


def test_a_key_says_nothing_to_a_threat_that_the_call_did_not_tell_of(world: Answerable) -> None:
    incident = world.flood(*range(1, 8))
    before = f"/voice/{token(world, incident)}"
    world.threatened()
    assert world.browser().post(before, data={"result": "1"}).json() == {"hangup": "reject"}
    assert state(world, incident) == "triggered"
    told = [each for each in world.parts.incidents.history.of(incident.id) if each.event == "told"]
    last = next(each.delivery for each in reversed(told) if each.contact == KAJ)
    after = answers(world.parts, step=at_once).signer.token(last)
    assert world.browser().post(f"/voice/{after}", data={"result": "1"}).json() == {"play": "sound/beep"}
    assert state(world, incident) == "acknowledged"


def test_where_people_have_to_sign_in_a_key_does_not_suffice(tmp_path: Path) -> None:
    rules = 'second_factor = true\n[[rule]]\nname = "grave"\nseverity = "low"\n'
    world = Answerable(tmp_path / "data", rules=rules)
    incident = world.raised()
    world.browser().post(f"/voice/{token(world, incident)}", data={"result": "1"})
    assert state(world, incident) == "triggered"


def test_a_drill_is_acknowledged_by_a_key_also_where_people_have_to_sign_in(tmp_path: Path) -> None:
    rules = """second_factor = true
[[contact]]
name = "Rut Ek"
language = "sv"
channels = [{ channel = "voice", address = "+46700000001" }]
[[rule]]
name = "grave"
severity = "low"
"""
    world = Answerable(tmp_path / "data", rules=rules)
    held = world.parts.incidents.get(drills(world.parts).hold(world.clock.now()) or "")
    assert held is not None
    path = f"/voice/{token(world, held, 'Rut Ek')}"
    assert world.browser().post(path, data={"result": "1"}).json() == {"play": "sound/beep"}
    assert state(world, held) == "acknowledged"


def test_the_plan_is_read_off_the_event_loop(world: Answerable) -> None:
    asked: list[str] = []

    def plan(tenant: str) -> Plan:
        asked.append(threading.current_thread().name)
        return world.parts.plans.of(tenant)

    incident = world.raised()
    world.browser(plan=plan).post(f"/voice/{token(world, incident)}", data={"result": "1"})
    assert state(world, incident) == "acknowledged"
    assert [each.startswith("turvakt-web") for each in asked] == [True]


def test_links_that_are_none_or_over_open_nothing(world: Answerable) -> None:
    incident, browser = world.raised(), world.browser()
    good = token(world, incident)
    world.clock.advance(LASTS.total_seconds())
    for wrong in (good, good[:-1] + ("A" if good[-1] != "A" else "B"), "x"):
        for path in (f"/voice/{wrong}", f"/receipts/sms/{wrong}"):
            assert browser.post(path, data={"result": "1", "status": "delivered"}).status_code == 404
    assert told(world, incident) == []
    assert [browser.post("/voice/x", data={}).status_code for _ in range(60)][-1] == 429
