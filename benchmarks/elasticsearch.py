"""The index in Elasticsearch: how fast it takes posts, how long searches, a reindexing and an erasure take, and its size.

The texts are those of the corpus, each post with some words of its own. A server of its own with 2 GB of heap. Baseline in the
same run: the same documents written by plain bulk requests, without looking first and without statistics.
"""

import argparse
import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import msgspec
from elasticsearch import Elasticsearch as Client

from alerts.alert import Alert
from classify.verdict import LABELS, Judgement, Label, Score, Verdict
from flow.clock import SystemClock
from flow.errors import Unavailable
from flow.logs.sqlite import SqliteLog
from ingest.post import Author, Mention, Post
from registry.official import Consent, Contact, Official
from registry.stores.sql import SqlStore
from review.index import Query
from review.indexes.elasticsearch.applying import plan
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.documents import Holding, document
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.known import Known
from review.indexes.elasticsearch.names import Names, document_id
from review.indexes.elasticsearch.reindexing import Reindexing
from review.indexes.elasticsearch.store import chunks
from review.indexes.elasticsearch.templates import load
from tests.servers.elasticsearch import Elasticsearch
from turvakt.registry_view import RegistryView
from turvakt.schema import open_file
from turvakt.settings import ROOT

OFFICIALS = 500
FLAGGED = 0.03
BATCH = 500
START = datetime(2026, 9, 1, tzinfo=UTC)
QUERIES = {
    "newest": [Query()],
    "newest flagged": [Query(flagged=True)],
    "official": [Query(official=f"official-{each}") for each in range(20)],
    "label and severity": [Query(label=label, severity="medium") for label in LABELS],
    "word": [
        Query(text=text) for text in ("bron", "kommunen", "beslut", "hot", "skola", "silta", "kunnan", "päätös", "talo")
    ],
    "two words": [Query(text=text) for text in ("bron kommunen", "skola beslut", "silta kaupunki", "raha lapsi")],
    "phrase": [Query(text=text) for text in ('"det är"', '"i kommunen"', '"ei ole"', '"nyt on"')],
    "beginning": [Query(text=text) for text in ("kommun*", "kunnan*", "s*", '"det ä"*')],
    "word, flagged, a week": [
        Query(text=text, flagged=True, since=START) for text in ("hot", "bron", "talo", "tappaa")
    ],
}
"""What reviewers ask for."""


def officials() -> list[Official]:
    return [
        Official(
            id=f"official-{each}",
            given_names=("Anna",),
            family_names=("Lindqvist",),
            forms=(),
            language="sv",
            role="councillor",
            party=f"party {each % 8}",
            municipality=f"municipality {each % 20}",
            country="SE",
            handles={},
            consents=(Consent(("*",), since=START),),
            contacts=(Contact("Beredskap", "outbox", "vakt@ekvik.example", "sv"),),
        )
        for each in range(OFFICIALS)
    ]


def verdicts(many: int) -> Iterator[Verdict]:
    """``many`` posts over thirty days, from the oldest."""
    chance = random.Random(1)
    corpus = [
        json.loads(line) for path in sorted((ROOT / "models" / "corpus").glob("*.jsonl")) for line in path.open("rb")
    ]
    chance.shuffle(corpus)
    for number, entry in zip(range(many), itertools.cycle(corpus), strict=False):
        at = START + timedelta(days=30) * (number / many)
        flagged: tuple[Label, ...] = (chance.choice(LABELS),) if chance.random() < FLAGGED else ()
        post = Post(
            id=f"jsonl:{number}",
            source="jsonl",
            text=f"{entry['text']} {number:x} {chance.randrange(50_000)}",
            created_at=at,
            collected_at=at + timedelta(seconds=2),
            author=Author(id=f"u{chance.randrange(20_000)}"),
            mentions=(Mention(f"official-{int(chance.triangular(0, OFFICIALS, 0))}", 0, 4, "form"),),
        )
        scores = {label: Score(round(chance.random() / 2, 3), label in flagged) for label in LABELS}
        severity = chance.choice(("low", "medium", "high", "critical")) if flagged else "none"
        judgement = Judgement(entry["lang"], None, severity, scores, (), "cascade@1")  # type: ignore[arg-type]
        yield Verdict(post, judgement, judged_at=at + timedelta(seconds=3))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def write(index: ElasticsearchIndex, written: list[Verdict]) -> float:
    return seconds(lambda: [index.write_verdicts(some) for some in chunks(written, BATCH)])


def plainly(client: Client, alias: str, written: list[Verdict]) -> float:
    def bulk() -> None:
        for some in chunks(written, BATCH):
            lines: list[bytes] = []
            for verdict in some:
                lines.append(msgspec.json.encode({"index": {"_index": alias, "_id": document_id(verdict.post.id)}}))
                lines.append(msgspec.json.encode(document(verdict.post.id, Holding(Known(verdict)))))
            assert not client.bulk(operations=lines)["errors"]  # type: ignore[arg-type]

    return seconds(bulk)


