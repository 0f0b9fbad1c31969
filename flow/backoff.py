"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def backoff(*, first: float = 0.5, factor: float = 2.0, most: float = 60.0) -> Iterator[float]:
    """Yield waits in seconds, growing by ``factor`` up to ``most``, each drawn with full jitter.

    Full jitter (a uniform draw from the lower half of the step to the step) keeps many clients from
    returning at the same instant: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    step = first
    while True:
        yield random.uniform(step / 2, step)
        step = min(step * factor, most)
