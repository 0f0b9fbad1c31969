"""Who is told of what: the shipped configuration, and a target that dies under real servers."""

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import yaml

from tests.alerts.servers import SmtpServer
from tests.servers.process import free_port
from tests.servers.prometheus import Alertmanager, amtool
from tests.turvakt.process import until
from tests.watch.configured import ALERTMANAGER, PROMETHEUS, Insistent, alertmanager_file, prometheus_file, said, value
from tests.watch.hook import hook
from turvakt.metrics import Metrics


def test_the_configuration_is_valid() -> None:
    told = said(amtool, "check-config", str(ALERTMANAGER))
    assert "3 receivers" in told
    assert "1 templates" in told


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=TurvaktThreatNotDelivered", "severity=critical", "kind=threat"), "duty"),
        (("alertname=TurvaktWorkerGone", "severity=critical", "worker=classify"), "duty"),
        (("alertname=TurvaktDrift", "severity=warning", "label=threat", "language=sv"), "operators"),
        (("alertname=KafkaOfflinePartitions",), "operators"),
        (("alertname=TurvaktWatchdog", "severity=none"), "heartbeat"),
    ],
)
def test_each_alert_has_its_receiver(labels: tuple[str, ...], receiver: str) -> None:
    said(amtool, "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"--verify.receivers={receiver}", *labels)


def test_no_secret_is_in_it() -> None:
    text = ALERTMANAGER.read_text("utf-8")
    for key in re.findall(r"(?m)^\s*(\w*(?:password|credentials|token|secret|key)\w*):", text):
        assert key.endswith("_file"), key


def test_each_service_outside_gets_a_secret_of_its_own_and_over_tls() -> None:
    receivers = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["receivers"]
    webhooks = [webhook for receiver in receivers for webhook in receiver.get("webhook_configs", [])]
    assert len(webhooks) == 2
    assert all(webhook["url"].startswith("https://") for webhook in webhooks)
    files = {webhook["http_config"]["authorization"]["credentials_file"] for webhook in webhooks}
    assert len(files) == len(webhooks)


class Target:
    """A process of Turvakt as far as Prometheus sees it: real metrics at an address."""

    def __init__(self, metrics: Metrics) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = metrics.exposition()
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4; charset=utf-8")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def die(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_a_process_that_dies_reaches_whoever_is_on_duty(start_server: Callable[[Any], Any], tmp_path: Path) -> None:
    with hook() as told, ExitStack() as stack:
        target = Target(Metrics(worker="classify", stages=["classify"]))
        stack.callback(target.die)
        alertmanager = start_server(Alertmanager(alertmanager_file(tmp_path, told.address)))
        targets = {"classify": target.address, "route": f"127.0.0.1:{free_port()}"}
        address = alertmanager.address.removeprefix("http://")
        prometheus = start_server(Insistent(prometheus_file(tmp_path, targets=targets, alertmanager=address)))
        until(lambda: bool(told.alerts("/heartbeat")))
        until(lambda: value(prometheus.address, 'up{service="classify"}') == 1)
        assert not told.alerts("/duty")

        stack.pop_all().close()
        until(lambda: bool(told.alerts("/duty")))
        (alert, *_) = told.alerts("/duty")
        assert alert["labels"] == {"alertname": "TurvaktWorkerGone", "severity": "critical", "worker": "classify"}
        assert alert["annotations"]["summary"] == "No worker classify runs any more"
        assert alert["annotations"]["summary_sv"] == "Ingen arbetsprocess classify är igång längre"
        assert alert["annotations"]["summary_fi"] == "Yhtään classify-työprosessia ei ole enää käynnissä"
        shown = {(path, authorisation) for path, authorisation, _ in told.calls if path in ("/duty", "/heartbeat")}
        assert shown == {
            ("/duty", "Bearer alertmanager_pager_token"),
            ("/heartbeat", "Bearer alertmanager_heartbeat_token"),
        }
        # The warning about one process says less than that none is left: it may come before, and is held back from then on.
        # One of another kind is told of all the same.
        until(lambda: held_back(alertmanager.address) == {("TurvaktWorkerDown", "classify")})
        until(lambda: any(each["labels"].get("worker") == "route" for each in told.alerts("/operators")))


async def test_the_mail_tells_in_three_languages_what_to_do(start_server: Callable[[Any], Any], tmp_path: Path) -> None:
    with hook() as told:
        async with SmtpServer() as smtp:
            file = alertmanager_file(tmp_path, told.address, smtp=smtp.port)
            alertmanager = await asyncio.to_thread(start_server, Alertmanager(file))
            rules = yaml.safe_load((PROMETHEUS / "alerts.rules.yml").read_text("utf-8"))["groups"][0]["rules"]
            raised = [
                {"labels": {"alertname": rule["alert"], **rule["labels"]}, "annotations": rule["annotations"]}
                for rule in rules
            ]
            async with httpx.AsyncClient(base_url=alertmanager.address) as client:
                (await client.post("/api/v2/alerts", json=raised)).raise_for_status()
            async with asyncio.timeout(60):
                while len(smtp.mails) < 3:
                    await asyncio.sleep(0.05)
    addressed = {address for _, addresses in smtp.envelopes for address in addresses}
    assert addressed == {"duty@example.org", "operators@example.org"}
    failed = next(mail for mail in smtp.mails if "failed for good" in str(mail["subject"]))
    assert str(failed["subject"]).startswith("[firing] Deliveries by")
    body = failed.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    annotations = next(rule["annotations"] for rule in rules if rule["alert"] == "TurvaktDeliveryFailed")
    for told_so in annotations.values():
        assert told_so in text
    assert "critical firing: TurvaktDeliveryFailed, since 2" in text


def held_back(alertmanager: str) -> set[tuple[str, str]]:
    query = {"inhibited": "true", "active": "false", "silenced": "false", "unprocessed": "false"}
    found = httpx.get(f"{alertmanager}/api/v2/alerts", params=query).json()
    labels = [alert["labels"] for alert in found if alert["status"]["inhibitedBy"]]
    return {(each["alertname"], each.get("worker", "")) for each in labels}
