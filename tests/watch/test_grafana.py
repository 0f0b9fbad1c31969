"""The dashboard: made of its panels, and each expression of it gives something over a real Prometheus and a real Turvakt."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.cluster.sides import PATIENCE
from tests.servers.process import free_port
from tests.servers.prometheus import Prometheus
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, Program, until
from tests.watch.configured import ask, prometheus_file, value
from turvakt.settings import ROOT

DASHBOARD = json.loads((ROOT / "config" / "grafana" / "turvakt.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
OF_DAYS = {"language_label:turvakt_probability:distance"}
"""They compare with the week before, and have nothing to say on the first day."""


def without_data(prometheus: str) -> list[str]:
    """The expressions of the dashboard that give nothing."""
    asked = {each: each.replace("$__rate_interval", "1m") for each in EXPRESSIONS}
    return [each for each, expression in asked.items() if each not in OF_DAYS and not ask(prometheus, expression)]


def test_it_is_made_of_its_panels() -> None:
    script = ROOT / "scripts" / "make_dashboard.py"
    made = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "config" / "grafana" / "turvakt.json").read_text("utf-8"), script.__doc__


def test_panels_lie_beside_each_other_and_say_what_they_show() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) is panel["title"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"].endswith(".") for panel in PANELS)


def test_each_expression_gives_something(start_server: Callable[[Any], Any], tmp_path: Path) -> None:
    port = free_port()
    program = Program(tmp_path / "data", TURVAKT_METRICS_PORT=str(port))
    program.run("officials", "import", str(OFFICIALS))
    running = program.start("run", "--posts", str(DEMO_POSTS))
    try:
        targets = {"run": f"127.0.0.1:{port}"}
        prometheus = start_server(Prometheus(prometheus_file(tmp_path, targets=targets))).address
        delivered = 'sum(turvakt_deliveries_total{state="delivered"})'
        until(lambda: (value(prometheus, delivered) or 0) > 10, seconds=PATIENCE)
        until(lambda: without_data(prometheus) == [], seconds=PATIENCE)
        # By whatever name it is reached: the console knows its own alone.
        for path in ("healthz", "readyz", "metrics"):
            assert httpx.get(f"http://{targets['run']}/{path}", headers={"host": "172.18.0.5:9464"}).status_code == 200
    finally:
        running.terminate()
        running.communicate(timeout=20)