def raised(verdict: Verdict) -> Alert:
    (mention,) = verdict.post.mentions
    name = f"grave-{verdict.post.id}"
    return Alert(name, "grave", mention.official, "Nobody", verdict, (), raised_at=verdict.judged_at)


def show(what: str, posts: int, took: float) -> None:
    print(f"{what:44} {posts / took:9,.0f} posts/s", flush=True)


def percentiles(times: list[float]) -> str:
    ordered = sorted(times)
    p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    return f"p50 {p50 * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms   worst {ordered[-1] * 1000:6.1f} ms"


def searches(index: ElasticsearchIndex) -> None:
    everything: list[float] = []
    for name, queries in QUERIES.items():
        found = [index.search(query) for query in queries]
        times = [seconds(lambda query=query: index.search(query)) for query in queries * 10]  # type: ignore[misc]
        everything += times
        print(f"search: {name:36} {percentiles(times)}   {sum(len(page.items) for page in found)} found", flush=True)
    print(f"search: {'all of them':36} {percentiles(everything)}")
    for name, ask in (("counts", index.counts), ("activity", lambda: index.activity(START + timedelta(days=29)))):
        print(f"{name:44} {percentiles([seconds(ask) for _ in range(20)])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--whole", action="store_true", help="also reindex and erase")
    chosen = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        closing(open_file(Path(folder) / "turvakt.db")) as database,
        Elasticsearch(heap=2048) as server,
        connect([server.address]) as client,
    ):
        names, plain = Names("bench"), Names("plain")
        for each in (names, plain):
            for step in plan(client, each, load(each, shards=1, replicas=0)):
                step.do()
        registry = SqlStore(database, SqliteLog(database, clock=SystemClock()))
        registry.put_all(officials())
        known = RegistryView(registry)
        index = ElasticsearchIndex(client, prefix="bench", officials=known.get)
        stream = verdicts(chosen.posts)
        first = list(itertools.islice(stream, 10_000))
        plainly(client, plain.items, first)  # the server warms up
        show(
            "baseline: plain bulk requests", len(first), plainly(client, plain.items, [_other(each) for each in first])
        )
        client.indices.delete(index=f"{plain.items}-000001")
        show("written by one, batches of 500", len(first), write(index, first))
        show("written again, nothing new", len(first), write(index, first))
        alerts = [raised(each) for each in first[:2000]]
        show(
            "alerts on them", len(alerts), seconds(lambda: [index.write_alerts(some) for some in chunks(alerts, BATCH)])
        )
        rest = chosen.posts - len(first)
        if rest > 0:
            took = 0.0
            with ThreadPoolExecutor(2) as pool:
                # Some at a time, made before the clock runs: all of them would not fit into memory.
                while some := list(itertools.islice(stream, 40 * BATCH)):
                    halves = some[::2], some[1::2]
                    took += seconds(lambda halves=halves: list(pool.map(lambda half: write(index, half), halves)))  # type: ignore[misc]
            show("written by two, batches of 500", rest, took)
        client.indices.refresh(index=f"{names.prefix}-*")
        size = client.indices.stats(index=f"{names.items}-*", metric="store")["_all"]["total"]["store"]["size_in_bytes"]
        of_statistics = client.indices.stats(index=names.statistics("*"), metric="store")["_all"]["total"]["store"]
        print(
            f"{chosen.posts:,} posts: {size / 1e6:,.0f} MB of items, {of_statistics['size_in_bytes'] / 1e6:,.0f} MB of statistics"
        )
        searches(index)
        if chosen.whole:
            work = Reindexing(client, names=names, officials=known.get)
            with Writer(index) as writer:
                took = seconds(work.run)
            print(
                f"reindexing: {took:,.0f} s; a writer meanwhile waited {max(writer.waits):,.1f} s at most", flush=True
            )
            held = index.count("official-0")
            took = seconds(lambda: index.erase("official-0"))
            print(f"erasure of {held:,} records: {took:,.1f} s, then out of the files: {seconds(index.scrub):,.0f} s")


class Writer:
    """Writes a few new posts again and again, as a stage does, and takes the time of each batch."""

    def __init__(self, index: ElasticsearchIndex) -> None:
        self.waits: list[float] = []
        self._index = index
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        for turn in itertools.count():
            some = [_other(each, turn) for each in verdicts(20)]
            self.waits.append(seconds(lambda some=some: self._until_written(some)))  # type: ignore[misc]
            if self._done.wait(0.2):
                return

    def _until_written(self, some: list[Verdict]) -> None:
        while True:
            try:
                return self._index.write_verdicts(some)
            except Unavailable:
                time.sleep(0.05)


def _other(verdict: Verdict, number: int = 0) -> Verdict:
    return replace(verdict, post=replace(verdict.post, id=f"{verdict.post.id}-other-{number}"))


if __name__ == "__main__":
    main()
