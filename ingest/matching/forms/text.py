"""Text as the matcher sees it: one small letter, digit or space for each code point.

Folding makes ``Lindström``, ``LINDSTRÖM`` and ``lindstrom`` the same, in composed and decomposed Unicode, in full-width
letters, and with zero-width characters inside. A whole batch is folded by one table look-up, so it costs about
2 ns a code point.
"""

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

_GONE, _SPACE, _OTHER = 0, ord(" "), ord("?")
_LIMIT = 0x20000
# Ranges that hold no letters that we fold, given whole to spare the time of asking for each code point.
_WHOLE = ((0x3040, 0xD800, _OTHER), (0xD800, 0xF900, _SPACE), (0x10000, 0x1D400, _OTHER), (0x1D800, _LIMIT, _SPACE))
# Letters without a decomposition, and Cyrillic and Greek letters that look like Latin ones in a name.
_ALIKE = dict(zip("øœæđðłßþıŋħŧĸ", "ooaddlstinhtk", strict=True)) | dict(
    zip("аеорсхуіјѕһԁοαν", "aeopcxyijshdoav", strict=True)
)


def fold_batch(text: str) -> tuple[bytes, NDArray[np.int64] | None]:
    """Fold ``text``: ``a-z``, ``0-9``, ``?`` for a letter of another script, and a space for all else.

    Returns:
        The folded bytes, and for each of them the offset (in code points) of its code point in ``text``; ``None``
        when the offsets are the same. They differ where combining marks and zero-width characters were left out.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = _table()[np.minimum(codes, _LIMIT)]
    if folded.size == 0 or folded.min() != _GONE:
        return folded.tobytes(), None
    kept = np.flatnonzero(folded)
    return folded[kept].tobytes(), kept


def fold(text: str) -> str:
    """``text`` folded, without the offsets."""
    plain = text.lower().replace("ä", "a").replace("ö", "o").replace("å", "a").replace("é", "e")
    if plain.isascii() and plain.replace(" ", "").isalnum():
        return plain
    return fold_batch(text)[0].decode("ascii")


def spelling(word: str) -> str:
    """``word`` in small letters, composed, with its diacritics; the Danish and Norwegian letters as Swedish ones."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).lower())
    if not plain.isalnum():
        plain = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Cf", "Mn"))
    return plain.replace("æ", "ä").replace("ø", "ö")


def spelled_as(word: str, form: str) -> bool:
    """Whether ``word``, which folds like ``form``, may be a way to write it.

    Diacritics may be left out but not put in: ``lindstrom`` is Lindström, ``läine`` is not Laine.
    Both are in the form that `spelling` gives.
    """
    return word == form or all(
        one == other or not unicodedata.decomposition(one) for one, other in zip(word, form, strict=False)
    )


@cache
def _table() -> NDArray[np.uint8]:
    table = np.full(_LIMIT + 1, _SPACE, dtype=np.uint8)
    for start, end, value in _WHOLE:
        table[start:end] = value
    for start, end in ((0, 0x3040), (0xF900, 0x10000), (0x1D400, 0x1D800)):
        for code in range(start, end):
            table[code] = _fold(chr(code))
    table[_LIMIT] = _OTHER
    table[0xE0000:] = _OTHER
    return table


def _fold(letter: str) -> int:
    category = unicodedata.category(letter)
    if category in ("Mn", "Me", "Cf"):
        return _GONE
    if category[0] not in "LN" and not ("Ⓐ" <= letter <= "ⓩ"):
        return _SPACE
    small = unicodedata.normalize("NFKD", letter.lower())[0].lower()
    small = _ALIKE.get(small, small)
    return ord(small) if small.isascii() and small.isalnum() else _OTHER
