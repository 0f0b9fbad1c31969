"""The contract of every classifier, run over each. Contains abusive test material."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.blending import Blend
from classify.calibration import Array, stricter
from classify.classifiers import CLASSIFIERS, make_classifier
from classify.classifiers.cascade import Cascade
from classify.classifiers.encoder import Encoder
from classify.classifiers.linear import Linear
from classify.corpus import read as read_corpus
from classify.encoder import artifact
from classify.encoder.scoring import EncoderScorer
from classify.heads import HEADS, WATCHED
from classify.judging import chances, strongest
from classify.reading import Window, read
from classify.rules.matching import CERTAIN
from classify.severity import LEAST
from classify.verdict import LABELS, VERDICTS, Judgement, at_least
from flow.errors import Broken
from tests.classify.material import MODELS, TRAINING, lawful_twins, phrases, shipped, with_encoder

NAMES = sorted(CLASSIFIERS)
ODD = [
    "",
    " ",
    "\x00",
    "\udc80\udfff",
    "👍",
    "a" * 5000,
    "ok",
    "🔪🔪🔪",
    "\u202edöda\u202c",
    "d\u0336ö\u0336da dig",
    "ƿƿƿ ƿƿ",
]


def check(text: str, judgement: Judgement, model: str) -> None:
    assert model.endswith(judgement.model)  # where no server was asked, the local model alone judged
    assert tuple(judgement.labels) == LABELS
    assert all(0 <= score.probability <= 1 for score in judgement.labels.values())
    assert all(0 <= span.start < span.end <= len(text) for span in judgement.spans)
    assert {span.label for span in judgement.spans} <= set(judgement.flagged)
    if judgement.unable is not None:
        assert judgement.language == "other"
        assert judgement.flagged == ()
    assert (judgement.severity == "none") == (judgement.flagged == ())
    assert judgement.flagged or judgement.aimed_at is None
    assert all(at_least(judgement.severity, LEAST[label]) for label in judgement.flagged)


@pytest.mark.parametrize("name", NAMES)
def test_any_text_gets_a_consistent_judgement(name: str) -> None:
    texts = ODD + [case["text"] for case in phrases()] + lawful_twins()
    classifier = shipped(name)
    judgements = classifier.classify(texts)
    assert len(judgements) == len(texts)
    for text, judgement in zip(texts, judgements, strict=True):
        check(text, judgement, classifier.model)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.text("dödatpnsu jgkv0143*!🔪\udc80", max_size=60)))
def test_no_text_makes_it_raise(name: str, text: str) -> None:
    classifier = shipped(name)
    check(text, classifier.classify([text])[0], classifier.model)


@pytest.mark.parametrize("name", NAMES)
def test_split_batches_equal_the_whole(name: str) -> None:
    texts = ODD + [case["text"] for case in phrases()]
    classifier = shipped(name)
    whole = classifier.classify(texts)
    for text, together in zip(texts, whole, strict=True):
        alone = classifier.classify([text])[0]
        assert (alone.severity, alone.flagged, alone.unable) == (together.severity, together.flagged, together.unable)
        for label in LABELS:
            assert alone.labels[label].probability == pytest.approx(together.labels[label].probability, abs=1e-5)
    assert classifier.classify([]) == []


def test_patterns_raise_and_never_lower() -> None:
    texts = [case["text"] for case in phrases()] + lawful_twins()
    without = Cascade(Linear.open(MODELS), None)
    assert without.lacks == ("encoder",)
    assert make_classifier("cascade", models=with_encoder()).lacks == ()
    for linear, cascade in zip(shipped("linear").classify(texts), without.classify(texts), strict=True):
        assert set(linear.flagged) <= set(cascade.flagged)
        assert at_least(cascade.severity, linear.severity)
        assert all(cascade.labels[label].probability >= linear.labels[label].probability for label in LABELS)


def test_the_encoder_judges_what_the_linear_model_cannot_exclude() -> None:
    texts = [case["text"] for case in phrases()] + lawful_twins()
    cascade, encoder = make_classifier("cascade", models=with_encoder(linear="another")), shipped("encoder")
    linear = shipped("linear")
    assert cascade.lacks == ("blend",)
    scorer = Linear.open(MODELS).scorer
    judged = zip(cascade.classify(texts), encoder.classify(texts), linear.classify(texts), read(texts), strict=True)
    asked = 0
    for whole, second, first, reading in judged:
        if reading.unable is None:
            doubtful = chances(scorer, [reading])[0][:, WATCHED].max() >= scorer.screen
            asked += doubtful
            for label in LABELS:
                model = (second if doubtful else first).labels[label].probability
                assert whole.labels[label].probability in (pytest.approx(model), pytest.approx(max(CERTAIN, model)))
    assert asked > len(texts) / 4


def test_two_models_made_for_each_other_judge_as_one() -> None:
    windows = [reading.windows[0] for reading in read([case["text"] for case in phrases()])]
    linear, encoder = Linear.open(MODELS).scorer, Encoder.open(with_encoder()).scorer
    both = Blend(encoder, linear)
    scores = both.scores(windows)
    assert scores == pytest.approx(encoder.scores(windows) + 0.25 * linear.scores(windows), abs=1e-5)
    heads = [HEADS.index("threat"), HEADS.index("high")]
    parts = zip(both.contributions(windows, heads), encoder.contributions(windows, heads), strict=True)
    shares = linear.contributions(windows, heads)
    for ((words, added), (same, ours)), (_, theirs) in zip(parts, shares, strict=True):
        assert words == same
        assert added.sum(axis=0) == pytest.approx(ours.sum(axis=0) + 0.25 * theirs.sum(axis=0), abs=1e-5)


def test_it_tells_which_models_judged() -> None:
    texts = [case["text"] for case in phrases()] + ["Konserten i kyrkan var mycket fin", "👍"]
    able = sum(reading.unable is None for reading in read(texts))
    told: Counter[str] = Counter()
    Cascade.open(with_encoder(), told=lambda judges, many: told.update({judges: many})).classify(texts)
    assert told["both"] > 0
    assert told["linear"] > 0
    assert told.total() == able
    alone: Counter[str] = Counter()
    Cascade(Linear.open(MODELS), None, told=lambda judges, many: alone.update({judges: many})).classify(texts)
    assert alone == {"linear": able}


def test_of_a_long_text_only_doubtful_windows_get_a_second_look() -> None:
    asked: list[int] = []
    encoder = Encoder.open(with_encoder())

    class Counting(EncoderScorer):
        def scores(self, windows: Sequence[Window]) -> Array:
            asked.append(len(windows))
            return encoder.scorer.scores(windows)

    counted = Encoder(Counting(artifact.load(with_encoder() / "encoder")))  # type: ignore[arg-type]
    calm = "Tack för fikat i parken igår, det var trevligt att ses. "
    text = calm * 300 + "Jag ska döda dig, din jävla hora. " + calm * 300
    (judgement,) = Cascade(Linear.open(MODELS), counted).classify([text])
    assert "threat" in judgement.flagged
    assert 0 < sum(asked) <= 16 < len(read([text])[0].windows)


def test_whom_the_abuse_is_aimed_at() -> None:
    texts = [case["text"] for case in phrases()]
    linear = [judgement.aimed_at for judgement in shipped("linear").classify(texts)]
    assert {"person", None} <= set(linear)
    for first, whole in zip(linear, Cascade(Linear.open(MODELS), None).classify(texts), strict=True):
        assert whole.aimed_at == first  # a rule that raises a judgement leaves it
    assert {judgement.aimed_at for judgement in shipped("patterns").classify(texts)} == {None}
    examples = [example for example in read_corpus(TRAINING) if example.target == "person"]
    said = [judgement.aimed_at for judgement in shipped("encoder").classify([example.text for example in examples])]
    assert said.count("person") > 20
    assert "group" not in said


def test_deleting_what_carried_a_verdict_weakens_it() -> None:
    encoder = shipped("encoder")
    texts = [case["text"] + " tycker jag om ni frågar mig" for case in phrases() if case["lang"] == "sv"]
    texts += [case["text"] + " sanoisin jos minulta kysytään" for case in phrases() if case["lang"] == "fi"]
    carried, others = [], []
    for text, judgement in zip(texts, encoder.classify(texts), strict=True):
        spans = [span for span in judgement.spans if span.label == "threat"]
        if not spans:
            continue
        chance = judgement.labels["threat"].probability
        inside = {place for span in spans for place in range(span.start, span.end)}
        without = "".join(letter for place, letter in enumerate(text) if place not in inside)
        only = " ".join(text[span.start : span.end] for span in spans)
        carried.append(chance - encoder.classify([without])[0].labels["threat"].probability)
        others.append(chance - encoder.classify([only])[0].labels["threat"].probability)
    assert len(carried) > 10
    assert sum(carried) / len(carried) > 2 * sum(others) / len(others)


def test_a_label_is_flagged_from_its_threshold_on() -> None:
    linear = shipped("linear")
    texts = [case["text"] for case in phrases()] + lawful_twins()
    texts += [f"{text} {'Tack för fikat. ' * 200}" for text in texts]
    for text, judgement in zip(texts, linear.classify(texts), strict=True):
        thresholds = linear.thresholds(text)
        for label, score in judgement.labels.items():
            assert score.flagged == (judgement.unable is None and score.probability >= thresholds[label])
    cascade = make_classifier("cascade", models=with_encoder())
    assert cascade.thresholds(texts[0]) == shipped("encoder").thresholds(texts[0])
    assert cascade.thresholds("Konserten i kyrkan var mycket fin") == linear.thresholds(
        "Konserten i kyrkan var mycket fin"
    )
    assert (
        linear.thresholds(texts[-1])["threat"]
        > linear.thresholds(texts[0])["threat"]
        == linear.thresholds("")["threat"]
    )
    assert shipped("patterns").thresholds(texts[0]) == {}


def test_a_threat_at_the_end_of_a_huge_text_is_found() -> None:
    text = "Tack för fikat. " * 700_000 + "Jag ska döda dig."
    judgement = shipped("cascade").classify([text])[0]
    assert judgement.severity == "critical"
    assert any("döda dig" in text[span.start : span.end] for span in judgement.spans if span.label == "threat")


def test_everyday_posts_are_left_alone() -> None:
    texts = [
        "När öppnar simhallen på söndag? Hemsidan säger 9 men lappen på dörren säger 10.",
        "Tack för bänkarna på kyrkogården, nu kan jag sitta en stund när benen värker.",
        "Onko kellään tietoa onko uimahallissa tänään vauvauintivuoro?",
        "Kiitos talkoolaisille, puisto on taas hieno!",
    ]
    assert [judgement.severity for judgement in shipped("cascade").classify(texts)] == ["none"] * len(texts)


def test_by_name() -> None:
    assert make_classifier("cascade", models=MODELS).model.startswith("cascade@")
    with pytest.raises(Broken, match="Choose from cascade, encoder, linear, patterns"):
        make_classifier("oracle", models=MODELS)


def test_without_its_model_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="turvakt train"):
        make_classifier("cascade", models=tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
def test_an_incomplete_or_altered_encoder_stops(tmp_path: Path, name: str) -> None:
    shutil.copytree(with_encoder() / "encoder", tmp_path / "encoder")
    with (tmp_path / "encoder" / name).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(Broken, match="turvakt train"):
        Encoder.open(tmp_path)
    (tmp_path / "encoder" / name).unlink()
    with pytest.raises(Broken, match="turvakt train"):
        Encoder.open(tmp_path)


def test_without_an_encoder_nothing_else_is_promised(tmp_path: Path) -> None:
    assert Encoder.open_if_there(tmp_path) is None
    with pytest.raises(Broken, match="there is no encoder"):
        make_classifier("encoder", models=tmp_path)


def test_a_longer_text_needs_more() -> None:
    assert stricter(np.float32(0.5), np.array([1, 4])) == pytest.approx([1 / 2, 2 / 3])


def test_the_strongest_words_are_merged() -> None:
    words = [(0, 2), (3, 5), (6, 8), (9, 11)]
    assert strongest(words, [1.0, 0.9, -1.0, 0.5]) == [(0, 5), (9, 11)]
    assert strongest(words, [-1.0, -1.0, -1.0, -1.0]) == []
    assert strongest([], []) == []
    assert VERDICTS.kind == "verdict"
