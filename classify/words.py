"""Finding the words of a text: most have been seen before."""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import chain


def finder(shape: re.Pattern[str]) -> Callable[[str], list[str]]:
    """What finds all that ``shape`` finds, some times as fast, if ``shape`` matches nothing with a blank in it."""
    found_in = lru_cache(maxsize=32768)(lambda piece: tuple(shape.findall(piece)))
    return lambda text: list(chain.from_iterable(map(found_in, text.split(" "))))
