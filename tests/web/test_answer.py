"""The page behind the link in a message: looking changes nothing, one tap answers, once; and no text before it is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from access.person import Role
from alerts.alert import Recipient
from alerts.delivery.outbox import Result
from alerts.incidents.answering import Answering
from alerts.incidents.links import LASTS
from classify.verdict import Span
from flow.runtimes.worker import Worker
from registry.official import Consent, Wishes
from tests.alerts.people import AT, verdict
from tests.review.writes import make_unreadable
from tests.web.answering import ANNA, EVA, KAJ, TEXT, Answerable, erasing, form
from tests.web.building import ADDRESS, Browser, Page
from tests.web.portal.building import at_once
from turvakt.answering import answers
from turvakt.tally import Observed
from turvakt.watch.operator import hold_drill
from turvakt.watch.setup import drills

SECOND_FACTOR = 'second_factor = true\nphone = "+46 8 123 456"\n[[rule]]\nname = "grave"\nseverity = "low"\n'
RUT = """[[contact]]
name = "Rut Ek"
language = "en"
channels = [{ channel = "email", address = "rut@ekvik.example" }]
"""


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data")


def answer(browser: Browser, path: str, do: str) -> Page:
    """Open the page, tap, and follow."""
    sent = browser.submit(path, do=do, **form(browser, path))
    assert sent.status_code == 303, sent.text
    return browser.page(sent.headers["location"])


def test_looking_changes_nothing(world: Answerable) -> None:
    path = world.link(world.raised())
    browser, before = world.browser(), world.state()
    for method in ("GET", "GET", "HEAD", "OPTIONS"):
        asked = browser.request(method, path, headers={"purpose": "prefetch", "user-agent": "LinkScanner/1.0"})
        assert asked.status_code == 200 or method == "OPTIONS"
    # What programs try that look at links: everything on the page, and forms without what the page carries along.
    for link in browser.page(path).links():
        if link.startswith("/"):
            browser.get(link)
    assert browser.post(path, data={"do": "false-alarm"}).status_code == 403
    assert browser.submit(path, do="false-alarm").status_code == 400
    assert browser.submit(path, do="false-alarm", seal="0.00").status_code == 400
    assert world.state() == before


def test_the_page_is_kept_by_nobody_and_says_no_text(world: Answerable) -> None:
    path = world.link(world.raised())
    sent = world.browser().get(path)
    assert sent.headers["cache-control"] == "no-store"
    # To no other site: not even the address. "no-referrer" would hide from us where a form comes from.
    assert sent.headers["referrer-policy"] == "same-origin"
    page = Page(sent.text)
    assert page.all("meta", name="robots", content="noindex")
    assert TEXT not in sent.text
    assert "Anna Lindqvist" in page.words
    assert page.all("title")
    assert "Anna" not in sent.text.partition("</title>")[0]
    assert "Call 112" in page.words
    assert all(link.get("rel") for link in page.all("a", target="_blank"))


def test_the_text_is_shown_when_asked_for_and_it_is_noted_who_asked(world: Answerable) -> None:
    path = world.link(world.raised())
    browser = world.browser()
    [button] = browser.page(path).all("button", class_="veil")
    shown = browser.submit(path, do=str(button["value"]), **form(browser, path))
    assert TEXT in Page(shown.text).words
    [entry] = world.parts.audit.read(official=ANNA)
    assert (entry.act.who, entry.act.action, entry.act.post) == (f"contact:{KAJ}", "text-read", "bluesky:1")
    assert TEXT not in browser.get(path).text
    assert TEXT not in browser.submit(path, do="show/another", **form(browser, path)).text


@pytest.mark.parametrize(("length", "cut"), [(19_900, False), (30_000, True)])
def test_of_a_long_text_all_is_shown_or_it_is_said_that_it_goes_on_and_what_was_found_there(
    world: Answerable, length: int, cut: bool
) -> None:
    threat = "vi ses i natt"
    judged = verdict("bluesky:1", text="Torgmötet var bra. ".ljust(length, "a") + threat, labels=("threat",))
    spans = (Span(0, 9, "threat"), Span(length, length + len(threat), "threat"))
    judged = replace(judged, judgement=replace(judged.judgement, spans=spans))
    world.take(judged, [Recipient(KAJ, "email", "kaj@ekvik.example", "sv", show_text=True)])
    path, browser = world.link(world.parts.incidents.open()[0]), world.browser()
    [button] = browser.page(path).all("button", class_="veil")
    words = Page(browser.submit(path, do=str(button["value"]), **form(browser, path)).text).words
    assert words.count(threat) == 1
    assert words.count("Torgmötet") == 1, "what is shown in the text is not shown again"
    assert ("this is its beginning" in words) == cut


def test_what_rule_or_consent_do_not_allow_is_not_shown(world: Answerable) -> None:
    incident = world.raised(show_text=False)
    browser, path = world.browser(), world.link(incident)
    alert = world.parts.incidents.alerts_of(incident.id)[0][0]
    assert "may not be shown here" in browser.page(path).words
    assert TEXT not in browser.submit(path, do=f"show/{alert}", **form(browser, path)).text
    assert world.parts.audit.read(official=ANNA) == []


def test_one_tap_takes_it_on_and_the_others_see_that(world: Answerable) -> None:
    incident = world.raised()
    kaj, eva = world.link(incident, KAJ), world.link(incident, EVA)
    page = answer(world.browser(), kaj, "on-it")
    assert "It is yours now" in page.words
    assert "Make sure that the official is safe right now" in page.words
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert (now.state, now.owner) == ("acknowledged", KAJ)
    said = world.parts.incidents.history.of(incident.id)[-1]
    assert (said.actor, said.event) == (KAJ, "on-it")
    seen = world.browser().page(eva)
    assert "Kaj Dahl is on it" in seen.words
    assert "It is yours now" not in world.browser().page(f"{eva}?done=1").words


@pytest.mark.parametrize("do", ["on-it", "hand-over", "false-alarm"])
def test_the_same_form_sent_again_changes_nothing_and_says_that_it_is_noted(world: Answerable, do: str) -> None:
    path = world.link(world.raised())
    browser = world.browser()
    sent = form(browser, path)
    assert browser.submit(path, do=do, **sent).status_code == 303
    before = world.state()
    again = browser.submit(path, do=do, **sent)
    assert again.status_code == 303
    assert browser.page(again.headers["location"]).all("p", class_="notice")
    other = browser.submit(path, do="acknowledge", **sent)
    assert other.status_code == 409
    assert "has changed nothing: Kaj Dahl" in Page(other.text).words
    assert world.state() == before


def test_of_two_who_answer_at_once_the_second_is_told_of_the_first(world: Answerable) -> None:
    incident = world.raised()
    kaj, eva = world.link(incident, KAJ), world.link(incident, EVA)
    browser = world.browser()
    seen = form(browser, eva)
    answer(browser, kaj, "on-it")
    late = browser.submit(eva, do="on-it", **seen)
    assert late.status_code == 409
    assert "Kaj Dahl took it on" in Page(late.text).words
    answer(browser, eva, "on-it")
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert now.owner == EVA
    assert browser.submit(kaj, do="on-it", **form(browser, eva)).status_code == 400  # a form of another link


@pytest.mark.parametrize("do", ["false-alarm", "acknowledge", "on-it"])
def test_a_page_that_knows_nothing_of_a_threat_that_has_come_since_answers_nothing(world: Answerable, do: str) -> None:
    incident = world.flood(*range(1, 8))
    browser, path = world.browser(), world.link(incident)
    sent = form(browser, path)
    world.threatened()
    before = world.state()
    late = browser.submit(path, do=do, **sent)
    assert late.status_code == 409
    assert "has become more serious" in Page(late.text).words
    assert world.state() == before
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert (now.threat, now.state) == (True, "triggered")
    assert now.escalate_at is not None
    answer(browser, path, do)


def test_what_was_said_before_it_became_graver_is_not_shown_as_if_it_held(world: Answerable) -> None:
    path, browser = world.link(world.flood(*range(1, 8))), world.browser()
    sent = form(browser, path)
    assert browser.submit(path, do="on-it", **sent).status_code == 303
    world.threatened()
    assert "It is yours now" not in browser.page(f"{path}?done=1").words
    assert browser.submit(path, do="on-it", **sent).status_code == 409


def test_a_false_alarm_is_said_of_those_posts_alone_that_were_there(world: Answerable) -> None:
    incident = world.flood(*range(1, 8))
    browser, path = world.browser(), world.link(incident)
    sent = form(browser, path)
    world.flood(8)
    late = browser.submit(path, do="false-alarm", **sent)
    assert late.status_code == 409
    assert "more posts have come" in Page(late.text).words
    assert world.decisions() == []
    assert browser.submit(path, do="on-it", **sent).status_code == 303  # growth holds up no other answer


def test_what_was_deleted_is_not_counted_among_the_posts_that_are_there(world: Answerable) -> None:
    incident = world.flood(*range(1, 60))
    browser, path = world.browser(), world.link(incident)
    assert "False alarm" not in browser.page(path).words
    world.parts.forget([f"bluesky:{number}" for number in range(1, 53)])
    page = browser.page(path)
    assert "False alarm (7 posts)" in page.words
    assert "2 more posts" in page.words
    assert len(page.all("article")) == 5


def test_what_comes_in_while_somebody_answers_is_not_answered(world: Answerable) -> None:
    incident = world.flood(*range(1, 8))
    incidents = world.parts.incidents
    decide, came = incidents._decide, iter(["bluesky:99"])

    def slowly(posts: Sequence[str], **said: Any) -> None:
        for each in came:
            world.threatened(each)
        decide(posts, **said)

    incidents._decide = slowly
    answering = Answering(world.parts.database, incidents)
    found = answering.answer(incident.id, "false-alarm", by=KAJ, seen=answering.seen(incident))
    assert found is not None
    assert not found.done
    assert found.incident.is_open
    assert world.decisions() == []


def test_with_the_index_away_one_answers_but_for_what_is_said_of_the_posts(world: Answerable) -> None:
    path = world.link(world.raised())
    world.lose_index()
    browser = world.browser()
    assert "cannot be shown just now" in browser.page(path).words
    before = world.state()
    late = browser.submit(path, do="false-alarm", **form(browser, path))
    assert late.status_code == 503
    assert "Turvakt needs the posts" in Page(late.text).words
    assert world.state() == before
    assert "It is yours now" in answer(browser, path, "on-it").words


def test_with_a_post_that_a_newer_program_wrote_one_answers_but_for_what_is_said_of_the_posts(
    world: Answerable,
) -> None:
    incident = world.flood(*range(1, 8))
    path, browser = world.link(incident), world.browser()
    posts = [post for _, post in world.parts.incidents.gravest_of(incident.id)]
    whole = browser.page(path).all("article")
    make_unreadable(world.parts.file, "post", posts[0])
    page = browser.page(path)
    assert "Some posts cannot be shown just now" in page.words
    assert len(page.all("article")) == len(whole)
    for post in posts:
        make_unreadable(world.parts.file, "post", post)
    assert "The posts cannot be shown just now" in browser.page(path).words
    before = world.state()
    late = browser.submit(path, do="false-alarm", **form(browser, path))
    assert late.status_code == 503
    assert "Turvakt needs the posts" in Page(late.text).words
    assert world.state() == before
    assert "It is yours now" in answer(browser, path, "on-it").words


async def test_with_the_index_away_nobody_waits_for_the_worker_and_it_is_free(world: Answerable) -> None:
    """It repeats for ever what is unavailable."""

    async def no_sleep(seconds: float) -> None:
        pytest.fail("waits for the index")

    incident = world.raised()
    worker = Worker(observer=Observed(), sleep=no_sleep)
    answering = answers(world.parts, step=worker.at("console"))
    world.lose_index()
    try:
        for action, refusal in (("false-alarm", "away"), ("false-alarm", "away"), ("on-it", None)):
            seen = answering.answering.seen(incident)
            found = await answering.answer(incident.id, action, by=KAJ, seen=seen)
            assert found is not None
            assert found.refusal == refusal
        assert (found.incident.owner, world.decisions()) == (KAJ, [])
    finally:
        await worker.close()


def test_in_a_flood_the_threat_is_on_the_page_however_many_posts_have_come_since(world: Answerable) -> None:
    world.flood(*range(1, 8))
    world.threatened()
    path = world.link(world.flood(*range(100, 125)))
    listed = [str(each["class"]) for each in world.browser().page(path).all("article")]
    assert len(listed) == 5
    assert "edge-critical" in listed[0]


def test_a_false_alarm_closes_it_decides_on_its_posts_and_can_be_undone(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    assert "112. 112" not in browser.page(path).words
    page = answer(browser, path, "false-alarm")
    assert "Noted as a false alarm" in page.words
    assert "tel:112" not in page.links()
    assert world.decisions() == [("bluesky:1", "false-alarm", KAJ)]
    assert [each.tenant for each in world.decided()] == ["ekvik"]
    assert [each.get("value") for each in page.all("button", name="do")][:1] == ["reopen"]
    assert "tel:112" in answer(browser, path, "reopen").links()
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert (now.state, now.owner) == ("acknowledged", KAJ)
    false, back = world.decided()
    assert (back.post, back.outcome, back.tenant) == ("bluesky:1", "taken-back", "ekvik")
    assert timedelta(0) < back.at - false.at < timedelta(seconds=1)  # a later decision of somebody else stays


def test_opened_again_a_post_that_was_confirmed_before_the_false_alarm_is_confirmed_again(world: Answerable) -> None:
    incident = world.raised("bluesky:1", "bluesky:2")
    world.browser(world.person()).decide("/posts/bluesky%3A1", outcome="confirmed", by="Rut Ek")
    world.index_decisions()
    world.wait(minutes=1)
    answer(world.browser(), world.link(incident), "false-alarm")
    world.index_decisions()
    assert [held(world, post) for post in ("bluesky:1", "bluesky:2")] == [("false-alarm", KAJ)] * 2
    answer(world.browser(), world.link(incident), "reopen")
    world.index_decisions()
    assert [held(world, post) for post in ("bluesky:1", "bluesky:2")] == [("confirmed", "Rut Ek"), None]


def held(world: Answerable, post: str) -> tuple[str, str] | None:
    item = world.parts.index.get(post)
    assert item is not None
    return None if item.decision is None else (item.decision.outcome, item.decision.by)


def test_handing_over_tells_the_next_step(world: Answerable) -> None:
    incident = world.raised()
    answer(world.browser(), world.link(incident), "hand-over")
    events = [each.event for each in world.parts.incidents.history.of(incident.id)]
    assert "handed-over" in events
    assert "escalated" in events or "repeated" in events


CHIEF = """
last_resort = ["contact:Chief"]
contact = [{ name = "Chief", language = "sv", channels = [{ channel = "email", address = "chief@ekvik.example" }] }]
rule = [{ name = "grave", severity = "low", contacts = "official" }]
policy = [{ name = "urgent", step = [{ tell = ["official"] }, { tell = ["TELL"] }] }]
"""


@pytest.mark.parametrize(
    ("tell", "says"),
    [("contact:Chief", "Handed over. Being told now: Chief."), ("official", "the next in line is being told now")],
)
def test_handing_over_says_to_whom_but_for_an_officials_own_contacts(tmp_path: Path, tell: str, says: str) -> None:
    world = Answerable(tmp_path / "data", rules=CHIEF.replace("TELL", tell))
    page = answer(world.browser(), world.link(world.raised()), "hand-over")
    assert says in page.words
    assert EVA not in page.words


@pytest.mark.parametrize(
    ("owner", "says"), [("", "nobody is on it"), (KAJ, "It is still yours"), (EVA, f"{EVA} is still on it")]
)
def test_handing_over_to_nobody_says_so(world: Answerable, owner: str, says: str) -> None:
    incident = world.raised()
    if owner:
        world.parts.incidents.answer(incident.id, "on-it", by=owner)
    # She lets Kaj alone be told, and nobody looks after Turvakt.
    consent = Consent(("*",), AT, recipients=(KAJ,))
    world.parts.store.put_all([replace(world.her, consents=(consent,))])
    page = answer(world.browser(), world.link(incident), "hand-over")
    assert "There is nobody left whom Turvakt may tell" in page.words
    assert says in page.words
    assert "found nobody to hand it over to" in page.words


def test_the_page_of_a_drill_says_what_it_is_and_that_an_answer_ends_it(tmp_path: Path) -> None:
    """Not that alerts work: that is what it is to show."""
    operator = {"contacts": [{"name": "Ops", "channel": "email", "address": "ops@turvakt.example", "language": "en"}]}
    world = Answerable(tmp_path / "data", sections={"operator": operator})
    hold_drill(world.parts.settings.operator, [], world.parts.incidents, now=world.clock.now())
    [drill] = world.parts.incidents.open()
    browser, path = world.browser(), world.link(drill, "Ops")
    page = browser.page(path).words
    assert "Nothing has happened" in page
    assert "works" not in page
    assert "the drill is answered" in answer(browser, path, "acknowledge").words


def test_a_closed_incident_is_shown_as_it_is(world: Answerable) -> None:
    incident = world.raised()
    path = world.link(incident)
    browser = world.browser()
    sent = form(browser, path)
    world.parts.incidents.answer(incident.id, "resolve", by=EVA)
    assert "Eva Berg closed it" in browser.page(path).words
    assert browser.submit(path, do="on-it", **sent).status_code == 409


def test_a_link_ends(world: Answerable) -> None:
    path = world.link(world.raised())
    sent = form(world.browser(), path)
    world.wait(seconds=LASTS.total_seconds())
    before = world.state()
    assert world.browser().get(path).status_code == 410
    late = world.browser().submit(path, do="on-it", **sent)
    assert late.status_code == 410
    assert "Anna" not in late.text
    assert world.state() == before


def test_the_time_of_a_link_begins_as_its_message_arrives(world: Answerable) -> None:
    path = world.link(world.raised())
    world.wait(seconds=LASTS.total_seconds())
    assert world.browser().get(path).status_code == 410
    arrived = [replace(each.delivery, state="delivered") for each in world.parts.outbox.due(9, channel="email")]
    world.parts.telling.record([Result(each, contact=KAJ) for each in arrived])
    assert world.browser().get(path).status_code == 200
    world.wait(seconds=LASTS.total_seconds())
    assert world.browser().get(path).status_code == 410


def test_a_link_ends_with_the_consent_and_with_the_erasure(world: Answerable) -> None:
    path = world.link(world.raised())
    world.parts.erasure.withdraw(ANNA)
    answer = world.browser().get(path)
    assert (answer.status_code, "the person whom it was about has withdrawn consent" in answer.text) == (404, True)
    assert "Anna" not in answer.text


def test_a_link_ends_with_the_contact_and_the_page_names_whom_to_call(tmp_path: Path) -> None:
    rules = f"{SECOND_FACTOR.replace('true', 'false')}{RUT}"
    world = Answerable(tmp_path / "data", rules=rules)
    incident = world.raised()
    path, browser, carried = world.link(incident), world.browser(), form(world.browser(), world.link(incident))
    world.parts.store.put_all([replace(world.her, contacts=world.her.contacts[1:])])
    before = world.state()
    page = browser.get(path)
    assert (page.status_code, "You are no longer a contact" in page.text, "Anna" in page.text) == (410, True, False)
    assert {"tel:+468123456", "tel:112"} <= set(Page(page.text).links())
    assert browser.submit(path, do="false-alarm", **carried).status_code == 410
    assert browser.post(path.replace("/a/", "/voice/"), data={"result": "1"}).json() == {"hangup": "reject"}
    assert "An alert is waiting" not in browser.submit("/sign-in", token="wrong", back=path).text
    assert world.state() == before
    assert browser.get(world.link(incident, EVA)).status_code == 200


@pytest.mark.parametrize("who", ["plan", "operator", "tenant"])
def test_a_link_is_good_for_whoever_is_a_contact_of_any_kind(tmp_path: Path, who: str) -> None:
    """Of the plan, of the operator, or, of a drill, of another tenant's plan."""
    tenants = tmp_path / "tenants"
    tenants.mkdir()
    (tenants / "ekvik.toml").write_text(f'{RUT}[[rule]]\nname = "grave"\nseverity = "low"\n', "utf-8")
    mia = {"name": "Mia", "channel": "email", "address": "mia@turvakt.example", "language": "sv"}
    sections = {"operator": {"contacts": [mia]}, "alerts": {"tenants": str(tenants)}}
    world = Answerable(tmp_path / "data", sections=sections)
    if who == "plan":
        rut = Recipient("Rut Ek", "email", "rut@ekvik.example", "en", show_text=False)
        world.take(verdict("bluesky:1", severity="high", labels=("threat",)), [rut])
        path = world.link(world.parts.incidents.open()[0], "Rut Ek")
    else:
        held = world.parts.incidents.get(drills(world.parts).hold(world.clock.now()) or "")
        assert held is not None
        path = world.link(held, "Mia" if who == "operator" else "Rut Ek")
    assert world.browser().get(path).status_code == 200


