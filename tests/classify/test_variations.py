"""Each change of a text does what it says and nothing else, and what it moves is counted. Contains abusive test material."""

import json
import re
import unicodedata
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.corpus import Example
from classify.evaluation import changes, disguises
from classify.evaluation.suite import read_suite
from classify.evaluation.variations import VARIATIONS, Change, Variation, run
from classify.normalise import normalise
from tests.classify.test_suite import SMALL
from tests.classify.watchword import Watchword

SWEDISH = (
    "Hon heter Anna Lindqvist (SD) och bor i Uppsala: hennes hus ska brinna, @anna_l! Se https://x.example/anna-berg"
)
FINNISH = "Liisan ja Virtasen mielestä Kari asuu Tampereella, kokoomuksessa persut nauravat miehelle."


def every(change: Change, text: str) -> set[str]:
    """What ``change`` makes of ``text``, in many draws."""
    return {change(text, Random(seed)) for seed in range(60)}


class TestSameMeaning:
    def test_names_and_handles_are_changed_in_their_form(self) -> None:
        for text in every(changes.names, SWEDISH):
            assert re.fullmatch(
                r"Hon heter (?!Anna )\w+ (?!Lindqvist )\w+ \(SD\) och bor i Uppsala: hennes hus ska brinna, @(?!anna_l\b)[\w.]+! "
                r"Se https://x.example/anna-berg",
                text,
            )
        for text in every(changes.names, FINNISH):
            assert re.match(r"(?!Liisan)\w+n ja (?!Virtasen)\w+sen mielestä (?!Kari )\w+ asuu Tampereella, ", text)

    def test_a_mention_stands_in_front(self) -> None:
        assert {re.sub(r"^@[\w.]+ ", "", text) for text in every(changes.mention, FINNISH)} == {FINNISH}

    def test_one_name_stays_one_person(self) -> None:
        for text in every(changes.names, "Liisa tuli. Liisalle huudettiin. LIISA lähti."):
            first, second, third = re.findall(r"(\w+) tuli. (\w+)lle huudettiin. (\w+) lähti", text)[0]
            assert first == second == third.capitalize() != "Liisa"

    def test_gender_changes_names_and_pronouns_both_ways(self) -> None:
        for text in every(changes.gender, SWEDISH):
            assert re.match(r"Han heter (?!Anna )\w+ Lindqvist \(SD\) och bor i Uppsala: hans hus", text)
        assert changes.gender("HON såg honom och Hans Ek.", Random(0)) == "HAN såg henne och Hans Ek."
        assert changes.gender("Mies sanoi naiselle", Random(0)) == "Nainen sanoi miehelle"
        assert changes.gender("Hän on täällä", Random(0)) == "Hän on täällä"

    def test_a_party_keeps_its_form(self) -> None:
        assert {text.partition("(")[2][:2] for text in every(changes.party, SWEDISH)} == {"KD", "MP"}
        assert every(changes.party, "Sossarnas fel") >= {"Moderaternas fel", "Socialdemokraternas fel"}
        assert {text.split()[-4] for text in every(changes.party, FINNISH)} == {"vasemmistoliitossa", "vasemmistossa"}

    def test_a_town_keeps_its_case(self) -> None:
        found = every(changes.municipality, FINNISH)
        assert {text.replace("Helsingissä", "Tampereella") for text in found if "Helsingissä" in text} == {FINNISH}
        assert {text.replace("Vantaalla", "Tampereella") for text in found if "Vantaalla" in text} == {FINNISH}
        assert all("bor i Uppsala" not in text for text in every(changes.municipality, SWEDISH))

    def test_typos_are_few_and_small(self) -> None:
        for text in every(changes.typos, SWEDISH):
            before, after = SWEDISH.split(" "), text.split(" ")
            changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
            assert 1 <= len(changed) <= 2
            assert all(one[0] == other[0] and abs(len(one) - len(other)) <= 1 for one, other in changed)

    def test_case_marks_and_emoji(self) -> None:
        assert changes.lower("Hon är DÄR", Random(0)) == "hon är där"
        assert changes.upper("Hon är där", Random(0)) == "HON ÄR DÄR"
        assert changes.bare("Åke älskar öl och idé", Random(0)) == "Ake alskar ol och ide"
        assert all(text.startswith(FINNISH + " ") for text in every(changes.emoji, FINNISH))

    def test_one_word_alone_is_spaced(self) -> None:
        assert every(changes.one_spaced, "Du ska dö nu") == {"Du s k a dö nu"}
        assert "Hon h e t e r Anna" in {text[:18] for text in every(changes.one_spaced, SWEDISH)}


