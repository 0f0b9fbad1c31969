"""Fine-tune a base model to the encoder that Turvakt ships: pruned, trained, written as ONNX, quantised.

Needs the packages of the extra ``train``.
"""

import copy
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from classify.corpus import Example
from classify.encoder import artifact
from classify.encoder.inputs import Inputs, Pieces
from classify.evaluation.report import Report
from classify.linear.scoring import LinearScorer
from classify.masking import mask
from classify.normalise import normalise
from classify.reading import WINDOW
from classify.training.batching import twins
from classify.training.card import Taught
from classify.training.joining import join_attention
from classify.training.linear import Numbers, Progress
from classify.training.network import Lesson, Network, Recipe, fit, probe, read, scores, write
from classify.training.settling import dev_and_test, mean_precision, settle
from classify.training.shipped import reopen
from classify.training.smoothing import smooth
from classify.training.targets import split, wanted
from classify.training.varying import varied
from classify.training.vocabulary import prune

STUDENT = Recipe(epochs=3, rate=3e-4, decay=0.95, layers=6)
"""How a network of half the size, twice as fast, learns from the whole one."""
FURTHER = Recipe(epochs=3, rate=1.5e-4)
"""How an encoder that was trained before learns on: from texts that have come since, and from the others once more."""
_SAMPLED = 10
"""One in so many of the texts is read to learn how an encoder's vectors are spread."""
_KEPT = 0.4
"""How much of what an encoder's weights were before stays when it learns on."""
_SMOOTHED_FOR = 200
"""One in so many of the texts is read to learn how large its activations become."""
_OTHERS_EACH_EPOCH = 0.3
"""The share of the texts that are not ours, drawn anew for each epoch."""


def train(
    examples: Sequence[Example],
    *,
    base: str,
    out: Path,
    others: Sequence[Example] = (),
    seed: int = 0,
    student: Recipe | None = None,
    linear: LinearScorer,
    held: Mapping[str, Numbers],
    progress: Progress | None = None,
) -> Report:
    """Train on ``examples`` and ``others``, choose and calibrate on held-out authors, and write the encoder into ``out``.

    Args:
        base: a folder in the layout of the model hub, or the name of a model there; or the folder of an encoder, which then
            learns on.
        student: how a smaller network learns from the trained one, to be written in its place; None: it does not.
        linear: the linear model to judge with, which has not seen the test authors.
        held: by id, the raw scores of ``examples`` by a linear model that has not seen their authors (`linear.Trained`).

    Returns:
        The figures on the test authors, whom neither training nor calibration saw, of what was written.

    Raises:
        Broken: too few authors are held out (`settling.dev_and_test`), or the base's vocabulary is not one that can be pruned.
    """
    going_on = artifact.lies_in(Path(base))
    recipe = replace(FURTHER if going_on else Recipe(), seed=seed)
    dev, _ = dev_and_test(examples)
    before = _taught(Path(base))
    own, learnt = ([example for example in some if split(example) == "train"] for some in (examples, others))
    out.mkdir(parents=True, exist_ok=True)
    known = (*own, *learnt)
    network = _opened(base, recipe, known, out / artifact.TOKENIZER)
    recipe = replace(recipe, layers=network.layers)
    inputs = Inputs.open(out / artifact.TOKENIZER)
    lessons = _Lessons(inputs, known, recipe.seed)
    if going_on:
        network.centre(read(network, lessons(0).texts[::_SAMPLED], recipe))
    else:
        probe(network, lessons(0), recipe)
    known_before = copy.deepcopy(network) if going_on else None
    means = learn(network, lessons, inputs=inputs, dev=dev, recipe=recipe, progress=progress)
    if known_before:
        means.append(temper(network, known_before, inputs=inputs, dev=dev, recipe=recipe, least=max(means)))
    if student:
        taught = explained(network, inputs, known, recipe)
        network = network.thinned(student.layers)
        means += learn(network, lambda epoch: taught, inputs=inputs, dev=dev, recipe=student, progress=progress)
    bias = write_quantised(network, out / artifact.NETWORK, lessons(0).texts[::_SMOOTHED_FOR])
    about = {
        "recipes": [asdict(each) for each in (recipe, student) if each],
        "mean precision on dev": means,
        "taught": asdict(Taught.of(own, learnt).after(before)),
    }
    return settle(out, examples, bias=bias, about=about, linear=linear, held=held, progress=progress)


def _opened(base: str, recipe: Recipe, known: Sequence[Example], tokenizer: Path) -> Network:
    """The network to begin with, whose pieces are written to ``tokenizer``."""
    if artifact.lies_in(Path(base)):
        shutil.copy(Path(base) / artifact.TOKENIZER, tokenizer)
        return reopen(Path(base), recipe)
    return Network.over(base, recipe, prune(_tokenizer_of(base), list(map(_masked, known)), tokenizer))


def _taught(base: Path) -> Taught | None:
    """What an encoder has learnt from before."""
    before = artifact.load(base, to_train=True) if artifact.lies_in(base) else None
    return Taught(**before.about["taught"]) if before else None


