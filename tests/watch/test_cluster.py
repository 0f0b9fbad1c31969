"""A cluster under Prometheus: its workers tell what the one process tells, and a post's trace goes through all of them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.cluster.sides import PATIENCE, Cluster
from tests.servers.fixtures import Place
from tests.servers.process import free_port
from tests.servers.prometheus import Prometheus
from tests.turvakt.process import DEMO_POSTS, line, until
from tests.turvakt.receiver import receiver
from tests.watch.configured import ask, prometheus_file
from tests.watch.test_grafana import without_data
from turvakt.metrics import Metrics
from turvakt.tracing import trace_id

THREAT = "Anna Lindqvist, jag ska döda dig"  # abusive test material


class Watched(Cluster):
    """Each of its processes, among them the console, shows its metrics at a port of its own."""

    commands = (*Cluster.commands, ("work", "console"))

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, **given)
        self.ports = {command[-1]: free_port() for command in self.commands}

    def start_one(self, command: tuple[str, ...]) -> None:
        common = self.program
        self.program = common.besides(TURVAKT_METRICS_PORT=str(self.ports[command[-1]]))
        super().start_one(command)
        self.program = common

    @property
    def targets(self) -> dict[str, str]:
        return {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}


def metrics_of(address: str) -> set[str]:
    """The names that have a value at this address."""
    text = httpx.get(f"http://{address}/metrics", timeout=20).text
    return {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in re.findall(r"(?m)^(turvakt_\w+)", text)}


def test_workers_tell_together_what_one_process_tells(
    start_server: Callable[[Any], Any], kafka: Place, postgres: str, elasticsearch: Place, tmp_path: Path
) -> None:
    with receiver() as received:
        servers = {"kafka": kafka, "postgres": postgres, "elasticsearch": elasticsearch}
        cluster = Watched(
            tmp_path / "cluster",
            **servers,
            TURVAKT_TRACING_ENDPOINT=received.address,
            TURVAKT_CLASSIFIER_SHADOW="patterns",
        )
        cluster.prepare()
        cluster.start()
        try:
            prometheus = start_server(Prometheus(prometheus_file(tmp_path, targets=cluster.targets))).address
            until(lambda: len(ask(prometheus, 'up{job="turvakt"} == 1')) == len(cluster.ports), seconds=PATIENCE)
            cluster.feed(DEMO_POSTS.read_text("utf-8") + line(1, THREAT))
            until(lambda: without_data(prometheus) == [], seconds=60)
            # Nobody who is to be told waits for the index: there the candidate judges.
            until(lambda: bool(ask(prometheus, 'turvakt_shadow_alerts_total{change="kept"} > 0')), seconds=PATIENCE)
            for address in cluster.targets.values():
                for path in ("healthz", "readyz"):
                    answer = httpx.get(f"http://{address}/{path}", timeout=20)
                    assert (answer.status_code, answer.text) == (200, "ok\n")
            told = {name: metrics_of(address) for name, address in cluster.targets.items()}
            answering = {series["metric"]["worker"] for series in ask(prometheus, "turvakt_build_info")}
            assert answering == set(cluster.ports)
            assert ask(prometheus, 'ALERTS{alertstate="firing",severity="critical"}') == []
        finally:
            cluster.stop()

    described = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in Metrics().registry.collect()
    }
    missing = described - set().union(*told.values())
    # Nothing failed, waited or was asked of a remote model, nobody looked at a page, and messages go into files, which have no
    # circuit breaker.
    assert missing <= {
        "turvakt_breaker_open",
        "turvakt_console_seconds",
        "turvakt_remote_posts_total",
        "turvakt_waits_total",
    }
    assert [name for name, names in told.items() if "turvakt_shadow_posts_total" in names] == ["index-verdicts"]
    assert "turvakt_stage_lag" in told["route"]
    assert "turvakt_outbox_deliveries" in told["dispatch"]
    assert "turvakt_erasures_pending" in told["house"]

    spans = [span for span in received.spans if span.trace == trace_id("web:1").to_bytes(16).hex()]
    (root,) = (span for span in spans if not span.parent)
    assert (root.name, root.worker) == ("collect", "classify")
    assert {span.parent for span in spans} == {"", root.id}
    assert {(span.name, span.worker) for span in spans} >= {
        ("classify", "classify"),
        ("route", "route"),
        ("deliver", "deliver"),
        ("index-verdicts", "index-verdicts"),
        ("index-alerts", "index-alerts"),
        ("delivery", "index-deliveries"),
    }
