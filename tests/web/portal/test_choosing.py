"""Whom a page is about, for who is an official or a deputy several times."""

from dataclasses import replace

import pytest

from access.person import Grant
from registry.official import Official
from tests.registry.people import official
from tests.review.people import alert, verdict
from tests.web.building import Browser
from tests.web.portal.building import ID, Home

OTHER = "aby-01"
"""Comes before Anna's id, so that the order of the ids alone chooses her."""
UNKNOWN = "aaby-02"


def bo() -> Official:
    return replace(official(OTHER), given_names=("Bo",), family_names=("Alm",), municipality="Åby")


def hers(home: Home, *grants: tuple[str, str, str]) -> Browser:
    """A browser of somebody who is this of Anna, and besides what ``grants`` say."""
    home.parts.store.add(bo())
    return home.browser(grants=tuple(Grant(*each) for each in grants))  # type: ignore[arg-type]


def official_twice(home: Home) -> Browser:
    return hers(home, ("official", "ekvik", ID), ("official", "aaby", OTHER))


def test_who_is_in_the_registry_comes_before_an_invitation(home: Home) -> None:
    browser = hers(home, ("official", "ekvik", ID), ("official", "aaby", UNKNOWN))
    page = browser.page("/me")
    assert "Hello Anna Lindqvist" in page.words
    assert f"/me?official={UNKNOWN}" in page.links()
    assert "Eva Berg, Åby" in page.words
    chosen = browser.page("/me", official=UNKNOWN)
    assert "/me/begin" in chosen.links()
    assert browser.get("/me/consent").headers["location"] == "/me"


def test_a_deputy_of_two_chooses_and_the_choice_stays(home: Home) -> None:
    browser = hers(home, ("deputy", "ekvik", ID), ("deputy", "aaby", OTHER))
    assert "This is about Bo Alm" in browser.page("/me").words
    assert "This is about Anna Lindqvist" in browser.page("/me", official=ID).words
    assert "This is about Anna Lindqvist" in browser.page("/me/alerts").words
    assert "This is about Anna Lindqvist" in browser.page("/me").words


def test_who_is_one_official_has_nothing_to_choose(home: Home) -> None:
    page = home.browser().page("/me/consent")
    assert "This is about" not in page.words
    assert not [form for form in page.all("form") if "official=" in (form["action"] or "")]


def test_nobody_chooses_an_official_who_is_not_hers(home: Home) -> None:
    home.parts.store.add(bo())
    browser = home.browser()
    assert browser.get(f"/me?official={OTHER}").status_code == 404
    assert browser.submit(f"/me/erase?official={OTHER}").status_code == 404
    browser.cookies.set("turvakt_official", OTHER)
    assert "Hello Anna Lindqvist" in browser.page("/me").words
    assert {each.id for each in home.parts.officials.all()} == {ID, OTHER}


def test_a_form_changes_whom_its_page_showed_whatever_another_window_chose(home: Home) -> None:
    browser = official_twice(home)
    page = browser.page("/me/erase", official=ID)
    [action] = [form["action"] for form in page.all("form") if (form["action"] or "").startswith("/me/erase")]
    browser.page("/me", official=OTHER)
    assert browser.submit(action or "").status_code == 200
    assert [each.id for each in home.parts.officials.all()] == [OTHER]


@pytest.mark.parametrize("page", ["consent", "erase", "names", "download"])
def test_what_she_may_for_herself_she_may_not_for_whom_she_is_a_deputy_of(home: Home, page: str) -> None:
    browser = hers(home, ("official", "ekvik", ID), ("deputy", "aaby", OTHER))
    assert "Hello Anna Lindqvist" in browser.page("/me").words
    assert browser.get(f"/me/{page}").status_code == 200
    assert "/me/erase" not in browser.page("/me", official=OTHER).links()
    assert browser.get(f"/me/{page}").status_code == 403
    assert browser.submit(f"/me/erase?official={OTHER}").status_code == 403
    assert {each.id for each in home.parts.officials.all()} == {ID, OTHER}


def test_the_link_of_an_alert_leads_to_whom_it_is_about(home: Home) -> None:
    browser = official_twice(home)
    for name, about in (("a", ID), ("b", OTHER)):
        judged = verdict(name, "Akta dig", officials=(about,), severity="high", labels=("threat",))
        home.parts.index.write_verdicts([judged])
        home.parts.index.write_alerts([alert(judged, official=about, id=f"{name}1")])
    for name, about in (("a", ID), ("b", OTHER), ("a", ID)):
        browser.page("/me", official=OTHER if about == ID else ID)
        leads = browser.get(f"/alerts/{name}1").headers["location"]
        right = browser.get(f"{leads}?text=1").headers["location"]
        assert right == f"/me/alerts/{name}1?text=1&official={about}"
        assert "Akta dig" in browser.page(right).words
        assert home.parts.audit.read(limit=1)[0].act.official == about
    assert [each.official for each in home.parts.notices.of(OTHER)] == [OTHER]
