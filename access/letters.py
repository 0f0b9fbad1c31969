"""Letters to people who sign in, until they are sent: invitations, and what they must be told of."""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from access.letter import LETTERS, VALUES, Letter, LetterKind, Waiting, opened, sealed
from access.person import Person
from access.sealing import Seal
from access.tables import LETTER
from flow.clock import Clock
from flow.database import Database
from flow.errors import BadInput, Broken
from registry.holder import Part

_IN_ORDER = LETTER.c.due, LETTER.c.id

logger = logging.getLogger(__name__)


class Letters:
    """The table ``access_letter`` of ``database``. Implements `registry.holder.Holder`.

    What a letter says, and to which address it goes, is removed when it has been sent or given up; until then a link in it is
    sealed.

    Args:
        seal: gives the key when a letter has a link.
    """

    name = "letters"

    def __init__(self, database: Database, *, seal: Callable[[], Seal], clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def add(
        self,
        person: Person,
        kind: LetterKind,
        values: Mapping[str, str],
        *,
        once: str = "",
        also: Collection[str] = (),
        official: str = "",
    ) -> bool:
        """Take in a letter to ``person``. Joins a transaction that is open.

        Args:
            values: see `VALUES`.
            once: what it is about; a second letter of this kind about the same to the same person is not taken in.
            also: what else it is about, so that none of it is written about again.
            official: whom it goes with when she is erased; by default the first one that the person has to do with.

        Returns:
            Whether it was taken in.

        Raises:
            ValueError: the values are not those of the kind.
        """
        identity = _digest(kind, person.id, once) if once else uuid.uuid4().hex
        official = official or next((grant.official for grant in person.grants if grant.official), "")
        with self._database.transaction():
            added = self._add(identity, person, kind, values, official=official, state="waiting")
            if added:
                self._mark(kind, official, [_digest(kind, person.id, each) for each in also])
        return added

    def untold(self, person: Person, kind: LetterKind, about: Iterable[str]) -> list[str]:
        """What of ``about`` there was no letter of this kind to ``person`` about, in the same order."""
        identities = {each: _digest(kind, person.id, each) for each in about}
        found = select(LETTER.c.id).where(LETTER.c.id.in_(list(identities.values())))
        told = {identity for (identity,) in self._database.query(found)}
        return [each for each, identity in identities.items() if identity not in told]

    def latest(self, official: str, kind: LetterKind) -> datetime | None:
        """When something last happened to a letter of this kind that goes with ``official``; ``None``: there is none."""
        found = select(func.max(LETTER.c.at)).where(LETTER.c.official == official, LETTER.c.kind == kind)
        at = self._database.query(found)[0][0]
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def prepare_last(self, person: Person, official: str) -> bool:
        """Before an official is erased: keep what it takes to tell ``person`` of the outcome (see `send_last`)."""
        values = dict.fromkeys(VALUES["erased"], "")
        identity = _lasts(official) + _digest(person.id)[:16]
        return self._add(identity, person, "erased", values, official="", state="held")

    def send_last(self, official: str, values: Mapping[str, str]) -> bool:
        """When an official has been erased: send the letters ``erased`` that were prepared; whether there are any.

        Once one has been sent, or could not be sent for a week, `clean` leaves nothing of it.

        Raises:
            ValueError: the values are not those of the kind.
        """
        _check("erased", values)
        held = LETTER.c.id.startswith(_lasts(official)), LETTER.c.state == "held"
        with self._database.transaction():
            found = self._database.query(select(LETTER.c.id, LETTER.c.content).where(*held))
            for identity, content in found:
                prepared = LETTERS.decode(content)
                now = self._clock.now()
                letter = Letter("erased", prepared.name, prepared.email, prepared.language, dict(values), now)
                new = {"content": LETTERS.encode(letter), "state": "waiting", "due": now.timestamp()}
                self._database.execute(update(LETTER).where(LETTER.c.id == identity).values(**new))
        return bool(found)

    def _add(
        self, identity: str, person: Person, kind: LetterKind, values: Mapping[str, str], *, official: str, state: str
    ) -> bool:
        _check(kind, values)
        now = self._clock.now()
        letter = Letter(kind, person.name, person.email, person.language, dict(values), now)
        if "link" in values:
            letter = sealed(letter, seal=self._seal(), of=identity)
        row = {
            "id": identity,
            "kind": kind,
            "official": official,
            "state": state,
            "attempts": 0,
            "due": now.timestamp(),
            "at": now.timestamp(),
            "content": LETTERS.encode(letter),
        }
        with self._database.transaction():
            self._database.lock("letters")  # two who add the same at once would both find none
            if self._count(LETTER.c.id == identity):
                return False
            self._database.execute(insert(LETTER), row)
        return True

    def _mark(self, kind: LetterKind, official: str, identities: Sequence[str]) -> None:
        """Write down letters as sent, which another one stands for."""
        now = self._clock.now().timestamp()
        common = {"kind": kind, "official": official, "state": "sent", "attempts": 0, "due": now, "at": now}
        if identities:
            rows = [{"id": each, **common, "content": None} for each in identities]
            self._database.executemany(insert(LETTER), rows)

    def due(self, limit: int = 20) -> list[Waiting]:
        """Up to ``limit`` letters that are to be sent now, the oldest first; one that cannot be read fails now."""
        now = self._clock.now().timestamp()
        waiting = select(LETTER.c.id, LETTER.c.content, LETTER.c.attempts, LETTER.c.official)
        waiting = waiting.where(LETTER.c.state == "waiting", LETTER.c.due <= now)
        letters = []
        for identity, content, attempts, official in self._database.query(waiting.order_by(*_IN_ORDER).limit(limit)):
            try:
                letter = LETTERS.decode(content)
                if "link" in letter.values:
                    letter = opened(letter, seal=self._seal(), of=identity)
                letters.append(Waiting(identity, letter, attempts, official))
            except (BadInput, Broken) as error:
                logger.error("letter %s cannot be read and is given up: %s", identity, error)
                failed = {"state": "failed", "at": now, "content": None}
                self._database.execute(update(LETTER).where(LETTER.c.id == identity).values(**failed))
        return letters

    def ended(
        self, waiting: Waiting, state: Literal["sent", "failed"], *, then: Callable[[Waiting], None] | None = None
    ) -> bool:
        """Write down how the sending ended; of the letter to somebody erased nothing stays, see `clean`.

        Args:
            then: is called in the same transaction, if the letter was still here.

        Returns:
            Whether the letter was still here: it may have been erased on its way.
        """
        itself = LETTER.c.id == waiting.id
        new = {"state": state, "at": self._clock.now().timestamp(), "content": None}
        with self._database.transaction():
            still_here = bool(self._database.execute(update(LETTER).where(itself).values(**new)))
            if still_here and then is not None:
                then(waiting)
        return still_here

    def again(self, waiting: Waiting, after: timedelta) -> bool:
        """Write down that a try has failed, and that there is to be another one; returns as `ended` does."""
        now = self._clock.now()
        new = {"attempts": waiting.attempts + 1, "due": (now + after).timestamp(), "at": now.timestamp()}
        return bool(self._database.execute(update(LETTER).where(LETTER.c.id == waiting.id).values(**new)))

    def clean(self) -> int:
        """Remove the letters to people erased that have ended, from the tables and from the files; returns how many.

        Raises:
            Unavailable: the files are in use. Who was written to is gone from the tables; the next call goes on.
        """
        over = LETTER.c.kind == "erased", LETTER.c.content.is_(None)
        ended = [identity for (identity,) in self._database.query(select(LETTER.c.id).where(*over))]
        if ended:
            # Rows without what they said stay until the files are scrubbed: they say that this is still to be done.
            self._database.scrub()
            self._database.execute(delete(LETTER).where(LETTER.c.id.in_(ended)))
        return len(ended)

    def counts(self) -> dict[str, int]:
        """How many letters there are in each state."""
        return dict(self._database.query(select(LETTER.c.state, func.count()).group_by(LETTER.c.state)))

    def known(self, letters: Collection[str]) -> set[str]:
        """Those of ``letters``, given by id, that are here, sent or not."""
        return {each for each in letters if self._count(LETTER.c.id == each)}

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove the letters to the official and to her deputies, but for the one that tells her of the erasure."""
        return self._database.execute(delete(LETTER).where(LETTER.c.official == official)) if part is None else 0

    def forget(self, posts: Collection[str]) -> int:
        """Letters name no posts."""
        return 0

    def expire(self, before: datetime) -> int:
        """Remove letters that ended before ``before``; those to people erased go by `clean`."""
        ended = LETTER.c.state.in_(("sent", "failed")), LETTER.c.at < before.timestamp()
        return self._database.execute(delete(LETTER).where(*ended, LETTER.c.kind != "erased"))

    def export(self, official: str) -> list[dict[str, Any]]:
        """The letters to the official and her deputies; what they say while they wait, but for a link that opens something."""
        columns = LETTER.c.kind, LETTER.c.state, LETTER.c.at, LETTER.c.content
        hers = select(*columns).where(LETTER.c.official == official).order_by(LETTER.c.at, LETTER.c.id)
        return [
            {
                "kind": kind,
                "state": state,
                "at": datetime.fromtimestamp(at, UTC).isoformat(),
                "letter": _shown(content) if content is not None else None,
            }
            for kind, state, at, content in self._database.query(hers)
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        """How many letters there are to the official and her deputies."""
        return self._count(LETTER.c.official == official) if part is None else 0

    def _count(self, condition: ColumnElement[bool]) -> int:
        return int(self._database.query(select(func.count()).select_from(LETTER).where(condition))[0][0])


def _check(kind: LetterKind, values: Mapping[str, str]) -> None:
    if values.keys() != VALUES[kind]:
        raise ValueError(f"a letter '{kind}' tells {', '.join(sorted(VALUES[kind]))}")


def _lasts(official: str) -> str:
    """How the ids of the letters begin that tell of an erasure: they name nobody, and are found by who was erased."""
    return _digest("erased", official)[:16]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


def _shown(content: bytes) -> dict[str, Any]:
    letter: dict[str, Any] = json.loads(content)
    letter["values"].pop("link", None)
    return letter
