"""From a window of a text to what the encoder reads: its masked words, cut into pieces of the vocabulary."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classify.masking import NAME
from classify.reading import Window

PREFIX: Final = "query:"
"""What the base model was trained to find before a text (Wang et al. 2024, arXiv 2402.05672)."""
LONGEST: Final = 512
"""Pieces read of a window, as many as the network has places for; an ordinary window has half as many."""
_NAMES: Final = re.compile(f"{NAME}+")
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Pieces:
    """A window as the encoder reads it.

    ``ids`` (pieces,), and ``owners`` (pieces,), the number of the word that each is part of, or -1.
    ``words`` are where the words start and end in the masked text.
    """

    ids: NDArray[np.int64] = field(repr=False)
    owners: NDArray[np.int64] = field(repr=False)
    words: list[tuple[int, int]] = field(repr=False)


def words_of(masked: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The words that the encoder reads, and where each stands in ``masked``: small letters, one ``X`` for a masked name."""
    found = [(match[0], match.span()) for match in _WORD.finditer(masked)]
    return [_NAMES.sub("X", word.lower()) for word, _ in found], [span for _, span in found]


class Inputs:
    """Cuts windows into pieces. Pure."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        self._tokenizer = tokenizer

    @classmethod
    def open(cls, path: Path) -> "Inputs":
        """With the tokenizer in a file of the hub's format (``tokenizer.json``)."""
        return cls(Tokenizer.from_file(str(path)))

    def of_texts(self, masked: Sequence[str]) -> list[Pieces]:
        """One for each masked text, in order."""
        split = [words_of(text) for text in masked]
        encoded = self._tokenizer.encode_batch([[PREFIX, *words] for words, _ in split], is_pretokenized=True)
        return [
            Pieces(
                np.array(one.ids, dtype=np.int64),
                np.array([-1 if owner is None else owner - 1 for owner in one.word_ids], dtype=np.int64),
                spans,
            )
            for one, (_, spans) in zip(encoded, split, strict=True)
        ]

    def of_windows(self, windows: Sequence[Window]) -> list[Pieces]:
        """One for each window, in order."""
        return self.of_texts([window.masked for window in windows])
