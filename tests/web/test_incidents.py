"""Incidents in the console: who sees which, what officers say to them, what is to be done, and that decisions are followed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.incidents.case import cases, save
from alerts.incidents.incident import Action, Incident
from alerts.tables import INCIDENT, INCIDENT_TASK
from ingest.post import Author
from registry.ledger import Given
from tests.alerts.people import alert, official, verdict
from tests.review.writes import make_unreadable
from tests.web.answering import ANNA, KAJ, TEXT, Answerable
from tests.web.building import ADDRESS, Page
from tests.web.portal.building import at_once
from turvakt.answering import answers, reminding
from turvakt.watch.operator import OperatorTeller
from turvakt.watch.trouble import Trouble
from turvakt.watch.troubles import Troubles


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data")


def now(world: Answerable, incident: Incident) -> Incident:
    found = world.parts.incidents.get(incident.id)
    assert found is not None
    return found


def test_an_officer_sees_what_waits_and_takes_it_on(world: Answerable) -> None:
    browser = world.browser(world.person())
    assert browser.get("/start").headers["location"] == "/"
    incident = world.raised(labels=("threat", "doxxing"))
    assert browser.get("/start").headers["location"] == "/incidents"
    listed = browser.page("/incidents")
    assert "About Anna Lindqvist" in listed.words
    assert "Waits for an answer" in listed.words
    assert "private data exposed" in listed.words.lower()
    path = f"/incidents/{incident.id}"
    page = browser.page(path)
    assert TEXT not in page.html
    assert "/posts/bluesky%3A1" in page.links()
    assert "Kaj Dahl" in page.words
    [seen] = page.all("input", name="seen")
    sent = browser.submit(path, do="on-it", seen=str(seen["value"]))
    assert sent.status_code == 303
    assert (now(world, incident).state, now(world, incident).owner) == ("acknowledged", "rut")
    assert "Taken on: Rut Ek" in browser.page(path).words
    assert browser.submit(path, do="on-it", seen=str(seen["value"])).status_code == 303
    again = browser.submit(path, do="hand-over", seen=str(seen["value"]))
    assert again.status_code == 409
    assert "Rut Ek took it on" in Page(again.text).words


def test_a_page_that_knows_nothing_of_a_threat_that_has_come_since_answers_nothing(world: Answerable) -> None:
    incident = world.flood(*range(1, 8))
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    [seen] = browser.page(path).all("input", name="seen")
    world.threatened()
    for do in ("false-alarm", "acknowledge"):
        late = browser.submit(path, do=do, seen=str(seen["value"]))
        assert late.status_code == 409
        assert "has become more serious" in Page(late.text).words
    assert now(world, incident).state == "triggered"


def test_with_the_index_away_one_answers_but_for_what_is_said_of_the_posts(world: Answerable) -> None:
    incident = world.raised()
    world.lose_index()
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    page = browser.page(path)
    assert "cannot be shown just now" in page.words
    [seen] = page.all("input", name="seen")
    late = browser.submit(path, do="false-alarm", seen=str(seen["value"]))
    assert late.status_code == 503
    assert "Turvakt needs the posts" in Page(late.text).words
    assert now(world, incident).state == "triggered"
    assert browser.submit(path, do="on-it", seen=str(seen["value"])).status_code == 303
    assert now(world, incident).state == "acknowledged"


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_post_that_a_newer_program_wrote_keeps_nobody_from_the_incident_nor_from_the_others(
    world: Answerable, all_of_them: bool
) -> None:
    incident = world.flood(*range(1, 8))
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    posts = [post for _, post in world.parts.incidents.gravest_of(incident.id)]
    for post in posts if all_of_them else posts[:1]:
        make_unreadable(world.parts.file, "post", post)
    page = browser.page(path)
    assert ("The posts" if all_of_them else "Some posts") + " cannot be shown just now" in page.words
    assert sum(each.startswith("/posts/") for each in page.links()) == (0 if all_of_them else len(posts) - 1)
    [seen] = page.all("input", name="seen")
    assert browser.submit(path, do="false-alarm", seen=str(seen["value"])).status_code == 503
    assert now(world, incident).state == "triggered"
    assert browser.submit(path, do="on-it", seen=str(seen["value"])).status_code == 303
    assert [browser.get(each).status_code for each in ("/", "/incidents")] == [200, 200]


def test_a_threat_stands_first_however_many_posts_have_come_since(world: Answerable) -> None:
    world.flood(*range(1, 8))
    world.threatened()
    incident = world.flood(*range(100, 145))
    links = world.browser(world.person()).page(f"/incidents/{incident.id}").links()
    assert next(each for each in links if each.startswith("/posts/")) == "/posts/bluesky%3A99"


def test_a_confirmed_post_answers_for_no_graver_one(world: Answerable) -> None:
    world.flood(*range(1, 8))
    world.threatened()
    incident = world.flood(100)
    browser = world.browser(world.person("reviewer"))
    browser.decide("/posts/bluesky%3A6", outcome="confirmed", by="Rut")
    assert (now(world, incident).state, now(world, incident).escalate_at is None) == ("triggered", False)
    browser.decide("/posts/bluesky%3A99", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "acknowledged"


def test_a_confirmed_threat_answers_for_no_other_threat(world: Answerable) -> None:
    world.flood(*range(1, 8))
    world.threatened()
    world.threatened("bluesky:98", text="En bomb under bilen väntar på dig, skrev de aldrig")
    incident = world.flood(100)
    browser = world.browser(world.person("reviewer"))
    browser.decide("/posts/bluesky%3A99", outcome="confirmed", by="Rut")
    assert (now(world, incident).state, now(world, incident).escalate_at is None) == ("triggered", False)
    world.index_decisions()
    browser.decide("/posts/bluesky%3A98", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "acknowledged"


def test_a_confirmed_critical_threat_answers_for_no_exposed_home(world: Answerable) -> None:
    world.flood(*range(1, 8))
    world.raised("bluesky:98", text="Gula huset vid ån, grinden är olåst", labels=("doxxing",), severity="high")
    world.threatened()
    incident = world.flood(100)
    world.browser(world.person("reviewer")).decide("/posts/bluesky%3A99", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "triggered"


def test_a_confirmed_threat_answers_for_no_copy_that_exposes_her_home(world: Answerable) -> None:
    text = "Du vet vad som händer när mörkret faller över torget i kväll, stod det i sagan som alla läste"
    world.flood(*range(1, 8))
    world.raised("bluesky:98", text=text, labels=("threat",), severity="critical")
    exposing = {"text": f"{text}, gula huset vid ån", "labels": ("threat", "doxxing"), "severity": "critical"}
    incident = world.raised("bluesky:97", **exposing)
    browser = world.browser(world.person("reviewer"))
    browser.decide("/posts/bluesky%3A98", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "triggered"
    world.index_decisions()
    browser.decide("/posts/bluesky%3A97", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "acknowledged"


def test_of_each_message_it_says_why_somebody_was_told(world: Answerable) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "hand-over", by=KAJ)
    told = world.browser(world.person(), language="sv").page(f"/incidents/{incident.id}").words
    assert (told.count("e-post: nytt larm"), told.count("e-post: överlämnat")) == (2, 1)


def test_who_hands_over_to_nobody_is_told_so(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    consent = replace(world.her.consents[0], recipients=("Nobody",))
    world.parts.store.put_all([replace(world.her, consents=(consent,))])
    for do, words in (("hand-over", "nobody is on it"), ("on-it", "Saved."), ("hand-over", "It is still yours")):
        [seen] = browser.page(path).all("input", name="seen")
        sent = browser.submit(path, do=do, seen=str(seen["value"]))
        assert words in browser.page(sent.headers["location"]).words
    ticked = browser.submit(path, do="task/safe")
    assert "It is still yours" not in browser.page(ticked.headers["location"]).words


def test_a_campaign_leads_to_the_incidents_with_its_posts_and_promises_no_further_step(world: Answerable) -> None:
    earlier, other = (
        world.raised("bluesky:8", text="Budgeten behandlas på måndag"),
        official("bo-ek", name=("Bo", "Ek")),
    )
    world.wait(minutes=45)
    world.parts.store.add(other)
    elsewhere = verdict("bluesky:9", text="Biblioteket har öppet även på söndagar", mentions=(other.id,))
    elsewhere = replace(elsewhere, post=replace(elsewhere.post, created_at=world.clock.now()))
    world.parts.incidents.take([alert(elsewhere, about=other.id)])
    about_other = world.parts.incidents.of_official(other.id)[0]
    world.wait(minutes=1)
    incident = world.raised()
    world.wait(minutes=5)
    world.parts.incidents.answer(incident.id, "resolve", by="rut")
    values = {"posts": "24", "accounts": "15", "minutes": "10", "occasion": "raised"}
    told = Bulletin("campaign", "", ANNA, "ekvik", "medium", False, values, None, world.clock.now())
    campaign = world.parts.incidents.raise_("campaign", severity="medium", bulletin=told, recipients=alert().recipients)
    browser = world.browser(world.person())
    page = browser.page(f"/incidents/{campaign.id}")
    led_to = [each.rpartition("/")[2] for each in page.links() if each.startswith("/incidents/")]
    assert [each for each in led_to if each in (incident.id, earlier.id, about_other.id)] == [incident.id]
    assert "False alarm" in page.words
    assert "If nobody answers" not in page.words
    assert "If nobody answers" in browser.page(f"/incidents/{earlier.id}").words


def test_nobody_of_another_tenant_sees_or_answers_it(world: Answerable) -> None:
    incident = world.raised()
    path = f"/incidents/{incident.id}"
    for role, tenant in (("officer", "furuby"), ("operator", "")):
        browser = world.browser(world.person(role, tenant=tenant, id=f"mia-{role}"))  # type: ignore[arg-type]
        assert "Anna" not in browser.page("/incidents").words
        assert "Anna" not in browser.page("/incidents", show="late").words
        for address in (path, f"{path}/export"):
            assert browser.get(address).status_code == 404
        assert browser.submit(path, do="on-it", seen="0").status_code == 404
    assert now(world, incident).state == "triggered"


def test_the_incident_of_an_official_who_moves_stays_with_those_whose_plan_it_goes_on_by(world: Answerable) -> None:
    incident = world.raised()
    world.parts.store.change(replace(world.her, tenant="furuby"), given=Given("file"))
    path = f"/incidents/{incident.id}"
    officer = world.browser(world.person())
    assert "About Anna Lindqvist" in officer.page("/incidents").words
    page = officer.page(path)
    assert "The posts are shown only where the official belongs now." in page.words
    assert "/posts/bluesky%3A1" not in page.links()
    assert officer.get("/posts/bluesky%3A1").status_code == 404
    assert "Anna" not in officer.page("/").words
    [seen] = page.all("input", name="seen")
    assert officer.submit(path, do="on-it", seen=str(seen["value"])).status_code == 303
    assert now(world, incident).owner == "rut"
    others = world.browser(world.person(tenant="furuby", id="mia"))
    assert "Anna" not in others.page("/incidents").words
    assert others.get(path).status_code == 404


def test_what_is_to_be_done_is_ticked_off_by_whom_and_when(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    assert "Report it to the police" in browser.page(path).words
    assert browser.submit(path, do="task/safe").status_code == 303
    page = browser.page(path)
    assert "done by Rut Ek" in page.words
    assert [each for each in page.all("button", name="do") if each["value"] == "task/safe"] == []
    assert browser.submit(path, do="task/safe").status_code == 409
    said = [each for each in world.parts.incidents.history.of(incident.id) if each.event == "task-done"]
    assert [(each.actor, each.result) for each in said] == [("rut", "safe")]
    assert browser.submit(path, do="untask/safe").status_code == 303
    assert "Taken back: not done: Rut Ek" in browser.page(path).words
    assert browser.submit(path, do="untask/safe").status_code == 409
    other = world.browser(world.person("officer", tenant="furuby", id="mia"))
    assert other.submit(path, do="task/safe").status_code == other.submit(path, do="untask/safe").status_code == 404
    assert browser.submit(path, do="task/safe").status_code == 303
    events = [each.event for each in world.parts.incidents.history.of(incident.id) if each.event.startswith("task-")]
    assert events == ["task-done", "task-undone", "task-done"]
    world.wait(hours=3)
    assert "3 tasks overdue" in browser.page("/incidents", show="late").words


def test_a_long_list_says_how_many_more_there_are_and_loses_nothing_overdue(world: Answerable) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    answers(world.parts, step=at_once).tasks.make_missing()
    [case] = cases(world.parts.database, INCIDENT.c.id == incident.id)
    for state, many in (("triggered", 102), ("resolved", 501)):
        later = [replace(case, id=f"{state}{n}", state=state, opened_at=case.opened_at + n + 1) for n in range(many)]
        for each in later:
            each.is_new = True
        save(world.parts.database, later)
    world.wait(days=20)
    browser = world.browser(world.person())
    listed = {each: browser.page("/incidents", show=each) for each in ("open", "late", "closed")}
    assert [len(page.all("li", class_="row edge-high")) for page in listed.values()] == [100, 1, 100]
    assert f"/incidents/{incident.id}" in listed["late"].links()
    assert "and 3 more incidents" in listed["open"].words
    assert "more incident" not in listed["late"].words
    assert "and 401 more incidents" in listed["closed"].words


def test_with_open_tasks_it_is_asked_once_and_what_is_closed_can_be_opened_again(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    assert browser.page(path).words.count("Call 112") == 1
    for do, status in (("on-it", 303), ("resolve", 200), ("resolve/sure", 303), ("reopen", 303)):
        [seen] = browser.page(path).all("input", name="seen")
        before = now(world, incident)
        sent = browser.submit(path, do=do, seen=str(seen["value"]))
        assert sent.status_code == status
        assert (now(world, incident) == before) == (status == 200)
        if status == 200:
            assert "Close the incident all the same?" in Page(sent.text).words
    assert now(world, incident).state == "acknowledged"


@pytest.mark.parametrize(("answer", "says"), [("false-alarm", "called it a false alarm"), ("resolve", "closed it")])
def test_a_closed_incident_is_listed_with_how_and_by_whom(world: Answerable, answer: Action, says: str) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    world.parts.incidents.answer(incident.id, answer, by=KAJ)
    browser = world.browser(world.person())
    assert f"Kaj Dahl {says}" in browser.page("/incidents", show="closed").words
    assert "Kaj Dahl" not in browser.page("/incidents").words


def test_of_a_false_alarm_nothing_is_to_be_done_any_more(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(world.person()), f"/incidents/{incident.id}"
    assert browser.submit(path, do="task/safe").status_code == 303
    world.parts.incidents.answer(incident.id, "false-alarm", by=KAJ)
    page = browser.page(path)
    tasks = [each["value"] for each in page.all("button", name="do") if "task/" in str(each["value"])]
    assert tasks == ["untask/safe"], "what was done stays on the page"
    world.parts.incidents.answer(incident.id, "reopen", by=KAJ)
    assert len(browser.page(path).all("button", name="do", value="task/evidence")) == 1


def test_the_export_is_every_transition_and_is_noted(world: Answerable) -> None:
    incident = world.raised()
    sent = world.browser(world.person()).get(f"/incidents/{incident.id}/export")
    lines = [json.loads(line) for line in sent.text.splitlines()]
    assert len(lines) == len(world.parts.incidents.history.of(incident.id))
    assert {each["event"] for each in lines} >= {"opened", "told"}
    [entry] = world.parts.audit.read(official=ANNA)
    assert (entry.act.who, entry.act.action, entry.act.tenant) == ("rut", "exported", "ekvik")


def test_a_decision_on_a_post_is_followed_by_its_incident(world: Answerable) -> None:
    incident = world.raised("bluesky:1", "bluesky:2")
    assert incident.posts == 2
    browser = world.browser(world.person())
    assert f"/incidents/{incident.id}" in browser.page("/posts/bluesky:1").links()
    browser.decide("/posts/bluesky%3A1", outcome="confirmed", by="Rut")
    assert now(world, incident).state == "acknowledged"
    for post in ("1", "2"):
        assert now(world, incident).state == "acknowledged"
        browser.decide(f"/posts/bluesky%3A{post}", outcome="false-alarm", by="Rut")
        world.index_decisions()
    assert now(world, incident).state == "resolved"
    assert [each.event for each in world.parts.incidents.history.of(incident.id)][-1] == "false-alarm"


def edited(world: Answerable, post: str) -> None:
    """Its author has made a grave threat of it."""
    world.wait(minutes=5)
    text = f"{TEXT}, annars kommer jag hem till henne i natt med kniv, skrev ingen någonsin"
    judged = verdict(post, text=text, severity="critical", labels=("threat",))
    post_now = replace(judged.post, collected_at=world.clock.now())
    to = [Recipient(each.name, each.channel, each.address, each.language, True) for each in world.her.contacts]
    world.take(replace(judged, post=post_now, judged_at=world.clock.now()), to)


@pytest.mark.parametrize("outcome", ["confirmed", "false-alarm"])
def test_a_decision_from_a_page_of_before_an_edit_decides_nothing(world: Answerable, outcome: str) -> None:
    incident = world.raised(severity="medium", labels=("hate",))
    browser = world.browser(world.person())
    before = browser.hidden("/posts/bluesky%3A1")
    edited(world, "bluesky:1")
    answer = browser.post(
        "/posts/bluesky%3A1", data={**before, "outcome": outcome, "by": "Rut"}, headers={"origin": ADDRESS}
    )
    assert answer.status_code == 422
    assert "edited or assessed anew" in answer.text
    assert (now(world, incident).state, world.decisions()) == ("triggered", [])


def test_an_incident_that_became_graver_than_a_page_shows_does_not_follow_it(world: Answerable) -> None:
    """The index may still have the post as it was."""
    incident = world.raised(severity="medium", labels=("hate",))
    browser = world.browser(world.person())
    before = browser.hidden("/posts/bluesky%3A1")
    edited(world, "bluesky:1")
    judged = {**before, "judged": browser.hidden("/posts/bluesky%3A1")["judged"]}
    sent = {**judged, "outcome": "false-alarm", "by": "Rut"}
    assert browser.post("/posts/bluesky%3A1", data=sent, headers={"origin": ADDRESS}).status_code == 303
    assert now(world, incident).state == "triggered"


def test_what_was_decided_on_a_post_before_it_was_edited_closes_nothing(world: Answerable) -> None:
    incident = world.raised("bluesky:1", "bluesky:2", severity="medium", labels=("hate",))
    browser = world.browser(world.person())
    browser.decide("/posts/bluesky%3A1", outcome="false-alarm", by="Rut")
    world.index_decisions()
    edited(world, "bluesky:1")
    world.wait(minutes=1)
    browser.decide("/posts/bluesky%3A2", outcome="false-alarm", by="Rut")
    assert now(world, incident).state == "triggered"


def test_incidents_of_another_tenant_do_not_follow_a_decision(world: Answerable) -> None:
    world.parts.store.add(official("bo-ek", name=("Bo", "Ek"), municipality="Furuby"))
    both = verdict("bluesky:1", labels=("threat",), mentions=(ANNA, "bo-ek"))
    raised = [alert(both, about=each) for each in (ANNA, "bo-ek")]
    world.parts.index.write_verdicts([both])
    world.parts.index.write_alerts(raised)
    world.parts.incidents.take(raised)
    about = {"ekvik": ANNA, "furuby": "bo-ek"}
    states = []
    for tenant, outcome in (("ekvik", "confirmed"), ("furuby", "false-alarm")):
        reader = world.browser(world.person(tenant=tenant, id=tenant))
        reader.decide("/posts/bluesky%3A1", outcome=outcome, by="Rut")
        states.append({each: world.parts.incidents.of_official(who)[0].state for each, who in about.items()})
    assert states == [
        {"ekvik": "acknowledged", "furuby": "triggered"},
        {"ekvik": "acknowledged", "furuby": "resolved"},
    ]


def test_many_posts_are_a_curve_with_a_table(world: Answerable) -> None:
    for number in range(4):
        world.raised(f"bluesky:{number}")
        world.wait(minutes=3)
    [incident] = world.parts.incidents.open()
    page = world.browser(world.person()).page(f"/incidents/{incident.id}")
    assert len(page.all("rect")) >= 4
    assert page.all("svg", role="img")
    assert "As a table" in page.words


def test_a_campaign_shows_how_it_came_about_though_it_has_no_posts_of_its_own(world: Answerable) -> None:
    to = [Recipient(KAJ, "email", "kaj@ekvik.example", "sv", show_text=False)]
    for number in range(24):
        written = verdict(f"bluesky:{number}", text=f"Helt annan text {number * 7919} om skolan", severity="medium")
        author = Author(str(number), f"{number}.example", "(somebody)")
        world.take(replace(written, post=replace(written.post, author=author)), to)
        world.wait(seconds=15)
    [campaign] = [each for each in world.parts.incidents.open() if each.kind == "campaign"]
    sent = world.browser().page(world.link(campaign))
    for page in (world.browser(world.person()).page(f"/incidents/{campaign.id}"), sent):
        assert "posts in every 1 min, 4 at most" in str(page.all("svg", role="img")[0]["aria-label"])
        assert len(page.all("rect")) == 6


def test_who_looks_after_turvakt_sees_its_own_troubles_alone(world: Answerable) -> None:
    world.raised()
    operator = world.browser(world.person("operator", tenant="", id="olle"))
    assert "No incident waits" in operator.page("/incidents").words
    parts, now = world.parts, world.clock.now()
    teller = OperatorTeller(parts.settings.operator, parts.incidents, parts.telling, clock=world.clock)
    troubles = Troubles(parts.database, teller=teller, repeat=timedelta(hours=4))
    failing = Trouble("channel-failing", "channel:ntfy", now, {"tried-again": "3", "reason": "refused us (401)"})
    for minutes in (0, 3):
        troubles.take([failing], now + timedelta(minutes=minutes))
    assert "A channel does not deliver (channel:ntfy)" in operator.page("/incidents").words
    [incident] = [each for each in parts.incidents.open() if each.kind == "operation"]
    words = operator.page(f"/incidents/{incident.id}").words
    assert "A channel does not deliver (channel:ntfy). 3 messages could not be sent" in words
    assert "refused us (401)" in words


def test_who_has_taken_it_with_her_account_is_reminded_by_letter_and_not_for_ever(world: Answerable) -> None:
    incident, rut = world.raised(), world.person()
    world.parts.incidents.answer(incident.id, "on-it", by=rut.id)
    step: Any = at_once
    reminders = reminding(world.parts, step, wake=lambda: None)
    reminders.turn(world.clock.now())
    for task in world.parts.database.query(select(INCIDENT_TASK.c.task).where(INCIDENT_TASK.c.task != "safe")):
        answers(world.parts, step=at_once).tasks.done(incident, str(task[0]), by=rut.id)
    begun, told = world.clock.now(), []
    for _ in range(24 * 20):
        world.wait(hours=1)
        if reminders.turn(world.clock.now()):
            told.append((world.clock.now() - begun).days)
    assert told == [0, 1, 3, 7]
    letters = [each.letter for each in world.parts.letters.due()]
    assert {(each.purpose, each.email, each.values["incident"]) for each in letters} == {
        ("task-overdue", rut.email, incident.id)
    }
    assert len(letters) == 4
    assert not [
        each for each in world.parts.incidents.history.of(incident.id) if each.event == "told" and each.at > begun
    ]
    world.parts.letters.erase(ANNA)
    assert world.parts.letters.due() == []


def test_overdue_tasks_are_told_to_who_has_it(world: Answerable) -> None:
    incident = world.raised()
    world.parts.incidents.answer(incident.id, "on-it", by=KAJ)
    step: Any = at_once
    reminders = reminding(world.parts, step, wake=lambda: None)
    assert reminders.turn(world.clock.now()) == 0
    world.wait(minutes=16)
    assert reminders.turn(world.clock.now()) == 1
    assert reminders.turn(world.clock.now()) == 0
    history = world.parts.incidents.history.of(incident.id)
    late = next(each for each in history if each.event == "task-overdue")
    assert late.result == "safe"
    told = [each for each in history if each.event == "told" and each.at == late.at]
    assert [each.contact for each in told] == [KAJ]
    world.parts.incidents.answer(incident.id, "false-alarm", by=KAJ)
    world.clock.advance(timedelta(days=10).total_seconds())
    assert reminders.turn(world.clock.now()) == 0
