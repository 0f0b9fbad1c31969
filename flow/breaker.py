"""A circuit breaker: who does not answer several times in a row is left alone for a while."""

from datetime import timedelta

from flow.clock import Clock, Moment


class Breaker:
    """Says how many may be asked now. After the rest one is asked, and decides.

    Args:
        after: this many failures in a row open it.
        seconds: how long it stays open.
    """

    def __init__(self, *, clock: Clock, after: int = 3, seconds: float = 60.0) -> None:
        self._clock = clock
        self._after = after
        self._rest = timedelta(seconds=seconds)
        self._in_a_row = 0
        self._until: Moment | None = None
        self.open_since: Moment | None = None
        """Since when it has been open, rests included, until somebody answers; ``None``: it is closed."""

    @property
    def resting(self) -> bool:
        """Whether nobody may be asked now."""
        return self.left > 0

    @property
    def left(self) -> float:
        """Seconds for which nobody may be asked; 0: somebody may."""
        if self._until is None:
            return 0.0
        left = self._until - self._clock.now()
        # It rests no longer than that, however far the clock was put back since.
        return 0.0 if left > self._rest else max(left.total_seconds(), 0.0)

    def room(self, most: int) -> int:
        """How many of ``most`` may be asked now."""
        if self._until is None:
            return most
        return 0 if self.resting else min(1, most)

    def answered(self) -> None:
        """Somebody answered: all may be asked again."""
        self._in_a_row, self._until, self.open_since = 0, None, None

    def failed(self) -> None:
        """Nobody answered."""
        self._in_a_row += 1
        now = self._clock.now()
        if self._in_a_row >= self._after:
            self._until = now + self._rest
            self.open_since = self.open_since or now
