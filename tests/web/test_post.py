"""One post: highlighted text, reasons, mentions, alerts, and the decision."""

import re
from dataclasses import replace
from typing import get_args
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import State
from classify.verdict import LABELS, Aim, Span
from ingest.post import Mention
from tests.review.people import alert, decision, delivery, verdict
from tests.web.building import EVERY_LABEL, Browser, FixedDoor, World, actor
from web.console.highlight import pieces


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()


TEXT = "😀 Akta dig, Anna 👨‍👩‍👧!"
SPANS = (Span(2, 10, "threat"),)
MENTIONS = (Mention("anna", 12, 16, "given-name"),)


def test_shows_text_reasons_and_mentions(world: World, browser: Browser) -> None:
    world.thresholds = {**EVERY_LABEL, "threat": 0.62}
    world.index.write_verdicts(
        [
            verdict(
                "a",
                TEXT,
                severity="high",
                labels=("threat",),
                spans=SPANS,
                mentions=MENTIONS,
                url="https://social.example/p/1",
            )
        ]
    )
    page = browser.page("/posts/jsonl%3Aa")
    assert "Post about Anna Lindqvist" in page.words
    assert re.search(
        r'<mark class="mark-threat">Akta dig<span class="mark-tag"[^>]*><span class="unseen"> \(</span>threat',
        page.html,
    )
    assert '<strong class="mention">Anna</strong>' in page.html
    for words in ("91%", "threshold 62%", "4%", "linear@1", "Swedish", "flagged", "below the threshold"):
        assert words in page.words
    assert "surname together with a first name “Anna”" in page.words
    assert "Kalle (kalle.example)" in page.words
    link = page.all("a", href="https://social.example/p/1")[0]
    assert "noreferrer" in str(link["rel"])
    assert "social.example" in page.words
    assert "14 September 2026" in page.words


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "https://[broken", "ftp://files.example", "data:text/html,x"]
)
def test_only_web_addresses_become_links(world: World, browser: Browser, url: str | None) -> None:
    world.index.write_verdicts([verdict("a", url=url)])
    page = browser.page("/posts/jsonl:a")
    assert "Open the post" not in page.words
    if url:
        assert url not in page.links()


def test_an_alert_leads_to_its_post(world: World, browser: Browser) -> None:
    judged = verdict("did:plc:x/3k", source="bluesky")
    raised = alert(judged, id="3f2a9c77c0ffee")
    assert browser.get("/alerts/3f2a9c77c0ffee").status_code == 404
    world.index.write_verdicts([judged])
    world.index.write_alerts([raised])
    led = browser.get("/alerts/3f2a9c77c0ffee")
    assert (led.status_code, led.headers["location"]) == (303, "/posts/bluesky%3Adid%3Aplc%3Ax%2F3k")
    assert browser.page(led.headers["location"]).words
    assert world.browser(signed_in=False).get("/alerts/3f2a9c77c0ffee").status_code != 303


def test_ids_with_slashes_and_odd_letters_have_an_address(world: World, browser: Browser) -> None:
    name = "did:plc:x/3k?a=b&c#d/../ å%2F"
    world.index.write_verdicts([verdict(name, severity="low", labels=("hate",), source="bluesky")])
    link = next(link for link in browser.page("/").links() if link.startswith("/posts/"))
    assert link == "/posts/" + quote(f"bluesky:{name}", safe="")
    page = browser.page(link)
    assert page.all("form", class_="decide")[0]["action"] == link


def test_everything_foreign_is_escaped(world: World, browser: Browser) -> None:
    evil = "<script>alert('x')</script>&\"' <img src=x onerror=y>"
    first = verdict(
        f"a{evil}",
        evil,
        severity="low",
        labels=("hate",),
        spans=(Span(0, 8, "hate"),),
        mentions=(Mention("anna", 3, 9, "form"),),
    )
    world.index.write_verdicts([first])
    world.index.write_alerts([alert(first, rule=evil, official=evil)])
    world.index.write_deliveries([delivery(alert(first, rule=evil, official=evil), state="failed", reason=evil)])
    world.index.write_decisions([decision(first.post.id, by=evil)])
    for path in ("/", f"/?q={quote(evil)}&official={quote(evil)}", "/posts/" + quote(first.post.id, safe="")):
        page = browser.page(path)
        assert page.all("img", src="x") == []
        assert "alert(" not in "".join(re.findall(r"<script.*?</script>", page.html))
        assert len(page.all("script")) <= 1
    assert "<script>alert('x')</script>" in page.text.replace(" (hate against a group) ", "")


