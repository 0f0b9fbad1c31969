"""A brake on how often something may be asked for."""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from flow.clock import Clock

_KEYS_MOST = 20_000


class Pace:
    """Lets each key do something ``most`` times ``within`` a while, in the memory of one process."""

    def __init__(self, clock: Clock, *, most: int, within: timedelta) -> None:
        self._clock = clock
        self._most = most
        self._within = within
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()

    def lets(self, key: str) -> bool:
        """Whether the key may do it now; if so, it counts as done."""
        now = self._clock.now()
        with self._lock:
            times = self._times.setdefault(key, deque(maxlen=self._most))
            self._times.move_to_end(key)
            if len(self._times) > _KEYS_MOST:
                self._times.popitem(last=False)
            if len(times) == self._most and now - times[0] < self._within:
                return False
            times.append(now)
            return True
