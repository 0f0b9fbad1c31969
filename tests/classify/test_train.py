"""Training is reproducible, measures on held-out authors, and its files are checked when they are read."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from classify.classifiers.linear import Linear
from classify.corpus import read
from classify.evaluation.metrics import (
    average_precision,
    calibration_error,
    precision_at_recall,
    recall_at_false_alarms,
)
from classify.evaluation.report import Report, judge, markdown, report
from classify.linear import artifact
from classify.linear.artifact import ABOUT, WEIGHTS
from classify.training.calibrating import FALSE_ALARMS
from classify.training.linear import train
from flow.errors import Broken
from tests.classify.material import TRAINING


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[str]]:
    folder = tmp_path_factory.mktemp("models")
    steps: list[str] = []
    found = train(read(TRAINING), out=folder / "linear", progress=lambda step, done, of: steps.append(step))
    assert set(found.scores) == {example.id for example in read(TRAINING)}
    return folder, found.report, steps


def test_the_same_seed_gives_the_same_bytes(trained: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    folder, report, steps = trained
    again = train(read(TRAINING), out=tmp_path)
    assert again.report == report
    for name in (WEIGHTS, ABOUT, "card.md"):
        assert (tmp_path / name).read_bytes() == (folder / "linear" / name).read_bytes()
    assert set(steps) == {"validate", "train"}


def test_the_report_and_the_card(trained: tuple[Path, Report, list[str]]) -> None:
    folder, report, _ = trained
    assert report.examples == len(read(TRAINING))
    assert {figures.language for figures in report.figures} == {"sv", "fi"}
    for figures in report.figures:
        low, high = figures.f1.interval
        assert 0 <= low <= figures.f1.value <= high <= 1
    written = json.loads(json.dumps(report.as_json()))
    counted = Counter((each.lang, label) for each in read(TRAINING) for label in each.labels)
    assert {(each["language"], each["label"]): each["positives"] for each in written["figures"]} == counted
    card = (folder / "linear" / "card.md").read_text("utf-8")
    assert markdown(report.rows()) in card
    assert markdown(report.overall_rows()) in card
    assert f"| budget of false alarms | {FALSE_ALARMS['threat']:.1%} |" in card


def test_the_trained_model_knows_its_corpus(trained: tuple[Path, Report, list[str]]) -> None:
    folder, _, _ = trained
    done: list[int] = []
    classifier, examples = Linear.open(folder), read(TRAINING)
    judgements = judge(classifier, examples, progress=lambda step, now, of: done.append(now))
    found = report(examples, judgements, model=classifier.model)
    swedish = {figures.label: figures for figures in found.figures if figures.language == "sv"}
    assert swedish["threat"].average_precision.value > 0.9
    assert found.model.startswith("linear@")
    assert done[-1] == found.examples


def test_quantised_weights_are_close(trained: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    folder, _, _ = trained
    model = artifact.load(folder / "linear")
    version = artifact.save(model, tmp_path, about={})
    again = artifact.load(tmp_path)
    assert again.version == version
    assert np.allclose(model.ngrams, again.ngrams, atol=float(np.abs(model.ngrams).max()) / 100)


def copied(source: Path, to: Path) -> Path:
    to.mkdir()
    for name in (WEIGHTS, ABOUT):
        (to / name).write_bytes((source / "linear" / name).read_bytes())
    return to


@pytest.mark.parametrize("name", [WEIGHTS, ABOUT])
def test_a_missing_file_stops(trained: tuple[Path, Report, list[str]], tmp_path: Path, name: str) -> None:
    folder = copied(trained[0], tmp_path / "m")
    (folder / name).unlink()
    with pytest.raises(Broken, match=rf"{name}.*turvakt train"):
        artifact.load(folder)


def test_altered_weights_stop(trained: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    folder = copied(trained[0], tmp_path / "m")
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(Broken, match="altered"):
        artifact.load(folder)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("format", 99, "another format"),
        ("heads", ["x"], "another format"),
        ("features", "0", "other features"),
        ("calibration", {}, "expected parts"),
        ("calibration", None, "expected parts"),
    ],
)
def test_a_description_that_does_not_fit_stops(
    trained: tuple[Path, Report, list[str]], tmp_path: Path, field: str, value: object, reason: str
) -> None:
    folder = copied(trained[0], tmp_path / "m")
    meta = json.loads((folder / ABOUT).read_text("utf-8"))
    (folder / ABOUT).write_text(json.dumps(meta | {field: value}), "utf-8")
    with pytest.raises(Broken, match=reason):
        artifact.load(folder)


def test_a_description_that_is_no_json_stops(trained: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    folder = copied(trained[0], tmp_path / "m")
    (folder / ABOUT).write_text("{", "utf-8")
    with pytest.raises(Broken, match="cannot be read"):
        artifact.load(folder)


def test_wrong_shapes_stop(trained: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    model = artifact.load(trained[0] / "linear")
    short = replace(model, ngrams=model.ngrams[:10])
    artifact.save(short, tmp_path, about={})
    with pytest.raises(Broken, match="expected parts"):
        artifact.load(tmp_path)


def test_too_little_corpus(tmp_path: Path) -> None:
    lines = TRAINING.read_text("utf-8").splitlines()
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(lines[:10]), "utf-8")
    with pytest.raises(Broken, match="fewer than"):
        train(read(few), out=tmp_path / "out")
    lawful = [line for line in lines if '"doxxing"' not in line]
    few.write_text("\n".join(lawful), "utf-8")
    with pytest.raises(Broken, match="doxxing"):
        train(read(few), out=tmp_path / "out")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9])), min_size=1, max_size=30))
def test_average_precision_agrees_with_scikit_learn(pairs: list[tuple[bool, float]]) -> None:
    truth = np.array([True] + [true for true, _ in pairs])
    chances = np.array([0.3] + [chance for _, chance in pairs])
    assert average_precision(truth, chances) == pytest.approx(average_precision_score(truth, chances))


def test_measures_on_cases_counted_by_hand() -> None:
    truth = np.array([True, True, True, True, False, False, False, False])
    chances = np.array([0.9, 0.8, 0.7, 0.3, 0.75, 0.2, 0.1, 0.1])
    assert precision_at_recall(truth, chances, 0.75) == pytest.approx(3 / 4)
    assert precision_at_recall(truth, chances, 1) == pytest.approx(4 / 5)
    assert recall_at_false_alarms(truth, chances, 0.001, clean=~truth) == pytest.approx(2 / 4)
    assert recall_at_false_alarms(truth, chances, 0.25, clean=~truth) == pytest.approx(4 / 4)
    clean = np.array([False] * 5 + [True] * 3)  # what stands second is no false alarm: it has another label
    assert recall_at_false_alarms(truth, chances, 0.001, clean=clean) == pytest.approx(4 / 4)
    assert calibration_error(np.array([True, False]), np.array([0.55, 0.52])) == pytest.approx(0.035)
    assert calibration_error(truth, truth.astype(float)) == 0
