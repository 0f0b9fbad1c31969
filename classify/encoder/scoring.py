"""Scores of the encoder, run by ONNX Runtime: windows of texts in, one row of head scores each out.

The network gives a score per piece and head; a text's score is their mean and the bias. So what a word added is known exactly,
without attention weights: it takes one more run for a flagged text, not one for each of its words.
"""

import os
from collections.abc import Sequence
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


class EncoderScorer:
    """The model as `classify.judging` asks it."""

    def __init__(self, files: Files) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(files.folder / NETWORK), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = Inputs.open(files.folder / TOKENIZER)
        self._bias = np.array(files.bias, dtype=np.float32)
        self.calibration = files.calibration
        self.together = files.together
        self.version = files.version

    def scores(self, windows: Sequence[Window]) -> Array:
        """(windows, heads): the raw score of each head."""
        return np.stack(
            [self._by_piece(pieces).mean(axis=0) + self._bias for pieces in self._inputs.of_windows(windows)]
        )

    def contributions(self, windows: Sequence[Window], heads: Sequence[int]) -> list[tuple[Words, NDArray[np.float64]]]:
        """Per window: its words, and (words, heads) what the pieces of each added to the mean."""
        found = []
        for pieces in self._inputs.of_windows(windows):
            scores = self._by_piece(pieces)[:, list(heads)] / len(pieces.ids)
            added = np.zeros((len(pieces.words), len(heads)))
            inside = pieces.owners >= 0
            np.add.at(added, pieces.owners[inside], scores[inside])
            found.append((pieces.words, added))
        return found

    def _by_piece(self, pieces: Pieces) -> Array:
        """(pieces, heads). One text at a time: quantisation looks at all that it is given, and a text must not hang on others."""
        found: Array = self._session.run(None, {"ids": pieces.ids[None]})[0][0]
        return found
