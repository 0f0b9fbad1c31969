"""flow knows no stage; a stage knows flow and the stages to its left; turvakt knows everything."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["flow", "registry", "access", "ingest", "classify", "alerts", "review", "web", "turvakt"]
# A protocol file imports no client library, and opening one at import would cost everybody.
PROTOCOLS = {
    "flow/database.py",
    "flow/log.py",
    "registry/store.py",
    "registry/holder.py",
    "ingest/collector.py",
    "classify/classifier.py",
    "alerts/channel.py",
    "review/index.py",
}
# SQLAlchemy is the language of statements; who talks to a database is its driver.
STANDARD_AND_RECORDS = {"flow", "registry", "access", "ingest", "classify", "alerts", "review", "msgspec", "sqlalchemy"}
DRIVERS = {"sqlite3": "flow/databases/sqlite", "psycopg": "flow/databases/postgres", "alembic": "turvakt/"}


def modules() -> list[Path]:
    return [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_what_stands_to_its_left(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    to_the_right = set(ORDER[ORDER.index(package) + 1 :])
    assert imported(path) & to_the_right == set()


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_a_protocol_file_imports_no_client_library(name: str) -> None:
    import sys

    assert imported(ROOT / name) <= STANDARD_AND_RECORDS | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_driver_is_known_to_its_database_alone(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert [driver for driver in imported(path) & DRIVERS.keys() if not name.startswith(DRIVERS[driver])] == []
