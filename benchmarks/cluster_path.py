"""The whole way through a cluster, all processes on this machine: ``python -m benchmarks.cluster_path [--posts 5000]``.

Every post mentions one of 500 invented officials, and 3 % are threats; texts are those of the corpus, of which the classifier is
less sure than of everyday ones. First as fast as they go, from the first verdict until the last is in the index and all alerts
have been told; then at half that rate: how long from the collection of a post until its alert has been handed over (channel
``outbox``: a file forced to the disk), by the workers' clocks. Once with the linear model, once with the whole cascade. Memory
is what the kernel says of each process (VmRSS) at the end. Baseline in the same run: the classifier alone in this process.
"""

import argparse
import itertools
import json
import secrets
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from alerts.alert import DELIVERIES
from benchmarks.cluster import resident
from classify.corpus import Example, read
from tests.cluster.sides import Cluster
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import Place
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres, sql
from turvakt.settings import ROOT, load
from turvakt.wiring import Parts

OFFICIALS = 500
EVERY = 33
"""One post in so many is a threat."""
STEPS_A_SECOND = 10
LATE = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=5000, help="for the linear model; the cascade gets a fifth")
    parser.add_argument("--seconds", type=float, default=30.0)
    chosen = parser.parse_args()
    with (
        Kafka() as kafka,
        Postgres() as postgres,
        Elasticsearch() as elasticsearch,
        tempfile.TemporaryDirectory() as folder,
    ):
        for classifier, posts in (("linear", chosen.posts), ("cascade", chosen.posts // 5)):
            cluster = whole(kafka, postgres, elasticsearch, Path(folder), TURVAKT_CLASSIFIER_NAME=classifier)
            measure(cluster, classifier, posts=posts, seconds=chosen.seconds)


def whole(kafka: Kafka, postgres: Postgres, elasticsearch: Elasticsearch, folder: Path, **environment: str) -> Cluster:
    """A cluster of its own in these servers, with tables, topics and indices."""
    name = f"b{secrets.token_hex(4)}"
    sql(postgres.address, f"CREATE DATABASE {name}")
    cluster = Cluster(
        folder / name,
        kafka=Place(kafka.address, f"{name}."),
        postgres=postgres.address.replace("/postgres", f"/{name}"),
        elasticsearch=Place(elasticsearch.address, name),
        **environment,
    )
    cluster.make()
    return cluster


def parts_of(environment: Mapping[str, str]) -> Parts:
    """What the settings in these variables name."""
    return Parts(
        load(file=None, environ={name: each for name, each in environment.items() if name.startswith("TURVAKT_")})
    )


def measure(cluster: Cluster, classifier: str, *, posts: int, seconds: float) -> None:
    officials = cluster.posts.with_name("officials.toml")
    officials.write_text("".join(map(official, range(OFFICIALS))), "utf-8")
    cluster.program.run("officials", "import", str(officials))
    with parts_of(cluster.program.environment) as parts:
        stream = itertools.cycle(material())
        cluster.start()
        try:
            publish(cluster, [next(stream) for _ in range(STEPS_A_SECOND)])  # whatever is loaded late is loaded now
            wait(parts, STEPS_A_SECOND)
            texts = [next(stream) for _ in range(posts)]
            publish(cluster, texts)
            begun = wait(parts, STEPS_A_SECOND + 1, told=False)
            rate = (posts - 1) / (wait(parts, STEPS_A_SECOND + posts) - begun)
            print(
                f"{classifier}: as fast as it can {rate:.0f} posts/s; the classifier alone {alone(parts, texts):.0f}",
                flush=True,
            )
            told = set(delivered(parts))
            steady(cluster, stream, rate=rate / 2, seconds=seconds)
            wait(parts, STEPS_A_SECOND + posts + int(rate / 2 * seconds))
            waits = sorted(took for id, took in delivered(parts).items() if id not in told)
            late = waits[int(LATE * len(waits))]
            print(
                f"{classifier}: at {rate / 2:.0f} posts/s, collected to handed over: "
                f"median {1000 * statistics.median(waits):.0f} ms, p99 {1000 * late:.0f} ms, {len(waits)} messages"
            )
            for command, process in cluster.running.items():
                print(f"{classifier}: {command[-1]:<18}{resident(process.pid):5.0f} MB", flush=True)
        finally:
            cluster.stop()


def official(number: int) -> str:
    """An invented official as the file of officials has her; each has somebody of her own who is told."""
    return f"""
[[official]]
id = "o{number}"
given_names = ["Anna"]
family_names = ["Lindqvist{number}"]
forms = []
language = "sv"
role = "ledamot"
party = "Ekvikspartiet"
municipality = "Ekvik"
country = "SE"
[official.handles]
x = "annalindqvist{number}"
[official.consent]
scope = ["*"]
from = 2026-01-01
until = 2036-01-01
[[official.contacts]]
name = "Beredskap {number}"
channel = "outbox"
address = "vakt{number}@ekvik.example"
language = "sv"
"""


def material() -> list[tuple[str, str]]:
    """Texts and their authors: one in ``EVERY`` a threat, the others lawful, none of them twice."""
    corpus = read(ROOT / "models" / "corpus")
    threats = iter([each for each in corpus if "threat" in each.labels])
    lawful = iter([each for each in corpus if not each.labels])

    def turn(number: int) -> Example:
        return next(threats if number % EVERY == 0 else lawful)

    count = sum(1 for each in corpus if not each.labels)
    return [(each.text, each.author) for each in map(turn, range(count))]


def publish(cluster: Cluster, texts: Sequence[tuple[str, str]]) -> None:
    lines = []
    for text, author in texts:
        id = secrets.token_hex(6)
        post = {
            "source": "x",
            "id": id,
            "text": f"@annalindqvist{secrets.randbelow(OFFICIALS)} {text}",
            "created_at": datetime.now(UTC).isoformat(),
            "author": {"id": author},
        }
        lines.append(json.dumps(post, ensure_ascii=False) + "\n")
    cluster.publish("".join(lines))


def steady(cluster: Cluster, stream: "itertools.cycle[tuple[str, str]]", *, rate: float, seconds: float) -> None:
    """Publish posts at a steady ``rate``."""
    total, published, began = int(rate * seconds), 0, time.perf_counter()
    while published < total:
        due = min(total, int(rate * (time.perf_counter() - began)))
        publish(cluster, [next(stream) for _ in range(due - published)])
        published = due
        time.sleep(1 / STEPS_A_SECOND)


def wait(parts: Parts, posts: int, *, told: bool = True) -> float:
    """Until so many posts have been judged and, if ``told``, nothing waits behind them; returns when that was."""
    while parts.log.lag("verdicts", "benchmark") < posts:
        time.sleep(0.2)
    while told and (any(parts.lags().values()) or parts.outbox.counts().get("waiting")):
        time.sleep(0.2)
    return time.perf_counter()


def delivered(parts: Parts) -> dict[str, float]:
    """Of every message that was handed over: the seconds since its post had been collected."""
    entries = parts.kafka.browse("deliveries", limit=1_000_000)
    found = [DELIVERIES.decode(entry.value) for entry in entries]
    states = Counter(each.state for each in found)
    assert not states["failed"], states
    return {each.id: (each.at - each.collected_at).total_seconds() for each in found if each.state == "delivered"}


def alone(parts: Parts, texts: Sequence[tuple[str, str]]) -> float:
    """Posts per second of the classifier alone, over texts that it has not seen in this process."""
    parts.classifier.classify(["Hej på er allihop, det blir nog bra"])
    began = time.perf_counter()
    for start in range(0, len(texts), 500):
        parts.classifier.classify([text for text, _ in texts[start : start + 500]])
    return len(texts) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
