"""The links in a digest: they open the page of an incident, show what the rule allows, and answer it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.content import encoded
from alerts.delivery.digests import Digests
from alerts.delivery.outbox import Item
from alerts.incidents.incident import Incident
from registry.official import Consent
from tests.alerts.people import AT, official
from tests.web.answering import ANNA, CONTACTS, KAJ, TEXT, Answerable, form
from tests.web.building import Page

BASE = "https://turvakt.ekvik.example"
RULES = """
[[rule]]
name = "grave"
severity = "low"

[[contact]]
name = "Kaj Dahl"
language = "en"
digests = ["daily"]
channels = [{ channel = "email", address = "kaj@ekvik.example" }]
"""


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data", rules=RULES)


def digest(world: Answerable) -> tuple[Item, str]:
    """The next morning's digest to Kaj, and the text of its message."""
    parts = world.parts
    world.wait(hours=17)
    digests = Digests(
        parts.database,
        telling=parts.telling,
        plans=lambda: parts.plans,
        officials=parts.officials.all,
        clock=world.clock,
    )
    assert digests.send() == 1
    item = next(each for each in parts.outbox.due(100, channel="email") if not each.delivery.incident)
    return item, text(world, item)


def text(world: Answerable, item: Item) -> str:
    """The message as it would go out now."""
    content = world.parts.permitted(item.content, item.recipient)
    assert content is not None
    return world.parts.renderer(BASE).render(content, item.recipient, item.delivery.id).text


def links(message: str) -> list[str]:
    """Where the links lead that answer an incident."""
    return re.findall(rf"{BASE}(/a/\S+)", message)


def test_a_link_in_a_digest_opens_the_incident_and_answers_it(world: Answerable) -> None:
    incident = world.raised()
    [path] = links(digest(world)[1])
    browser = world.browser()
    page = browser.page(path)
    assert "About Anna Lindqvist" in page.words
    [button] = page.all("button", class_="veil")
    shown = browser.submit(path, do=str(button["value"]), **form(browser, path))
    assert TEXT in Page(shown.text).words
    [entry] = world.parts.audit.read(official=ANNA)
    assert (entry.act.who, entry.act.action) == (f"contact:{KAJ}", "text-read")
    assert browser.submit(path, do="on-it", **form(browser, path)).status_code == 303
    found = world.parts.incidents.get(incident.id)
    assert isinstance(found, Incident)
    assert (found.state, found.owner) == ("acknowledged", KAJ)


def test_a_digest_says_whom_each_alert_is_about_and_how_it_stands_and_keeps_no_name(world: Answerable) -> None:
    incident = world.raised()
    item, message = digest(world)
    assert "- Anna Lindqvist, severity high, one post, nobody has answered yet" in message
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    assert "- Anna Lindqvist, severity high, one post, somebody has answered" in text(world, item)
    content = world.parts.permitted(item.content, item.recipient)
    assert content is not None
    # It may wait, or go on by another channel, when she is erased.
    assert b"anna" not in encoded(content).lower()


def test_where_the_rule_shows_no_text_the_page_says_so(world: Answerable) -> None:
    world.raised(show_text=False)
    [path] = links(digest(world)[1])
    browser = world.browser()
    assert not browser.page(path).all("button", class_="veil")
    assert "may not be shown here" in browser.page(path).words


def test_what_consent_no_longer_covers_leaves_the_message_and_its_link_opens_no_text(world: Answerable) -> None:
    world.raised()
    item, before = digest(world)
    [path] = links(before)
    limited = (Consent(("*",), AT - timedelta(days=30), labels=("hate",)),)
    world.parts.store.put_all([official(ANNA, contacts=CONTACTS, consents=limited)])
    assert links(text(world, item)) == []
    assert not world.browser().page(path).all("button", class_="veil")
