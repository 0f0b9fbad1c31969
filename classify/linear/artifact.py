"""The linear model as files: ``weights.npz`` (plain arrays, no pickle) and ``model.json``, which carries its digest."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classify.calibration import Calibration
from classify.fingerprint import fingerprint as texts_as_read
from classify.heads import HEADS
from classify.linear import concepts
from classify.linear.features import BUCKETS, FEW, NGRAMS, extract
from flow.errors import Broken

WEIGHTS: Final = "weights.npz"
ABOUT: Final = "model.json"
FORMAT: Final = 2
_TRAIN = "Run 'turvakt train' to make it anew, or restore the file"

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """A trained linear model; every array's last axis is `HEADS`.

    ``ngrams`` (BUCKETS, heads), ``singles`` (concepts, heads) and ``pairs`` (concepts, concepts, heads; upper triangle) are
    weights; a head's raw score is their sum and ``bias``. A text none of whose probabilities of a label or of high severity
    reaches ``screen`` needs no second look.
    """

    ngrams: Weights = field(repr=False)
    singles: Weights = field(repr=False)
    pairs: Weights = field(repr=False)
    bias: Weights = field(repr=False)
    calibration: Calibration
    screen: float
    version: str = ""


def fingerprint() -> str:
    """A digest of how texts become features: weights fit only the code that they were trained with."""
    own = (concepts.CONCEPTS, concepts.NAME_CONCEPTS, BUCKETS, NGRAMS, FEW)
    digest = hashlib.sha256(repr((texts_as_read(), own)).encode())
    digest.update(extract(["jag ska döda dig !", "tapan sut ƿƿƿ"]).buckets.tobytes())
    return digest.hexdigest()


def save(model: Model, folder: Path, *, about: Mapping[str, Any]) -> str:
    """Write ``model`` into ``folder`` and return its version. ``about`` are measured figures to keep beside it.

    Weights are kept as 8-bit numbers with one scale per head. The same model gives the same bytes.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name in ("ngrams", "singles", "pairs"):
        weights: Weights = getattr(model, name)
        scale = np.abs(weights).reshape(-1, len(HEADS)).max(axis=0) / 127
        scale[scale == 0] = 1
        arrays[name] = np.round(weights / scale).astype(np.int8)
        arrays[f"{name}_scale"] = scale.astype(np.float32)
    arrays["bias"] = model.bias.astype(np.float32)
    packed = _pack(arrays)
    digest = hashlib.sha256(packed).hexdigest()
    meta = {
        "format": FORMAT,
        "sha256": digest,
        "features": fingerprint(),
        "heads": HEADS,
        "calibration": model.calibration.as_json(),
        "screen": model.screen,
        "about": about,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(packed)
    (folder / ABOUT).write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return _version(meta)


def _version(meta: Mapping[str, Any]) -> str:
    """What judges otherwise has another version: weights, probabilities, thresholds, screen."""
    judging = {name: meta[name] for name in ("sha256", "features", "calibration", "screen")}
    return hashlib.sha256(json.dumps(judging, sort_keys=True).encode()).hexdigest()[:12]


def _pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``.npz`` whose bytes depend on the arrays alone: NumPy's own would carry the time of writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            one = io.BytesIO()
            np.lib.format.write_array(one, array, allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), one.getvalue(), zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def load(folder: Path) -> Model:
    """The model in ``folder``.

    Raises:
        Broken: a file is missing, altered or of another version of the features.
    """
    meta = read_about(folder)
    path = folder / WEIGHTS
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise Broken("the model's weights cannot be read", place=str(path), remedy=_TRAIN) from error
    digest = hashlib.sha256(packed).hexdigest()
    if digest != meta.get("sha256"):
        raise Broken(
            f"the weights are not those that {ABOUT} names: altered or mixed up", place=str(path), remedy=_TRAIN
        )
    if meta.get("features") != fingerprint():
        raise Broken("the model was trained with other features than this program has", place=str(path), remedy=_TRAIN)
    try:
        return _unpack(packed, meta)
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise Broken("the model does not have the expected parts", place=str(path), remedy=_TRAIN) from error


def read_about(folder: Path) -> dict[str, Any]:
    """What stands in ``model.json``.

    Raises:
        Broken: it is missing or is not what `save` writes.
    """
    path = folder / ABOUT
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Broken("the model's description cannot be read", place=str(path), remedy=_TRAIN) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or tuple(meta.get("heads", ())) != HEADS:
        raise Broken("the model's description is of another format", place=str(path), remedy=_TRAIN)
    return meta


def _unpack(packed: bytes, meta: Mapping[str, Any]) -> Model:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        wide = {
            name: arrays[name].astype(np.float32) * arrays[f"{name}_scale"] for name in ("ngrams", "singles", "pairs")
        }
        bias = arrays["bias"]
    shapes = {
        "ngrams": (BUCKETS, len(HEADS)),
        "singles": (concepts.COUNT, len(HEADS)),
        "pairs": (concepts.COUNT, concepts.COUNT, len(HEADS)),
    }
    if any(wide[name].shape != shape for name, shape in shapes.items()):
        raise ValueError("wrong shape")
    calibration = Calibration.of_json(meta["calibration"])
    return Model(**wide, bias=bias, calibration=calibration, screen=float(meta["screen"]), version=_version(meta))
