"""Types of columns that mean the same in SQLite and in PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import REAL, Text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.types import TypeEngine

NAME: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and ordered by its code points, whatever language the database sorts by."""
MOMENT: TypeEngine[float] = DOUBLE_PRECISION().with_variant(REAL(), "sqlite")
"""Seconds since 1970 in UTC."""


def moment(seconds: float) -> datetime:
    """What a column of the type `MOMENT` holds."""
    return datetime.fromtimestamp(seconds, UTC)
