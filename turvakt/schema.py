"""The version of the tables in a database: what it is, whether it fits, and how it becomes what this program needs.

The versions are in `turvakt.migrations`. A file of the embedded runtime is brought up to date when it is opened; a database that
several processes share only by ``turvakt database upgrade``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, select

from access.tables import METADATA as ACCESS
from alerts.tables import METADATA as ALERTS
from flow.database import Database
from flow.databases.sqlite import Sqlite
from flow.errors import Broken
from flow.logs.kafka_tables import METADATA as LOG
from ingest.tables import METADATA as INGEST
from registry.tables import METADATA as REGISTRY
from review.tables import METADATA as REVIEW
from turvakt.watch.tables import METADATA as WATCH

if TYPE_CHECKING:
    from flow.databases.postgres import Postgres  # the driver is loaded only where it is used

NEWEST = "0016"
"""The version that this program needs."""
METADATA = (LOG, REGISTRY, ACCESS, INGEST, ALERTS, REVIEW, WATCH)
"""All tables but those that the log and the index keep in SQLite for themselves."""

_VERSIONS = Table("alembic_version", MetaData(), Column("version_num", Text))
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_file(path: Path, *, busy_seconds: float = 5.0) -> Sqlite:
    """The SQLite file at ``path``, made or brought up to date where needed.

    Args:
        busy_seconds: see `flow.databases.sqlite.Sqlite`.

    Raises:
        Broken: it is damaged, cannot be opened, or was brought up to date by a later Turvakt.
        Unavailable: it had to be brought up to date, and another process held it.
    """
    database = Sqlite(path, busy_seconds=busy_seconds)
    try:
        upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def open_postgres(url: str) -> "Postgres":
    """The PostgreSQL database at ``url``, which must be up to date.

    Raises:
        Broken: it refuses us, or is not up to date.
        Unavailable: it is away.
    """
    from flow.databases.postgres import Postgres

    database = Postgres(url)
    try:
        check(database)
    except BaseException:
        database.close()
        raise
    return database


def version(database: Database) -> str | None:
    """The version of its tables; ``None`` if it has none yet, or only such as were made before there were versions."""
    if _VERSIONS.name not in database.tables():
        return None
    rows = database.query(select(_VERSIONS.c.version_num))
    return str(rows[0][0]) if rows else None


def check(database: Database) -> None:
    """
    Raises:
        Broken: its tables are older or newer than this program needs.
    """
    found = version(database)
    if found == NEWEST:
        return
    _refuse_later(found, database.place)
    raise Broken(
        f"its tables are of version {found}, and version {NEWEST} is needed" if found else "it has no tables",
        place=database.place,
        remedy="Run 'turvakt database upgrade'",
    )


def upgrade(database: Database, *, to: str = NEWEST) -> str | None:
    """Bring its tables up to date, in one transaction; nothing happens if they are.

    Args:
        to: a version; a test makes an older one and lets it be brought up to date.

    Returns:
        The version that it had.

    Raises:
        Broken: it is later than this program knows.
    """
    found = version(database)
    if found == to:
        return found
    _refuse_later(found, database.place)
    # It takes half a second to load, which no other start should pay for.
    from alembic.command import upgrade
    from alembic.config import Config

    with database.connection() as connection:
        database.lock("schema")
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        upgrade(config, to)
    return found


def _refuse_later(found: str | None, place: str) -> None:
    if found is not None and found > NEWEST:
        raise Broken(
            f"its tables are of version {found}, and this program knows {NEWEST} at most",
            place=place,
            remedy="Run the version of Turvakt that brought it up to date, or a later one",
        )
