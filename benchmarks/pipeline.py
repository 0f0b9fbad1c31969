"""The whole embedded pipeline: throughput with all posts matched, memory, and the time from post to alert.

The posts are those of the demo that mention an official, each with a new id: ``SHARE`` of them abusive, the others lawful, by the
demo's truth file. Baseline in the same run: the classifier alone over the same texts, since it is the most costly stage.
"""

import argparse
import asyncio
import itertools
import json
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from alerts.alert import Alert, Delivery
from classify.verdict import Verdict
from flow.errors import BadInput, Unavailable
from ingest.collector import Collected, Fault
from ingest.collectors import load_collector
from ingest.intake import Taken
from ingest.post import Post
from registry.importing import read_officials
from turvakt.monitor import Monitor
from turvakt.settings import ROOT, Settings
from turvakt.tally import Observed, Tally
from turvakt.wiring import Parts

EXAMPLES = ROOT / "config" / "examples"
SHARE = 0.03
"""Of posts that mention an official, how many are abusive: an assumption, on the high side."""


class Generated:
    """Posts out of the demo's texts that mention somebody, each with a new id, ``per_second`` or as fast as they are taken."""

    name = "generated"
    reads = "generated"
    fault: Fault | None = None

    def __init__(self, posts: list[Post], *, count: int, per_second: float | None = None) -> None:
        self._posts = itertools.cycle(posts)
        self._count = count
        self._per_second = per_second

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        started = time.perf_counter()
        size = 500 if self._per_second is None else 10
        for start in range(0, self._count, size):
            now = datetime.now(UTC)
            numbered = enumerate(itertools.islice(self._posts, size), start)
            yield Collected(
                tuple(replace(post, id=f"jsonl:{number}", collected_at=now) for number, post in numbered), str(start)
            )
            if self._per_second is not None:
                await asyncio.sleep(max(0.0, started + (start + size) / self._per_second - time.perf_counter()))

    def parse(self, raw: bytes) -> Post:
        raise BadInput("generated posts are never rejected")


class Stopwatch:
    """Times of stages, and from the collection of a post to the delivery of its alert (implements `turvakt.tally.Listener`)."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.stages: defaultdict[str, float] = defaultdict(float)

    def alert(self, alert: Alert) -> None: ...

    def delivery(self, delivery: Delivery) -> None:
        if delivery.state == "delivered":
            self.seconds.append((delivery.at - delivery.collected_at).total_seconds())

    def taken(self, collector: str, taken: Taken) -> None: ...

    def verdict(self, verdict: Verdict) -> None: ...

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        self.stages[name] += seconds

    def waiting(self, place: str, error: Unavailable) -> None: ...


def measure(*, count: int, per_second: float | None = None, quiet: bool = False) -> dict[str, object]:
    """Run ``count`` posts through a fresh monitor; ``quiet``: only such as raise no alert."""
    with tempfile.TemporaryDirectory() as folder:
        default = Settings()
        rules = Path(folder) / "rules.toml"
        rules.write_text(re.sub(r"(?m)^quiet = .*$", "", default.rules_file.read_text("utf-8")), "utf-8")
        settings = msgspec.structs.replace(
            default,
            data=msgspec.structs.replace(default.data, dir=folder),
            alerts=msgspec.structs.replace(default.alerts, rules=str(rules)),
            retention=msgspec.structs.replace(default.retention, unflagged_days=30.0),  # all are written
        )
        with Parts(settings) as parts:
            parts.store.put_all(read_officials(EXAMPLES / "officials.toml"))
            posts = mixed(matched(parts))
            if quiet:
                judged = parts.classifier.classify([post.text for post in posts])
                posts = [post for post, judgement in zip(posts, judged, strict=True) if not judgement.flagged]
            parts.classifier.classify([post.text for post in posts])  # loaded before the clock starts
            tally, stopwatch = Tally(), Stopwatch()
            collector = Generated(posts, count=count, per_second=per_second)
            monitor = Monitor(parts, observed=Observed(tally, stopwatch), collectors=[collector], once=True)
            started = time.perf_counter()
            asyncio.run(monitor.run())
            seconds = time.perf_counter() - started
            assert tally.all_taken.matched == count
            assert tally.verdicts == count
            # What is due has been delivered; a message that is missing below would be one that came too late.
            assert tally.deliveries["delivered"] == len(stopwatch.seconds)
            assert tally.deliveries.keys() <= {"delivered"}
            started = time.perf_counter()
            texts = [post.text for post in itertools.islice(itertools.cycle(posts), count)]
            for start in range(0, count, 500):
                parts.classifier.classify(texts[start : start + 500])
            alone = time.perf_counter() - started
    latencies = sorted(stopwatch.seconds)
    return {
        "posts": count,
        "posts_per_second": round(count / seconds),
        "classifier_alone_per_second": round(count / alone),
        "ratio_to_classifier_alone": round(alone / seconds, 3),
        "microseconds_per_post": {name: round(1e6 * spent / count) for name, spent in stopwatch.stages.items()},
        "resident_mb": round(memory_bytes("VmRSS") / 1e6),
        "peak_mb": round(memory_bytes("VmHWM") / 1e6),
        "alerts": tally.alerts,
        "alert_p50_seconds": round(statistics.median(latencies), 3) if latencies else -1,
        "alert_p99_seconds": round(latencies[int(len(latencies) * 0.99)], 3) if latencies else -1,
    }


def matched(parts: Parts) -> list[Post]:
    """The posts of the demo that mention an official."""
    jsonl = load_collector("jsonl")(path="-")
    lines = (EXAMPLES / "demo-posts.jsonl").read_bytes().splitlines()
    posts = [jsonl.parse(line) for line in lines]
    mentions = parts.officials.matcher().match(posts, at=parts.clock.now())
    return [post for post, found in zip(posts, mentions, strict=True) if found]


def mixed(posts: list[Post]) -> list[Post]:
    """``posts`` repeated so that ``SHARE`` of them are abusive."""
    truth = map(json.loads, (EXAMPLES / "demo-truth.jsonl").read_text("utf-8").splitlines())
    abusive = {f"jsonl:{each['id']}" for each in truth if each["labels"]}
    bad = itertools.cycle([post for post in posts if post.id in abusive])
    good = itertools.cycle([post for post in posts if post.id not in abusive])
    every = round(1 / SHARE)
    return [next(bad) if number % every == 0 else next(good) for number in range(every * 100)]


def memory_bytes(kind: str) -> int:
    """Memory of this process (Linux): ``VmRSS`` is in use now, ``VmHWM`` was in use at most since it started."""
    found = re.search(rf"(?m)^{kind}:\s+(\d+) kB$", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the run at 500 posts/s takes")
    options = parser.parse_args()
    print(json.dumps({"as fast as it can": measure(count=options.posts)}))
    print(json.dumps({"as fast as it can, no alerts": measure(count=options.posts, quiet=True)}))
    print(json.dumps({"at 500 posts/s": measure(count=int(500 * options.seconds), per_second=500.0)}))


if __name__ == "__main__":
    main()
