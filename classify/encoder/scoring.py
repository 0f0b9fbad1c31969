"""Scores of the encoder, run by ONNX Runtime: windows of texts in, one row of head scores each out.

The network gives a score per piece and head; a text's score is their mean and the bias. So what a word added is known exactly,
without attention weights and without another run.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from classify.calibration import Array
from classify.encoder.artifact import NETWORK, TOKENIZER, Files
from classify.encoder.inputs import Inputs, Pieces
from classify.judging import Words
from classify.reading import Window

_MOST_THREADS: Final = 4
_SLOWER: Final = "SkipLayerNormFusion"
"""A fusion of ONNX Runtime (1.32) whose one node takes seven times as long on a processor as the two that it replaces."""


class EncoderScorer:
    """The model as `classify.judging` asks it."""

    def __init__(self, files: Files) -> None:
        options = onnxruntime.SessionOptions()
        # One thread a text and texts side by side: a text is too short to be shared out, and waiting threads do not spin.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(files.folder / NETWORK), options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOWER]
        )
        self._pool = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1), "encoder")
        self._inputs = Inputs.open(files.folder / TOKENIZER)
        self._latest: dict[int, Array] = {}  # by a hash, so that no text outlives its batch
        self._bias = np.array(files.bias, dtype=np.float32)
        self.calibration = files.calibration
        self.together = files.together
        self.version = files.version

    def scores(self, windows: Sequence[Window]) -> Array:
        """(windows, heads): the raw score of each head."""
        found = list(self._pool.map(self._by_piece, self._inputs.of_windows(windows)))
        self._latest = {hash(window.masked): scores for window, scores in zip(windows, found, strict=True)}
        return np.stack([scores.mean(axis=0) + self._bias for scores in found])

    def contributions(self, windows: Sequence[Window], heads: Sequence[int]) -> list[tuple[Words, NDArray[np.float64]]]:
        """Per window: its words, and (words, heads) what the pieces of each added to the mean."""
        found = []
        for window, pieces in zip(windows, self._inputs.of_windows(windows), strict=True):
            known = self._latest.get(hash(window.masked))  # what is explained was mostly judged a moment ago
            by_piece = self._by_piece(pieces) if known is None else known
            scores = by_piece[:, list(heads)] / len(pieces.ids)
            added = np.zeros((len(pieces.words), len(heads)))
            inside = pieces.owners >= 0
            np.add.at(added, pieces.owners[inside], scores[inside])
            found.append((pieces.words, added))
        return found

    def _by_piece(self, pieces: Pieces) -> Array:
        """(pieces, heads). One text at a time: quantisation looks at all that it is given, and a text must not hang on others."""
        found: Array = self._session.run(None, {"ids": pieces.ids[None]})[0][0]
        return found
