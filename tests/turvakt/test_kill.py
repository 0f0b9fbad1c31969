"""``kill -9`` at any moment loses nothing and doubles nothing."""

import json
import random
import sqlite3
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.turvakt.process import DEMO_POSTS, LINEAR, OFFICIALS, Program, until

COPIES = 6
KILLS = 16
QUICK = {**LINEAR, "TURVAKT_FLOW_BATCH_SIZE": "25"}
"""Small batches: many transactions to be killed in between."""


def many_posts(file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for copy in range(COPIES):
            for text in DEMO_POSTS.read_text("utf-8").splitlines():
                post = json.loads(text)
                out.write(json.dumps(post | {"id": f"{post['id']}-{copy}"}, ensure_ascii=False) + "\n")


def state(folder: Path) -> dict[str, Counter[str]]:
    """Every id that stands anywhere, and how often; but what is told of alerts together depends on how many came at once."""
    database = sqlite3.connect(f"file:{folder / 'turvakt.db'}?mode=ro", uri=True)
    try:
        topics: dict[str, Counter[str]] = {}
        for topic, value in database.execute("SELECT topic, value FROM log"):
            record = json.loads(value)
            key = record["id"] if "id" in record else record["post"]["id"]
            topics.setdefault(topic, Counter())[key] += 1
        topics["index"] = Counter(row[0] for row in database.execute("SELECT id FROM index_post"))
        topics["incidents"] = Counter(row[0] for row in database.execute("SELECT alert FROM incident_post"))
        over = "SELECT id FROM outbox WHERE state IN ('delivered', 'withdrawn') AND post != ''"
        made = Counter(row[0] for row in database.execute(over))
        sent = {row[0] for row in database.execute("SELECT id FROM outbox WHERE state = 'delivered'")}
        untold = "SELECT count(*) FROM incident WHERE id NOT IN (SELECT incident FROM outbox)"
        assert database.execute(untold).fetchone() == (0,)
    finally:
        database.close()
    assert topics.pop("deliveries", Counter()) == made, "each is told of once"
    files = Counter(path.stem for path in (folder / "outbox").iterdir())
    assert files == Counter(sent)
    return topics


def progress(folder: Path) -> int:
    """How far all stages together have come, in entries."""
    database = sqlite3.connect(f"file:{folder / 'turvakt.db'}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT coalesce(sum(next), 0) FROM log_offset").fetchone()[0])
    finally:
        database.close()


def run_to_the_end(program: Program, posts: Path) -> None:
    running = program.start("run", "--once", "--posts", str(posts))
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("posts") / "posts.jsonl"
    many_posts(file)
    return file


def test_killed_at_random_moments_the_end_is_the_same(tmp_path: Path, posts: Path) -> None:
    calm = Program(tmp_path / "calm", **QUICK)
    calm.run("officials", "import", str(OFFICIALS))
    run_to_the_end(calm, posts)
    expected = state(calm.folder)
    assert len(expected["index"]) == 285 * COPIES
    assert expected["incidents"]
    whole = progress(calm.folder)

    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    stormy = Program(tmp_path / "stormy", **QUICK)
    stormy.run("officials", "import", str(OFFICIALS))
    for kill in range(KILLS):
        # Each kill falls after a random part of the work, at a random moment within the next steps.
        start = progress(stormy.folder)
        assert start < whole, f"seed {seed}: all was done after {kill} kills"
        further = start + chance.uniform(0, 1.6) * (whole - start) / (KILLS + 4 - kill)
        running = stormy.start("run", "--once", "--posts", str(posts))
        until(lambda: progress(stormy.folder) >= further or running.poll() is not None)  # noqa: B023  called at once
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=chance.uniform(0, 0.05))
        assert running.poll() is None, f"seed {seed}: it ended before kill {kill}"
        running.kill()
        running.communicate()
    run_to_the_end(stormy, posts)

    assert state(stormy.folder) == expected, f"seed {seed}"
