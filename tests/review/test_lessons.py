"""What reviewers decided becomes examples, as far as consent reaches. The texts are mild."""

import math
import re

import pytest

from classify.corpus import ALL, Example, line, read
from classify.heads import HEADS
from classify.masking import NAME
from classify.reading import WINDOW
from classify.training.targets import wanted
from classify.verdict import Span
from ingest.post import Mention
from review.decision import Outcome
from review.index import MOST, Query, every
from review.indexes.memory import MemoryIndex
from review.lessons import Left, lessons
from tests.review.people import decision, verdict


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


def taught(
    index: MemoryIndex, *, consent: tuple[str, ...] = ("anna",), salt: bytes = b"s"
) -> tuple[list[Example], Left]:
    left = Left()

    def names(text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer("LINDQVIST|Lindqvist", text)]

    found = lessons(index, allowed=lambda official, source: official in consent, names=names, salt=salt, left=left)
    return list(found), left


def test_a_decision_teaches_of_the_labels_that_were_flagged_and_of_no_other(index: MemoryIndex) -> None:
    index.write_verdicts([verdict(name, labels=("threat",), severity="high") for name in ("1", "2", "3")])
    index.write_decisions([decision("jsonl:1"), decision("jsonl:2", "false-alarm")])
    (confirmed, false_alarm), _ = taught(index)
    assert (confirmed.labels, confirmed.severity, confirmed.below) == ({"threat"}, "high", None)
    assert (false_alarm.labels, false_alarm.severity, false_alarm.below) == (frozenset(), None, "high")
    for each in (confirmed, false_alarm):
        assert (each.judged, each.target, each.source) == ({"threat"}, "unknown", "decisions")


@pytest.mark.parametrize("outcome", ["confirmed", "false-alarm"])
def test_where_nothing_was_flagged_the_decision_was_on_all_of_it(index: MemoryIndex, outcome: Outcome) -> None:
    index.write_verdicts([verdict("1")])
    index.write_decisions([decision("jsonl:1", outcome)])
    (example,), _ = taught(index)
    assert (example.labels, example.severity, example.judged) == (frozenset(), "none", ALL)


def test_a_missed_threat_is_not_taught_to_be_none(index: MemoryIndex) -> None:
    """Neither as a label nor as a severity, whatever was decided of the insult that was found."""
    index.write_verdicts([verdict(name, labels=("harassment",), severity="medium") for name in ("1", "2")])
    index.write_decisions([decision("jsonl:1"), decision("jsonl:2", "false-alarm")])
    said = [dict(zip(HEADS, row, strict=True)) for row in wanted(taught(index)[0]).tolist()]
    assert [[head for head, value in row.items() if not math.isnan(value)] for row in said] == [
        ["harassment", "low", "medium"],
        ["harassment", "medium", "high", "critical"],
    ]
    assert [{row[head] for head in row if not math.isnan(row[head])} for row in said] == [{1.0}, {0.0}]


def test_the_newest_decision_holds(index: MemoryIndex) -> None:
    index.write_verdicts([verdict(labels=("threat",), severity="high")])
    index.write_decisions([decision("jsonl:1", minutes=5), decision("jsonl:1", "false-alarm", minutes=6)])
    (example,), _ = taught(index)
    assert example.labels == frozenset()


def test_each_tenants_decision_on_one_post_is_an_example(index: MemoryIndex) -> None:
    index.write_verdicts([verdict(officials=("anna", "bo"), labels=("threat",), severity="high")])
    index.write_decisions(
        [decision("jsonl:1", tenant="ekvik"), decision("jsonl:1", "false-alarm", tenant="furuby"), decision("jsonl:1")]
    )
    found, _ = taught(index)
    assert [each.severity for each in found] == ["high", "high", None]
    assert len({each.id for each in found}) == 3
    assert len({(each.text, each.author) for each in found}) == 1


def test_what_is_no_example_is_counted(index: MemoryIndex) -> None:
    index.write_verdicts(
        [
            verdict("1", officials=("bo",)),
            verdict("2", judged=9),
            verdict("3", language="other", unable="language"),
            verdict("4", officials=("bo", "anna")),
        ]
    )
    index.write_decisions([decision(f"jsonl:{number}") for number in (1, 2, 3, 4, 5)])
    found, left = taught(index)
    assert len(found) == 1
    assert (left.consent, left.later, left.unable) == (1, 1, 1)


def test_what_was_erased_is_gone(index: MemoryIndex) -> None:
    index.write_verdicts([verdict("1"), verdict("2", officials=("anna", "bo"))])
    index.write_decisions([decision("jsonl:1"), decision("jsonl:2")])
    index.erase("anna")
    assert taught(index)[0] == []
    assert len(taught(index, consent=("anna", "bo"))[0]) == 1
    index.forget(["jsonl:2"])
    assert taught(index, consent=("anna", "bo"))[0] == []


