"""A transactional database: what the registry, the outbox and the bookkeeping of a log need of one.

Statements are SQLAlchemy's (`sqlalchemy.select` and so on), so that they mean the same everywhere. An implementation may take
text in its own dialect, too, for what only it has.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Executable

Row = tuple[Any, ...]
Values = Mapping[str, Any]
"""What stands for the parameters of a statement, by name."""


class Database(Protocol):
    """What every database can do. Its methods may be called from any thread.

    Raises, everywhere:
        Unavailable: it is away, full, locked, or another transaction was in the way. Try again.
        Broken: it is damaged, refuses us, or lacks a table.
        BadInput: it cannot store a value. Not all databases are equally choosy.
    """

    place: str
    """What errors call it; without a password."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all that this thread executes inside, or none of it. Inside another transaction it joins that one."""
        ...

    def lock(self, name: str, *, shared: bool = False) -> None:
        """Within a transaction: wait until no other one holds the lock ``name``, and hold it until this one ends.

        Args:
            shared: others that want it shared need not wait.
        """
        ...

    def execute(self, statement: Executable, parameters: Values = ...) -> int:
        """Run one writing statement; returns the number of changed rows."""
        ...

    def executemany(self, statement: Executable, rows: Sequence[Values]) -> int:
        """Run one writing statement for each row; returns the number of changed rows."""
        ...

    def query(self, statement: Executable, parameters: Values = ...) -> list[Row]:
        """All rows of a reading statement; inside a transaction it sees what that has written."""
        ...

    def tables(self) -> set[str]:
        """The names of its tables."""
        ...

    def connection(self) -> AbstractContextManager[Connection]:
        """SQLAlchemy's connection of a transaction, for what needs one: migrations."""
        ...

    def check(self) -> None:
        """Look whether it is sound and lets us do all that we must."""
        ...

    def scrub(self) -> None:
        """Leave nothing in its files of rows that were erased."""
        ...

    def interrupt(self) -> None:
        """Break off what is being written, in whatever thread; nothing of it stays."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
