"""The shipped configurations of Prometheus and Alertmanager as a test can run them: other addresses, and no patience."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.servers.fixtures import or_skipped
from tests.servers.prometheus import Prometheus
from turvakt.settings import ROOT

PROMETHEUS = ROOT / "config" / "prometheus"
ALERTMANAGER = ROOT / "config" / "alertmanager" / "alertmanager.yml"


def said(tool: "Callable[..., subprocess.CompletedProcess[str]]", *arguments: str) -> str:
    """What ``tool`` (`tests.servers.prometheus.promtool`, `amtool`) answers; it must agree."""
    with or_skipped():
        done = tool(*arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


class Insistent(Prometheus):
    """Tells Alertmanager again each second: it may know of it only some seconds after its start."""

    def command(self) -> Sequence[str]:
        return [*super().command(), "--rules.alert.resend-delay=1s"]


def hurried(text: str) -> str:
    """What waits, and alerts about workers, which wait for two minutes: a second."""
    text = re.sub(r"(?m)^(\s*(?:\w+_interval|interval|scrape_timeout|group_wait): )\S+$", r"\g<1>1s", text)
    return text.replace("for: 2m", "for: 1s")


def alertmanager_file(folder: Path, hook: str, *, smtp: int | None = None) -> Path:
    """The shipped configuration with every webhook at the address ``hook`` and e-mail to the port ``smtp`` or to nobody. What
    stands in a file of a secret is the file's name.
    """
    (folder / "turvakt.tmpl").write_text((ALERTMANAGER.parent / "turvakt.tmpl").read_text("utf-8"), "utf-8")
    configuration = yaml.safe_load(hurried(ALERTMANAGER.read_text("utf-8")))
    mail = {"smtp_smarthost": f"127.0.0.1:{smtp}", "smtp_from": "am@example.org", "smtp_require_tls": False}
    configuration["global"] = {"resolve_timeout": "2s", **(mail if smtp else {})}
    for receiver in configuration["receivers"]:
        if smtp is None:
            receiver.pop("email_configs", None)
        for webhook in receiver.setdefault("webhook_configs", [{"url": "", "send_resolved": True}]):
            webhook["url"] = f"{hook}/{receiver['name']}"
            if "http_config" in webhook:
                authorization = webhook["http_config"]["authorization"]
                token = folder / Path(authorization["credentials_file"]).name
                token.write_text(token.name)
                authorization["credentials_file"] = str(token)
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(configuration), "utf-8")
    return file


def prometheus_file(folder: Path, *, targets: Mapping[str, str], alertmanager: str | None = None) -> Path:
    """The shipped configuration and rules; ``targets`` are addresses by service, in place of names."""
    configuration = yaml.safe_load(hurried((PROMETHEUS / "prometheus.yml").read_text("utf-8")))
    for file in configuration["rule_files"]:
        (folder / file).write_text(hurried((PROMETHEUS / file).read_text("utf-8")), "utf-8")
    addresses = [{"targets": [address], "labels": {"service": service}} for service, address in targets.items()]
    configuration["scrape_configs"] = [{"job_name": "turvakt", "static_configs": addresses}]
    known = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    configuration["alerting"]["alertmanagers"] = known
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration), "utf-8")
    return file


def ask(prometheus: str, expression: str) -> list[dict[str, Any]]:
    """The series that an expression gives now."""
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}, timeout=30)
    said = answer.json()
    assert said["status"] == "success", (expression, said)
    series: list[dict[str, Any]] = said["data"]["result"]
    return series


def value(prometheus: str, expression: str) -> float | None:
    """Of an expression that gives one series; ``None`` if it gives none."""
    series = ask(prometheus, expression)
    assert len(series) < 2, expression
    return float(series[0]["value"][1]) if series else None
