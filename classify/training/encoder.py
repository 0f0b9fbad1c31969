"""Fine-tune a base model to the encoder that Turvakt ships: pruned, trained, written as ONNX, quantised, calibrated, measured.

Needs the packages of the extra ``train``.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from classify.calibration import LANGUAGES, Calibration
from classify.classifiers.encoder import Encoder
from classify.corpus import Example
from classify.encoder import artifact
from classify.encoder.inputs import Inputs, Pieces
from classify.encoder.scoring import EncoderScorer
from classify.evaluation.metrics import average_precision
from classify.evaluation.report import Report, report
from classify.heads import HEADS
from classify.masking import mask
from classify.normalise import normalise
from classify.reading import WINDOW, read
from classify.training import card
from classify.training.calibrating import calibrate
from classify.training.linear import Progress
from classify.training.network import Network, Recipe, Scores, fit, predict, probe, write
from classify.training.targets import split, wanted
from classify.training.vocabulary import prune
from classify.verdict import LABELS

_OTHERS_EACH_EPOCH = 0.35
"""The share of the texts that are not ours, drawn anew for each epoch."""


def train(
    examples: Sequence[Example],
    *,
    base: str,
    out: Path,
    others: Sequence[Example] = (),
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Report:
    """Train on ``examples`` and ``others``, choose and calibrate on held-out authors, and write the encoder into ``out``.

    Args:
        base: a folder in the layout of the model hub, or the name of a model there.

    Returns:
        The figures on the test authors, whom neither training nor calibration saw, of what was written.

    Raises:
        ValueError: the base's vocabulary is not one that can be pruned.
    """
    recipe = recipe or Recipe()
    tell = progress or (lambda step, done, of: None)
    sides = {side: [example for example in examples if split(example) == side] for side in ("train", "dev", "test")}
    learnt = [example for example in others if split(example) == "train"]
    out.mkdir(parents=True, exist_ok=True)
    masked = [_masked(example) for example in (*sides["train"], *learnt)]
    kept = prune(_tokenizer_of(base), masked, out / artifact.TOKENIZER)
    inputs = Inputs.open(out / artifact.TOKENIZER)
    network = Network(base, recipe, kept)
    teaching = _Teaching(inputs, sides["train"], learnt, recipe.seed)
    probe(network, *teaching(0), recipe)
    judge = _EarlyStop(network, inputs, sides["dev"], recipe)
    fit(network, epochs=teaching, recipe=recipe, after=judge, tell=lambda done, of: tell("train the encoder", done, of))
    judge.restore()
    bias = write_quantised(network, out / artifact.NETWORK)
    return _describe(out, bias=bias, sides=sides, others=len(learnt), recipe=recipe, progress=progress)


def _describe(
    out: Path,
    *,
    bias: tuple[float, ...],
    sides: Mapping[str, Sequence[Example]],
    others: int,
    recipe: Recipe,
    progress: Progress | None,
) -> Report:
    """Calibrate the network in ``out`` on ``dev``, measure it on ``test``, and write its description and its card."""
    dev, test = sides["dev"], sides["test"]
    plain = Calibration(*(np.full((len(LANGUAGES), len(HEADS)), value, dtype=np.float32) for value in (1, 0, 0.5)))
    scorer = EncoderScorer(artifact.Files(out, bias, plain, "new"))
    calibration = calibrate(_scores(scorer, dev, progress).astype(float), wanted(dev), dev)
    scorer = EncoderScorer(artifact.Files(out, bias, calibration, "new"))
    judgements = Encoder(scorer).classify([example.text for example in test])
    figures = report(test, judgements, model="encoder, test authors")
    about = {"recipe": asdict(recipe), "figures": figures.as_json()}
    version = artifact.save(out, bias=bias, calibration=calibration, about=about)
    text = card.render(
        card.ENCODER, figures, examples=sides["train"], others=others, version=version, calibration=calibration
    )
    (out / "card.md").write_text(text, encoding="utf-8")
    return figures


def write_quantised(network: Network, path: Path) -> tuple[float, ...]:
    """Write the network as ONNX with weights of eight bits, and return its bias."""
    with tempfile.TemporaryDirectory() as folder:
        whole, ready = Path(folder) / "whole.onnx", Path(folder) / "ready.onnx"
        bias = write(network, whole)
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(str(ready), str(path), weight_type=QuantType.QInt8, per_channel=True)
    return bias


def _scores(scorer: EncoderScorer, examples: Sequence[Example], progress: Progress | None) -> Scores:
    """(examples, heads): of each text's first window."""
    found = []
    for number, example in enumerate(examples):
        if progress and number % 50 == 0:
            progress("calibrate the encoder", number, len(examples))
        found.append(scorer.scores(read([example.text])[0].windows[:1])[0])
    return np.stack(found)


def _masked(example: Example) -> str:
    text = example.text[:WINDOW]
    return mask(text, normalise(text))


def _tokenizer_of(base: str) -> Path:
    local = Path(base) / "tokenizer.json"
    if local.is_file():
        return local
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(base, "tokenizer.json"))


class _Teaching:
    """What to learn from in each epoch: all of our own texts, and a share of the others."""

    def __init__(self, inputs: Inputs, own: Sequence[Example], others: Sequence[Example], seed: int) -> None:
        self._own, self._seed = len(own), seed
        examples = [*own, *others]
        self._texts: list[Pieces] = inputs.of_texts(list(map(_masked, examples)))
        self._wanted = wanted(examples)
        self._weights = np.array([example.weight for example in examples], dtype=np.float32)
        # What was labelled by the same guide as ours is taken in every epoch.
        self._always = np.array([place < self._own or example.weight == 1 for place, example in enumerate(examples)])

    def __call__(self, epoch: int) -> tuple[Sequence[Pieces], Scores, Scores]:
        drawn = np.random.default_rng((self._seed, epoch)).random(len(self._texts)) < _OTHERS_EACH_EPOCH
        places = np.flatnonzero(self._always | drawn)
        return [self._texts[place] for place in places], self._wanted[places], self._weights[places]


class _EarlyStop:
    """Keeps the best epoch by the mean average precision over labels and high severity on ``dev``; ends after two worse ones."""

    def __init__(self, network: Network, inputs: Inputs, dev: Sequence[Example], recipe: Recipe) -> None:
        self._network, self._recipe = network, recipe
        self._texts, self._wanted = inputs.of_texts(list(map(_masked, dev))), wanted(dev)
        self._best, self._since = -1.0, 0
        self._folder = Path(tempfile.mkdtemp())

    def __call__(self, epoch: int) -> bool:
        said = predict(self._network, self._texts, self._recipe)
        watched = [*range(len(LABELS)), HEADS.index("high")]
        found = []
        for head in watched:
            truth = self._wanted[:, head] == 1
            if truth.any():
                found.append(average_precision(truth, said[:, head].astype(np.float64)))
        mean = float(np.mean(found))
        if mean > self._best:
            self._best, self._since = mean, 0
            torch.save(self._network.state_dict(), self._folder / "best.pt")
        else:
            self._since += 1
        return self._since >= 2

    def restore(self) -> None:
        """Put the best epoch's weights into the network."""
        self._network.load_state_dict(torch.load(self._folder / "best.pt"))
        shutil.rmtree(self._folder)
