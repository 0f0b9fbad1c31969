"""How the functional suite is read, and what is counted on it. Contains abusive test material."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from classify.evaluation.suite import read_suite, right, run
from flow.errors import BadInput
from tests.classify.material import HERE
from tests.classify.watchword import Watchword

SMALL = HERE / "abusive_suite.jsonl"


class TestReading:
    ROW: dict[str, Any] = json.loads(SMALL.read_text("utf-8").splitlines()[0])
    PARTNER: dict[str, Any] = json.loads(SMALL.read_text("utf-8").splitlines()[1])

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"topic": "threat-odd"}, "no functionality"),
            ({"topic": "lawful-idiom"}, "do not fit"),
            ({"topic": "hate-slur"}, "do not fit"),
            ({"severity": "medium"}, "high or critical"),
            ({"labels": ["hate"], "topic": "hate-slur"}, "only a threat is critical"),
            ({"contrast": "absent"}, "partner is absent"),
            ({"contrast": None}, "has another partner"),
        ],
    )
    def test_a_case_that_does_not_fit_is_refused(self, tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
        rows = (self.ROW | changes, self.PARTNER)
        path = tmp_path / "sv.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
        with pytest.raises(BadInput, match=f"{reason}.*models/suite/README.md"):
            read_suite(path)

    def test_two_partners_may_not_both_be_abusive(self, tmp_path: Path) -> None:
        path = tmp_path / "sv.jsonl"
        other = self.ROW | {"id": self.PARTNER["id"], "contrast": self.ROW["id"]}
        path.write_text("\n".join(map(json.dumps, (self.ROW, other))), "utf-8")
        with pytest.raises(BadInput, match="must be lawful"):
            read_suite(path)


class TestRunning:
    def test_counts_what_comes_out_right(self) -> None:
        report = run(Watchword("döda", "tapan sut", "hus"), read_suite(SMALL))
        found = {
            (each.language, each.functionality): (each.cases, each.right, each.pairs, each.in_order)
            for each in report.results
        }
        assert found == {
            ("sv", "threat-direct"): (1, 1, 1, 0),  # its lawful partner has the same probability
            ("sv", "threat-arson"): (1, 1, 1, 1),
            ("sv", "harassment-insult"): (1, 0, 0, 0),
            ("sv", "lawful-idiom"): (1, 0, 1, 0),
            ("sv", "lawful-everyday"): (1, 1, 1, 1),
            ("fi", "threat-direct"): (1, 1, 1, 1),
            ("fi", "harassment-insult"): (1, 0, 0, 0),
            ("fi", "lawful-idiom"): (1, 1, 1, 1),
        }

    def test_sums_are_by_language_and_over_pairs(self) -> None:
        swedish, finnish = run(Watchword("döda", "tapan sut", "hus"), read_suite(SMALL)).sums
        assert (swedish.language, swedish.pairs, swedish.in_order.value) == ("sv", 2, 0.5)
        assert swedish.in_order.interval == (0, 1)
        assert (swedish.abusive.value, swedish.lawful.value) == (0.6667, 0.5)
        assert (finnish.pairs, finnish.in_order.value, finnish.in_order.interval) == (1, 1, (1, 1))

    def test_labels_are_measured_with_intervals(self) -> None:
        many = [
            replace(case, id=f"{case.id}{copy}", contrast=case.contrast and f"{case.contrast}{copy}")
            for copy in "abc"
            for case in read_suite(SMALL)
        ]
        report = run(Watchword("döda dig", "hus"), many)
        (threats,) = (each for each in report.labels.figures if (each.language, each.label) == ("sv", "threat"))
        assert (threats.positives, threats.texts, threats.average_precision.value) == (6, 15, 1)
        assert {each.source for each in report.labels.figures} == {"suite"}

    def test_tables_and_json_hold_the_same(self) -> None:
        report = run(Watchword("döda"), read_suite(SMALL))
        assert json.loads(json.dumps(report.as_json()))["results"][0]["functionality"] == "threat-direct"
        for rows in report.tables().values():
            assert {len(row) for row in rows} == {len(rows[0])}

    def test_a_grave_case_must_be_judged_grave(self) -> None:
        case = read_suite(SMALL)[0]
        (judgement,) = Watchword("döda").classify([case.text])
        assert right(case, judgement)
        assert not right(case, replace(judgement, severity="medium"))
        assert right(replace(case, severity="medium"), replace(judgement, severity="medium"))
        assert not right(replace(case, labels=frozenset({"hate"})), judgement)