def test_links_that_are_not_ours_open_nothing_and_hold_up_nobody_else(world: Answerable) -> None:
    path = world.link(world.raised())
    browser = world.browser()
    for _ in range(60):
        assert browser.get(f"{path[:-4]}AAAA").status_code == 404
    assert browser.get(f"{path}=").status_code == 429
    assert browser.get(path).status_code == 200
    world.wait(minutes=16)
    assert browser.get(f"{path}=").status_code == 404


def test_a_link_cannot_be_used_without_end(world: Answerable) -> None:
    path = world.link(world.raised())
    browser = world.browser()
    sent = form(browser, path)
    codes = [browser.submit(path, do="nothing", **sent).status_code for _ in range(41)]
    assert codes == [409] * 40 + [429]
    world.wait(minutes=16)
    assert browser.submit(path, do="on-it", **sent).status_code == 303


def test_a_form_of_another_site_is_refused(world: Answerable) -> None:
    path = world.link(world.raised())
    browser = world.browser()
    data = {"do": "on-it", **form(browser, path)}
    assert browser.post(path, data=data, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert browser.post(path, data=data, headers={"origin": ADDRESS, "sec-fetch-site": "cross-site"}).status_code == 403


def test_where_the_plan_wants_it_one_signs_in_first_and_answers_as_oneself(tmp_path: Path) -> None:
    world = Answerable(tmp_path / "data", rules=SECOND_FACTOR)
    incident = world.raised()
    path = world.link(incident)
    stranger = world.browser().get(path)
    assert stranger.status_code == 401
    assert "Anna" not in stranger.text
    page = Page(stranger.text)
    assert "An alert is waiting for you. Your municipality or organisation asks you to sign in" in page.words
    assert page.all("input", name="back", value=path)
    assert {"tel:+468123456", "tel:112"} <= set(page.links())
    failed = Page(world.browser().submit("/sign-in", token="wrong", back=path).text)
    assert "tel:+468123456" in failed.links()
    unknown = Page(world.browser().submit("/sign-in", token="wrong", back=f"{path[:-4]}AAAA").text)
    assert "An alert" not in unknown.words
    other = world.browser(world.person("officer", tenant="furuby", id="mia"))
    refused = other.get(path)
    assert refused.status_code == 403
    assert "An alert is waiting for you. Call instead" in Page(refused.text).words
    assert {"tel:+468123456", "tel:112"} <= set(Page(refused.text).links())
    assert "Anna" not in refused.text
    elsewhere = other.get(f"/incidents/{incident.id}")
    assert "tel:112" not in Page(elsewhere.text).links()
    answer(world.browser(world.person()), path, "on-it")
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert now.owner == "rut"
    assert "Rut Ek is on it" in world.browser(world.person()).page(path).words


def test_who_signs_in_hands_over_as_the_contact_whose_link_she_has(tmp_path: Path) -> None:
    """Her contact has a telephone alone: nothing else says that it is she."""
    world = Answerable(tmp_path / "data", rules=SECOND_FACTOR)
    kaj = replace(world.her.contacts[0], channel="sms", address="+46700000001")
    world.her = replace(world.her, contacts=(kaj, *world.her.contacts[1:]))
    world.parts.store.put_all([world.her])
    incident = world.raised()
    before = {item.delivery.id for item in world.parts.outbox.due(100, channel="sms")}
    path, browser = world.link(incident), world.browser(world.person())
    answer(browser, path, "hand-over")
    events = world.parts.incidents.history.of(incident.id)
    assert [(each.actor, each.contact) for each in events if each.event == "signed-in"] == [("rut", KAJ)]
    assert {item.delivery.id for item in world.parts.outbox.due(100, channel="sms")} == before
    assert "Signed in by a contact's link: Rut Ek" in browser.page(f"/incidents/{incident.id}").words


@pytest.mark.parametrize("role", ["administrator", "reviewer", "operator"])
def test_a_drill_is_answered_by_whoever_signs_in_where_that_is_asked(tmp_path: Path, role: Role) -> None:
    """It is about nobody, and of no tenant: any contact may get it."""
    world = Answerable(tmp_path / "data", rules=f"{SECOND_FACTOR}{RUT}")
    held = drills(world.parts).hold(world.clock.now())
    drill = world.parts.incidents.get(held or "")
    assert drill is not None
    path = world.link(drill, "Rut Ek")
    assert world.browser().get(path).status_code == 401
    person = world.person(role, tenant="" if role == "operator" else "ekvik")
    assert "Noted" in answer(world.browser(person), path, "acknowledge").words
    now = world.parts.incidents.get(drill.id)
    assert now is not None
    assert now.state == "acknowledged"


def test_a_hand_over_of_before_the_last_round_is_none(world: Answerable) -> None:
    incident = world.raised()
    path, browser = world.link(incident), world.browser()
    old = form(browser, path)
    answer(browser, path, "on-it")
    answer(browser, path, "hand-over")
    assert browser.submit(path, do="hand-over", **old).status_code == 409


def test_a_new_key_lets_links_of_the_former_one_in(tmp_path: Path) -> None:
    old = Answerable(tmp_path / "data", key="the old key")
    path = old.link(old.raised())
    old.parts.close()
    for former, status in (("the old key", 200), ("", 404)):
        now = Answerable(tmp_path / "data", new=False, key="the new key", former_key=former)
        assert now.browser().get(path).status_code == status
        now.parts.close()


@pytest.mark.parametrize(("language", "words"), [("sv", "Jag tar det"), ("fi", "Minä hoidan"), ("en", "I am on it")])
def test_it_speaks_the_language_of_the_contact_until_another_is_chosen(
    world: Answerable, language: str, words: str
) -> None:
    incident = world.raised()
    browser = world.browser()
    browser.cookies.clear()
    assert "Jag tar det" in browser.page(world.link(incident, KAJ)).words
    assert "Minä hoidan" in browser.page(world.link(incident, EVA)).words
    browser.cookies.set("turvakt_language", language)
    assert words in browser.page(world.link(incident, EVA)).words


def test_that_steps_are_ticked_off_does_not_stop_the_alarm_and_the_page_says_so(world: Answerable) -> None:
    browser, path = world.browser(), world.link(world.raised())
    goes_on = "The alarm goes on until somebody answers"
    assert goes_on in browser.page(path).words
    assert f"Saved. {goes_on}" in answer(browser, path, "task/safe").words
    assert goes_on not in answer(browser, path, "on-it").words


def test_a_step_is_ticked_off_by_whoever_has_the_link_and_more_are_told_of(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    page = answer(browser, path, "on-it")
    assert "more tasks in the console" in page.words
    ticked = str(page.all("button", value="task/safe")[0]["value"])
    page = answer(browser, path, ticked)
    assert "Saved." in page.words
    assert not page.all("button", value=ticked)
    said = [each for each in world.parts.incidents.history.of(incident.id) if each.event == "task-done"]
    assert [(each.actor, each.result) for each in said] == [(KAJ, "safe")]
    assert browser.submit(path, do=ticked, **form(browser, path)).status_code == 409
    assert page.words.count("Call 112") == 1


def test_how_the_official_wishes_to_be_told_stands_there_also_where_nothing_is_to_be_done(world: Answerable) -> None:
    world.parts.store.put_all([replace(world.her, wishes=Wishes(through="Eva Berg"))])
    browser, path = world.browser(), world.link(world.raised())
    before, after = browser.page(path).words, answer(browser, path, "false-alarm").words
    assert ["What to do now" in each for each in (before, after)] == [True, False]
    assert all("The one to tell is Eva Berg." in each for each in (before, after))


def test_a_task_that_is_ticked_off_while_the_official_is_erased_leaves_nothing(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(step=erasing(world)), world.link(incident)
    assert browser.submit(path, do="task/safe", **form(browser, path)).status_code == 404
    tasks = answers(world.parts, step=at_once).tasks
    assert tasks.of(incident.id) == []
    assert world.parts.incidents.history.of(incident.id) == []


def test_with_open_tasks_it_is_asked_once_and_what_is_closed_can_be_opened_again(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    answer(browser, path, "on-it")
    before = world.state()
    asked = Page(browser.submit(path, do="resolve", **form(browser, path)).text)
    assert "tasks are not done. Close the incident all the same?" in asked.words
    assert world.state() == before
    page = answer(browser, path, str(asked.all("button", class_="grave")[0]["value"]))
    assert "Closed. Changed your mind?" in page.words
    assert "It is yours now" in answer(browser, path, "reopen").words


def test_what_is_not_done_is_ticked_off_after_closing_too_but_not_of_a_false_alarm(world: Answerable) -> None:
    """People are reminded of it by this link."""
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    for do in ("on-it", "task/safe", "resolve/sure"):
        page = answer(browser, path, do)
    values = [str(each.get("value", "")) for each in page.all("button")]
    [ticked, *left] = [each for each in values if each.startswith("task/")]
    page = answer(browser, path, ticked)
    assert "Saved." in page.words
    assert not page.all("button", value=ticked)
    done = [each for each in world.parts.incidents.history.of(incident.id) if each.event == "task-done"]
    assert [(each.actor, f"task/{each.result}") for each in done] == [(KAJ, "task/safe"), (KAJ, ticked)]
    answer(browser, path, "reopen")
    page = answer(browser, path, "false-alarm")
    assert not page.all("button", value=left[0])
    assert browser.submit(path, do=left[0], **form(browser, path)).status_code == 409


@pytest.mark.parametrize(("language", "says"), [("sv", "finsk tid"), ("fi", "Suomen aikaa"), ("en", "Finnish time")])
def test_times_are_those_of_the_official_as_in_the_message_whatever_the_language(
    world: Answerable, language: str, says: str
) -> None:
    world.parts.store.put_all([replace(world.her, country="FI")])
    incident = world.raised()
    local = incident.opened_at.astimezone(ZoneInfo("Europe/Helsinki")).strftime(
        "%H.%M" if language == "fi" else "%H:%M"
    )
    rut = world.browser(world.person(), language=language)
    for page in (
        world.browser(language=language).page(world.link(incident)),
        rut.page(f"/incidents/{incident.id}"),
    ):
        assert local in page.words
        assert says in page.words
    assert says in rut.page("/incidents").words
    # Who belongs to no tenant with officials reads the time of where her language is spoken.
    elsewhere = world.browser(world.person(tenant="furuby", id="mia"), language=language)
    assert (says in elsewhere.page("/incidents").words) == (language == "fi")
