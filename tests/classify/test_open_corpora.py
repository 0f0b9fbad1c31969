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


def test_what_a_licence_forbids_is_refused(tmp_path: Path) -> None:
    clean = {"id": "1", "lang": "sv", "text": "En mening ur en bok"}
    written(tmp_path, "ud-clean/sv_lines-ud-dev", clean)
    written(tmp_path, "ud-clean/sv_pud-ud-test", clean | {"text": "En mening ur en tidning"})
    found = read_open(tmp_path)
    assert [example.text for example in found.examples] == ["En mening ur en tidning"]
    assert found.refused == (f"ud-clean/sv_lines-ud-dev: {FORBIDDEN['ud-clean/sv_lines-ud-dev']}",)
    assert all("NC" not in corpus.licence for corpus in OPEN_CORPORA.values())


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="none of the known"):
        read_open(tmp_path)
    written(tmp_path, "suomi24-toxicity/final", {"id": "1", "lang": "fi", "text": "x", "task": "threat", "labels": {}})
    with pytest.raises(BadInput, match=r"final.jsonl.*'threat'"):
        read_open(tmp_path)
    (tmp_path / "suomi24-toxicity" / "final.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 1"):
        read_open(tmp_path)
    written(tmp_path, "native/fi", {"id": "1", "labels": ["hate"], "severity": "none"})
    with pytest.raises(BadInput, match=r"line 1.*do not fit"):
        read_open(tmp_path, native=tmp_path / "native")
