"""Who told an official of an alert about her, when and how.

Whether a threat is a crime may hang on it: in Finland an illegal threat is complete once the one whom it is aimed at has learnt
of it (Supreme Court, KKO 2013:50). So it is written down at once, is never changed, and also says that nobody told her, by her
own wish.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import ColumnElement, delete, func, insert, select

from access.audit_entry import CONTACT
from alerts.tables import NOTICE
from flow.clock import Moment
from flow.database import Database, Row
from registry.holder import Part
from registry.official import Notice as Wish

How = Literal["portal", "in-person", "phone", "message", "letter", "wish"]
HOWS: tuple[How, ...] = get_args(How)
Form = Literal["text", "gist", "none"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True, slots=True)
class Notice:
    """An official was told of an alert, or was not since she wishes so.

    Attributes:
        how: ``portal`` if she read it there herself; ``letter`` if Turvakt wrote to her that there is something to read (she may
            not have read it); ``wish`` if she was not told since she wishes so.
        by: the id of the person who told her; her own, if she read it herself; ``contact:NAME`` of a contact without an account,
            empty if that one was erased since; ``turvakt`` of a letter.
        form: she was told the text, what it is about, or nothing.
        wish: what she wished at that time.
    """

    alert: str
    official: str
    at: Moment
    how: How
    by: str = field(repr=False)
    form: Form
    wish: Wish


class Notices:
    """The record of notices. Implements `registry.holder.Holder`; it knows alerts, and no post and no text."""

    name = "notices"

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, notice: Notice) -> None:
        """Write one down. Several may tell her of the same alert: all of them stay."""
        self._database.execute(insert(NOTICE), _row(notice))

    def add_once(self, notice: Notice, *, seen: int) -> None:
        """Write one down, unless the same one by the same person is among those that have come after the first ``seen`` of its
        alert: then she has sent one form twice.
        """
        with self._database.transaction():
            self._database.lock("notices")
            since = self.about([notice.alert])[seen:]
            if not any((each.by, each.how, each.form) == (notice.by, notice.how, notice.form) for each in since):
                self.add(notice)

    def read(self, notice: Notice) -> bool:
        """Write down that she has read of an alert herself, unless she had read as much of it before; says whether it is new."""
        with self._database.transaction():
            self._database.lock("notices")
            before = [each for each in self.about([notice.alert]) if each.how == "portal"]
            if any(FORMS.index(each.form) <= FORMS.index(notice.form) for each in before):
                return False
            self.add(notice)
        return True

    def about(self, alerts: Collection[str]) -> list[Notice]:
        """The notices of these alerts, given by id, in the order of their time."""
        return self._found(NOTICE.c.alert.in_(alerts)) if alerts else []

    def of(self, official: str) -> list[Notice]:
        """All notices to an official, in the order of their time."""
        return self._found(NOTICE.c.official == official)

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove hers. Of a part none goes, as that she was told stays true; only the name of a recipient who told her."""
        if part is None:
            return self._database.execute(delete(NOTICE).where(NOTICE.c.official == official))
        if part.kind != "recipient":
            return 0
        with self._database.transaction():
            self._database.lock("notices")  # none may come in between
            his = _his(official, part)
            named = self._database.query(select(NOTICE.c.number, *_COLUMNS).where(*his))
            self._database.execute(delete(NOTICE).where(*his))
            # No row is ever changed: the same one without his name takes its place.
            for number, *row in named:
                self._database.execute(insert(NOTICE), _row(replace(_notice(row), by="")) | {"number": number})
        return len(named)

    def forget(self, posts: Collection[str]) -> int:
        """Nothing goes: that she was told stays true when the post is gone."""
        return 0

    def expire(self, before: datetime) -> int:
        return self._database.execute(delete(NOTICE).where(NOTICE.c.at < before.timestamp()))

    def export(self, official: str) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(each) for each in self.of(official)]

    def count(self, official: str, part: Part | None = None) -> int:
        if part is not None and part.kind != "recipient":
            return 0
        which = (NOTICE.c.official == official,) if part is None else _his(official, part)
        held = select(func.count()).select_from(NOTICE).where(*which)
        return int(self._database.query(held)[0][0])

    def _found(self, condition: ColumnElement[bool]) -> list[Notice]:
        found = select(*_COLUMNS).where(condition).order_by(NOTICE.c.at, NOTICE.c.number)
        return [_notice(row) for row in self._database.query(found)]


_COLUMNS = tuple(column for column in NOTICE.c if column.name != "number")


def _his(official: str, part: Part) -> tuple[ColumnElement[bool], ...]:
    return NOTICE.c.official == official, NOTICE.c.by == f"{CONTACT}{part.name}"


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "alert": notice.alert,
        "official": notice.official,
        "at": notice.at.timestamp(),
        "how": notice.how,
        "by": notice.by,
        "form": notice.form,
        "wish": notice.wish,
    }


def _notice(row: Row | Sequence[Any]) -> Notice:
    alert, official, at, how, by, form, wish = row
    return Notice(alert, official, datetime.fromtimestamp(at, UTC), how, by, form, wish)
