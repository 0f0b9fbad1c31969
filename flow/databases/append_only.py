"""Tables whose rows are added and removed, and never changed: the database itself refuses it."""

from sqlalchemy import DDL, Table, event


def append_only(table: Table, what: str) -> None:
    """Give ``table`` a trigger, when it is made, that refuses to change a row.

    Args:
        what: what the table is, for the message.
    """
    for dialect, statements in _triggers(table.name, what).items():
        for statement in statements:
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]  # SQLAlchemy does not type it


def _triggers(table: str, what: str) -> dict[str, tuple[str, ...]]:
    before = f"CREATE TRIGGER {table}_is_final BEFORE UPDATE ON {table} "
    message = f"'{what} is never changed'"
    return {
        "sqlite": (f"{before}BEGIN SELECT RAISE(ABORT, {message}); END",),
        "postgresql": (
            f"CREATE FUNCTION {table}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION {message}; END $$",
            f"{before}FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_final()",
        ),
    }
