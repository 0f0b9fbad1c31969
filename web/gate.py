"""Who may come in: the token, its cookie, and a brake on guessing."""

import hashlib
import hmac
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from flow.clock import Clock

COOKIE = "turvakt_session"
DAYS = 7
"""How long a browser stays signed in."""

_WRONG_MOST = 10
_WITHIN = timedelta(minutes=1)
_CLIENTS_MOST = 1000


class Gate:
    """Compares tokens in constant time.

    After ten wrong ones within a minute from one address it refuses even the right one from there, until the minute is over.

    Args:
        token: what opens the console; ``None`` lets everybody in.

    Raises:
        ValueError: the token is empty, which whoever sends nothing would know.
    """

    def __init__(self, token: str | None, *, clock: Clock) -> None:
        if token is not None and not token.strip():
            raise ValueError("the token is empty")
        self._token = token
        self._clock = clock
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    @property
    def cookie(self) -> str:
        """What a signed-in browser keeps: derived from the token, worthless once that is changed."""
        return hmac.digest((self._token or "").encode(), b"turvakt console", hashlib.sha256).hex()

    def admits(self, token: str, *, client: str) -> bool:
        """Whether ``token`` is the right one; a wrong one counts against ``client``. See `throttled`."""
        if self.throttled(client):
            return False
        if self._token is None or _same(token, self._token):
            return True
        recent = self._wrong.setdefault(client, deque(maxlen=_WRONG_MOST))
        self._wrong.move_to_end(client)
        recent.append(self._clock.now())
        if len(self._wrong) > _CLIENTS_MOST:
            self._wrong.popitem(last=False)
        return False

    def throttled(self, client: str) -> bool:
        """Whether ``client`` has to wait."""
        recent = self._wrong.get(client)
        if recent is None:
            return False
        return len(recent) == _WRONG_MOST and self._clock.now() - recent[0] < _WITHIN

    def knows(self, cookie: str | None) -> bool:
        """Whether a browser that sends ``cookie`` is signed in."""
        return self._token is None or (cookie is not None and _same(cookie, self.cookie))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
