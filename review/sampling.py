"""The sample of unflagged posts: a few, drawn at random where everybody concerned agrees, to measure what is missed."""

import hmac
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from ingest.post import Post
from registry.official import Official

_RANGE = 1 << 64


class Sample:
    """Draws by the id of a post and a secret: the same post is always drawn or never, and no author can know which.

    Args:
        key: the secret, 32 bytes; asked for when the first post is drawn.
        share: of the posts, 0 to 1.
        officials: the registry.
    """

    def __init__(self, *, key: Callable[[], bytes], share: float, officials: Callable[[str], Official | None]) -> None:
        self._key = key
        self._share = share
        self._officials = officials
        self._secret: bytes | None = None

    def takes(self, post: Post, at: datetime) -> bool:
        """Whether the post is drawn, and every official whom it mentions agrees to it at the moment ``at``."""
        return self._drawn(post.id) and all(self._agrees(official, post.source, at) for official in post.officials)

    def _drawn(self, post: str) -> bool:
        if not self._share:
            return False
        if self._secret is None:
            self._secret = self._key()
        digest = hmac.digest(self._secret, post.encode(), sha256)
        return int.from_bytes(digest[:8]) < self._share * _RANGE

    def _agrees(self, official: str, source: str, at: datetime) -> bool:
        known = self._officials(official)
        return known is not None and any(each.sample and each.covers(source, at) for each in known.consents)
