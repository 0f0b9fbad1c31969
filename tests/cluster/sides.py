"""Turvakt run in one process, and the same Turvakt run as a cluster: driven alike, and compared at the end."""

import gzip
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cluster.told import told
from tests.servers.fixtures import Place
from tests.turvakt.process import OFFICIALS, ROOT, Program, line, until

STAGES = ("classify", "route", "deliver", "index-verdicts", "index-alerts", "index-deliveries", "index-decisions")
SERVICES = ("collect", "dispatch", "house")
PATIENCE = 240.0
"""Seconds that anything may take on a busy machine."""

End = dict[str, Any]


class Side:
    """One Turvakt over ``folder``, whose collector follows a file.

    Args:
        environment: settings besides.

    Attributes:
        wrong_clocks: by how many hours the clock of a process is ahead, or, less than 0, behind.
    """

    commands: tuple[tuple[str, ...], ...] = (("run",),)

    def __init__(self, folder: Path, **environment: str) -> None:
        folder.mkdir()
        self.posts = folder / "posts.jsonl"
        self.posts.touch()
        self._folder = folder
        self._marks = 0
        # At any hour of the day: what quiet hours hold back would not come to its end.
        rules = (ROOT / "config" / "rules.toml").read_text("utf-8").splitlines()
        awake = [line for line in rules if not line.startswith("quiet")]
        (folder / "rules.toml").write_text("\n".join(awake), "utf-8")
        settings = {
            "TURVAKT_JSONL_PATH": str(self.posts),
            "TURVAKT_JSONL_FOLLOW": "true",
            "TURVAKT_ALERTS_RULES": str(folder / "rules.toml"),
            **environment,
        }
        self.program = Program(folder / "data", **settings)
        self.running: dict[tuple[str, ...], subprocess.Popen[str]] = {}
        self.wrong_clocks: dict[tuple[str, ...], int] = {}

    def make(self) -> None:
        """What must be there before anything runs: nothing, in one process."""

    def prepare(self) -> None:
        """Make it, with officials."""
        self.make()
        self.program.run("officials", "import", str(OFFICIALS))

    def start(self) -> None:
        """Start all processes."""
        for command in self.commands:
            self.start_one(command)

    def start_one(self, command: tuple[str, ...]) -> None:
        # Into a file: nobody reads a pipe meanwhile, and a full one would hold the process back.
        with self._log(command).open("ab") as log:
            if hours := self.wrong_clocks.get(command):
                process = self.program.start(str(hours), *command, log=log, module="tests.cluster.elsewhen")
            else:
                process = self.program.start(*command, log=log)
        self.running[command] = process

    def kill(self, command: tuple[str, ...]) -> None:
        """kill -9."""
        process = self.running.pop(command)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop all, in order."""
        for process in self.running.values():
            process.terminate()
        for command, process in self.running.items():
            code = process.wait(timeout=60)
            assert code in (0, -15, 143), (command, code, self.log(command))
        self.running.clear()

    def log(self, command: tuple[str, ...]) -> str:
        return self._log(command).read_text("utf-8")[-4000:]

    def _log(self, command: tuple[str, ...]) -> Path:
        return self._folder / f"{'-'.join(command)}.log"

    def feed(self, text: str) -> None:
        """What its source publishes next; returns when all of it has gone the whole way."""
        self.publish(text)
        self.settle(self.mark())

    def publish(self, text: str) -> None:
        """What its source publishes next."""
        with self.posts.open("a", encoding="utf-8") as posts:
            posts.write(text)

    def mark(self) -> str:
        """Publish a post that is known again; returns its id."""
        self._marks += 1
        mark = f"mark-{self._marks}"
        self.publish(line(0, f"Anna Lindqvist i Ekvik, märke {self._marks}", id=mark))
        return f"web:{mark}"

    def settle(self, post: str) -> None:
        """Wait until ``post``, a mark, is in the index, and nothing waits anywhere."""
        self._until(lambda: any(item["verdict"]["post"]["id"] == post for item in self.program.json("search", "märke")))
        self._until(self._idle)

    def _until(self, condition: Callable[[], bool]) -> None:
        def met() -> bool:
            for command, process in self.running.items():
                assert process.poll() is None, (command, process.poll(), self.log(command))
            return condition()

        until(met, seconds=PATIENCE)

    def _idle(self) -> bool:
        # What was on its way from one place to the next when both were looked at is seen by the next look.
        for _ in range(3):
            (status,) = self.program.json("status")
            if any(status["lag"].values()) or status["outbox"]["waiting"]:
                return False
        return True

    def end(self, *, moved: bool = False) -> End:
        """All that is held, without the times at which this Turvakt did what it did.

        Args:
            moved: it was told elsewhere, and the files of its messages stayed there.

        Raises:
            AssertionError: somebody was not told; see `tests.cluster.told.told`.
        """
        records = self.records()
        files = {row["id"] for part, row in records if part == "outbox"} if moved else self.files()
        kept: dict[str, list[Any]] = {"told": told(records, files)}
        for part, record in records:
            if part in _WITHOUT_TIMES:
                kept.setdefault(part, []).append(_WITHOUT_TIMES[part](record))
        return {part: sorted(records, key=json.dumps) for part, records in kept.items()}

    def records(self) -> list[tuple[str, Any]]:
        """All that a backup holds, by part."""
        archive = self._folder / "archive.gz"
        self.program.run("backup", str(archive))
        return [json.loads(each) for each in gzip.decompress(archive.read_bytes()).splitlines()]

    def files(self) -> set[str]:
        """The ids of the messages that were written."""
        return {file.stem for file in (self.program.folder / "outbox").glob("*.eml")}


class Cluster(Side):
    """The same over Kafka, PostgreSQL and Elasticsearch."""

    commands = tuple(("work", name) for name in (*SERVICES, *STAGES))

    def __init__(self, folder: Path, *, kafka: Place, postgres: str, elasticsearch: Place, **environment: str) -> None:
        self._kafka, self._postgres, self._elasticsearch = kafka, postgres, elasticsearch
        self._index = elasticsearch.prefix.rstrip("-")
        servers = {
            "TURVAKT_KAFKA_SERVERS": kafka.address,
            "TURVAKT_KAFKA_PREFIX": kafka.prefix,
            "TURVAKT_KAFKA_PARTITIONS": "3",
            "TURVAKT_POSTGRES_URL": postgres,
            "TURVAKT_ELASTICSEARCH_URLS": elasticsearch.address,
            "TURVAKT_ELASTICSEARCH_PREFIX": self._index,
            "TURVAKT_WEB_KEY": "a key",
        }
        super().__init__(folder, **servers, **environment)

    def make(self) -> None:
        self.program.run("database", "upgrade")
        self.program.run("topics", "apply", "--yes")
        self.program.run("index", "apply", "--yes")

    def settings(self) -> str:
        """Its settings as a file holds them."""
        elasticsearch = f'[elasticsearch]\nurls = ["{self._elasticsearch.address}"]\nprefix = "{self._index}"\n'
        kafka = f'[kafka]\nservers = ["{self._kafka.address}"]\nprefix = "{self._kafka.prefix}"\n'
        return f'{kafka}[postgres]\nurl = "{self._postgres}"\n{elasticsearch}[data]\ndir = "{self.program.folder}"\n'


def differences(found: End, expected: End) -> list[str]:
    """The records that only one of them has, a few of each part."""
    told = []
    found = {**found, "item": _as_near(found.get("item", []), expected.get("item", []))}
    for part in sorted(found.keys() | expected.keys()):
        here, there = ({json.dumps(record) for record in end.get(part, [])} for end in (found, expected))
        told += [f"{part}, too much: {record}" for record in sorted(here - there)[:3]]
        told += [f"{part}, missing: {record}" for record in sorted(there - here)[:3]]
        if here == there and len(found[part]) != len(expected[part]):
            told.append(f"{part}: {len(found[part])} records in place of {len(expected[part])}")
    return told


def _item(record: Mapping[str, Any]) -> Any:
    verdict, decisions = record["verdict"], record["decisions"]
    post = {name: value for name, value in verdict["post"].items() if name != "collected_at"}
    labels = {
        label: [score["probability"], score["flagged"]] for label, score in verdict["judgement"]["labels"].items()
    }
    return {
        "post": post,
        "judgement": {**verdict["judgement"], "labels": labels},
        "alerts": sorted([each["id"], each["rule"], each["official"], each["severity"]] for each in record["alerts"]),
        "decisions": [[each.get("tenant", ""), each["outcome"], each["by"]] for each in decisions],
    }


_SAME = 1e-5
"""In another batch sums are added up in another order: the last digits of a probability may differ."""


def _as_near(found: Sequence[Any], expected: Sequence[Any]) -> list[Any]:
    """``found`` with those probabilities that are `_SAME` as expected written as they are there."""
    there = {item["post"]["id"]: item["judgement"]["labels"] for item in expected}

    def written(item: Any) -> Any:
        near = there.get(item["post"]["id"], {})
        labels = {
            label: [near[label][0] if label in near and abs(near[label][0] - score) < _SAME else score, flagged]
            for label, (score, flagged) in item["judgement"]["labels"].items()
        }
        return {**item, "judgement": {**item["judgement"], "labels": labels}}

    return [written(item) for item in found]


_GROUPED = ("alert", "official", "post", "severity", "threat")
"""What is told of alerts together depends on how many came at once: what there is to tell does not."""
_WITHOUT_TIMES: dict[str, Any] = {
    "item": _item,
    "incident_post": lambda record: [record[name] for name in _GROUPED],
    "registry_official": lambda record: record,
    "registry_withdrawal": lambda record: [record["digest"], record["id"], record["erased_at"] is not None],
    "dead": lambda record: record[:2],
}
