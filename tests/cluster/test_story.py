"""One story, run in one process and run as a cluster: registry, verdicts, alerts, index and who was told end the same, though the
clocks of the cluster's machines differ.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.sides import Cluster, End, Side, differences
from tests.cluster.told import told
from tests.servers.fixtures import Place
from tests.turvakt.process import DEMO_POSTS

GONE = "riitta-hakala-tuominen"


@pytest.fixture
def embedded(tmp_path: Path) -> Side:
    return Side(tmp_path / "embedded")


@pytest.fixture
def cluster(tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place) -> Cluster:
    cluster = Cluster(tmp_path / "cluster", kafka=kafka, postgres=postgres, elasticsearch=elasticsearch)
    # To who sends them, messages come from the future, and are due only in an hour.
    cluster.wrong_clocks = {("work", "classify"): 1, ("work", "dispatch"): -1}
    return cluster


def tell(side: Side) -> End:
    """A day: posts, an edit, a deletion, something unreadable, a hand-in, a decision, a withdrawal, and life after it."""
    demo = DEMO_POSTS.read_text("utf-8").splitlines(keepends=True)
    side.prepare()
    side.program.run("check")
    side.start()
    try:
        side.feed("".join(demo[:300]))
        seen = [json.loads(each) for each in demo[:300]]
        edited = next(each for each in seen if "Lindqvist" in each["text"])
        deleted = next(each for each in seen if "Hakala" in each["text"])
        change = {**edited, "text": edited["text"] + " (rättat)", "edited_at": "2026-09-15T08:00:00Z"}
        side.feed(
            json.dumps(change, ensure_ascii=False)
            + "\n"
            + json.dumps({"source": deleted["source"], "id": deleted["id"], "deleted": True})
            + '\n{"source": "web", "id": "broken", "text": "Anna Lindqvist'
            + "\n"
            + "".join(demo[300:450])
        )
        told = ("--source", "letter", "--created-at", "2026-09-15T06:00Z", "--official", "anna-lindqvist")
        side.program.run("submit", "-", *told, given="Ett brev.")
        side.program.run("officials", "withdraw", GONE, "--yes")
        side.feed("".join(demo[450:]))
        side.program.run("search", "--official", GONE, code=2)
    finally:
        side.stop()
    return side.end()


def test_both_end_the_same(embedded: Side, cluster: Cluster) -> None:
    expected, found = tell(embedded), tell(cluster)
    assert len(expected["item"]) > 150
    assert len(expected["incident_post"]) > 20
    assert len(expected["told"]) == len(expected["incident_post"])
    assert len(expected["dead"]) == 1
    assert differences(found, expected) == []
    records, files = cluster.records(), cluster.files()
    sent = [row for part, row in records if part == "outbox" and row["state"] == "delivered" and row["incident"]]
    early = [row for row in sent if row["at"] < row["first_due"]]
    assert len(early) > 20, "the clock of who sent them was not behind"
    every_loss_is_seen(records, files, sent)


def every_loss_is_seen(records: list[tuple[str, Any]], files: set[str], sent: list[dict[str, Any]]) -> None:
    """Without one message or its file not everybody was told, nor where it has failed."""
    for row in sent:
        others = [each for each in records if each[1] is not row]
        failed = [*others, ("outbox", row | {"state": "failed"})]
        for left, written in ((others, files), (failed, files), (records, files - {row["id"]})):
            with pytest.raises(AssertionError, match=row["id"] if left is not others else row["incident"]):
                told(left, written)
