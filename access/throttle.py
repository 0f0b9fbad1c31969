"""A brake on guessing."""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flow.clock import Clock

WITHIN = timedelta(minutes=15)
ACCOUNT_MOST, ADDRESS_MOST = 10, 50
"""Failures within `WITHIN` after which even what is right is refused. Behind one address may be a whole town hall."""
_KEYS_MOST = 20_000


class Throttle:
    """Counts failures per account and per address, in the memory of one process.

    Passwords have twelve letters at least and codes are good for a minute and a half: a thousand tries a day find neither.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def holds(self, account: str, address: str) -> bool:
        """Whether whoever tries has to wait."""
        with self._lock:
            return any(self._recent(key) >= most for key, most in _keys(account, address))

    def failed(self, account: str, address: str) -> None:
        """Somebody was wrong."""
        now = self._clock.now()
        with self._lock:
            for key, most in _keys(account, address):
                self._failures.setdefault(key, deque(maxlen=most)).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > _KEYS_MOST:
                self._failures.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """The account's owner is in: her own mistakes are forgotten. What came from the address is not."""
        with self._lock:
            self._failures.pop(_account(account), None)

    def _recent(self, key: str) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        since = self._clock.now() - WITHIN
        while times and times[0] <= since:
            times.popleft()
        if not times:
            del self._failures[key]
        return len(times)


def _keys(account: str, address: str) -> tuple[tuple[str, int], ...]:
    return (_account(account), ACCOUNT_MOST), (f"address {_network(address)}", ADDRESS_MOST)


def _account(account: str) -> str:
    return f"account {account[:300]}"


def _network(address: str) -> str:
    """In IPv6 one household has a network of 64 bits."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), 64), strict=False))
    return str(found)
