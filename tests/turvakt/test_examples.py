"""What is there to be copied works: the settings and the plan of docs/municipality.md, the duty schedule of config/examples."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.plans.plan import Plans
from alerts.plans.planning import load_plans
from alerts.routing import route
from classify.verdict import SEVERITIES, Label, Severity
from flow.clock import ManualClock
from registry.official import Contact
from tests.alerts.people import official, verdict
from tests.turvakt.process import OFFICIALS, ROOT, Program

NIGHT = datetime(2026, 9, 16, 1, 0, tzinfo=UTC)
"""A Wednesday at three in Ekvik; Rut's week."""
TELEPHONE = Contact("Anna", "sms", "+46700000000", "sv")


@pytest.fixture
def municipality(tmp_path: Path) -> Program:
    """A program with the files of the page in place, but for the data folder; the mail server is one that nobody runs."""
    page = (ROOT / "docs" / "municipality.md").read_text("utf-8")
    settings, plan = (
        each.replace("/etc/turvakt", str(tmp_path)) for each in re.findall(r"```toml\n(.*?)```", page, re.S)
    )
    written = {"turvakt.toml": settings, "plan.toml": plan, "email.password": "x", "ping.url": "https://ping.example/x"}
    for name, text in written.items():
        (tmp_path / name).write_text(text, "utf-8")
    program = Program(
        tmp_path / "data",
        TURVAKT_CONFIG=str(tmp_path / "turvakt.toml"),
        TURVAKT_EMAIL_HOST="127.0.0.1",
        TURVAKT_EMAIL_PORT="1",
    )
    program.run("officials", "import", str(OFFICIALS))
    return program


def test_a_municipality_in_twenty_lines(municipality: Program) -> None:
    settings = (municipality.folder.parent / "turvakt.toml").read_text("utf-8")
    assert len(settings.splitlines()) <= 20
    done = municipality.finish("check", "--json")
    found = {each["part"]: each for each in map(json.loads, done.stdout.splitlines())}
    assert [part for part, each in found.items() if not each["ok"]] == ["channels"]
    assert found["rules"]["says"] == "3 rules"
    assert found["operator"]["says"].startswith("1 contact is told of troubles, a watcher outside")
    assert found["collectors"]["says"] == "bluesky"
    assert {each["contact"] for each in municipality.json("alerts", "duty")} == {"Rut Ek", "Veikko Aho"}


@pytest.mark.parametrize("severity", SEVERITIES[1:])
@pytest.mark.parametrize("label", ["threat", "harassment"])
def test_at_night_the_example_wakes_nobody_off_duty(severity: Severity, label: Label) -> None:
    """At each step before the last resort nobody is told at once but who is on duty and the desk, which reads mail."""
    plan = load_plans(ROOT / "config" / "examples" / "duty.toml").default
    anna, judged = official(contacts=(TELEPHONE,)), verdict(severity=severity, labels=(label,))
    alerts = route([judged], plans=Plans(plan), officials=lambda id: anna, clock=ManualClock(NIGHT))
    told = [
        recipient.address
        for alert in alerts
        for step in range(1, len(plan.policy(alert.policy).steps) + 1)
        for recipient in plan.step_recipients(
            plan.policy(alert.policy),
            step,
            official=anna,
            at=NIGHT,
            severity=severity,
            threat=label == "threat",
            rules=alert.rules,
        )
        if recipient.not_before is None
    ]
    waits = label != "threat" and severity in ("low", "medium")
    assert told[:1] == ([] if waits else ["rut.ek@ekvik.example"])
    assert set(told) <= {"rut.ek@ekvik.example", "kansliet@ekvik.example"}
