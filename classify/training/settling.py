"""What an encoder's scores mean beside a linear model: how much that one's count, both calibrations, the figures and the card.

Without PyTorch, so that a new linear model need not wait for a new encoder.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify.blending import Blend
from classify.calibration import LANGUAGES, Calibration
from classify.corpus import Example
from classify.encoder import artifact
from classify.encoder.scoring import EncoderScorer
from classify.evaluation.metrics import average_precision
from classify.evaluation.report import Report, report
from classify.heads import HEADS, WATCHED
from classify.judging import judge
from classify.linear.scoring import LinearScorer
from classify.reading import read
from classify.training import card
from classify.training.calibrating import calibrate, shared
from classify.training.linear import Numbers, Progress
from classify.training.targets import split, wanted
from flow.errors import Broken

_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0)
"""What the linear model's scores may count beside the encoder's; the best on ``dev`` is taken."""


def settle(
    folder: Path,
    examples: Sequence[Example],
    *,
    bias: tuple[float, ...],
    about: Mapping[str, Any],
    linear: LinearScorer,
    held: Mapping[str, Numbers],
    progress: Progress | None = None,
) -> Report:
    """Calibrate the network in ``folder`` on the ``dev`` authors of ``examples``, measure it on those of ``test``, and write its
    description and its card.

    Args:
        bias: (heads,), see `artifact.Files`.
        about: how it was made; ``taught`` says what it was trained on (`card.Taught`).
        linear: the model to judge with, which has not seen the test authors.
        held: by id, the raw scores of ``examples`` by a linear model that has not seen their authors (`linear.Trained`).

    Returns:
        The figures on the test authors.

    Raises:
        Broken: see `dev_and_test`.
    """
    dev, test = dev_and_test(examples)
    plain = Calibration(*(np.full((len(LANGUAGES), len(HEADS)), value, dtype=np.float32) for value in (1, 0, 0.5)))
    new = artifact.Files(folder, bias, plain, artifact.Together("", 0, plain), "new", about)
    scores, truth = _scores(EncoderScorer(new), dev, progress), wanted(dev)
    beside = np.stack([held[example.id] for example in dev])
    share = max(_SHARES, key=lambda share: mean_precision(scores + share * beside, truth))
    together = artifact.Together(linear.version, share, calibrate(scores + share * beside, truth, dev))
    calibration = calibrate(scores, truth, dev)
    both = Blend(EncoderScorer(replace(new, calibration=calibration, together=together)), linear)
    judgements = judge(both, read([example.text for example in test]), name="new")
    figures = report(test, judgements, model="encoder with the linear model, test authors")
    about = {**about, "figures": figures.as_json()}
    version = artifact.save(folder, bias=bias, calibration=calibration, together=together, about=about)
    text = card.render(
        card.ENCODER,
        figures,
        taught=card.Taught(**about["taught"]),
        version=version,
        calibration=together.calibration,
        shared=shared(truth, dev),
    )
    (folder / "card.md").write_text(text, encoding="utf-8")
    return figures


def settle_anew(
    encoder: artifact.Files,
    examples: Sequence[Example],
    *,
    out: Path,
    linear: LinearScorer,
    held: Mapping[str, Numbers],
    progress: Progress | None = None,
) -> Report:
    """Write ``encoder`` into the folder ``out`` as it judges beside another ``linear`` model. Its network stays as it is.

    The other arguments and what is raised: see `settle`.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in (artifact.NETWORK, artifact.TOKENIZER):
        shutil.copy(encoder.folder / name, out / name)
    return settle(out, examples, bias=encoder.bias, about=encoder.about, linear=linear, held=held, progress=progress)


def dev_and_test(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The posts of the authors who are kept for calibration, and of those who are kept for the report.

    Raises:
        Broken: there are too few of them for an encoder: of a label or severity without a post nothing could be said.
    """
    dev, test = ([example for example in examples if split(example) == side] for side in ("dev", "test"))
    missing = [name for name, count in zip(HEADS, (wanted(dev) == 1).sum(axis=0), strict=True) if not count]
    if missing or not test:
        raise Broken(
            f"the authors held out wrote nothing {'with ' + ', '.join(missing) if missing else 'to report on'}",
            place="corpus",
            remedy="An encoder needs more posts by more authors; without --base and encoder/ the linear model trains alone",
        )
    return dev, test


def mean_precision(said: Numbers, truth: NDArray[np.float32]) -> float:
    """The mean of the average precisions over labels and high severity, of those that occur. Both are (examples, heads)."""
    watched = [head for head in WATCHED if (truth[:, head] == 1).any()]
    return float(np.mean([average_precision(truth[:, head] == 1, said[:, head]) for head in watched]))


def _scores(scorer: EncoderScorer, examples: Sequence[Example], progress: Progress | None) -> Numbers:
    """(examples, heads): of each text's first window."""
    found = []
    for number, example in enumerate(examples):
        if progress and number % 50 == 0:
            progress("calibrate the encoder", number, len(examples))
        found.append(scorer.scores(read([example.text])[0].windows[:1])[0])
    return np.stack(found).astype(float)
