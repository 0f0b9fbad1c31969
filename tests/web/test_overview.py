"""The list: what it shows, filters, pages, and what tells of new posts."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from flow.databases.sqlite import Sqlite
from review.indexes.sqlite import SqliteIndex
from tests.review.people import alert, decision, delivery, verdict
from tests.turvakt.process import until
from tests.web.building import Browser, FixedDoor, Page, World, actor, official
from web.readiness import Reason


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()


def shown(page: Page) -> list[str]:
    return [re.sub(r"^/posts/jsonl%3A|\?q=.*", "", link) for link in page.links() if link.startswith("/posts/")]


def fill(world: World) -> None:
    threat = verdict("threat", "Akta dig vid bron", severity="high", labels=("threat", "hate"), judged=1)
    world.index.write_verdicts([threat])
    world.index.write_verdicts(
        [verdict("low", "trist", officials=("bo",), severity="low", labels=("harassment",), judged=2)]
    )
    world.index.write_verdicts([verdict("calm", "tack för bron", source="feed", language="fi", judged=3)])
    world.index.write_verdicts([verdict("dumb", "", unable="no-text", language="other", judged=4)])
    world.index.write_alerts([alert(threat)])
    world.index.write_deliveries([delivery(alert(threat), state="delivered")])
    world.index.write_decisions([decision("jsonl:threat")])


def test_shows_flagged_posts_newest_first(world: World, browser: Browser) -> None:
    fill(world)
    page = browser.page("/")
    assert shown(page) == ["low", "threat"]
    for words in (
        "Anna Lindqvist",
        "Bo Ek",
        "Akta dig vid bron",
        "Severity: high",
        "threat",
        "Alert delivered",
        "confirmed",
    ):
        assert words in page.words
    assert page.all("blockquote")[0]["lang"] == "sv"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"view": "alerts"}, ["threat"]),
        ({"view": "unable"}, ["dumb"]),
        ({"view": "all"}, ["dumb", "feed%3Acalm", "low", "threat"]),
        ({"view": "nonsense"}, ["low", "threat"]),
        ({"view": "all", "q": "bron"}, ["feed%3Acalm", "threat"]),
        ({"view": "all", "q": '"'}, []),
        ({"official": "bo"}, ["low"]),
        ({"label": "hate"}, ["threat"]),
        ({"severity": "medium"}, ["threat"]),
        ({"severity": "grave", "label": "?"}, ["low", "threat"]),
        ({"view": "all", "source": "feed"}, ["feed%3Acalm"]),
        ({"view": "all", "language": "other"}, ["dumb"]),
        ({"decision": "confirmed"}, ["threat"]),
        ({"decision": "none"}, ["low"]),
        ({"view": "all", "since": "2026-09-14T08:02", "until": "2026-09-14T08:04"}, ["feed%3Acalm", "low"]),
        ({"since": "soon", "until": "0001-01-01T00:00"}, ["low", "threat"]),
        ({"since": "9999-12-31T23:59"}, ["low", "threat"]),
    ],
)
def test_filters(world: World, browser: Browser, parameters: dict[str, str], expected: list[str]) -> None:
    fill(world)
    page = browser.page("/", **parameters)
    assert [link.removeprefix("/posts/") for link in shown(page)] == expected


def test_fields_keep_what_was_chosen_and_can_be_cleared(world: World, browser: Browser) -> None:
    fill(world)
    chosen = {"view": "alerts", "q": 'bro*" <b>', "official": "anna", "severity": "low", "texts": "hide"}
    page = browser.page("/", **chosen)
    assert page.all("input", id="q")[0]["value"] == chosen["q"]
    assert {each["value"] for each in page.all("option") if "selected" in each} >= {"anna", "low"}
    assert page.all("input", name="view")[0]["value"] == "alerts"
    assert "3 active filters" in page.words
    assert "/?view=alerts&texts=hide" in page.links()
    assert "selected" in browser.page("/", source="elsewhere").all("option", value="elsewhere")[0]


def test_texts_can_be_hidden(world: World, browser: Browser) -> None:
    fill(world)
    page = browser.page("/", view="all", texts="hide")
    assert "bron" not in page.text
    assert "Text hidden" in page.text
    assert "/?view=all" in page.links()
    assert "no text" in browser.page("/", view="unable").words


def test_pages_follow_one_another(world: World, browser: Browser) -> None:
    world.index.write_verdicts(
        [verdict(f"{number:03}", severity="low", labels=("hate",), judged=number / 10) for number in range(50)]
    )
    seen: list[str] = []
    address: str | None = "/"
    for _ in range(3):
        page = browser.page(str(address))
        seen += shown(page)
        address = next((link for link in page.links() if "after=" in link), None)
    assert address is None
    assert seen == [f"{number:03}" for number in reversed(range(50))]
    assert "Back to the newest" in page.words
    assert page.all("div", hx_get="x") == []
    assert shown(browser.page("/", after="nonsense"))[0] == "049"


def test_tells_of_new_posts_without_moving_anything(world: World, browser: Browser) -> None:
    poll = browser.page("/", severity="low").all("div", class_="newer")[0]
    assert poll["hx-trigger"] == "every 10s"
    address = str(poll["hx-get"])
    assert browser.get(address).text.strip() == ""
    world.index.write_verdicts([verdict("a", severity="low"), verdict("calm")])
    answer = Page(browser.get(address).text)
    assert "1 new post" in answer.words
    assert answer.links() == ["/?severity=low"]
    world.index.write_verdicts([verdict(str(number), severity="low") for number in range(150)])
    assert "99+ new posts" in browser.get(address).text
    assert browser.get("/newer?than=nonsense").text.strip() == ""


def test_the_last_day_as_a_picture(world: World, browser: Browser) -> None:
    assert "Nothing has been flagged in the last 24 hours" in browser.page("/").words
    world.index.write_verdicts([verdict(str(number), severity="low", judged=number) for number in range(3)])
    world.index.write_verdicts([verdict("grave", severity="critical", judged=5), verdict("calm", judged=6)])
    world.index.write_verdicts([verdict("dumb", unable="no-text", judged=7)])
    world.index.write_verdicts([verdict("yesterday", severity="high", judged=-24 * 60)])
    page = browser.page("/")
    assert page.all("svg", role="img")[0]["aria-label"] == (
        "Flagged posts per hour over the last 24 hours. Most in one hour: 4, from 08:00."
    )
    assert "1 critical 0 high 0 medium 3 low 1 nothing found 1 not assessed" in page.words
    bars = [each for each in page.all("rect") if each["class"] != "slot"]
    assert [(bar["class"], bar["y"], bar["height"]) for bar in bars] == [
        ("is-low", "10.0", "30.0"),
        ("is-critical", "0.0", "10.0"),
    ]
    assert browser.page("/", q="x").all("svg", role="img") == []


def test_what_became_of_the_alerts(world: World, browser: Browser) -> None:
    first = verdict("a", severity="low", labels=("hate",))
    world.index.write_verdicts([first])
    world.index.write_alerts([alert(first), alert(first, rule="second")])
    assert "Alert raised" in browser.page("/").words
    world.index.write_deliveries([delivery(alert(first), state="delivered")])
    assert "Alert delivered" in browser.page("/").words
    world.index.write_deliveries([delivery(alert(first, rule="second"), state="failed")])
    assert "Alert not delivered" in browser.page("/").words


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("flagged", "Nothing flagged yet"),
        ("alerts", "No alerts yet"),
        ("unable", "No post here that could not"),
        ("all", "No posts yet"),
    ],
)
def test_empty_lists_explain_themselves(world: World, browser: Browser, view: str, words: str) -> None:
    assert words in browser.page("/", view=view).words
    assert "No post matches" in browser.page("/", view=view, q="bron").words
    world.officials.clear()
    assert "turvakt officials import" in browser.page("/", view=view).words


def test_a_monitor_that_falls_behind_says_so(world: World, browser: Browser) -> None:
    assert "not keeping up" not in browser.page("/").words
    english = ("700 entries wait before stage classify", "the outbox gives no answer: it is locked")
    waiting = Reason(english[0], "ready.waiting", number=700, stage="classify")
    world.reasons += [waiting, Reason(english[1], "ready.away.outbox", detail="it is locked")]
    world.clock.advance(10)
    until(lambda: "not keeping up" in browser.page("/").words)
    for language, words in (
        ("en", "700 entries wait before the stage classify. The outbox gives no answer: it is locked"),
        ("sv", "700 poster väntar före steget classify. Utkorgen svarar inte: it is locked"),
        ("fi", "700 merkintää odottaa ennen vaihetta classify. Lähtevien viestien jono ei vastaa: it is locked"),
    ):
        browser.cookies.set("turvakt_language", language)
        page = browser.page("/status")
        assert words in page.words
        assert '<span lang="en">it is locked</span>' in page.html
    assert browser.get("/readyz").text.splitlines() == [*english]


def test_what_failed_is_told_to_operators_and_nothing_is_said_to_be_late(world: World) -> None:
    """One mailbox that is gone makes no alert late, and only operators can look for it."""
    failed = Reason("3 deliveries failed in the last 3 days", "ready.failed", number=3, days=3)
    world.reasons.append(failed)
    operator, officer = (world.browser(door=FixedDoor(actor(role))) for role in ("operator", "officer"))
    for language, words, link in (
        ("en", "Messages have not arrived.", "See what is wrong"),
        ("sv", "Meddelanden har inte kommit fram.", "Se vad som är fel"),
        ("fi", "Viestejä ei ole saatu perille.", "Katso, mikä on vialla"),
    ):
        for browser in (operator, officer):
            browser.cookies.set("turvakt_language", language)
        until(lambda: operator.get("/readyz").status_code == 503)
        assert f"{words} {link}" in operator.page("/status").words
        until(lambda: officer.get("/readyz").status_code == 503)
        assert 'class="banner"' not in officer.page("/").html
    assert operator.get("/readyz").text == f"{failed}\n"
    for language, words in (("en", "not keeping up"), ("sv", "hinner inte med"), ("fi", "ei pysy mukana")):
        operator.cookies.set("turvakt_language", language)
        assert words not in operator.page("/status").words
    world.reasons.append(
        Reason("1 delivery has been due for more than 5 minutes", "ready.overdue", number=1, minutes=5)
    )
    world.clock.advance(10)
    officer.cookies.set("turvakt_language", "en")
    until(lambda: "not keeping up" in officer.page("/").words)


def test_status(world: World, browser: Browser) -> None:
    fill(world)
    page = browser.page("/status")
    assert "4 posts 1 not assessed 1 alerts 1 decisions" in page.words
    assert "The exact language model is not installed" in page.words
    assert "The exact language model was fitted to another fast one" in page.words
    assert "keeping up" in page.words
    assert "2 officials registered" in page.words
    assert "lag.classify 3" in page.words
    assert "not_ready a, b" in page.words
    assert browser.get("/status.json").json()["lag"] == {"classify": 3}


def test_status_says_what_the_watch_has_found(browser: Browser) -> None:
    words = browser.page("/status").words
    assert "A source is unusually quiet (collector:bluesky), since 30 August 2026" in words
    assert "About 400 posts would have been usual." in words
    assert "Error message: no answer" in words
    assert "in several tries. Error message: the mailbox is full" in words
    assert "Cannot do its work: the server answers 503" in words
    assert "Was stopped in order." in words
    assert "Left alone since 30 August 2026 at 08:00, as it has failed too often in a row." in words
    assert "Silence would be noticed after 7 hours." in words
    assert "How much is usual is not yet known." in words
    assert browser.get("/status.json").json()["watch"]["troubles"][0]["kind"] == "source-silent"


def test_headings_labels_and_landmarks(world: World, browser: Browser) -> None:
    fill(world)
    for path in ("/", "/?view=all&q=x", "/posts/jsonl:threat", "/status"):
        page = browser.page(path)
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
        named = {each["for"] for each in page.all("label") if "for" in each}
        fields = [
            each
            for tag, each in page.tags
            if tag in ("input", "select") and each.get("type") not in ("hidden", "radio")
        ]
        assert {each["id"] for each in fields} <= named
        assert page.links()[0] == "#content"
        assert page.all("main", id="content")
        ids = [each["id"] for _, each in page.tags if "id" in each]
        assert len(ids) == len(set(ids))
        assert not [each for _, each in page.tags if "style" in each or any(name.startswith("on") for name in each)]


def test_a_long_text_is_cut_in_the_list(world: World, browser: Browser) -> None:
    world.index.write_verdicts([verdict("a", "ord " * 5000, severity="low")])
    assert browser.page("/").text.count("ord ") == 100


def test_what_was_found_is_marked_and_stays_so_on_the_posts_page(world: World, browser: Browser) -> None:
    texts = {"a": "Om Bron & bron", "b": "ord " * 5000 + "bron till sist"}
    world.index.write_verdicts([verdict(name, text, severity="low") for name, text in texts.items()])
    page = browser.page("/", q='"bron" *')
    hit = '<span class="found"><span class="unseen" lang="en"> [found] </span>{}</span>'
    assert f"Om {hit.format('Bron')} &amp; {hit.format('bron')}</blockquote>" in page.html
    assert f">… {'ord ' * 7}{hit.format('bron')} till sist</blockquote>" in page.html
    assert "What the search found is framed." in page.words
    assert "/posts/jsonl%3Aa?q=%22bron%22%20%2A" in page.links()
    assert 'class="found"' in browser.page("/posts/jsonl%3Aa?q=%22bron%22%20%2A").html
    for shown in (browser.page("/"), browser.page("/", q="bron", texts="hide")):
        assert 'class="found"' not in shown.html
        assert "framed" not in shown.words


def test_times_are_the_readers(world: World, browser: Browser) -> None:
    world.index.write_verdicts(
        [verdict("a", severity="low", judged=-60 * 24 * 300), verdict("b", severity="low", judged=-2000)]
    )
    world.index.write_verdicts([verdict("c", severity="low")])
    times = {"en": ["08:00", "12 Sep", "18 Nov 2025"], "fi": ["9.00", "12.9.", "18.11.2025"]}
    for language, expected in times.items():
        words = Page(browser.get("/", headers={"accept-language": language}).text).words
        for each in expected:
            assert each in words


def test_names_of_unknown_officials_fall_back_to_their_id(world: World, browser: Browser) -> None:
    world.officials[:] = [official("bo", "Bo", "Ek")]
    world.index.write_verdicts([verdict("a", severity="low", officials=("anna", "bo", "anna"))])
    assert "anna, Bo Ek" in browser.page("/").words


def test_reads_sqlite_from_its_own_threads(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "turvakt.db")
    world = World(index=SqliteIndex(database))
    fill(world)
    browser = world.browser()
    assert shown(browser.page("/", q="bro*")) == ["threat"]
    assert "confirmed by Rut" in browser.page("/posts/jsonl:threat").words
    database.close()
