"""``kill -9`` at any moment loses nothing and doubles nothing."""

import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.turvakt.process import DEMO_POSTS, OFFICIALS, Program, until

COPIES = 6
KILLS = 14
QUICK = {"TURVAKT_FLOW_BATCH_SIZE": "25"}
"""Small batches: many transactions to be killed in between."""


def many_posts(file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for copy in range(COPIES):
            for text in DEMO_POSTS.read_text("utf-8").splitlines():
                post = json.loads(text)
                out.write(json.dumps(post | {"id": f"{post['id']}-{copy}"}, ensure_ascii=False) + "\n")


def state(folder: Path) -> dict[str, Counter[str]]:
    """Every id that stands anywhere, and how often."""
    database = sqlite3.connect(f"file:{folder / 'turvakt.db'}?mode=ro", uri=True)
    try:
        topics: dict[str, Counter[str]] = {}
        for topic, value in database.execute("SELECT topic, value FROM log"):
            record = json.loads(value)
            key = record["id"] if "id" in record else record["post"]["id"]
            topics.setdefault(topic, Counter())[key] += 1
        topics["index"] = Counter(row[0] for row in database.execute("SELECT id FROM index_post"))
    finally:
        database.close()
    topics["files"] = Counter(path.name for path in (folder / "outbox").iterdir())
    return topics


def seconds_of_a_run(program: Program, posts: Path) -> float:
    running = program.start("run", "--once", "--posts", str(posts))
    took = until(lambda: running.poll() is not None, seconds=60)
    assert running.wait() == 0, running.communicate()
    running.communicate()
    return took


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("posts") / "posts.jsonl"
    many_posts(file)
    return file


def test_killed_at_random_moments_the_end_is_the_same(tmp_path: Path, posts: Path) -> None:
    calm = Program(tmp_path / "calm", **QUICK)
    calm.run("officials", "import", str(OFFICIALS))
    seconds = seconds_of_a_run(calm, posts)
    expected = state(calm.folder)
    assert len(expected["index"]) == 285 * COPIES
    assert expected["files"]

    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    stormy = Program(tmp_path / "stormy", **QUICK)
    stormy.run("officials", "import", str(OFFICIALS))
    unfinished = 0
    for _ in range(KILLS):
        running = stormy.start("run", "--once", "--posts", str(posts))
        moment = chance.uniform(0.2, 1.0) * seconds
        try:
            running.communicate(timeout=moment)
        except Exception:  # noqa: BLE001  still running: that is the case that counts
            running.kill()
            running.communicate()
            unfinished += 1
    assert unfinished >= KILLS // 3, "the kills came too late to mean anything"
    seconds_of_a_run(stormy, posts)

    assert state(stormy.folder) == expected, f"seed {seed}"
