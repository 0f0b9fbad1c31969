"""What of a text leaves the machine."""

import re
from collections.abc import Iterable
from typing import Final

from classify.masking import NAMES, hide
from classify.remote.strangers import strangers

HIDDEN: Final = "[…]"
"""Stands for a name, handle or link, however long it was: its length would help to guess it."""
MOST: Final = 4000
"""Code points shown at most: half from the beginning, half from the end."""
_LEFT_OUT: Final = " … "
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")


def shown(text: str, places: Iterable[tuple[int, int]]) -> str:
    """``text`` without what stands at ``places``, what `strangers` finds, and what `classify.masking.hide` does."""
    bare = NAMES.sub(HIDDEN, hide(text, (*places, *strangers(text)))).strip()
    bare = _FOREIGN_DIGIT.sub("0", bare)
    if len(bare) > MOST:
        kept = MOST - len(_LEFT_OUT)
        end = kept // 2
        bare = f"{bare[: kept - end]}{_LEFT_OUT}{bare[-end:]}"
    return bare.encode("utf-8", "replace").decode()  # half a surrogate pair is no text that a server must read
