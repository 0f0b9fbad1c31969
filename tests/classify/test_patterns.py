"""Rules find what they name, in any disguise, and leave its lawful twins alone. Texts: abusive_*.jsonl and .txt."""

from typing import Any

import pytest

from classify.classifiers.patterns import Patterns
from classify.reading import read, unable
from classify.rules import english, finnish, swedish
from classify.rules.matching import find, raised
from classify.rules.notation import compile_phrase, needed
from classify.verdict import SEVERITIES
from tests.classify.material import english as threats_in_english
from tests.classify.material import lawful_twins, phrases

PATTERNS = Patterns()


@pytest.mark.parametrize("case", phrases(), ids=lambda case: case["text"])
def test_finds(case: dict[str, Any]) -> None:
    judgement = PATTERNS.classify([case["text"]])[0]
    assert judgement.unable is None
    assert judgement.language == case["lang"]
    assert case["label"] in judgement.flagged
    assert judgement.severity == case["severity"]
    span = next(span for span in judgement.spans if span.label == case["label"])
    assert 0 <= span.start < span.end <= len(case["text"])


@pytest.mark.parametrize("text", threats_in_english())
def test_finds_in_english(text: str) -> None:
    judgement = PATTERNS.classify([text])[0]
    assert judgement.unable is None
    assert "threat" in judgement.flagged
    assert judgement.severity in ("high", "critical")
    assert judgement.spans
    assert all(text[span.start : span.end].strip() for span in judgement.spans)


def test_a_text_in_which_only_english_rules_found_something_is_in_another_language() -> None:
    around = "They all think that this council is a joke, and so do we. "
    reading = read([f"{around} We know where you live. {around}"])[0]
    assert reading.unable == "language"
    judgement = raised(unable(reading.unable, "model@1"), find(reading), "model@1")
    assert (judgement.language, judgement.unable, judgement.severity) == ("other", None, "high")


@pytest.mark.parametrize("text", lawful_twins())
def test_leaves_alone(text: str) -> None:
    assert PATTERNS.classify([text])[0].flagged == ()


def test_a_threat_is_found_in_a_text_of_another_language() -> None:
    judgement = PATTERNS.classify(["I will be there bro, tapan sinut, see you"])[0]
    assert judgement.language == "fi"
    assert judgement.severity == "critical"


@pytest.mark.parametrize("threat", ["tapan sinut ensi yönä", "jag ska döda dig i natt"])
def test_a_threat_is_found_in_a_long_text_of_another_language(threat: str) -> None:
    around = (
        "we saw it on tv at the lake, it was the final of the year, and it was all so very sad and all of us went home "
    )
    for text in (around + threat, around * 3 + threat + " " + around * 20, around * 30 + threat):
        assert PATTERNS.classify([text])[0].severity == "critical"


def test_signs_before_words_hide_no_threat() -> None:
    for text in ("@jag @ska @döda @dig @inatt", "#tapan #sinut", "*jag *ska *döda *dig", "#jagskadödadig"):
        assert PATTERNS.classify([text])[0].severity == "critical"


def test_a_word_said_over_and_over_hides_no_threat() -> None:
    for text, said in (("jag jag jag jag ska döda dig", "döda dig"), ("kuole kuole kuole kuole pois, huora", "pois")):
        judgement = PATTERNS.classify([text])[0]
        assert "threat" in judgement.flagged
        assert any(said in text[span.start : span.end] for span in judgement.spans)


def test_half_a_word_voids_no_threat() -> None:
    """ "Lag" tells of a court; "flag" does not."""
    for between in range(60):
        text = f"they burned the flag in front of the hall {'o' * between} jag ska döda dig"
        assert "threat" in PATTERNS.classify([text])[0].flagged


def test_what_cannot_be_judged_is_unable() -> None:
    assert [each.unable for each in PATTERNS.classify(["", "Hello there my friends, how are you", "ok"])] == [
        "no-text",
        "language",
        "too-short",
    ]


@pytest.mark.parametrize("language", [swedish.RULES, finnish.RULES, english.RULES], ids=lambda each: each.code)
def test_rules_are_well_formed(language: Any) -> None:
    for rule in language.rules:
        assert rule.labels
        assert SEVERITIES.index(rule.severity) >= SEVERITIES.index("high")
        assert compile_phrase(rule.phrase, language.classes)
        assert needed(rule.phrase, language.classes)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(ValueError, match="NOBODY"):
        compile_phrase("NOBODY knows", {})


def test_notation() -> None:
    places = compile_phrase("a|B <2> st* *end c?", {"B": "b"})
    assert places[0] == {"ORTH": {"REGEX": "^(?:a|b)$"}}
    assert places[1]["OP"] == "{0,2}"
    assert places[4]["OP"] == "?"
    assert needed("a|B <2> st* c?", {"B": "b"}) == [{"a", "b"}, {"st*"}]
