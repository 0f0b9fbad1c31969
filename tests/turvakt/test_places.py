"""No place that holds personal data is forgotten: each table, topic, index and file has a holder, or a reason to have none."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from access.people import People
from access.person import Grant, Person
from access.sessions import Sessions
from access.tickets import Tickets
from alerts.content import encoded
from alerts.delivery.outbox import Result
from alerts.messages.rendering import FOLDER as ALERT_TEXTS
from alerts.messages.translations import Translations
from alerts.notices import Notice
from classify.verdict import LABELS
from ingest.holding import LogHolder
from registry.withdrawal import export
from review.indexes.elasticsearch.names import Names
from review.subject_access.page import FOLDER
from tests.review.test_subject_access import fields
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, Program, line
from turvakt import schema
from turvakt.archive import LEFT_OUT, TABLES
from turvakt.reading import READERS
from turvakt.settings import Settings
from turvakt.wiring import Parts

HELD_BY = {
    "log": "log",
    "log_entry": "log",
    "log_change": "log",
    "index_post": "index",
    "index_mention": "index",
    "index_text": "index",
    "index_text_data": "index",
    "index_text_idx": "index",
    "index_text_docsize": "index",
    "index_alert": "index",
    "index_delivery": "index",
    "index_decision": "index",
    "registry_official": "registry",
    "registry_consent": "registry",
    "access_person": "people",
    "access_password": "people",
    "access_totp": "people",
    "access_recovery": "people",
    "access_passkey": "people",
    "access_session": "people",
    "access_push": "people",
    "access_ticket": "people",
    "access_identity": "people",
    "access_break_glass": "people",
    "access_letter": "letters",
    "access_audit_name": "audit",
    "outbox": "alerts",
    "alert_notice": "notices",
    "incident": "incidents",
    "incident_post": "incidents",
    "incident_event": "history",
    "incident_link": "incidents",
    "incident_task": "incidents",
    "digest_entry": "incidents",
    "review_hold": "holds",
}
"""The tables that hold something of an official, by the holder that erases it."""
NOBODY = {
    "alembic_version": "the version of the tables",
    "log_epoch": "one number",
    "log_end": "one number a topic",
    "log_offset": "how far stages have read",
    "log_topic": "names of topics",
    "log_cursor": "how far collectors have read",
    "log_floor": "how far Kafka has been emptied",
    "index_text_config": "settings of the full text",
    "index_untidy": "one number",
    "registry_withdrawal": "the id goes with the erasure; what stays is a digest",
    "registry_removed": "numbers",
    "registry_partial": "id and recipient go with the erasure; what stays is a digest",
    "registry_revision": "one number",
    "registry_tenant": "municipalities and the like",
    "registry_retention_report": "numbers",
    "registry_retention_key": "a random key",
    "access_audit": "a chain of digests; what names somebody stands beside it",
    "author_objection": "authors, as keyed digests: an official's withdrawal changes nothing of it",
    "author_key": "a random key",
    "alert_budget": "digests of addresses, and when these had a message",
    "watch_beat": "parts of Turvakt",
    "watch_process": "processes of Turvakt",
    "watch_count": "numbers of all posts of a source",
    "watch_trouble": "parts of Turvakt",
    "watch_drill": "when drills were held",
}
"""The tables that hold nothing of an official, and why."""
FILES = {
    "turvakt.db": "the tables",
    "turvakt.db-wal": "the tables",
    "turvakt.db-shm": "the tables",
    "outbox": "outbox",
    "monitor.lock": "empty",
    "console.key": "a random key",
    "console.token": "a random key",
    "webpush.key": "a random key",
    "drift.json": "counts",
}
"""What lies in the data folder."""


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    settings = {"data": {"dir": str(tmp_path / "data")}, "retention": {"unflagged_days": 30}}
    with Parts(msgspec.convert(settings, Settings)) as parts:
        yield parts


def test_every_table_has_a_holder_or_a_reason_to_have_none(parts: Parts) -> None:
    holders = {holder.name for holder in parts.holders}
    assert set(HELD_BY.values()) <= holders
    declared = {str(name) for metadata in schema.METADATA for name in metadata.tables}
    found = parts.database.tables() | declared
    assert found >= {"log", "index_post", "outbox"}
    assert found - HELD_BY.keys() - NOBODY.keys() == set(), "say who erases what is in it, or why it names nobody"
    assert HELD_BY.keys() & NOBODY.keys() == set()


def test_every_table_is_in_a_backup_or_has_a_reason_not_to_be() -> None:
    declared = {str(name) for metadata in schema.METADATA for name in metadata.tables}
    assert TABLES.keys() | LEFT_OUT.keys() == declared
    assert all(LEFT_OUT.values())


def test_every_topic_has_a_holder(parts: Parts) -> None:
    (log,) = [holder for holder in parts.holders if isinstance(holder, LogHolder)]
    assert READERS.keys() == log.named, "else an erasure removes whole what it should only take a name out of"


def test_every_index_of_elasticsearch_has_a_holder() -> None:
    held = {"items": "index", "statistics": "index", "trends": "trends", "all_trends": "trends"}
    names = {name for name in vars(Names) if not name.startswith("_") and name != "prefix"}
    assert names == held.keys()


def test_what_an_erasure_reads_of_each_holder_has_a_name_for_her() -> None:
    """The page that an official gets explains each place."""
    for file in FOLDER.glob("*.toml"):
        texts = tomllib.loads(file.read_text("utf-8"))
        names = {*HELD_BY.values(), "outbox", "trends"}
        assert names <= texts["place"].keys() & texts["explained"].keys(), file.name


def test_every_file_has_a_holder(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    program.run("run", "--once", "--posts", str(DEMO_POSTS))
    found = {path.name for path in program.folder.iterdir()}
    assert {"turvakt.db", "outbox"} <= found
    assert found - FILES.keys() == set(), "say who erases what is in it"
    assert {path.suffix for path in (program.folder / "outbox").iterdir()} == {".eml"}


HER = "marker-id"
OFFICIAL = f"""
[[official]]
id = "{HER}"
given_names = ["Zqxanna"]
family_names = ["Zqxberg"]
language = "sv"
role = "kommunalråd"
municipality = "Ekvik"
country = "SE"
consent = {{ scope = ["*"], from = 2026-01-01 }}
contacts = {{ name = "MARKER-CONTACT", channel = "outbox", address = "MARKER-ADDRESS", language = "sv" }}
"""
PERSON = Person("marker-p", "MARKER-PERSON", "marker-mail@ekvik.example", "sv", (Grant("deputy", "ekvik", HER),))


def test_nothing_of_her_is_left_in_any_file(tmp_path: Path) -> None:
    """Her name and her id stand in every place; after her withdrawal, which is killed once, no file has a byte of it,
    but for a contact who is still to be told that an alert is closed."""
    program = Program(tmp_path / "data")
    (tmp_path / "marked.toml").write_text(OFFICIAL, "utf-8")
    (tmp_path / "posts.jsonl").write_text(line(1, THREAT) + line(2, "bara text om Zqxanna Zqxberg"), "utf-8")
    for file in (tmp_path / "marked.toml", OFFICIALS):
        program.run("officials", "import", str(file))
    program.run("run", "--once", "--posts", str(tmp_path / "posts.jsonl"))
    with _opened(program) as parts:
        _sign_up(parts)
        counts = {holder.name: holder.count(HER) for holder in parts.holders}
        assert [name for name, count in counts.items() if not count] == ["holds"], "a hold would stay"
        held = export(HER, holders=parts.holders)
        known = Translations(ALERT_TEXTS, FOLDER).keys()
        unnamed = fields(held) - {*held, *LABELS, "flagged", "probability"}
        assert {name for name in unnamed if f"field.{name}" not in known} == set(), "what she reads has no name"
        assert len(_left(program.folder)) > 2
        parts.store.withdraw(HER, parts.clock.now())
        for holder in parts.holders[:3]:
            holder.erase(HER)
    program.run("officials", "withdraw", HER, "--yes")
    assert _left(program.folder).keys() <= {"turvakt.db"}, "whom to tell that her alert is closed, until that is sent"
    with _opened(program) as parts:
        (last,) = parts.outbox.due(2, channel="outbox")
        assert b"zqx" not in encoded(last.content).lower()
        sent = replace(last.delivery, state="delivered", at=parts.clock.now())
        parts.telling.record([Result(sent, contact=last.recipient.name)])
    assert _left(program.folder) == {}
    with _opened(program) as parts:
        assert {holder.name for holder in parts.holders if holder.count(HER)} == set()
        parts.audit.verify()
        assert "anna-lindqvist" in {each.id for each in parts.store.officials()}


THREAT = "Zqxanna Zqxberg, kommunalråd i Ekvik, jag ska döda dig i natt. Jag vet var du bor."


def _opened(program: Program) -> Parts:
    return Parts(msgspec.convert({"data": {"dir": str(program.folder)}}, Settings))


def _sign_up(parts: Parts) -> None:
    """What comes of an official whose deputy signs in."""
    People(parts.database).add(PERSON)
    Sessions(parts.database, clock=parts.clock).open(PERSON, client="MARKER-CLIENT", method="password")
    Tickets(parts.database, clock=parts.clock).issue("reset", person=PERSON.id, by="marker-by")
    parts.letters.add(PERSON, "consent-ends", {"until": "2026-12-31T00:00:00Z"})
    now = parts.clock.now()
    parts.notices.add(Notice("alert-1", HER, now, "phone", by=PERSON.id, form="gist", wish="at-once"))
    parts.audit.write(PERSON.id, "text-read", tenant="ekvik", official=HER, post="web:1", why="MARKER-WHY")


def _left(folder: Path) -> dict[str, int]:
    files = {file.name: file.read_bytes().lower() for file in folder.rglob("*") if file.is_file()}
    return {
        name: content.count(b"marker") + content.count(b"zqx")
        for name, content in files.items()
        if b"marker" in content or b"zqx" in content
    }
