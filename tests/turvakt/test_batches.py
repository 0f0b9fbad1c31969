"""However the entries are cut into batches, in whatever order the stages come to run, and however often a batch comes again:
the end is the same."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.delivery.outbox import Outbox
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.plans.planning import load_plans
from alerts.stage import deliver_stage, route_stage
from classify.classifiers import make_classifier
from classify.stage import classify_stage
from classify.verdict import Judgement
from flow.clock import ManualClock
from flow.entry import Entry
from flow.logs.memory import MemoryLog
from flow.stage import Stage
from ingest.collector import Collected, Deletion
from ingest.collectors.jsonl import Jsonl
from ingest.intake import Intake
from ingest.mentions import Matcher
from registry.importing import read_officials
from review.index import Query, every
from review.indexes.memory import MemoryIndex
from review.stage import index_stages
from tests.databases import open_file
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, ROOT

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
UNREADABLE = b"{this is no post"


class Remembering:
    """The linear classifier, which judges each text once: the same text always gets the same judgement."""

    def __init__(self) -> None:
        self._inner = make_classifier("linear", models=ROOT / "models")
        self._judged: dict[str, Judgement] = {}
        self.model = self._inner.model

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        new = [text for text in dict.fromkeys(texts) if text not in self._judged]
        self._judged.update(zip(new, self._inner.classify(new), strict=True))
        return [self._judged[text] for text in texts]


@dataclass(frozen=True)
class Material:
    officials: dict[str, Any]
    classifier: Remembering
    entries: list[tuple[str, bytes]]
    deleted: str


@pytest.fixture(scope="module")
def material() -> Material:
    """The posts of the demo as the intake takes them; then one is edited, one deleted, and something is no post."""
    clock = ManualClock(NOW)
    officials = {each.id: each for each in read_officials(OFFICIALS)}
    log = MemoryLog(clock=clock)
    intake = Intake(
        log=log,
        matcher=lambda matcher=Matcher(officials.values()): matcher,
        held=lambda posts: set(),
        posts_of=lambda source, author: [],
        clock=clock,
        observe=lambda collector, taken: None,
    )
    parse = Jsonl(path="-", follow=False, max_bytes=1_000_000, clock=clock).parse
    lines = DEMO_POSTS.read_bytes().splitlines()
    posts = [parse(line) for line in lines]
    intake.take("jsonl", Collected(tuple(posts), None))
    kept = log.browse("posts", limit=1000)
    edited, deleted = kept[3].key, kept[7].key
    edit = next(json.loads(line) for line in lines if f"jsonl:{json.loads(line)['id']}" == edited)
    edit |= {"text": edit["text"] + " (rättat)", "edited_at": "2026-09-15T08:00:00Z"}
    intake.take("jsonl", Collected((parse(json.dumps(edit).encode()), Deletion(deleted, NOW)), None))
    entries = [(entry.key, entry.value) for entry in log.browse("posts", limit=1000)]
    entries.insert(20, ("jsonl:broken", UNREADABLE))
    assert [key for key, _ in entries[-2:]] == [edited, deleted]
    return Material(officials, Remembering(), entries, deleted)


class Line:
    """All stages over logs, index and outbox of their own, driven by hand."""

    def __init__(self, material: Material, folder: Path) -> None:
        clock, plans = ManualClock(NOW), load_plans(ROOT / "config" / "rules.toml")
        self.log, self.index = MemoryLog(clock=clock), MemoryIndex()
        self.database = open_file(folder / "turvakt.db")
        self.outbox = Outbox(self.database, clock=clock)
        self.incidents = Incidents(
            self.database,
            telling=Telling(self.database, outbox=self.outbox, clock=clock),
            plans=lambda: plans,
            officials=material.officials.get,
            clock=clock,
        )
        self.deleted, self.officials = material.deleted, list(material.officials)
        self.stages: list[Stage[Any]] = [
            classify_stage(classifier=material.classifier, clock=clock),
            route_stage(plans=plans, officials=material.officials.get, clock=clock),
            deliver_stage(incidents=self.incidents, clock=clock, wake=lambda: None),
            *index_stages(index=self.index, forget=self._forget, clock=clock),
        ]
        with self.log.write() as writer:
            for key, value in material.entries:
                writer.append("posts", key, value)

    def _forget(self, posts: Sequence[str]) -> None:
        self.index.forget(posts)
        self.outbox.forget(posts)
        self.incidents.forget(posts)

    def advance(self, stage: Stage[Any], size: int, *, again: bool = False) -> bool:
        """One batch; ``again``: the worker dies before it acknowledges, so that the batch comes once more."""
        entries: tuple[Entry, ...] = self.log.read(stage.source, stage.name, size).entries
        if not entries:
            return False
        outcome = stage.step(entries)
        with self.log.write() as writer:
            stage.hand_over(outcome, writer)
            if not again:
                writer.commit(stage.name, stage.source, entries[-1].offset + 1)
        stage.committed(outcome)
        return True

    def finish(self) -> None:
        while sum(self.advance(stage, 500) for stage in self.stages):
            pass

    def end(self) -> dict[str, Any]:
        """All that is left, without the deleted post: what was still told of it depends on who was faster."""
        items = {item.verdict.post.id: msgspec.to_builtins(item) for item in every(self.index, Query())}
        assert self.deleted not in items
        incidents = [each for official in self.officials for each in self.incidents.export(official)]
        grouped = [(each["alert"], each["post"]) for incident in incidents for each in incident["alerts"]]
        assert len(grouped) == len(set(grouped)), "an alert is in one incident"
        # What is told of them together depends on how many came at once; that something is told does not.
        told = {each["incident"] for official in self.officials for each in self.outbox.export(official)}
        assert {each["id"] for each in incidents if each["threat"]} <= told
        letters = {(entry.key, entry.value) for entry in self.log.browse("posts.dead")}
        return {"index": items, "alerts": set(grouped), "dead": {key for key, _ in letters}}


@pytest.fixture(scope="module")
def calm(material: Material) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        line = Line(material, Path(folder))
        line.finish()
        yield line.end()
        line.database.close()


steps = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 120), st.booleans()), max_size=40)


@given(steps=steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_batches_in_any_order_with_any_repeats_end_the_same(
    material: Material, calm: dict[str, Any], steps: list[tuple[int, int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        line = Line(material, Path(folder))
        for number, size, again in steps:
            line.advance(line.stages[number], size, again=again)
        line.finish()
        assert line.end() == calm
        line.database.close()


def test_the_calm_end_is_worth_comparing(material: Material, calm: dict[str, Any]) -> None:
    assert len(calm["index"]) > 200
    assert len(calm["alerts"]) > 20
    assert calm["dead"] == {"jsonl:broken"}
