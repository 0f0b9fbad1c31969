"""How erased rows leave PostgreSQL's files: tables written anew, and no write-ahead log kept from before.

A deleted row stays in its page until others need the room, and in the write-ahead log until its file is removed. So the tables
are written anew, the log goes on in a new file, and a checkpoint removes the old ones. By default (``wal_recycle``) it would
keep them, with all that is in them, under new names: the server must be told not to.
"""

import re
import time
from collections.abc import Collection
from contextlib import closing
from typing import Any

from psycopg import Connection, Error
from psycopg.sql import SQL, Identifier

from flow.databases.postgres_connection import Connector
from flow.databases.postgres_faults import RIGHTS, translated
from flow.errors import Broken, Unavailable

_AGAIN = "It is tried again"
_SECONDS = 3600.0
_TRIES, _PAUSE = 5, 0.2
"""Looks for those who see old rows, and seconds between them: most do so for a moment."""
_PATIENCE = 10.0
"""Seconds after which a table is not written anew once more because somebody came meanwhile who sees old rows."""

_OBSTACLES = {
    "wal_recycle is on": "SELECT current_setting('wal_recycle') = 'on'",
    "its own log would tell what is written": """SELECT current_setting('log_parameter_max_length') <> '0' AND (
        current_setting('log_statement') IN ('mod', 'all') OR current_setting('log_min_duration_statement') <> '-1')""",
    "its user may not switch the write-ahead log": "SELECT NOT has_function_privilege('pg_switch_wal()', 'EXECUTE')",
    # Before version 15 there is no role for it.
    "its user may not make a checkpoint": """SELECT NOT coalesce(
        (SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = 'pg_checkpoint'),
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))""",
}


def check(connector: Connector) -> None:
    """Look whether `scrub` would do what it promises.

    Raises:
        Broken: the server or the rights of its user are in the way.
    """
    try:
        with closing(connector.connect(autocommit=True)) as connection:
            found = [words for words, query in _OBSTACLES.items() if connection.execute(query).fetchone() == (True,)]
    except Error as error:
        raise translated(error, place=connector.place) from None
    if found:
        raise Broken(
            f"what is erased would stay in its files: {'; '.join(found)}", place=connector.place, remedy=RIGHTS
        )


def scrub(connector: Connector, tables: Collection[str]) -> None:
    """Leave no erased row of ``tables`` behind. Nobody can use a table while it is written anew.

    Raises:
        Unavailable: something still needs what was erased: an old transaction, a replica, a long statement.
        Broken: as for `check`.
    """
    check(connector)
    try:
        with closing(connector.connect(seconds=_SECONDS, autocommit=True)) as connection:
            connection.execute("SET lock_timeout = '30s'")
            told: list[str] = []
            connection.add_notice_handler(lambda notice: told.append(notice.message_detail or ""))
            for table in sorted(tables):
                _write_anew(connection, table, told, place=connector.place)
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
            (kept,) = connection.execute(_KEPT).fetchone() or (0,)
    except Error as error:
        raise translated(error, place=connector.place) from None
    if kept:
        raise Unavailable("a replica has not caught up with the erasure", place=connector.place, remedy=_AGAIN)


_KEPT = (
    """SELECT count(*) FROM pg_replication_slots, pg_control_checkpoint() AS last WHERE restart_lsn < last.redo_lsn"""
)
# A session that is only just beginning is in no database yet, and counts in all. Autovacuum makes way for us. What kind of
# process those of other roles are, the server tells only whom it lets see all: to others it is NULL.
_OLD = """SELECT pid, backend_xmin::text FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
    AND backend_type IS DISTINCT FROM 'autovacuum worker'
    AND age(backend_xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)"""


def _write_anew(connection: Connection[Any], table: str, told: list[str], *, place: str) -> None:
    """Write the table anew, which may take long: not while somebody is there who would keep old rows in it.

    Where databases come and go beside it somebody may do so at that very moment: a table that is soon written is tried more than
    once. Beside two threads that made and dropped databases, with two tries 15 of 67 scrubs were refused, like this none of 51.
    """
    patient_until = time.monotonic() + _PATIENCE
    while _waited_for_old(connection):
        told.clear()
        connection.execute(SQL("VACUUM (FULL, VERBOSE) {}").format(Identifier(table)))
        if not _left(table, told, place=place):
            return
        if time.monotonic() > patient_until:
            break
    raise Unavailable("an old transaction still sees what was erased", place=place, remedy=_AGAIN)


def _waited_for_old(connection: Connection[Any]) -> bool:
    """Whether all transactions have ended, or soon do, that are older than this moment."""
    old = set(connection.execute(_OLD).fetchall())
    for _ in range(_TRIES):
        if not old:
            break
        time.sleep(_PAUSE)
        old &= set(connection.execute(_OLD).fetchall())
    return not old


def _left(table: str, told: Collection[str], *, place: str) -> int:
    """How many rows VACUUM has kept, since an old transaction can still see them: it says no more than that."""
    # In whatever language, the detail begins with this number.
    counts = [re.match(r"\d+", detail) for detail in told]
    left = [int(count[0]) for count in counts if count]
    if not left:
        remedy = "Let the user that Turvakt connects as own its tables"
        raise Broken(f"the table {table} could not be written anew", place=place, remedy=remedy)
    return sum(left)
