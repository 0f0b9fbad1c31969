"""What PostgreSQL's errors mean for us. See https://www.postgresql.org/docs/current/errcodes-appendix.html."""

import psycopg
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flow.databases.postgres_connection import BrokenOff
from flow.errors import BadInput, Broken, TurvaktError, Unavailable

_AGAIN = "It is tried again"
_URL = "Check postgres.url"
RIGHTS = "See docs/postgresql.md"
_UPGRADE = "Run 'turvakt database upgrade'"

# By the beginning of the code, the longest first.
_UNAVAILABLE = {
    "25006": "it can only be read: it is a replica",
    "25P03": "a transaction did nothing for too long",
    "40001": "another transaction was in the way",
    "40P01": "another transaction was in the way",
    "53100": "its disk is full",
    "53300": "it has too many connections",
    "55P03": "something else holds what is needed",
    "57014": "it took too long",
    "08": "the connection is lost",
    "53": "it is short of memory or disk",
    "57P": "it is stopping or starting",
    "58": "it cannot read or write its disk",
}
_BROKEN = {
    "3D000": ("there is no such database", _URL),
    "3F000": ("there is no such schema", _URL),
    "42P01": ("a table is missing", _UPGRADE),
    "42703": ("a column is missing", _UPGRADE),
    "42501": ("the user may not do that", RIGHTS),
    "28": ("it refuses the user or the password", _URL),
    "XX": ("it is damaged", "See its own log, and restore a copy if it says so"),
}
# A connection that could not be made has no code, only words; those of the server are in English unless it was told otherwise,
# and what is not recognised is waited for.
_REFUSED = {
    "unsupported startup parameter": ("a pooler is between", "Let postgres.url lead to the server itself"),
    "does not support SSL": ("it does not speak TLS", "Switch ssl on in the server, or check sslmode in postgres.url"),
    "certificate": ("its certificate is not trusted", "Check sslmode and sslrootcert in postgres.url"),
    "pg_hba.conf": ("it refuses this machine or user", "Check pg_hba.conf of the server, and sslmode in postgres.url"),
    "no password supplied": ("it refuses the user or the password", _URL),
    "authentication failed": ("it refuses the user or the password", _URL),
    "does not exist": ("it does not know the user or the database", _URL),
}


def translated(error: SQLAlchemyError | psycopg.Error, *, place: str) -> TurvaktError:
    """Our error for one of the driver's. It quotes neither a value nor the password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, BrokenOff):
        return Broken("what it was doing has been broken off", place=place)
    code = getattr(cause, "sqlstate", None) or ""
    for beginning, reason in _UNAVAILABLE.items():
        if code.startswith(beginning):
            return Unavailable(reason, place=place, remedy=_AGAIN)
    for beginning, (reason, remedy) in _BROKEN.items():
        if code.startswith(beginning):
            return Broken(reason, place=place, remedy=remedy)
    if isinstance(cause, psycopg.DataError):
        return BadInput("it cannot store such a value", place=place)
    if isinstance(cause, psycopg.OperationalError) and not code:
        for words, (reason, remedy) in _REFUSED.items():
            if words in str(cause):
                return Broken(reason, place=place, remedy=remedy)
        return Unavailable("it cannot be reached", place=place, remedy=_AGAIN)
    if isinstance(cause, PendingRollbackError):
        return Unavailable("the connection was lost within a transaction", place=place, remedy=_AGAIN)
    if isinstance(cause, PoolTimeout):
        return Unavailable("all connections to it are in use", place=place, remedy=_AGAIN)
    return Broken(f"it refused a statement ({code or type(cause).__name__})", place=place)
