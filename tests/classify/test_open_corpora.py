"""Labels of other corpora become ours, or are masked; our own labels win; what a licence forbids is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from classify.training.open_corpora import FORBIDDEN, OPEN_CORPORA, read_open
from flow.errors import BadInput, Broken


def written(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    path = folder / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def forum(id: str, task: str, label: int) -> dict[str, Any]:
    return {"id": id, "lang": "fi", "text": f"Kommentti {id} torilta", "task": task, "labels": {task: label}}


def test_a_label_that_nobody_judged_is_masked(tmp_path: Path) -> None:
    rows = [
        forum("1", "threat", 1),
        forum("2", "identity_attack", 0),
        forum("3", "toxicity", 0),
        forum("4", "obscene", 1),
    ]
    found = {example.id: example for example in read_open(written(tmp_path, "suomi24-toxicity/final", *rows)).examples}
    assert found["suomi24-toxicity:1"].labels == found["suomi24-toxicity:1"].judged == {"threat"}
    assert found["suomi24-toxicity:1"].severity is None
    assert found["suomi24-toxicity:2"].judged == {"hate"}
    assert found["suomi24-toxicity:3"].severity == "none"
    assert len(found["suomi24-toxicity:3"].judged) == 6
    assert len(found) == 3  # of obscenity alone nothing follows


@pytest.mark.parametrize(
    ("case", "gold", "labels"),
    [
        ("threat_dir_h", "hateful", {"threat", "hate"}),
        ("derog_neg_emote_h", "hateful", {"hate"}),
        ("target_indiv_nh", "non-hateful", {"harassment"}),
        ("counter_quote_nh", "non-hateful", set()),
    ],
)
def test_functional_tests_in_other_languages(tmp_path: Path, case: str, gold: str, labels: set[str]) -> None:
    row = {
        "id": "1",
        "lang": "de",
        "text": "Ein Satz",
        "template": "7",
        "labels": {"functionality": case, "gold": gold},
    }
    (example,) = read_open(written(tmp_path, "hatecheck/de", row)).examples
    assert example.labels == labels
    assert example.author == "hatecheck:7"


def test_translations_of_one_sentence_have_one_author(tmp_path: Path) -> None:
    means = {"Toxicity": 3, "IdentityAttack": 1.6, "Insult": 2.6, "Violence": 2}
    for lang in ("sv", "fi"):
        written(
            tmp_path,
            f"rtp-lx/prompts.{lang}",
            {"id": lang, "lang": lang, "text": lang * 9, "group": "g", "labels": means},
        )
    one, two = read_open(tmp_path).examples
    assert one.author == two.author
    assert one.labels == {"harassment"}
    assert "hate" not in one.judged
    assert "threat" not in one.judged


def test_our_own_labels_win(tmp_path: Path) -> None:
    written(tmp_path, "native/fi", {"id": "1", "labels": ["hate"], "severity": "high", "target": "group"})
    written(tmp_path, "suomi24-toxicity/final", forum("1", "threat", 0), forum("5", "threat", 0))
    first, second = read_open(tmp_path, native=tmp_path / "native").examples
    assert (first.labels, first.severity, first.target, first.weight) == ({"hate"}, "high", "group", 1.0)
    assert second.judged == {"threat"}


def test_our_labels_of_one_language_are_not_those_of_another_with_the_same_id(tmp_path: Path) -> None:
    written(tmp_path, "native/sv", {"id": "1", "labels": ["hate"], "severity": "high", "target": "group"})
    written(tmp_path, "suomi24-toxicity/final", forum("1", "threat", 0))
    (found,) = read_open(tmp_path, native=tmp_path / "native").examples
    assert (found.labels, found.judged) == (frozenset(), {"threat"})


def test_what_a_licence_forbids_is_refused(tmp_path: Path) -> None:
    clean = {"id": "1", "lang": "sv", "text": "En mening ur en bok"}
    written(tmp_path, "ud-clean/sv_lines-ud-dev", clean)
    written(tmp_path, "ud-clean/sv_pud-ud-test", clean | {"text": "En mening ur en tidning"})
    found = read_open(tmp_path)
    assert [example.text for example in found.examples] == ["En mening ur en tidning"]
    assert found.refused == (f"ud-clean/sv_lines-ud-dev: {FORBIDDEN['ud-clean/sv_lines-ud-dev']}",)
    assert all("NC" not in corpus.licence for corpus in OPEN_CORPORA.values())


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="none of the known"):
        read_open(tmp_path)


CLEAN = {"id": "1", "lang": "fi", "text": "Hyvää huomenta torilta", "task": "toxicity", "labels": {"toxicity": 0}}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**CLEAN, "text": None}, "field 'text'"),
        ({key: value for key, value in CLEAN.items() if key != "lang"}, "field 'lang'"),
        ({**CLEAN, "labels": {}}, "field 'labels'"),
        ({**CLEAN, "labels": None}, "field 'labels'"),
        ({key: value for key, value in CLEAN.items() if key != "task"}, "field 'labels' or one that it hangs on"),
        ({**CLEAN, "labels": {"majority": "toxicity", "task": "toxicity", "agreement": "hemlis"}}, "field 'labels'"),
        ([], "not a JSON object"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(tmp_path: Path, row: Any, message: str) -> None:
    written(tmp_path, "suomi24-toxicity/final", CLEAN, row)
    with pytest.raises(BadInput, match=rf"final.jsonl, line 2: {message}") as caught:
        read_open(tmp_path)
    assert "hemlis" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": 1}, "id"),
        ({"labels": "hate"}, "labels"),
        ({"labels": [["hate"]]}, "labels"),
        ({"labels": ["rude"]}, "labels"),
        ({"severity": "none"}, "severity"),
        ({"severity": ["high"]}, "severity"),
        ({"target": "everybody"}, "target"),
        ({"target": []}, "target"),
    ],
)
def test_a_bad_line_of_our_own(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    right = {"id": "1", "labels": ["hate"], "severity": "high", "target": "group"}
    written(tmp_path, "native/fi", right, right | change)
    with pytest.raises(BadInput, match=rf"fi.jsonl, line 2: field '{field}'.*models/corpus/README.md"):
        read_open(tmp_path, native=tmp_path / "native")


def test_what_is_no_text_at_all(tmp_path: Path) -> None:
    path = written(tmp_path, "suomi24-toxicity/final") / "suomi24-toxicity" / "final.jsonl"
    for line in (b"{", b"\xff\xfe{}"):
        path.write_bytes(line + b"\n")
        with pytest.raises(BadInput, match="line 1: not valid JSON"):
            read_open(tmp_path)
