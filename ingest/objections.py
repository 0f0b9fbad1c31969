"""Authors who objected to the processing of what they write, and what was decided.

An author whose objection was upheld is left alone: what she writes is not matched any more. She is known by a keyed digest of
her account, so that the list names nobody. Who has the whole database can still try accounts one by one.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from flow.database import Database
from flow.errors import BadInput
from ingest.post import Post
from ingest.tables import KEY, OBJECTION

Account = tuple[str, str]
"""A source, and an account there: `ingest.post.Author.id` or ``handle``."""


def accounts(post: Post) -> set[Account]:
    """The accounts that a post may have been written from, as far as its platform tells."""
    return {(post.source, name) for name in (post.author.id, post.author.handle) if name}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on an objection (Article 21 of the GDPR).

    Attributes:
        upheld: her posts are not kept any more; otherwise there are compelling grounds, named in ``reason``.
        reason: why; it must name nobody.
        by: who decided.
    """

    upheld: bool
    reason: str
    by: str = field(repr=False)
    at: datetime


class Objections:
    """The decisions in the tables ``author_*`` of ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    def decide(self, account: Account, decision: Decision) -> None:
        """Write down what was decided; it takes the place of what was decided on this account before.

        Raises:
            BadInput: the reason is missing.
        """
        if not decision.reason.strip():
            raise BadInput("an objection is decided with a reason", place="reason", remedy="Say why in a sentence")
        digest = self._digest(account)
        row: dict[str, Any] = {
            "digest": digest,
            "source": account[0],
            "upheld": decision.upheld,
            "reason": decision.reason,
            "by": decision.by,
            "at": decision.at.timestamp(),
        }
        with self._database.transaction():
            self._database.lock("objections")
            self._database.execute(delete(OBJECTION).where(OBJECTION.c.digest == digest))
            self._database.execute(insert(OBJECTION), row)

    def on(self, account: Account) -> Decision | None:
        """What was decided on the account."""
        columns = (OBJECTION.c.upheld, OBJECTION.c.reason, OBJECTION.c.by, OBJECTION.c.at)
        rows = self._database.query(select(*columns).where(OBJECTION.c.digest == self._digest(account)))
        return next((Decision(bool(up), why, by, datetime.fromtimestamp(at, UTC)) for up, why, by, at in rows), None)

    def upheld(self, accounts: Collection[Account]) -> set[Account]:
        """Those of ``accounts`` that are left alone."""
        if not accounts:
            return set()
        of = {self._digest(account): account for account in accounts}
        standing = select(OBJECTION.c.digest).where(OBJECTION.c.upheld, OBJECTION.c.digest.in_(of))
        return {of[bytes(digest)] for (digest,) in self._database.query(standing)}

    def author(self, post: Post) -> str:
        """A keyed digest of who wrote the post, the same for all posts from one account; empty if its platform does not tell."""
        name = post.author.id or post.author.handle
        return self._digest((post.source, name)).hex()[:24] if name else ""

    def counts(self) -> dict[str, int]:
        """How many were upheld, and how many refused."""
        rows = self._database.query(select(OBJECTION.c.upheld))
        upheld = sum(bool(row[0]) for row in rows)
        return {"upheld": upheld, "refused": len(rows) - upheld}

    @property
    def key_id(self) -> str:
        """By which key the digests are made: two that are told the same know an account by the same digest."""
        return hashlib.sha256(b"id\x00" + self._the_key()).hexdigest()

    def _digest(self, account: Account) -> bytes:
        source, name = account
        return hmac.digest(self._the_key(), f"{source}\x00{name.lower()}".encode(), hashlib.sha256)

    def _the_key(self) -> bytes:
        if self._key is None:
            with self._database.transaction():
                self._database.lock("objections")
                if not (rows := self._database.query(select(KEY.c.key))):
                    self._database.execute(insert(KEY), {"one": 1, "key": secrets.token_bytes(32)})
                    rows = self._database.query(select(KEY.c.key))
            self._key = bytes(rows[0][0])
        return self._key