class TestEvasion:
    @pytest.mark.parametrize(
        ("change", "shape"),
        [
            (disguises.leet, "m0rd4"),
            (disguises.starred, r"m\*rda|mo\*da|mor\*a"),
            (disguises.spaced, "m o r d a"),
            (disguises.dotted, r"m\.o\.r\.d\.a"),
            (disguises.unseen, "m[\u200b-\u200d\u2060\u00ad]o[\u200b-\u200d\u2060\u00ad]r.d.a"),
            (disguises.lookalikes, "mоrdа|mοrdα"),
            (disguises.repeated, "m{3,6}orda|mo{3,6}rda|mor{3,6}da|mord{3,6}a|morda{3,6}"),
            (disguises.punctuated, r"morda(!!|\.\.|\?\?|\?!)"),
            (disguises.marked, "m.o.r.d.a."),
            (disguises.styled, "ｍｏｒｄａ|[^a-z]{5}"),
            (disguises.split, "m[- ]orda|mo[- ]rda|mor[- ]da|mord[- ]a"),
            (disguises.mixed, r"M(\W)O\1R\1D\1A"),
        ],
    )
    def test_each_does_what_it_says(self, change: Change, shape: str) -> None:
        for text in every(change, "du morda"):
            assert re.fullmatch(f"du (?:{shape})", text), text

    @pytest.mark.parametrize("text", [SWEDISH, FINNISH])
    @pytest.mark.parametrize("change", [disguises.unseen, disguises.marked, disguises.styled])
    def test_what_only_looks_different_has_the_same_plain_form(self, change: Change, text: str) -> None:
        assert {normalise(each).text for each in every(change, text)} == {normalise(text).text}

    def test_half_of_the_words_are_disguised_and_no_link(self) -> None:
        for text in every(disguises.starred, SWEDISH):
            assert text.count("*") == 6
            assert text.endswith("@anna_l! Se https://x.example/anna-berg")

    def test_four_words_become_one(self) -> None:
        found = every(disguises.run_together, "vi ska ses snart på torget")
        assert {"viskasessnart på-torget", "vi.ska.ses.snart på_torget"} <= found
        assert all(text.count(" ") == 1 for text in found)

    def test_marks_are_doubled(self) -> None:
        for text in every(disguises.punctuated, "Nu, du!"):
            assert re.fullmatch(r"Nu,{2,3} du!{2,3}", text)


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda variation: variation.name)
class TestEveryVariation:
    @settings(max_examples=30, deadline=None)
    @given(text=st.text(max_size=60), seed=st.integers(0, 99))
    def test_takes_any_text_and_is_pure(self, variation: Variation, text: str, seed: int) -> None:
        assert variation.change(text, Random(seed)) == variation.change(text, Random(seed))

    def test_changes_something(self, variation: Variation) -> None:
        assert {variation.change(text, Random(0)) for text in (SWEDISH, FINNISH)} != {SWEDISH, FINNISH}

    def test_gives_a_case_always_the_same_texts(self, variation: Variation) -> None:
        for case in read_suite(SMALL):
            before, after = variation.of(case)
            assert (before, after) == variation.of(case)
            assert before.endswith(variation.form(case.text))
            assert before != after or not variation.heading

    def test_keeps_text_composed(self, variation: Variation) -> None:
        changed = variation.change(SWEDISH, Random(0))
        assert variation.name == "combining marks" or unicodedata.normalize("NFC", changed) == changed


