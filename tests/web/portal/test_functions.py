"""A function: its manager is invited in the console, comes in, and consents by her own hand."""

import re
from pathlib import Path

import pyotp

from access.person import Function, Grant, Person
from ingest.post import Author, Post
from registry.tenant import Tenant
from tests.web.building import Page
from tests.web.portal.building import Home

KAJ = Person("p-kaj", "Kaj Dahl", "kaj@ekvik.example", "en", (Grant("administrator", "ekvik"),))
PASSWORD = "tolv små kaffekoppar"


def test_a_function_from_the_invitation_to_the_last_byte(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", empty=True)
    with home.parts as parts:
        parts.store.put_tenant(Tenant("ekvik", "municipality", "Ekvik", "SE"))
        parts.accounts.people.add(KAJ)
        new = home.house()
        keys = home.signed_in(new(), KAJ)
        asked = {
            "name": "Berit Ekman",
            "email": "berit@ekvik.example",
            "language": "en",
            "tenant": "ekvik",
            "function": "Socialtjänsten i Ekvik",
            "forms": "Ekviks soc",
            "handles": "bluesky:soc.ekvik.example",
        }
        assert keys.submit("/people", **asked, role="officer").status_code == 422
        assert "service:account" in keys.submit("/people", **asked | {"handles": "soc"}, role="official").text
        assert keys.submit("/people", **asked, role="official").status_code == 303

        [letter] = parts.letters.due()
        hers = new()
        link = letter.letter.values["link"].removeprefix("http://127.0.0.1:8477")
        assert hers.submit(link, password=PASSWORD, again=PASSWORD).status_code == 303
        app = re.search(r"<code>([A-Z2-7]{16,})</code>", hers.page("/joining").html)
        assert app is not None
        assert hers.submit("/joining/app", code=pyotp.TOTP(app[1]).at(home.clock.now())).status_code == 200
        assert "You answer for Socialtjänsten i Ekvik" in hers.page("/me").words
        begin = hers.page("/me/begin")
        assert "I answer for the function" in begin.words
        assert "Ekviks soc" in begin.text
        assert not begin.all("input", name="family")
        form = home.consent_form(hers, "/me/begin") | {
            "municipality": "Ekvik",
            "country": "SE",
            "forms": "Socialtjänsten i Ekvik\nEkviks soc\nHuset på torget",
            "handle_bluesky": "soc.ekvik.example",
            "contact_name": "Beredskap",
            "channel": "outbox",
            "address": "vakt",
        }
        assert hers.submit("/me/begin", **form).headers["location"] == "/me?done=begun"

        [function] = parts.store.officials()
        assert (function.is_function, function.responsible) == (True, "Berit Ekman")
        assert function.forms == ("Socialtjänsten i Ekvik", "Ekviks soc")
        assert (function.handles, function.proposed.forms) == (
            {"bluesky": ("soc.ekvik.example",)},
            ("Huset på torget",),
        )
        [entry] = parts.store.ledger(function.id)
        assert (entry.how, entry.wording.startswith("2026-11-function-")) == ("portal", True)
        now = home.clock.now()
        posts = [
            Post(f"feed:{text}", "feed", text, now, now, author=Author())
            for text in ("Stäng Ekviks soc", "Huset på torget")
        ]
        told = parts.officials.matcher().match(posts, at=now)
        assert [[each.official for each in found] for found in told] == [[function.id], []]
        assert "This is about Socialtjänsten i Ekvik" in hers.page("/me/consent").words
        names = hers.page("/me/names")
        assert "Huset på torget" in names.words
        for page in ("", "/alerts", "/accesses", "/contacts", "/wishes", "/deputies", "/submit", "/download", "/help"):
            assert hers.get(f"/me{page}").status_code == 200

        assert "Everything about you has been erased" in Page(hers.submit("/me/erase").text).words
        assert parts.store.officials() == []
        assert [each.id for each in parts.accounts.people.all() if each.id != "anna"] == ["p-kaj"]


def test_a_manager_answers_for_two_functions_and_is_an_official_besides(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    with home.parts as parts:
        parts.accounts.people.add(KAJ)
        keys = home.signed_in(home.house()(), KAJ)
        for name in ("Ekviks skolor", "Ekviks bibliotek", "Ekviks skolor"):
            asked = {"name": "x", "email": home.anna.email, "language": "sv", "tenant": "ekvik", "role": "official"}
            assert keys.submit("/people", **asked, function=name).status_code == 303
        anna = parts.accounts.people.get("anna")
        assert [each.function for each in anna.grants] == [
            None,
            Function("Ekviks skolor"),
            Function("Ekviks bibliotek"),
        ]
        assert [each.letter.purpose for each in parts.letters.due()] == ["role-given"] * 2
        assert len({each.official for each in anna.grants}) == 3
        hers = home.signed_in(home.house()(), anna).page("/me")
        assert [name in hers.words for name in ("Anna Lindqvist, Ekvik", "Ekviks skolor, Ekvik")] == [True, True]


def test_no_function_is_watched_by_what_is_a_persons(tmp_path: Path) -> None:
    """Else one municipality could have posts about the officials of another one collected."""
    home = Home(tmp_path / "data")
    with home.parts as parts:
        parts.store.put_tenant(Tenant("furuby", "municipality", "Furuby", "SE"))
        for number, (form, is_taken) in enumerate((("Anna Lindqvist", True), ("Furubys skolor", False))):
            id = f"furuby-{number}"
            browser = home.browser(grants=(Grant("official", "furuby", id, Function(form)),))
            asked = home.consent_form(browser, "/me/begin") | {
                "municipality": "Furuby",
                "country": "SE",
                "forms": form,
                "contact_name": "Beredskap",
                "channel": "outbox",
                "address": "vakt",
            }
            answer = browser.submit("/me/begin", **asked)
            assert answer.status_code == (422 if is_taken else 303)
            assert ("cannot be used as it is" in answer.text) is is_taken
            assert (id in {each.id for each in parts.store.officials()}) is not is_taken