def learn(
    network: Network,
    lessons: Callable[[int], Lesson],
    *,
    inputs: Inputs,
    dev: Sequence[Example],
    recipe: Recipe,
    progress: Progress | None,
) -> list[float]:
    """Fine-tune ``network`` and leave in it the mean of its weights that did best on ``dev``, or what it was.

    Returns:
        The mean average precision of these on ``dev`` before the first epoch and after each.
    """
    tell = progress or (lambda step, done, of: None)
    mean = copy.deepcopy(network)
    judge = _EarlyStop(mean, inputs, dev, recipe)
    judge(-1)

    def say(done: int, of: int) -> None:
        tell(f"train {network.layers} layers (after {len(judge.means) - 1} epochs: {judge.means[-1]:.3f})", done, of)

    fit(network, mean=mean, lessons=lessons, recipe=recipe, after=judge, tell=say)
    judge.restore(network)
    return judge.means


def temper(
    network: Network, before: Network, *, inputs: Inputs, dev: Sequence[Example], recipe: Recipe, least: float
) -> float:
    """Put weights between those of ``before`` and of ``network`` into it, if that is better on ``dev`` than ``least``.

    Weights in a line between two trainings of one network are often better than both, most of all on texts unlike those that
    were learnt last: Wortsman et al., CVPR 2022 (arXiv 2109.01903).

    Returns:
        The mean average precision on ``dev`` of what lies between.
    """
    between = copy.deepcopy(network)
    between.mix(before, _KEPT)
    texts = inputs.of_texts(list(map(_masked, dev)))
    mean = mean_precision(scores(between, read(between, texts, recipe)).astype(float), wanted(dev))
    if mean > least:
        network.load_state_dict(between.state_dict())
    return mean


def explained(teacher: Network, inputs: Inputs, known: Sequence[Example], recipe: Recipe) -> Lesson:
    """All that is ``known``, ours in varied forms, and what ``teacher`` says of each.

    What is wanted lies half way between the label and the teacher's word, and is the teacher's word where nobody judged:
    knowledge distillation (Hinton et al. 2015, arXiv 1503.02531), with the pooled vectors as hints (Romero et al. 2015,
    arXiv 1412.6550).
    """
    own = [example for example in known if example.weight == 1]
    others = [example for example in known if example.weight != 1]
    forms = [*varied(own, np.random.default_rng((recipe.seed, recipe.epochs))), *others]
    texts, truth = inputs.of_texts(list(map(_masked, forms))), wanted(forms)
    vectors = read(teacher, texts, recipe)
    said = 1 / (1 + np.exp(-scores(teacher, vectors)))
    between = np.where(np.isnan(truth), said, (truth + said) / 2).astype(np.float32)
    return Lesson(texts, between, np.ones(len(forms), dtype=np.float32), twins(forms), vectors)


def write_quantised(network: Network, path: Path, sample: Sequence[Pieces]) -> tuple[float, ...]:
    """Write the network as ONNX with weights of eight bits, smoothed for what it does with ``sample``, and return its bias."""
    with tempfile.TemporaryDirectory() as folder:
        whole, ready = Path(folder) / "whole.onnx", Path(folder) / "ready.onnx"
        bias = write(network, whole)
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        smooth(ready, sample)
        quantize_dynamic(str(ready), str(path), weight_type=QuantType.QInt8, per_channel=True)
    join_attention(path)
    forget_origin(path)
    return bias


def forget_origin(path: Path) -> None:
    """Take out of an ONNX file what its exporter noted of this machine: stack traces with paths."""
    model = onnx.load(str(path))
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.save(model, str(path))


def _masked(example: Example) -> str:
    text = example.text[:WINDOW]
    return mask(text, normalise(text))


def _tokenizer_of(base: str) -> Path:
    local = Path(base) / "tokenizer.json"
    if local.is_file():
        return local
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(base, "tokenizer.json"))


class _Lessons:
    """What to learn from in each epoch: what was labelled by our guide, in varied forms, and a share of the others."""

    def __init__(self, inputs: Inputs, known: Sequence[Example], seed: int) -> None:
        self._inputs, self._seed = inputs, seed
        self._own = [example for example in known if example.weight == 1]
        self._others = [example for example in known if example.weight != 1]

    def __call__(self, epoch: int) -> Lesson:
        chance = np.random.default_rng((self._seed, epoch))
        drawn = [other for other in self._others if chance.random() < _OTHERS_EACH_EPOCH]
        examples = [*varied(self._own, chance), *drawn]
        weights = np.array([example.weight for example in examples], dtype=np.float32)
        return Lesson(self._inputs.of_texts(list(map(_masked, examples))), wanted(examples), weights, twins(examples))


class _EarlyStop:
    """Keeps the best epoch by the mean average precision over labels and high severity on ``dev``.

    Ends after two epochs that were worse than an earlier one. What the network could do before the first does not count: one that
    learns on may be worse at first.
    """

    def __init__(self, network: Network, inputs: Inputs, dev: Sequence[Example], recipe: Recipe) -> None:
        self._network, self._recipe = network, recipe
        self._texts, self._wanted = inputs.of_texts(list(map(_masked, dev))), wanted(dev)
        self.means: list[float] = []
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name, "best.pt")

    def __call__(self, epoch: int) -> bool:
        said = scores(self._network, read(self._network, self._texts, self._recipe))
        mean = mean_precision(said.astype(float), self._wanted)
        if mean > max(self.means, default=-1):
            torch.save(self._network.state_dict(), self._file)
        self.means.append(mean)
        learnt = self.means[1:]
        return bool(learnt) and len(learnt) - learnt.index(max(learnt)) > 2

    def restore(self, network: Network) -> None:
        """Put the weights that did best into ``network``."""
        network.load_state_dict(torch.load(self._file))
        self._folder.cleanup()