def test_nobody_is_named_and_nothing_leads_back(index: MemoryIndex) -> None:
    text = "Anna Lindqvist svarar inte. Ring 070-123 45 67 eller @kalle, säger Storgrann."
    index.write_verdicts(
        [verdict(text=text, mentions=(Mention("anna", 0, 14, "full-name"),)), verdict("2"), verdict("3", author="u2")]
    )
    index.write_decisions([decision(f"jsonl:{number}") for number in (1, 2, 3)])
    found, _ = taught(index)
    (first,) = (each for each in found if "svarar" in each.text)
    assert first.text == f"{NAME * 4} {NAME * 9} svarar inte. Ring 000-000 00 00 eller {NAME * 6}, säger {NAME * 9}."
    written = "".join(map(line, found))
    for trace in ("jsonl:", "u1", "kalle", "Rut", "2026"):
        assert trace not in written
    assert len({each.author for each in found}) == 2
    again, _ = taught(index, salt=b"other")
    assert {each.author for each in found}.isdisjoint(each.author for each in again)


def test_a_name_that_is_no_mention_is_hidden_wherever_it_stands(index: MemoryIndex) -> None:
    text = "Anna Lindqvist svarar inte. LINDQVIST! Lindqvist tiger."
    index.write_verdicts([verdict(text=text, mentions=(Mention("anna", 0, 14, "full-name"),))])
    index.write_decisions([decision("jsonl:1")])
    (example,), _ = taught(index)
    assert example.text == f"{NAME * 4} {NAME * 9} svarar inte. {NAME * 9}! {NAME * 9} tiger."


def test_names_and_pages_of_others_are_hidden_where_models_may_see_them(index: MemoryIndex) -> None:
    text = "Anna Lindqvist och grannen (Gunvor Tallmark) på grannbladet.se tiger."
    index.write_verdicts([verdict(text=text, mentions=(Mention("anna", 0, 14, "full-name"),))])
    index.write_decisions([decision("jsonl:1")])
    (example,), _ = taught(index)
    assert example.text == f"{NAME * 4} {NAME * 9} och grannen ({NAME * 6} {NAME * 8}) på {NAME * 14} tiger."


def test_posts_without_an_author_are_each_by_their_own(index: MemoryIndex) -> None:
    index.write_verdicts([verdict("1", author=None), verdict("2", author=None)])
    index.write_decisions([decision("jsonl:1"), decision("jsonl:2")])
    assert len({each.author for each in taught(index)[0]}) == 2


def test_of_a_long_text_the_window_with_the_first_span_is_taken(index: MemoryIndex) -> None:
    text = "lugnt och fint här " * 200 + "du är dum " + "lugnt igen " * 100
    start = text.index("du är dum")
    spans = (Span(start, start + 9, "harassment"),)
    index.write_verdicts([verdict(text=text, labels=("harassment",), severity="low", spans=spans)])
    index.write_decisions([decision("jsonl:1")])
    (example,), _ = taught(index)
    assert len(example.text) == WINDOW
    assert "du är dum" in example.text


@pytest.mark.parametrize("outcome", ["confirmed", "false-alarm"])
def test_each_part_of_a_long_text_teaches_what_was_found_there(index: MemoryIndex, outcome: Outcome) -> None:
    text = "du är dum, en gris " + "lugnt och fint här " * 200 + "vänta du bara " + "lugnt igen " * 100
    threat = text.index("vänta")
    spans = (Span(threat, threat + 13, "threat"), Span(11, 18, "hate"), Span(0, 9, "harassment"))
    labels = ("threat", "hate", "harassment")
    index.write_verdicts([verdict(text=text, labels=labels, severity="critical", spans=spans)])  # type: ignore[arg-type]
    index.write_decisions([decision("jsonl:1", outcome)])
    (first, second), _ = taught(index)
    assert (first.judged, second.judged) == ({"hate", "harassment"}, {"threat"})
    assert ("du är dum" in first.text, "vänta du bara" in second.text) == (True, True)
    assert first.id != second.id
    if outcome == "confirmed":
        assert (first.labels, first.severity) == (first.judged, "medium")
        assert (second.labels, second.severity) == (second.judged, "high")
    else:
        assert {(each.labels, each.severity, each.below) for each in (first, second)} == {
            (frozenset(), None, "critical")
        }


def test_a_span_as_long_as_a_window_drops_no_label(index: MemoryIndex) -> None:
    text = "lugnt och fint här " * 200
    spans = (Span(0, 5, "hate"), Span(100, 100 + WINDOW, "threat"))
    index.write_verdicts([verdict(text=text, labels=("threat", "hate"), severity="high", spans=spans)])
    index.write_decisions([decision("jsonl:1")])
    (example,), _ = taught(index)
    assert example.labels == {"threat", "hate"}


def test_the_lines_are_those_that_the_corpus_is_read_from(index: MemoryIndex, tmp_path) -> None:  # type: ignore[no-untyped-def]
    grave = {"labels": ("threat", "hate"), "severity": "high"}
    index.write_verdicts([verdict("1", **grave), verdict("2", language="fi"), verdict("3", **grave)])  # type: ignore[arg-type]
    index.write_decisions([decision("jsonl:1"), decision("jsonl:2"), decision("jsonl:3", "false-alarm")])
    found, _ = taught(index)
    file = tmp_path / "decisions.jsonl"
    file.write_text("# a remark\n" + "\n".join(map(line, found)), "utf-8")
    assert read(file) == found


def test_every_goes_over_all_pages(index: MemoryIndex) -> None:
    index.write_verdicts([verdict(str(number)) for number in range(MOST + 3)])
    assert len({item.verdict.post.id for item in every(index, Query())}) == MOST + 3