@pytest.mark.parametrize(("aimed_at", "words"), [("person", "Aimed at a person"), ("group", "Aimed at a group")])
def test_says_whom_it_is_aimed_at(world: World, browser: Browser, aimed_at: Aim, words: str) -> None:
    judged = verdict("a", severity="low", labels=("hate",))
    world.index.write_verdicts([replace(judged, judgement=replace(judged.judgement, aimed_at=aimed_at))])
    assert words in browser.page("/posts/jsonl:a").words
    world.index.write_verdicts([verdict("b", severity="low", labels=("hate",))])
    assert "Aimed at" not in browser.page("/posts/jsonl:b").words


def test_what_could_not_be_judged_says_why(world: World, browser: Browser) -> None:
    world.index.write_verdicts(
        [verdict("a", "", unable="no-text", language="other"), verdict("b", "Hm", unable="too-short")]
    )
    page = browser.page("/posts/jsonl:a")
    assert "Why it could not be assessed" in page.words
    assert "no text to assess" in page.words
    assert "Is the post threatening, hateful or abusive?" in page.words
    assert "Severity" not in page.words
    assert page.all("table", class_="scores") == []
    assert "too short to tell" in browser.page("/posts/jsonl:b").words


def test_an_unflagged_post_needs_no_decision(world: World, browser: Browser) -> None:
    world.index.write_verdicts([verdict("a", author=None, edited=1)])
    page = browser.page("/posts/jsonl:a")
    assert "nothing to decide" in page.words
    assert "How it was assessed" in page.words
    assert "Edited by the author" in page.words
    assert "unknown" in page.words
    assert "No alert was sent" in page.words


def test_alerts_and_their_deliveries(world: World, browser: Browser) -> None:
    first = verdict("a", severity="high", labels=("hate",))
    again = verdict("a", severity="low", labels=("hate",), edited=3, judged=3)
    world.index.write_verdicts([again])
    world.index.write_alerts([alert(first), alert(first, rule="quiet", official="bo")])
    world.index.write_deliveries([delivery(alert(first), state="failed", attempts=7, reason="the server refuses")])
    page = browser.page("/posts/jsonl:a")
    for words in (
        "Alert about Anna Lindqvist",
        "Alert about Bo Ek",
        "not delivered",
        "e-mail",
        "the server refuses",
        "Severity at the time high",
    ):
        assert words in page.words
    assert "Attempts 7" in page.words
    assert "Not handed to any channel yet" in page.words
    assert "no single passage" in page.words


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_of_a_delivery_has_a_name(world: World, browser: Browser, state: State) -> None:
    first = verdict("a", severity="low", labels=("hate",))
    world.index.write_verdicts([first])
    world.index.write_alerts([alert(first)])
    world.index.write_deliveries([delivery(alert(first), state=state)])
    assert f'<li class="alert-{state}"><b>' in browser.page("/posts/jsonl:a").html
    assert "Attempts" not in browser.page("/posts/jsonl:a").words
    assert f'<li class="alert-{state}">Alert ' in browser.page("/").html
    assert browser.get("/status").status_code == 200


def test_a_passage_with_several_labels_is_named_once(world: World, browser: Browser) -> None:
    spans = tuple(Span(*place, label) for label in ("threat", "hate", "doxxing") for place in ((2, 6), (7, 10)))
    world.index.write_verdicts([verdict("a", TEXT, severity="high", labels=("threat", "hate", "doxxing"), spans=spans)])
    page = browser.page("/posts/jsonl:a")
    assert page.words.count("Akta (threat, hate against a group, private data exposed +2)") == 1
    assert "further categories" in page.words
    for passage in ("Akta", "dig"):
        assert f"{passage} threat hate against a group private data exposed" in page.words


def test_a_very_long_text_is_cut(world: World, browser: Browser) -> None:
    text = "bra " * 10_000
    world.index.write_verdicts(
        [verdict("a", text, severity="low", labels=("hate",), spans=(Span(39_000, 39_003, "hate"),))]
    )
    page = browser.page("/posts/jsonl:a")
    assert page.html.count("bra ") == 5000
    assert "this is its beginning" in page.words


