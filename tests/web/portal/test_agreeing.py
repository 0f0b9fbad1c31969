"""Consent by her own hand: given, changed, withdrawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Recipient
from alerts.incidents.incident import Action
from classify.verdict import LABELS
from flow.errors import BadInput, Unavailable
from registry.holder import Part
from registry.ledger import Given
from registry.official import Consent
from registry.tenant import Tenant
from tests.registry.people import NOW, official
from tests.review.people import alert, verdict
from tests.web.building import Page
from tests.web.portal.building import ID, Home

DESK = Recipient("Beredskap", "email", "vakt@ekvik.example", "sv", show_text=False)


def test_she_comes_in_by_her_own_consent(tmp_path: Path) -> None:
    home = Home(tmp_path, empty=True)
    with home.parts:
        browser = home.browser()
        assert "/me/begin" in browser.page("/me").links()
        assert browser.get("/me/consent").headers["location"] == "/me"
        form = home.consent_form(browser, "/me/begin") | {
            "given": "Anna",
            "family": "Lindqvist",
            "role": "kommunalråd",
            "party": "Ekvikspartiet",
            "municipality": "Ekvik",
            "country": "SE",
            "forms": "AL\n\nAL\nAnna på bron",
            "handle_bluesky": "anna.example @anna2.example",
            "contact_name": "Beredskap",
            "channel": "outbox",
            "address": "vakt",
        }
        assert browser.submit("/me/begin", **form | {"address": ""}).status_code == 422
        for missing, words in (("scope", "Choose where we may look"), ("labels", "Choose at least one thing")):
            refused = browser.submit("/me/begin", **{key: form[key] for key in form if key != missing})
            assert (refused.status_code, words in refused.text) == (422, True)
        assert home.parts.store.officials() == []
        assert browser.submit("/me/begin", **form).headers["location"] == "/me?done=begun"
        anna = home.parts.store.get(ID)
        assert anna.name == "Anna Lindqvist"
        assert (anna.forms, anna.handles) == ((), {}), "nobody has confirmed what she entered herself"
        assert anna.proposed.forms == ("AL", "Anna på bron")
        assert anna.proposed.handles == {"bluesky": ("anna.example", "@anna2.example")}
        assert anna.tenant == "ekvik"
        [entry] = home.parts.store.ledger(ID)
        assert (entry.act, entry.how, entry.by, entry.wording) == ("given", "portal", "anna", form["wording"])
        assert home.parts.store.tenant("ekvik").name == "Ekvik"
        assert "Watching is on" in browser.page("/me").words


@pytest.mark.parametrize(("tenant", "language"), [("ekvik", "sv"), ("another", "en")])
def test_the_country_that_is_proposed_is_that_of_the_tenant(tmp_path: Path, tenant: str, language: str) -> None:
    home = Home(tmp_path, empty=True)
    with home.parts:
        home.parts.store.put_tenant(Tenant(tenant, "municipality", "Ekvik", "FI"))
        page = home.browser(language=language).page("/me/begin")
        assert [
            each["value"] for each in page.all("option") if "selected" in each and each["value"] in ("SE", "FI")
        ] == ["FI"]


def test_what_is_given_up_is_erased_at_once(home: Home) -> None:
    kept, gone = (verdict("a", source=source, officials=(ID,)) for source in ("bluesky", "mastodon"))
    home.parts.index.write_verdicts([kept, gone])
    browser = home.browser()
    sources = sorted(home.parts.sources() - {"mastodon"})
    form = home.consent_form(browser) | {"scope": "some", "source": sources, "labels": "some", "label": ["threat"]}
    del form["text"]
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=saved"
    assert home.parts.index.get("mastodon:a") is None
    assert home.parts.index.get("bluesky:a") is not None
    [consent] = home.parts.store.get(ID).consents
    assert sorted(consent.scope) == sources
    assert consent.labels == ("threat",)
    assert (consent.text, consent.evidence) == (False, True)
    assert home.parts.partial.withdrawal(ID, Part("source", "mastodon")) is not None
    entry = home.parts.store.ledger(ID)[-1]
    assert (entry.how, entry.by, entry.wording, entry.consents) == ("portal", "anna", form["wording"], (consent,))
    assert not home.parts.allowed(ID, "mastodon")
    home.clock.advance(60)
    everything = home.consent_form(browser) | {"source": sorted(home.parts.sources()), "label": list(LABELS)}
    assert browser.submit("/me/consent", **everything).headers["location"] == "/me/consent?done=saved"
    assert home.parts.allowed(ID, "mastodon")


def test_who_names_all_sources_there_are_does_not_mean_those_to_come(home: Home) -> None:
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some"}
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=saved"
    [consent] = home.parts.store.get(ID).consents
    assert sorted(consent.scope) == sorted(home.parts.sources())
    [some] = browser.page("/me/consent").all("input", name="scope", value="some")
    assert "checked" in some
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=same"


def test_several_sources_that_she_takes_out_are_one_entry_that_says_what_changed(home: Home) -> None:
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some", "source": ["bluesky"]}
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=saved"
    assert len(home.parts.store.ledger(ID)) == 2
    page = browser.page("/me/consent").words
    assert "Changed sources" in page
    assert "Given by a command" in page


def test_from_one_source_to_another(home: Home) -> None:
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some"}
    for source in ("bluesky", "feed"):
        assert browser.submit("/me/consent", **form | {"source": source}).status_code == 303
        assert home.parts.store.get(ID).consents[0].scope == (source,)
        home.clock.advance(60)


def test_consent_to_all_that_is_given_up_ends_also_while_a_store_is_away(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has no room for what is due of one source; a full disk cannot be had in a test."""
    home.parts.index.write_verdicts([verdict("a", source=each, officials=(ID,)) for each in ("feed", "mastodon")])
    erase = home.parts.holders[0].erase

    def away(official: str, part: Part | None = None) -> int:
        if part == Part("source", "feed"):
            raise Unavailable("the disk is full", place="log")
        return erase(official, part)

    browser = home.browser()
    sources = sorted(home.parts.sources() - {"feed", "mastodon"})
    form = home.consent_form(browser) | {"scope": "some", "source": sources}
    with monkeypatch.context() as patched:
        patched.setattr(home.parts.holders[0], "erase", away)
        answer = browser.submit("/me/consent", **form)
    assert "could not be erased just now" in browser.page(answer.headers["location"]).words
    assert not any(home.parts.allowed(ID, each) for each in ("feed", "mastodon"))
    assert (home.parts.index.held(["feed:a", "mastodon:a"]), home.parts.partial.pending()) == (
        {"feed:a"},
        [(ID, Part("source", "feed"))],
    )
    # What came in by a new consent would be erased with the rest.
    home.clock.advance(60)
    again = form | {"source": [*sources, "feed"]}
    for wider in (again, {**again, "scope": "all", "source": [*sources, "feed", "mastodon"]}):
        assert "still being erased" in browser.submit("/me/consent", **wider).text
    assert not home.parts.allowed(ID, "feed")
    home.parts.erasure.resume()
    assert home.parts.index.held(["feed:a"]) == set()
    assert browser.submit("/me/consent", **again).headers["location"] == "/me/consent?done=saved"
    assert home.parts.allowed(ID, "feed")


