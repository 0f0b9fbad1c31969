"""A change is told, chance is not."""

from math import log

import pytest

from classify.verdict import Verdict
from review.drift import Drift, Period, drifts
from tests.review.people import verdict


def posts(many: int, **fields: object) -> list[Verdict]:
    return [verdict(str(number), **fields) for number in range(many)]  # type: ignore[arg-type]


def period(verdicts: list[Verdict]) -> Period:
    made = Period()
    for each in verdicts:
        made.add(each)
    return made


def found(before: list[Verdict], now: list[Verdict]) -> dict[str, Drift]:
    return {each.name: each for each in drifts(period(before), period(now))}


def test_the_same_mix_is_steady() -> None:
    mix = posts(300) + posts(100, language="fi")
    told = found(mix, mix).values()
    assert {each.state for each in told} == {"steady"}
    assert all(each.index == 0 for each in told)


def test_other_languages_more_often() -> None:
    other = {"language": "other", "unable": "language"}
    told = found(posts(380) + posts(20, **other), posts(300) + posts(100, **other))
    assert (told["language"].state, told["unable"].state) == ("act", "act")
    assert (told["language"].posts, told["language"].shares) == ((400, 400), (0.05, 0.25))
    assert told["severity"].state == "steady"
    assert told["severity"].posts == (380, 300)
    shares = [(380.5 / 401, 300.5 / 401), (20.5 / 401, 100.5 / 401)]
    assert told["language"].index == pytest.approx(sum((new - old) * log(new / old) for old, new in shares))


def test_a_label_gets_more_probable_in_one_language() -> None:
    fi = posts(200, language="fi")
    before = posts(200) + fi
    told = found(before, posts(150) + posts(50, labels=("hate",), severity="medium") + fi)
    assert told["sv hate"].state == "act"
    assert told["sv hate"].moved == "90%-100%"
    assert told["sv threat"].state == told["fi hate"].state == "steady"
    assert list(told)[:4] == ["language", "unable", "severity", "sv threat"]


def test_a_small_change_of_few_posts_is_chance() -> None:
    def index_and_state(times: int) -> tuple[bool, str]:
        fi, other = posts(2 * times, language="fi"), posts(5 * times, language="other", unable="language")
        told = found(posts(98 * times) + fi, posts(93 * times) + fi + other)["language"]
        return told.index > 0.1, told.state

    assert index_and_state(1) == (True, "steady")
    assert index_and_state(10) == (True, "watch")


def test_too_few_to_tell() -> None:
    assert {each.state for each in found(posts(99), posts(500, language="fi")).values()} == {"few"}
    assert found([], []) == {}
