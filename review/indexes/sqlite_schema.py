"""The tables of the index in SQLite."""

from typing import Any

from classify.verdict import LABELS, SEVERITIES, Verdict
from flow.databases.sqlite import Sqlite
from review.decision import TAKEN_BACK
from review.fact import Fact
from review.index import from_micros as moment
from review.index import is_flagged, micros

_DECISION = """CREATE TABLE IF NOT EXISTS index_decision (
    post TEXT NOT NULL, tenant TEXT NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL, outcome TEXT NOT NULL,
    record BLOB NOT NULL, PRIMARY KEY (post, tenant)) WITHOUT ROWID"""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS index_post (
        rowid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL, judged INTEGER NOT NULL, created INTEGER NOT NULL, stored INTEGER NOT NULL,
        source TEXT NOT NULL, author TEXT, language TEXT NOT NULL,
        severity INTEGER NOT NULL, labels INTEGER NOT NULL, flagged INTEGER NOT NULL, unable TEXT,
        record BLOB NOT NULL)""",
    # The list, its count of newer ones, the activity and the counts read these alone. Posts of one batch share the moment
    # of their judgement, so SQLite sorts no more than a batch by the rest of the order.
    "CREATE INDEX IF NOT EXISTS index_post_newest ON index_post (judged, severity, unable)",
    "CREATE INDEX IF NOT EXISTS index_post_flagged ON index_post (judged, labels) WHERE flagged = 1",
    "CREATE INDEX IF NOT EXISTS index_post_unable ON index_post (judged) WHERE unable IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS index_post_author ON index_post (author) WHERE author IS NOT NULL",
    """CREATE TABLE IF NOT EXISTS index_mention (
        official TEXT NOT NULL, post INTEGER NOT NULL, PRIMARY KEY (official, post)) WITHOUT ROWID""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS index_text USING fts5 (
        text, content = '', tokenize = "unicode61 remove_diacritics 0")""",
    # Merges half as often as by default: small batches are committed, and writing matters more than the last millisecond.
    "INSERT INTO index_text (index_text, rank) VALUES ('automerge', 8)",
    # Holds a row while words of removed texts may still be in index_text.
    "CREATE TABLE IF NOT EXISTS index_untidy (one INTEGER PRIMARY KEY CHECK (one = 1))",
    """CREATE TABLE IF NOT EXISTS index_alert (
        id TEXT PRIMARY KEY, post TEXT NOT NULL, official TEXT NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL,
        record BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS index_delivery (
        id TEXT PRIMARY KEY, post TEXT NOT NULL, official TEXT NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL,
        state TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID""",
    _DECISION,
    "CREATE INDEX IF NOT EXISTS index_alert_post ON index_alert (post)",
    "CREATE INDEX IF NOT EXISTS index_alert_official ON index_alert (official)",
    "CREATE INDEX IF NOT EXISTS index_delivery_post ON index_delivery (post)",
    "CREATE INDEX IF NOT EXISTS index_delivery_official ON index_delivery (official)",
)

DECIDED = f"(SELECT post, tenant, at, outcome FROM index_decision WHERE outcome <> '{TAKEN_BACK}')"  # noqa: S608
"""The decisions that hold."""

TABLES = ("index_alert", "index_delivery", "index_decision")
"""What is known of a post besides its verdict; each has a column ``post``."""


def upgrade(database: Sqlite) -> None:
    """Give a table of decisions that knows no tenants the form of `SCHEMA`: what it holds is of the whole installation."""
    with database.transaction():
        if database.query("SELECT 1 FROM pragma_table_info('index_decision') WHERE name = 'tenant'"):
            return
        database.execute("ALTER TABLE index_decision RENAME TO index_decision_old")
        database.execute(_DECISION)
        database.execute(
            "INSERT INTO index_decision SELECT post, '', at, rank, outcome, record FROM index_decision_old"
        )
        database.execute("DROP TABLE index_decision_old")


def row_of(rowid: int, rank: tuple[int, int, bytes], verdict: Verdict) -> tuple[Any, ...]:
    """The row of ``index_post``; ``rank`` is that of `review.precedence.of_verdict`."""
    post, judgement = verdict.post, verdict.judgement
    version, judged, record = rank
    labels = sum(1 << LABELS.index(label) for label in judgement.flagged)
    return (
        rowid,
        post.id,
        version,
        judged,
        micros(post.created_at),
        micros(post.collected_at),
        post.source,
        post.author.id,
        judgement.language,
        SEVERITIES.index(judgement.severity),
        labels,
        is_flagged(verdict),
        judgement.unable,
        record,
    )


def fact_of(row: tuple[Any, ...]) -> Fact:
    """The fact in a row of post, official, source, moments of judgement and collection, labels and severity as `row_of` has
    them, whether it is flagged, why it could not be judged, and the moment of the decision."""
    post, official, source, judged, stored, labels, severity, flagged, unable, decided = row
    return Fact(
        post=post,
        official=official,
        source=source,
        judged_at=moment(judged),
        collected_at=moment(stored),
        labels=tuple(label for number, label in enumerate(LABELS) if labels >> number & 1),
        severity=SEVERITIES[severity],
        flagged=bool(flagged),
        unable=unable is not None,
        decided_seconds=None if decided is None else (decided - judged) / 1_000_000,
    )
