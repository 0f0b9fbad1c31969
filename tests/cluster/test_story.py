"""One story, run in one process and run as a cluster: registry, verdicts, alerts, deliveries and index end the same."""

import json
from pathlib import Path

import pytest

from tests.cluster.sides import Cluster, End, Side, differences
from tests.servers.fixtures import Place
from tests.turvakt.process import DEMO_POSTS

GONE = "riitta-hakala-tuominen"


@pytest.fixture
def embedded(tmp_path: Path) -> Side:
    return Side(tmp_path / "embedded")


@pytest.fixture
def cluster(tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place) -> Cluster:
    return Cluster(tmp_path / "cluster", kafka=kafka, postgres=postgres, elasticsearch=elasticsearch)


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
    assert len(expected["dead"]) == 1
    assert differences(found, expected) == []
