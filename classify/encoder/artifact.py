"""The encoder as files: ``model.onnx``, ``tokenizer.json`` and ``model.json``, which carries their digests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classify.calibration import Calibration
from classify.fingerprint import fingerprint
from classify.heads import HEADS
from flow.errors import Broken

NETWORK: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
ABOUT: Final = "model.json"
FORMAT: Final = 3
_TRAIN: Final = (
    "Run 'turvakt train --base FOLDER' to make it anew, restore the file, or remove the folder to do without"
)


@dataclass(frozen=True, slots=True)
class Together:
    """How the encoder judges together with a linear model: what that one's scores count, and the calibration of the sum.

    ``linear`` is that model's version; with another one the sum means nothing.
    """

    linear: str
    share: float
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Files:
    """An encoder that lies complete and unaltered in ``folder``.

    ``bias`` (heads,) is added to the mean over a text's pieces. ``about`` tells how it was made; nothing judges by it.
    """

    folder: Path
    bias: tuple[float, ...]
    calibration: Calibration
    together: Together
    version: str
    about: Mapping[str, Any]


def save(
    folder: Path,
    *,
    bias: tuple[float, ...],
    calibration: Calibration,
    together: Together,
    about: Mapping[str, Any],
) -> str:
    """Describe the network and the tokenizer that lie in ``folder``, and return their version."""
    meta = {
        "format": FORMAT,
        "sha256": {name: _digest(folder / name) for name in (NETWORK, TOKENIZER)},
        "texts": fingerprint(),
        "heads": HEADS,
        "bias": [round(value, 6) for value in bias],
        "calibration": calibration.as_json(),
        "with_linear": {
            "linear": together.linear,
            "share": together.share,
            "calibration": together.calibration.as_json(),
        },
        "about": about,
    }
    (folder / ABOUT).write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return _version(meta)


def _version(meta: Mapping[str, Any]) -> str:
    """What judges otherwise has another version: network, pieces, probabilities, thresholds."""
    judging = {name: meta[name] for name in ("sha256", "texts", "bias", "calibration", "with_linear")}
    return hashlib.sha256(json.dumps(judging, sort_keys=True).encode()).hexdigest()[:12]


def lies_in(folder: Path) -> bool:
    """Whether an encoder of Turvakt lies in ``folder``, whole or not, rather than a base model."""
    return (folder / ABOUT).is_file()


def load(folder: Path, *, to_train: bool = False) -> Files | None:
    """The encoder in ``folder``; None if there is no such folder: the cascade does without it then.

    Args:
        to_train: it is to learn on, so that it may have learnt from texts made ready otherwise than here.

    Raises:
        Broken: a file is missing, altered or of another version.
    """
    if not folder.is_dir():
        return None
    path = folder / ABOUT
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        digests = {name: _digest(folder / name) for name in (NETWORK, TOKENIZER)}
    except (OSError, ValueError) as error:
        raise Broken("the encoder cannot be read", place=str(path), remedy=_TRAIN) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or tuple(meta.get("heads", ())) != HEADS:
        raise Broken("the encoder's description is of another format", place=str(path), remedy=_TRAIN)
    if meta.get("sha256") != digests:
        raise Broken(
            f"the files are not those that {ABOUT} names: altered or mixed up", place=str(folder), remedy=_TRAIN
        )
    if meta.get("texts") != fingerprint() and not to_train:
        raise Broken("the encoder was trained on texts made ready otherwise than here", place=str(path), remedy=_TRAIN)
    try:
        calibration = Calibration.of_json(meta["calibration"])
        bias = tuple(map(float, meta["bias"]))
        both = meta["with_linear"]
        together = Together(str(both["linear"]), float(both["share"]), Calibration.of_json(both["calibration"]))
        about = dict(meta["about"])
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("the encoder's description lacks a part", place=str(path), remedy=_TRAIN) from error
    return Files(folder, bias, calibration, together, _version(meta), about)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
