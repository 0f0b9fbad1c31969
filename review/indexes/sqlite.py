"""The index in the embedded runtime's SQLite file, with FTS5 for the texts.

SQLite as old as 3.40 serves: FTS5 without ``secure-delete`` and without ``contentless_delete``. So a text leaves the
contentless full-text table by being told to it once more, and its words leave the file with the next ``optimize``.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, get_args

import msgspec

from alerts.alert import DELIVERIES, Alert, Delivery, State
from classify.verdict import LABELS, SEVERITIES, VERDICTS, Verdict
from flow.databases.sqlite import Sqlite
from flow.errors import BadInput
from registry.holder import Part
from review import precedence
from review.decision import DECISIONS, Decision
from review.fact import Fact
from review.fulltext import Place, highlighted, parse
from review.index import (
    MOST,
    Age,
    Counts,
    Item,
    Kind,
    Page,
    Query,
    Raised,
    about,
    micros,
    raised,
    read_place,
    read_raised,
    readable,
    without,
    write_place,
)
from review.indexes.sqlite_conditions import conditions, of_age
from review.indexes.sqlite_schema import DECIDED, SCHEMA, TABLES, fact_of, row_of, upgrade

_KIND = "CASE WHEN unable IS NULL THEN severity ELSE -1 END"
_KINDS: tuple[Kind, ...] = (*SEVERITIES, "unable")
_BEGINS = "substr({}, 1, length(?)) = ?"
_AT_ONCE = 500  # SQLite's bound parameters in one statement may be as few as 999


class _Mention(msgspec.Struct):
    official: str


class _Post(msgspec.Struct):
    text: str
    mentions: tuple[_Mention, ...] = ()


class _Searched(msgspec.Struct):
    """What a post is found by; every version of the wire form has had it, so that also what a newer program wrote can go."""

    post: _Post


class _Row(NamedTuple):
    """All that is held about a post, as it is written."""

    verdict: bytes
    alerts: Sequence[bytes]
    deliveries: Sequence[bytes]
    decisions: Sequence[bytes]


class SqliteIndex:
    """Implements `review.index.Index` in the tables ``index_*`` of ``database``.

    `erase` and `expire` also rewrite the full-text table, so that no word of what is gone stays in it; `forget`, which
    comes often and with few posts, leaves that to the next of these (an hourly `expire` at the latest). Call
    `flow.databases.sqlite.Sqlite.scrub` afterwards.
    """

    name = "index"

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        database.create(*SCHEMA)
        upgrade(database)

    def write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        newest: dict[str, tuple[tuple[int, int, bytes], Verdict]] = {}
        for verdict in verdicts:
            rank, post = precedence.of_verdict(verdict), verdict.post.id
            if post not in newest or rank > newest[post][0]:
                newest[post] = rank, verdict
        with self._database.transaction():
            old = self._stored(newest)
            winners = [
                (*new, old.get(post)) for post, new in newest.items() if post not in old or new[0] > old[post][1]
            ]
            self._clear([before[0] for _, _, before in winners if before is not None])
            self._insert([(rank, verdict, before[0] if before else None) for rank, verdict, before in winners])

    def _stored(self, posts: Collection[str]) -> dict[str, tuple[int, tuple[int, int, bytes]]]:
        """Row number and rank of those that are there."""
        rows = self._among("SELECT id, rowid, version, judged, record FROM index_post WHERE id IN ({})", posts)
        return {row[0]: (row[1], (row[2], row[3], row[4])) for row in rows}

    def _insert(self, winners: Sequence[tuple[tuple[int, int, bytes], Verdict, int | None]]) -> None:
        highest = self._database.query("SELECT coalesce(max(rowid), 0) FROM index_post")[0][0]
        posts: list[tuple[Any, ...]] = []
        mentions: list[tuple[str, int]] = []
        texts: list[tuple[int, str]] = []
        for number, (rank, verdict, before) in enumerate(winners, start=highest + 1):
            rowid = before if before is not None else number
            posts.append(row_of(rowid, rank, verdict))
            mentions.extend((official, rowid) for official in {each.official for each in verdict.post.mentions})
            texts.append((rowid, verdict.post.text))
        self._database.executemany(f"INSERT OR REPLACE INTO index_post VALUES ({_marks(14)})", posts)  # noqa: S608
        self._database.executemany("INSERT INTO index_mention VALUES (?, ?)", mentions)
        self._database.executemany("INSERT INTO index_text (rowid, text) VALUES (?, ?)", texts)

    def _clear(self, rowids: Sequence[int]) -> None:
        """Remove the full text and the mentions of posts that are about to go or to be replaced."""
        rows = self._among("SELECT rowid, record FROM index_post WHERE rowid IN ({})", rowids)
        if not rows:
            return
        posts = [(rowid, _searched(record)) for rowid, record in rows]
        texts = [(rowid, post.text) for rowid, post in posts]
        mentions = [(mention.official, rowid) for rowid, post in posts for mention in post.mentions]
        self._database.executemany("INSERT INTO index_text (index_text, rowid, text) VALUES ('delete', ?, ?)", texts)
        self._database.executemany("DELETE FROM index_mention WHERE official = ? AND post = ?", mentions)
        self._database.execute("INSERT OR IGNORE INTO index_untidy VALUES (1)")

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        self._write_raised(map(raised, alerts))

    def _write_raised(self, alerts: Iterable[Raised]) -> None:
        rows = []
        for alert in alerts:
            rank, record = precedence.of_alert(alert)
            rows.append((alert.id, alert.post, alert.official, micros(alert.at), rank, record))
        self._upsert("index_alert", rows, key="id", columns=("id", "post", "official", "at", "rank", "record"))

    def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        rows = []
        for each in deliveries:
            rank, record = precedence.of_delivery(each)
            rows.append((each.id, each.post, each.official, micros(each.at), rank, each.state, record))
        columns = ("id", "post", "official", "at", "rank", "state", "record")
        self._upsert("index_delivery", rows, key="id", columns=columns)

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        rows = []
        for decision in decisions:
            rank, record = precedence.of_decision(decision)
            rows.append((decision.post, decision.tenant, micros(decision.at), rank, decision.outcome, record))
        columns = ("post", "tenant", "at", "rank", "outcome", "record")
        self._upsert("index_decision", rows, key="post, tenant", columns=columns)

    def write_items(self, items: Sequence[Item]) -> None:
        with self._database.transaction():
            self.write_verdicts([item.verdict for item in items])
            self._write_raised(alert for item in items for alert in item.alerts)
            self.write_deliveries([delivery for item in items for delivery in item.deliveries])
            self.write_decisions([decision for item in items for decision in item.decisions])

    def _upsert(self, table: str, rows: Sequence[tuple[Any, ...]], *, key: str, columns: Sequence[str]) -> None:
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key.split(", "))
        self._database.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_marks(len(columns))}) "  # noqa: S608  own names
            f"ON CONFLICT ({key}) DO UPDATE SET {changes} "
            "WHERE (excluded.rank, excluded.record) > (rank, record)",
            rows,
        )

    def search(self, query: Query) -> Page:
        where, values = conditions(query)
        if query.after is not None:
            where.append("(p.judged, p.created, p.id) < (?, ?, ?)")
            values.extend(read_place(query.after))
        limit = max(1, min(query.limit, MOST))
        rows = self._database.query(
            f"SELECT p.id, p.record, p.judged, p.created FROM index_post p WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY p.judged DESC, p.created DESC, p.id DESC LIMIT ?",
            (*values, limit + 1),
        )
        items, unread = readable(self._rows([(id, record) for id, record, _, _ in rows[:limit]]), _item)
        if len(rows) <= limit:
            return Page(tuple(items), None, unread)
        id, _, judged, created = rows[limit - 1]
        return Page(tuple(items), write_place((judged, created, id)), unread)

    def newer(self, query: Query, than: str, *, most: int = 100) -> int:
        where, values = conditions(query)
        where.append("(p.judged, p.created, p.id) > (?, ?, ?)")
        rows = self._database.query(
            f"SELECT count(*) FROM (SELECT 1 FROM index_post p WHERE {' AND '.join(where)} LIMIT ?)",  # noqa: S608
            (*values, *read_place(than), most),
        )
        return int(rows[0][0])

    def get(self, post: str) -> Item | None:
        rows = self._database.query("SELECT record FROM index_post WHERE id = ?", (post,))
        return _item(self._rows([(post, rows[0][0])])[0]) if rows else None

    def _rows(self, verdicts: Sequence[tuple[str, bytes]]) -> list[_Row]:
        """All that is held about each post, given by its id and its verdict."""
        ids = [id for id, _ in verdicts]
        found = self._among("SELECT post, record FROM index_alert WHERE post IN ({}) ORDER BY at, id", ids)
        alerts = _grouped(found)
        found = self._among("SELECT post, record FROM index_delivery WHERE post IN ({}) ORDER BY at, id", ids)
        deliveries = _grouped(found)
        found = self._among("SELECT post, record FROM index_decision WHERE post IN ({}) ORDER BY tenant", ids)
        decisions = _grouped(found)
        return [
            _Row(record, alerts.get(id, ()), deliveries.get(id, ()), decisions.get(id, ())) for id, record in verdicts
        ]

    def counts(self) -> Counts:
        ask = self._database.query
        kinds = Counter(
            {_KINDS[kind]: many for kind, many in ask(f"SELECT {_KIND}, count(*) FROM index_post GROUP BY 1")}  # noqa: S608
        )
        labels = dict.fromkeys(LABELS, 0)
        for bits, many in ask("SELECT labels, count(*) FROM index_post WHERE flagged = 1 GROUP BY 1"):
            for number, label in enumerate(LABELS):
                labels[label] += many if bits >> number & 1 else 0
        states: dict[State, int] = dict.fromkeys(get_args(State), 0)
        states.update(ask("SELECT state, count(*) FROM index_delivery GROUP BY 1"))
        decided = f"SELECT count(DISTINCT post) FROM {DECIDED}"  # noqa: S608
        ((alerts, decisions),) = ask(f"SELECT (SELECT count(*) FROM index_alert), ({decided})")  # noqa: S608
        severities = {severity: kinds[severity] for severity in SEVERITIES}
        return Counts(kinds.total(), kinds["unable"], labels, severities, alerts, states, decisions)

    def highlight(self, text: str, verdicts: Sequence[Verdict]) -> list[tuple[Place, ...]]:
        # FTS5 marks nothing in a table that holds no texts; but its words are those of `tokens`.
        terms = parse(text)
        return [highlighted(verdict.post.text, terms) for verdict in verdicts]

    def activity(self, since: datetime, *, hours: int = 24) -> list[dict[Kind, int]]:
        buckets: list[dict[Kind, int]] = [{} for _ in range(hours)]
        start, hour = micros(since), 3_600_000_000
        rows = self._database.query(
            f"SELECT (judged - ?) / ?, {_KIND}, count(*) FROM index_post WHERE judged >= ? AND judged < ? GROUP BY 1, 2",  # noqa: S608
            (start, hour, start, start + hours * hour),
        )
        for bucket, kind, many in rows:
            buckets[bucket][_KINDS[kind]] = many
        return buckets

    def held(self, posts: Collection[str]) -> set[str]:
        found = {row[0] for row in self._among("SELECT id FROM index_post WHERE id IN ({})", posts)}
        for table in TABLES:
            found |= {row[0] for row in self._among(f"SELECT post FROM {table} WHERE post IN ({{}})", posts)}  # noqa: S608
        return found

    def facts(self, officials: Mapping[str, str], *, since: datetime, until: datetime) -> Iterator[Fact]:
        rows = self._database.query(
            f"""SELECT p.id, m.official, p.source, p.judged, p.stored, p.labels, p.severity, p.flagged, p.unable, coalesce(
                (SELECT at FROM {DECIDED} WHERE post = p.id AND tenant = o.value),
                (SELECT at FROM {DECIDED} WHERE post = p.id AND tenant = ''))
            FROM (SELECT key AS id, value FROM json_each(?)) o
            JOIN index_mention m ON m.official = o.id JOIN index_post p ON p.rowid = m.post
            WHERE p.judged >= ? AND p.judged < ?""",  # noqa: S608
            (json.dumps(dict(officials)), micros(since), micros(until)),
        )
        return map(fact_of, rows)

    def posts_of(self, source: str, author: str) -> list[str]:
        sql = "SELECT id FROM index_post WHERE author = ? AND source = ? ORDER BY id"
        return [row[0] for row in self._database.query(sql, (author, source))]

    def post_of(self, alert: str) -> str | None:
        rows = self._database.query("SELECT post FROM index_alert WHERE id = ?", (alert,))
        return str(rows[0][0]) if rows else None

    def officials(self) -> set[str]:
        tables = ("index_mention", "index_alert", "index_delivery")
        rows = self._database.query(" UNION ".join(f"SELECT official FROM {table}" for table in tables))  # noqa: S608
        return {row[0] for row in rows}

    def ids(self) -> Iterator[str]:
        last = ""
        while rows := self._database.query("SELECT id FROM index_post WHERE id > ? ORDER BY id LIMIT 1000", (last,)):
            for (last,) in rows:
                yield last

    def erase(self, official: str, part: Part | None = None) -> int:
        if part is not None and part.kind == "recipient":
            return 0  # the index names none
        prefix = _prefix(part)
        with self._database.transaction():
            hers = self._records(official, prefix)
            rowids = self._among("SELECT rowid FROM index_post WHERE id IN ({})", [id for id, _ in hers])
            left = [(id, _without(record, official)) for id, record in hers]
            shared = [verdict for _, verdict in left if verdict is not None]
            self._database.executemany(
                "UPDATE index_post SET record = ? WHERE id = ?",
                [(VERDICTS.encode(verdict), verdict.post.id) for verdict in shared],
            )
            mentions = [(official, rowid) for (rowid,) in rowids]
            self._database.executemany("DELETE FROM index_mention WHERE official = ? AND post = ?", mentions)
            gone = self._remove([post for post, verdict in left if verdict is None])
            for table in ("index_alert", "index_delivery"):
                sql = f"DELETE FROM {table} WHERE official = ? AND {_BEGINS.format('post')}"  # noqa: S608  own names
                gone += self._database.execute(sql, (official, prefix, prefix))
            self._tidy()
        return len(shared) + gone

    def forget(self, posts: Collection[str]) -> int:
        with self._database.transaction():
            return self._remove(list(posts))

    def expire(self, before: datetime, *, flagged: bool | None = None) -> int:
        moment = micros(before)
        with self._database.transaction():
            sql = "SELECT id FROM index_post WHERE stored < ? AND (? IS NULL OR flagged = ?)"
            old = [row[0] for row in self._database.query(sql, (moment, flagged, flagged))]
            if flagged is not False:
                for table in TABLES:
                    sql = f"SELECT post FROM {table} WHERE at < ? AND post NOT IN (SELECT id FROM index_post)"  # noqa: S608
                    old.extend(row[0] for row in self._database.query(sql, (moment,)))
            gone = self._remove(old)
            self._tidy()
        return gone

    def old(self, age: Age, before: datetime) -> Iterator[Sequence[Item]]:
        sql = f"SELECT p.id, p.record FROM index_post p WHERE p.stored < ? AND p.id > ? AND {of_age(age)} ORDER BY p.id LIMIT ?"  # noqa: S608
        last = ""
        while rows := self._database.query(sql, (micros(before), last, _AT_ONCE)):
            last = rows[-1][0]
            yield readable(self._rows(rows), _item)[0]

    def _remove(self, posts: Collection[str]) -> int:
        keys = [(post,) for post in posts]
        rows = self._among("SELECT rowid FROM index_post WHERE id IN ({})", posts)
        self._clear([row[0] for row in rows])
        if not keys:
            return 0
        gone = self._database.executemany("DELETE FROM index_post WHERE id = ?", keys)
        for table in TABLES:
            gone += self._database.executemany(f"DELETE FROM {table} WHERE post = ?", keys)  # noqa: S608
        return gone

    def _tidy(self) -> None:
        """Merge the full-text table into one segment: only that drops the words of removed texts."""
        if self._database.execute("DELETE FROM index_untidy"):
            self._database.execute("INSERT INTO index_text (index_text) VALUES ('optimize')")

    def export(self, official: str) -> list[dict[str, Any]]:
        verdicts = [VERDICTS.decode(record) for _, record in self._records(official, "")]
        posts = [verdict.post.id for verdict in verdicts]
        alerts = self._database.query("SELECT record FROM index_alert WHERE official = ? ORDER BY id", (official,))
        sent = self._database.query("SELECT record FROM index_delivery WHERE official = ? ORDER BY id", (official,))
        decisions = self._among("SELECT record FROM index_decision WHERE post IN ({})", posts)
        return [
            *(json.loads(VERDICTS.encode(about(verdict, official))) for verdict in verdicts),
            *({"kind": "alert", **json.loads(row[0])} for row in alerts),
            *(json.loads(row[0]) for row in (*sent, *decisions)),
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        if part is not None and part.kind == "recipient":
            return 0
        prefix, of = _prefix(part), _BEGINS.format("post")
        hers = f"""SELECT p.id FROM index_mention m JOIN index_post p ON p.rowid = m.post
            WHERE m.official = ? AND {_BEGINS.format("p.id")}"""  # noqa: S608
        rows = self._database.query(
            f"""SELECT (SELECT count(*) FROM ({hers})) + (SELECT count(*) FROM index_alert WHERE official = ? AND {of})
                + (SELECT count(*) FROM index_delivery WHERE official = ? AND {of})
                + (SELECT count(*) FROM index_decision WHERE post IN ({hers}))""",  # noqa: S608
            (official, prefix, prefix) * 4,
        )
        return int(rows[0][0])

    def _records(self, official: str, prefix: str) -> list[tuple[str, bytes]]:
        """The ids and verdicts of the posts that mention her."""
        sql = f"""SELECT p.id, p.record FROM index_mention m JOIN index_post p ON p.rowid = m.post
            WHERE m.official = ? AND {_BEGINS.format("p.id")} ORDER BY p.id"""  # noqa: S608
        return self._database.query(sql, (official, prefix, prefix))

    def _among(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The rows of ``sql`` with ``values`` in the place of ``{}``, as many at once as SQLite takes."""
        rows: list[tuple[Any, ...]] = []
        rest = iter(values)
        while some := list(islice(rest, _AT_ONCE)):
            rows.extend(self._database.query(sql.format(_marks(len(some))), some))
        return rows


def _prefix(part: Part | None) -> str:
    """What the ids of posts begin with."""
    return "" if part is None else f"{part.name}:"


def _marks(many: int) -> str:
    return ", ".join("?" * many)


def _grouped(rows: Iterable[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    grouped: dict[str, list[bytes]] = {}
    for post, record in rows:
        grouped.setdefault(post, []).append(record)
    return grouped


def _searched(record: bytes) -> _Post:
    try:
        return msgspec.json.decode(record, type=_Searched).post
    except msgspec.DecodeError:
        raise BadInput("a post cannot be read", place="index", remedy="Upgrade Turvakt") from None


def _without(record: bytes, official: str) -> Verdict | None:
    """What cannot be read goes as a whole: without her it cannot be written."""
    try:
        return without(VERDICTS.decode(record), official)
    except BadInput:
        return None


def _item(row: _Row) -> Item:
    return Item(
        VERDICTS.decode(row.verdict),
        tuple(map(read_raised, row.alerts)),
        tuple(map(DELIVERIES.decode, row.deliveries)),
        tuple(map(DECISIONS.decode, row.decisions)),
    )