def test_names_and_kinds_are_told_apart() -> None:
    assert len({variation.name for variation in VARIATIONS}) == len(VARIATIONS)
    assert sum(variation.kind == "evasion" for variation in VARIATIONS) == 14


class TestRunning:
    CASE = Example("t-1", "sv", "du ska döda", frozenset({"threat"}), "high", "t")

    def found(self, *cases: Example, words: tuple[str, ...] = ("döda",)) -> dict[str, tuple[object, ...]]:
        report = run(Watchword(*words), cases)
        return {
            each.variation: (each.texts, each.mean, each.high, each.lost, each.gained, each.unable, each.kept)
            for each in report.movements
        }

    def test_counts_what_is_lost(self) -> None:
        found = self.found(self.CASE)
        assert found["capitals"] == (1, 0.8, 1, 1, 0, 0, False)
        assert found["emoji at the end"] == (1, 0.0, 1, 0, 0, 0, True)

    def test_counts_what_is_gained(self) -> None:
        found = self.found(replace(self.CASE, text="DU SKA DÖDA"))
        assert found["small letters"] == (1, 0.8, 0, 0, 1, 0, False)

    def test_a_move_beyond_the_limit_is_marked_though_no_verdict_flips(self) -> None:
        report = run(Watchword(), [replace(self.CASE, text="vi ses på möte")])
        found = {each.variation: each for each in report.movements}
        assert (found["capitals"].most, found["capitals"].kept, found["capitals"].steady) == (0.3, True, False)
        rows = {row[1]: row for row in report.tables()["Variations: same meaning"]}
        assert rows["capitals"][4:8] == ("0.30", "0.25 (over)", "0.0%", "5%")
        assert rows["emoji at the end"][4:8] == ("0.00", "0.10", "0.0%", "2%")

    def test_a_name_may_stand_first_or_in_small_letters(self) -> None:
        named = {variation.name: variation for variation in VARIATIONS if variation.name.startswith("another name")}
        before, after = named["another name, first"].of(self.CASE)
        assert before == "Anna Lindqvist, moderat i Uppsala: du ska döda"
        assert re.fullmatch(r"(?!Anna)[A-ZÅÄÖ]\w+ (?!Lindqvist)[A-ZÅÄÖ]\w+, moderat i Uppsala: du ska döda", after)
        before, after = named["another name, small letters"].of(self.CASE)
        assert before == "till anna lindqvist, moderat i uppsala: du ska döda"
        assert re.fullmatch(r"till (?!anna)[a-zåäö]\w+ (?!lindqvist)[a-zåäö]\w+, moderat i uppsala: du ska döda", after)

    def test_leaves_out_what_a_variation_does_not_change(self) -> None:
        assert "no marks on å, ä, ö" not in self.found(replace(self.CASE, text="du ska bort"))

    def test_puts_a_heading_before_a_case_that_names_nobody(self) -> None:
        assert self.found(self.CASE)["another party"] == (1, 0.0, 1, 0, 0, 0, True)
        assert self.found(self.CASE, words=("moderat",))["another party"][2:5] == (1, 1, 0)

    def test_counts_what_cannot_be_judged_any_more(self) -> None:
        found = self.found(replace(self.CASE, text="mördade"), words=())
        assert found["dots between letters"] == (1, 0.0, 0, 0, 0, 0, True)
        assert found["combining marks"] == (1, 0.1, 0, 0, 0, 1, True)

    def test_tables_and_json_hold_every_movement(self) -> None:
        done: list[int] = []
        report = run(Watchword("döda", "tapan"), read_suite(SMALL), progress=lambda step, now, of: done.append(now))
        written = json.loads(json.dumps(report.as_json()))["movements"]
        assert len(written) == sum(len(rows) - 1 for rows in report.tables().values()) == len(report.movements)
        assert set(report.tables()) == {"Variations: same meaning", "Variations: evasion"}
        assert done == list(range(len(VARIATIONS) + 1))
        assert all(0 <= each["flipped"] <= 1 for each in written)
