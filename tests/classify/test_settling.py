"""An encoder is weighed and calibrated anew beside another linear model, on authors whom neither has seen."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from classify.classifiers.cascade import Cascade
from classify.classifiers.linear import Linear
from classify.corpus import Example, read
from classify.encoder import artifact
from classify.encoder.artifact import NETWORK, TOKENIZER
from classify.training.card import Taught
from classify.training.linear import Trained, train
from classify.training.settling import dev_and_test, settle_anew
from classify.training.targets import split, wanted
from flow.errors import Broken
from tests.classify.material import TRAINING, corpus_of_all_sides, with_encoder


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return read(corpus_of_all_sides())


@pytest.fixture(scope="module")
def models(corpus: list[Example], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    folder = tmp_path_factory.mktemp("models")
    learnt = [example for example in corpus if split(example) != "test"]
    return folder, train(learnt, out=folder / "linear")


def encoder() -> artifact.Files:
    found = artifact.load(with_encoder() / "encoder")
    assert found is not None
    return found


def test_both_judge_as_one_again(corpus: list[Example], models: tuple[Path, Trained]) -> None:
    folder, trained = models
    steps: list[str] = []
    old = encoder()
    found = settle_anew(
        old,
        corpus,
        out=folder / "encoder",
        linear=Linear.open(folder).scorer,
        held=trained.scores,
        progress=lambda step, done, of: steps.append(step),
    )
    assert Cascade.open(folder).lacks == ()
    assert found.examples == len(read(TRAINING))
    assert set(steps) == {"calibrate the encoder"}
    new = artifact.load(folder / "encoder")
    assert new is not None
    assert new.version != old.version
    assert new.about["taught"] == asdict(Taught.of((), ()))
    assert new.about["figures"] == json.loads(json.dumps(found.as_json()))
    for name in (NETWORK, TOKENIZER):
        assert (folder / "encoder" / name).read_bytes() == (old.folder / name).read_bytes()
    card = (folder / "encoder" / "card.md").read_text("utf-8")
    assert f"Model card: encoder {new.version}" in card
    assert "Trained on** 0 invented posts" in card


@pytest.mark.parametrize(("knows", "counts"), [(0, False), (1, True)], ids=["nothing", "all"])
def test_a_linear_model_counts_if_it_knows_something(
    corpus: list[Example], models: tuple[Path, Trained], tmp_path: Path, *, knows: float, counts: bool
) -> None:
    folder, _ = models
    noise = np.random.default_rng(0).normal(0, 100, wanted(corpus).shape)
    scores = knows * np.nan_to_num(wanted(corpus)) + (1 - knows) * noise
    settle_anew(
        encoder(),
        corpus,
        out=tmp_path,
        linear=Linear.open(folder).scorer,
        held=dict(zip((example.id for example in corpus), scores, strict=True)),
    )
    new = artifact.load(tmp_path)
    assert new is not None
    assert (new.together.share > 0) == counts


def test_it_is_told_what_the_held_out_authors_lack(corpus: list[Example]) -> None:
    dev, test = dev_and_test(corpus)
    assert ({split(each) for each in dev}, {split(each) for each in test}) == ({"dev"}, {"test"})
    with pytest.raises(Broken, match=r"held out wrote nothing with threat, hate, .*person"):
        dev_and_test([each for each in corpus if each not in dev])
    with pytest.raises(Broken, match="held out wrote nothing to report on"):
        dev_and_test([each for each in corpus if each not in test])
    with pytest.raises(Broken, match=r"held out wrote nothing with influence\. "):
        dev_and_test([each for each in corpus if each not in dev or "influence" not in each.labels])