def test_a_decision_goes_into_the_log(world: World, browser: Browser) -> None:
    world.index.write_verdicts([verdict("a", severity="low", labels=("hate",))])
    answer = browser.decide("/posts/jsonl%3Aa", outcome="false-alarm", by="  Åsa   Ek ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/posts/jsonl%3Aa?saved=1#decision")
    (decided,) = world.decisions
    assert (decided.post, decided.outcome, decided.by, decided.at) == (
        "jsonl:a",
        "false-alarm",
        "Åsa Ek",
        world.clock.now(),
    )
    page = browser.page("/posts/jsonl%3Aa?saved=1")
    assert "The decision is saved" in page.words
    assert page.all("input", id="by")[0]["value"] == "Åsa Ek"
    world.index.write_decisions(world.decisions)
    assert "false alarm by Åsa Ek, 14 September 2026 at 08:30" in browser.page("/posts/jsonl:a").words


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"by": "Åsa"}, "Choose one"),
        ({"outcome": "maybe", "by": "Åsa"}, "Choose one"),
        ({"outcome": "confirmed", "by": " "}, "Say who"),
    ],
)
def test_half_a_decision_is_asked_for_again(world: World, browser: Browser, form: dict[str, str], fault: str) -> None:
    world.index.write_verdicts([verdict("a", severity="low", labels=("hate",))])
    answer = browser.submit("/posts/jsonl:a", **form)
    assert answer.status_code == 422
    assert fault in answer.text
    assert form["by"].strip() in answer.text
    assert world.decisions == []


def test_a_decision_that_cannot_be_saved_says_so(world: World, browser: Browser) -> None:
    world.index.write_verdicts([verdict("a", severity="low")])
    world.down = True
    answer = browser.decide("/posts/jsonl:a", outcome="confirmed", by="Åsa")
    assert answer.status_code == 503
    assert "try again" in answer.text


def test_posts_that_are_not_there(world: World, browser: Browser) -> None:
    assert browser.get("/posts/jsonl:gone").status_code == 404
    answer = browser.submit("/posts/jsonl:gone", outcome="confirmed", by="Åsa")
    assert answer.status_code == 404
    assert "or the post was deleted" in answer.text
    assert world.decisions == []


def test_marks_what_the_search_found_beside_what_was_flagged(world: World, browser: Browser) -> None:
    world.index.write_verdicts(
        [verdict("a", TEXT, severity="high", labels=("threat",), spans=SPANS, mentions=MENTIONS)]
    )
    page = browser.page("/posts/jsonl%3Aa?q=akta anna")
    hit = '<span class="found"><span class="unseen" lang="en"> [found] </span>{}</span>'
    assert (
        f'<mark class="mark-threat">{hit.format("Akta")}</mark><mark class="mark-threat"> dig<span class="mark-tag"'
        in page.html
    )
    assert f'<strong class="mention">{hit.format("Anna")}</strong>' in page.html
    assert "What the search found is framed." in page.words
    for address in ("/posts/jsonl%3Aa", "/posts/jsonl%3Aa?q=", "/posts/jsonl%3Aa?q=bron"):
        assert 'class="found"' not in browser.page(address).html


_EDGE = st.integers(-3, 30)


@given(
    st.text(alphabet="ab😀å <", max_size=20),
    st.lists(st.builds(Span, _EDGE, _EDGE, st.sampled_from(LABELS)), max_size=5),
    st.lists(st.builds(Mention, st.just("anna"), _EDGE, _EDGE, st.just("form")), max_size=3),
    st.lists(st.tuples(_EDGE, _EDGE), max_size=3),
)
def test_pieces_give_the_text_back_with_each_letter_marked_right(
    text: str, spans: list[Span], mentions: list[Mention], found_at: list[tuple[int, int]]
) -> None:
    found = pieces(text, spans, mentions, found_at)
    assert "".join(piece.text for piece in found) == text
    at = 0
    for piece in found:
        assert piece.text
        for offset in range(at, at + len(piece.text)):
            assert set(piece.labels) == {span.label for span in spans if span.start <= offset < span.end}
            assert piece.mention == any(each.start <= offset < each.end for each in mentions)
            assert piece.found == any(start <= offset < end for start, end in found_at)
        at += len(piece.text)
        assert set(piece.ending) <= set(piece.labels)
    marked = {span.label for span in spans if max(0, span.start) < min(span.end, len(text))}
    assert {label for piece in found for label in piece.ending} == marked


def test_two_tenants_decide_apart(world: World) -> None:
    world.officials[1] = replace(world.officials[1], municipality="Habo")
    world.index.write_verdicts([verdict("a", officials=("anna", "bo"), severity="high", labels=("threat",))])
    hers, his = (world.browser(door=FixedDoor(actor("officer", tenant=each))) for each in ("ekvik", "habo"))
    assert hers.decide("/posts/jsonl:a", outcome="confirmed", by="Rut Ek").status_code == 303
    world.index.write_decisions([decision("jsonl:a", "false-alarm", minutes=40, by="Tove", tenant="habo")])
    world.index.write_decisions(world.decisions)
    assert [each.tenant for each in world.decisions] == ["ekvik"]
    page, other = hers.page("/posts/jsonl:a").words, his.page("/posts/jsonl:a").words
    assert "Tove" not in page
    assert "Rut Ek" in page
    assert "Tove" in other