def test_what_is_chosen_instead_holds_only_together_with_the_end_of_what_is_given_up(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away between both; that cannot be had in a test."""

    def away(*arguments: Any, **options: Any) -> None:
        raise Unavailable("no answer", place="database")

    browser, before = home.browser(), home.parts.store.get(ID)
    form = home.consent_form(browser) | {"scope": "some", "source": "feed", "labels": "some", "label": ["threat"]}
    with monkeypatch.context() as patched:
        patched.setattr(home.parts.partial, "withdraw_all", away)
        assert browser.submit("/me/consent", **form).status_code == 503
    assert home.parts.store.get(ID) == before
    assert len(home.parts.store.ledger(ID)) == 1
    assert home.parts.audit.read(official=ID) == []


def test_sources_that_no_collector_names_are_offered_and_given_up_as_others(home: Home) -> None:
    posts = [verdict("a", source=each, officials=(ID,)) for each in ("bluesky", "anteckning", "web")]
    home.parts.index.write_verdicts(posts)
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some"}
    assert {"anteckning", "web"} < set(form["source"])
    for left, posts_left in ((["anteckning", "bluesky"], {"anteckning:a", "bluesky:a"}), (["bluesky"], {"bluesky:a"})):
        answer = browser.submit("/me/consent", **form | {"source": left})
        assert answer.headers["location"] == "/me/consent?done=saved"
        assert home.parts.index.held([each.post.id for each in posts]) == posts_left
        assert [sorted(consent.scope) for consent in home.parts.store.get(ID).consents] == [left]
        home.clock.advance(60)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scope": "some", "source": []}, "Choose at least one source"),
        ({"source": ["bluesky"]}, "left a box empty"),
        ({"label": ["threat"]}, "left a box empty"),
        ({"labels": "some", "label": []}, "Choose at least one thing"),
        ({"until": "2020-01-01"}, "has not passed"),
        ({"until": "soon"}, "has not passed"),
        ({"wording": "an-older-one"}, "has changed since"),
    ],
)
def test_what_makes_no_sense_is_refused(home: Home, changed: dict[str, Any], words: str) -> None:
    browser, before = home.browser(), home.parts.store.get(ID)
    answer = browser.submit("/me/consent", **home.consent_form(browser) | changed)
    assert answer.status_code == 422
    assert words in answer.text
    assert home.parts.store.get(ID) == before


def test_the_same_once_more_is_no_entry(home: Home) -> None:
    browser = home.browser()
    answer = browser.submit("/me/consent", **home.consent_form(browser))
    assert answer.headers["location"] == "/me/consent?done=same"
    assert len(home.parts.store.ledger(ID)) == 1


def test_when_a_consent_ends_and_what_has_not_begun_stay_as_they_are(home: Home) -> None:
    now = home.clock.now()
    holds, later = (
        Consent(("*",), NOW, now + timedelta(days=30)),
        Consent(("feed",), now + timedelta(days=10), text=False),
    )
    home.parts.store.change(official(ID, consents=(holds, later)), given=Given("paper"))
    browser = home.browser()
    untouched = home.consent_form(browser)
    assert untouched["until"] == "2026-10-14"
    assert browser.submit("/me/consent", **untouched).headers["location"] == "/me/consent?done=same"
    assert home.parts.store.get(ID).consents == (holds, later)
    changed = untouched | {"labels": "some", "label": ["threat"]}
    assert browser.submit("/me/consent", **changed).headers["location"] == "/me/consent?done=saved"
    assert home.parts.store.get(ID).consents == (replace(holds, since=now, labels=("threat",)), later)
    browser.submit("/me/consent", **changed | {"until": "2026-10-15"})
    [ends] = [each.until for each in home.parts.store.get(ID).consents if each != later]
    assert ends == datetime(2026, 10, 15, 21, 59, 59, tzinfo=UTC)
    home.parts.store.change(official(ID, consents=(later,)), given=Given("paper"))
    assert "Watching is on" not in browser.page("/me").words


def test_of_several_consents_none_is_widened_by_what_another_one_allows(home: Home) -> None:
    close = Consent(("bluesky",), NOW, labels=("threat",), recipients=("Beredskap",), text=False)
    wide = Consent(("mastodon",), NOW)
    home.parts.store.change(official(ID, consents=(close, wide)), given=Given("paper"))
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some", "sample": "1"}
    assert form["source"] == ["bluesky", "mastodon"]
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=saved"
    close, wide = (replace(each, since=home.clock.now(), sample=True) for each in (close, wide))
    assert home.parts.store.get(ID).consents == (close, wide)
    home.clock.advance(1)
    form |= {"source": ["feed", "mastodon"], "labels": "some", "label": ["hate", "threat"]}
    assert browser.submit("/me/consent", **form).headers["location"] == "/me/consent?done=saved"
    close = replace(close, since=home.clock.now(), scope=("feed",))
    wide = replace(wide, since=home.clock.now(), scope=("mastodon", "feed"), labels=("threat", "hate"))
    assert home.parts.store.get(ID).consents == (close, wide)


def test_before_she_erases_everything_she_reads_that_open_alerts_end(home: Home) -> None:
    browser = home.browser()
    assert "still open" not in browser.page("/me/erase").words
    judged = verdict("a", "Akta dig", officials=(ID,), severity="high", labels=("threat",))
    raised = replace(alert(judged, official=ID), recipients=(DESK,))
    home.parts.incidents.take([raised])
    assert "1 alert about you is still open. It is erased." in browser.page("/me/erase").words
    [incident] = home.parts.incidents.open()
    actions: tuple[Action, ...] = ("on-it", "resolve")
    for action in actions:
        home.parts.incidents.answer(incident.id, action, by="Rut Ek")
    assert "still open" not in browser.page("/me/erase").words


def test_before_she_takes_out_a_source_that_open_alerts_come_from_she_is_asked(home: Home) -> None:
    sources = ("anteckning", "bluesky", "feed")
    posts = [
        verdict("a", "Akta dig", source=each, officials=(ID,), severity="high", labels=("threat",)) for each in sources
    ]
    home.parts.index.write_verdicts(posts)
    home.parts.incidents.take([replace(alert(judged, official=ID), recipients=(DESK,)) for judged in posts[:2]])
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some"}
    without = {each: [source for source in form["source"] if source != each] for each in sources}
    assert browser.submit("/me/consent", **form | {"source": without["feed"]}).status_code == 303, (
        "no alert comes from it"
    )
    left = [each for each in without["anteckning"] if each != "feed"]
    page = Page(browser.submit("/me/consent", **form | {"source": left}).text)
    assert "1 alert about you that is still open rests on posts that would now be erased" in page.words
    [asked] = page.all("input", name="asked")
    assert (asked["value"], home.parts.allowed(ID, "anteckning")) == ("anteckning", True)
    assert home.parts.index.held(["anteckning:a"]) == {"anteckning:a"}
    sure = form | {"asked": "anteckning", "sure": "1"}
    more = browser.submit("/me/consent", **sure | {"source": [each for each in left if each != "bluesky"]})
    assert (more.status_code, home.parts.allowed(ID, "bluesky")) == (200, True), "she was asked of another one"
    answer = browser.submit("/me/consent", **sure | {"source": left})
    assert answer.headers["location"] == "/me/consent?done=saved"
    assert home.parts.index.held(["anteckning:a"]) == set()
    assert len(home.parts.incidents.open()) == 1, "something is left of it"


def test_a_source_that_she_has_taken_out_can_be_taken_in_again(home: Home) -> None:
    """Also one that no collector names, once nothing of it is held any more; it is hers alone."""
    home.parts.store.add(official("ekvik-08", given_names=("Eva",)), given=Given("paper"))
    home.parts.index.write_verdicts([verdict("a", source="anteckning", officials=(ID,))])
    browser = home.browser()
    form = home.consent_form(browser) | {"scope": "some"}
    left = [each for each in form["source"] if each != "anteckning"]
    for _ in range(2):  # also out of a consent to all, which nobody had narrowed
        answer = browser.submit("/me/consent", **form | {"source": left})
        assert answer.headers["location"] == "/me/consent?done=saved"
        assert not home.parts.allowed(ID, "anteckning")
        [offered] = browser.page("/me/consent").all("input", name="source", value="anteckning")
        assert "checked" not in offered
        home.clock.advance(60)
        answer = browser.submit("/me/consent", **form | {"scope": "all"})
        assert answer.headers["location"] == "/me/consent?done=saved"
        assert home.parts.allowed(ID, "anteckning")
        home.clock.advance(60)
    assert home.parts.partial.sources("ekvik-08") == frozenset()


def test_two_clicks_erase_everything(home: Home) -> None:
    judged = verdict("a", "Akta dig", officials=(ID,), severity="high", labels=("threat",))
    home.parts.index.write_verdicts([judged])
    home.parts.index.write_alerts([alert(judged, official=ID)])
    browser = home.browser()
    assert "/me/erase" in browser.page("/me").links()
    assert home.parts.index.get("jsonl:a") is not None
    answer = browser.submit("/me/erase")
    assert answer.status_code == 200
    assert "Everything about you has been erased" in answer.text
    assert "posts and alerts" in answer.text
    assert home.parts.index.get("jsonl:a") is None
    with pytest.raises(BadInput):
        home.parts.store.get(ID)
    assert home.parts.accounts.people.all() == []
    assert home.parts.store.pending() == []
    entries = home.parts.audit.read(actions=["consent-withdrawn", "erased"])
    assert [(each.act.action, each.act.who, each.act.official) for each in entries] == [
        ("erased", "system", ""),
        ("consent-withdrawn", "", ""),
    ]
