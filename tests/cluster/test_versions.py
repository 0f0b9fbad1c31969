"""Workers of two versions side by side: what an upgrade leaves behind is what a calm day does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.later import FIELD
from tests.cluster.sides import STAGES, Cluster, End, Side, differences
from tests.servers.fixtures import Place
from tests.turvakt.process import DEMO_POSTS, LINEAR

INDEX = tuple(stage for stage in STAGES if stage.startswith("index"))


class Mixed(Cluster):
    """A cluster that becomes one of a later version, process by process."""

    def upgrade(self, *names: str, to: str) -> None:
        """Stop one after the other in order, and start it in the version ``to``."""
        for name in names:
            command = ("work", name)
            if command in self.running:
                process = self.running.pop(command)
                process.terminate()
                assert process.wait(timeout=60) in (0, -15, 143), self.log(command)
            with self._log(command).open("ab") as log:
                self.running[command] = self.program.start(to, *command, log=log, module="tests.cluster.later")

    def settle_dead(self, many: int) -> None:
        """Wait until there are so many dead letters, and nothing waits anywhere."""
        self._until(lambda: len(self.program.json("dead", "list")) >= many)
        self._until(self._idle)


@pytest.fixture
def cluster(tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place) -> Iterator[Mixed]:
    cluster = Mixed(tmp_path / "cluster", kafka=kafka, postgres=postgres, elasticsearch=elasticsearch, **LINEAR)
    cluster.prepare()
    cluster.start()
    yield cluster
    for command in tuple(cluster.running):
        cluster.kill(command)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> End:
    side = Side(tmp_path_factory.mktemp("calm") / "side", **LINEAR)
    side.prepare()
    side.start()
    try:
        slices = posts()
        for text in ("".join(slices[:4]), *slices[4:]):  # as many marks as below: they are posts, too
            side.feed(text)
    finally:
        side.stop()
    return side.end()


def posts() -> list[str]:
    """Six slices of what the source publishes."""
    lines = DEMO_POSTS.read_text("utf-8").splitlines(keepends=True)
    return ["".join(lines[start::6]) for start in range(6)]


def ids(text: str) -> set[str]:
    """Those that Turvakt gives to the posts in ``text``."""
    return {f"{post['source']}:{post['id']}" for post in map(json.loads, text.splitlines())}


def known_today(value: Any) -> Any:
    """``value`` without what only the later version knows."""
    if isinstance(value, dict):
        return {name: known_today(each) for name, each in value.items() if name != FIELD}
    return [known_today(each) for each in value] if isinstance(value, list) else value


def test_an_upgrade_while_posts_come_in(cluster: Mixed, calm: End) -> None:
    slices = posts()
    cluster.publish(slices[0])
    cluster.upgrade("dispatch", to="minor")
    cluster.publish(slices[1])
    cluster.upgrade(*INDEX, to="minor")
    cluster.publish(slices[2])
    cluster.upgrade("collect", to="minor")
    cluster.feed(slices[3])
    cluster.publish(slices[4])
    cluster.upgrade("classify", "route", "deliver", "house", to="minor")
    cluster.settle(cluster.mark())

    # And one in the wrong order: nobody reads yet what the collector writes.
    cluster.upgrade("collect", to="major")
    cluster.publish(slices[5])
    mark = cluster.mark()
    unread = {mark} | ids(slices[5]) & {item["post"]["id"] for item in calm["item"]}
    cluster.settle_dead(len(unread))
    letters = cluster.program.json("dead", "list")
    assert len(letters) == len(unread) > 20
    assert {letter["stage"] for letter in letters} == {"classify"}
    assert all("wire version 2" in letter["reason"] for letter in letters)
    cluster.upgrade("classify", to="major")
    replay = cluster.program.start("major", "dead", "replay", "--yes", module="tests.cluster.later")
    assert replay.communicate(timeout=60)[0] == f"{len(letters)} replayed, 0 left\n"
    cluster.settle(mark)

    cluster.stop()
    verdicts = {
        record["verdict"]["post"]["id"]: record["verdict"] for part, record in cluster.records() if part == "item"
    }
    assert differences(known_today(cluster.end()), calm) == []
    between = ids(slices[3]) & verdicts.keys()
    assert len(between) > 20
    for id in between:
        assert verdicts[id]["post"].get(FIELD) == [1], (
            "the worker of today, between two of tomorrow, has lost what it does not know"
        )
