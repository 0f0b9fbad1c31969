"""The page of a post hints at law, and says that the hint is no verdict."""

from dataclasses import replace
from pathlib import Path

import pytest

from classify.law import load_law
from tests.review.people import verdict
from tests.web.building import World


@pytest.fixture
def world() -> World:
    return World()


LAW = load_law(Path(__file__).parents[2] / "config" / "law.toml")
CAUTION = {
    "sv": "Den säger varken att ett brott har begåtts eller något om någons skuld",
    "fi": "Se ei tarkoita, että rikos olisi tehty, eikä ota kantaa kenenkään syyllisyyteen",
    "en": "It does not say that a crime has been committed, nor anything about the guilt of any person",
}


@pytest.mark.parametrize("language", sorted(CAUTION))
def test_hints_at_law_and_says_that_it_is_no_verdict(world: World, language: str) -> None:
    world.law = LAW
    world.index.write_verdicts([verdict("a", severity="high", labels=("threat",))])
    browser = world.browser()
    browser.headers["accept-language"] = language
    page = browser.page("/posts/jsonl:a")
    assert CAUTION[language] in page.words
    assert "4 kap. 5 § brottsbalken" in page.words
    assert "strafflagen" not in page.words
    (link,) = (link for link in page.all("a") if str(link["href"]).endswith("#K4P5"))
    assert "noreferrer" in str(link["rel"])


def test_the_law_is_that_of_the_officials(world: World) -> None:
    world.law = LAW
    world.officials = [replace(world.officials[0], country="FI"), world.officials[1]]
    posts = {"a": ("anna",), "b": ("anna", "bo"), "c": ("gone",)}
    for name, officials in posts.items():
        world.index.write_verdicts([verdict(name, officials=officials, severity="high", labels=("threat",))])
    browser = world.browser()
    shown = {name: browser.page(f"/posts/jsonl:{name}").words for name in posts}
    assert {name: ("(Sweden)" in words, "(Finland)" in words) for name, words in shown.items()} == {
        "a": (False, True),
        "b": (True, True),
        "c": (True, False),  # nobody is known: the language of the text decides
    }
    assert "only because of the office or in the exercise of public authority" in shown["a"]


def test_without_a_hint_there_is_no_word_of_law(world: World) -> None:
    world.law = LAW
    world.index.write_verdicts([verdict("a", severity="low", labels=("harassment",))])
    assert "Law to consider" not in world.browser().page("/posts/jsonl:a").words
