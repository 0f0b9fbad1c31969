"""What the number of officials costs a cluster: ``python -m benchmarks.growth [--officials 100 5000 50000]``.

Invented officials (those of ``benchmarks.mentions``, each with somebody who is told), each number in a cluster and a process of
its own: importing them; reading them and making the matcher when a process starts, and what that process then holds (VmRSS);
matching posts of which 2 % name one of them; how long the next batch waits after another contact or another role of one official;
how long a whole withdrawal takes with nothing held but herself. Each number is to be compared with the smallest one of a run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.cluster import resident
from benchmarks.cluster_path import parts_of, whole
from benchmarks.mentions import officials, posts
from registry.ledger import Given
from registry.official import Contact, Official
from tests.cluster.sides import Cluster
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres
from turvakt.wiring import Parts

POSTS = 20_000
BATCH = 500
CHANGES = 5
CONTACT = Contact("Beredskap", "outbox", "vakt@ekvik.example", "sv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--officials", type=int, nargs="+", default=[100, 5_000, 50_000])
    parser.add_argument(
        "--here",
        action="store_true",
        help="be the process that measures the one number, in the cluster of the environment",
    )
    chosen = parser.parse_args()
    if chosen.here:
        measure()
        return
    titles = ("import", "start", "posts/s", "contact", "role", "withdrawal", "MB")
    print(f"{'officials':>10}" + "".join(f"{title:>12}" for title in titles) + "   (times in seconds)")
    with (
        Kafka() as kafka,
        Postgres() as postgres,
        Elasticsearch() as elasticsearch,
        tempfile.TemporaryDirectory() as folder,
    ):
        for number in chosen.officials:
            cluster = whole(kafka, postgres, elasticsearch, Path(folder))
            imported = bring(cluster, number)
            command = [sys.executable, "-m", "benchmarks.growth", "--here"]
            print(f"{number:>10}{imported:12.1f}", end="", flush=True)
            subprocess.run(command, check=True, env=cluster.program.environment)


def bring(cluster: Cluster, number: int) -> float:
    """Import officials; returns the seconds that it took."""
    everybody = [replace(each, contacts=(CONTACT,)) for each in officials(number, seed=1)]
    with parts_of(cluster.program.environment) as parts:
        return seconds(lambda: parts.store.put_all(everybody))


def measure() -> None:
    """Measure in this process, which has read the officials as any process does, and print the rest of the row."""
    with parts_of(os.environ) as parts:
        started = seconds(parts.officials.matcher)
        held = resident(os.getpid())
        everybody = parts.officials.all()
        stream = posts(POSTS, everybody, seed=2)

        def match() -> None:
            for start in range(0, POSTS, BATCH):
                parts.officials.matcher().match(stream[start : start + BATCH], at=parts.clock.now())

        match()
        rate = POSTS / seconds(match)
        wishes = [replace(each, contacts=(replace(CONTACT, name="Säkerhet"),)) for each in everybody[:CHANGES]]
        names = [replace(each, role="ordförande") for each in everybody[CHANGES : 2 * CHANGES]]
        contact, role = (statistics.median(changed(parts, each) for each in some) for some in (wishes, names))
        gone = seconds(lambda: parts.erasure.withdraw(everybody[-1].id))
        row = f"{started:12.2f}{rate:12.0f}{contact:12.3f}{role:12.3f}{gone:12.1f}"
        print(f"{row}{held:12.0f}")


def changed(parts: Parts, official: Official) -> float:
    """Change one official; returns the seconds that the next batch waits."""
    parts.store.change(official, given=Given("command"))
    return seconds(parts.officials.matcher)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
