"""The registry at hand: followed by several threads, and what is matched is changed by none but its own."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from flow.logs.sqlite import SqliteLog
from ingest.post import Post
from registry.importing import read_officials
from registry.official import Official
from registry.stores.sql import SqlStore
from tests.databases import open_file
from tests.turvakt.process import OFFICIALS
from turvakt.registry_view import RegistryView

AT = datetime(2026, 9, 14, 6, tzinfo=UTC)
ANNA = "anna-lindqvist"
POST = Post(id="web:1", source="web", text="Tack Anna Lindqvist!", created_at=AT, collected_at=AT)


class Store(SqlStore):
    """Lets a test stop a thread that has read the officials, just before it goes on with them."""

    def __init__(self, database: Sqlite) -> None:
        super().__init__(database, SqliteLog(database, clock=ManualClock(AT)))
        self.stopped: str | None = None
        self.read, self.go_on = threading.Event(), threading.Event()

    def officials(self) -> list[Official]:
        found = super().officials()
        if threading.current_thread().name == self.stopped:
            self.read.set()
            assert self.go_on.wait(30)
        return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = open_file(tmp_path / "turvakt.db")
    store = Store(database)
    store.put_all(read_officials(OFFICIALS))
    yield store
    database.close()


def matched(view: RegistryView) -> Sequence[str]:
    return [mention.official for mention in view.matcher().match([POST], at=AT)[0]]


def test_follows_the_registry(store: Store) -> None:
    view = RegistryView(store)
    assert (len(view.all()), matched(view)) == (12, [ANNA])
    assert view.matcher() is view.matcher()
    store.withdraw(ANNA, AT)
    assert matched(view) == []
    store.remove(ANNA)
    assert view.get(ANNA) is None
    store.put_all([replace(read_officials(OFFICIALS)[0], id="another")])
    assert (len(view.all()), matched(view)) == (12, ["another"])


def test_a_page_that_read_the_old_registry_brings_no_consent_back(store: Store) -> None:
    view = RegistryView(store)
    assert matched(view) == [ANNA]
    store.withdraw("lena-berg", AT)  # a change, so that the page reads anew
    store.stopped = "page"
    page = threading.Thread(target=view.all, name="page")
    page.start()
    assert store.read.wait(30)
    store.withdraw(ANNA, AT)
    answers: list[Sequence[str]] = []
    worker = threading.Thread(target=lambda: answers.append(matched(view)), name="worker")
    worker.start()
    store.go_on.set()
    worker.join(30)
    page.join(30)
    assert answers == [[]]
    assert matched(view) == []


def test_a_page_does_not_change_what_is_being_matched(store: Store) -> None:
    view = RegistryView(store)
    matcher = view.matcher()
    store.withdraw(ANNA, AT)
    assert view.get(ANNA) is not None
    assert matcher.match([POST], at=AT)[0], "it is refreshed by the thread that matches, between two batches"
    assert matched(view) == []
