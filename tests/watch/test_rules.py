"""The rules of Prometheus: valid, each alert tried both ways, told in three languages, and with a page of what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from tests.servers.prometheus import promtool
from tests.watch.configured import PROMETHEUS, said
from turvakt.cli import app
from turvakt.settings import ROOT
from turvakt.watch.trouble import CRITICAL

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
TESTS = sorted(Path(__file__).parent.glob("*.test.yml"))


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / file).read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.rules.yml")}
RECORDS = {rule["record"]: rule for rule in rules("recording.rules.yml")}
ALERTED = re.compile(r'ALERTS\{alertname=~?"([\w|.*]+)"(?:,alertstate="firing")?\}')


def test_the_configuration_is_valid_with_all_its_rules() -> None:
    told = said(promtool, "check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert f"{len(ALERTS)} rules found" in told
    assert f"{len(RECORDS)} rules found" in told


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_rules_do_what_is_expected_of_them(file: Path) -> None:
    said(promtool, "test", "rules", str(file))


def expectations() -> list[tuple[str, list[dict[str, Any]]]]:
    """Pattern of the alerts' names, and the series expected to fire."""
    found = []
    for file in TESTS:
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for tried in test["promql_expr_test"]:
                asked = ALERTED.fullmatch(tried["expr"])
                if asked:
                    found.append((asked[1], tried.get("exp_samples", [])))
    return found


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_tried_firing_and_not(alert: str) -> None:
    tried = [fired for pattern, fired in expectations() if re.fullmatch(pattern, alert)]
    assert any(tried), "it is expected to fire nowhere"
    if alert != "TurvaktWatchdog":
        assert [] in tried, "it is expected to be silent nowhere"


def alternatives(alert: str, label: str) -> tuple[str, set[str]]:
    """How the alert compares the label, and the values to which it does."""
    found = re.search(rf'{label}(=~|!~)"([^"]*)"', ALERTS[alert]["expr"])
    assert found
    return found[1], set(found[2].split("|"))


def test_what_the_watch_calls_critical_is_critical_here() -> None:
    assert alternatives("TurvaktTroubleCritical", "kind") == ("=~", set(CRITICAL))


@pytest.mark.parametrize(
    ("alert", "label"), [("TurvaktTrouble", "kind"), ("TurvaktPartUnknown", "part"), ("TurvaktWaits", "place")]
)
def test_what_is_not_critical_is_a_warning_and_nothing_is_both(alert: str, label: str) -> None:
    how, values = alternatives(alert, label)
    assert (how, *alternatives(f"{alert}Critical", label)) == ("!~", "=~", values)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_speaks_three_languages_and_names_only_labels_that_it_has(alert: str) -> None:
    rule = ALERTS[alert]
    told = {f"{what}{language}" for what in ("summary", "description") for language in ("", "_sv", "_fi")}
    assert rule["annotations"].keys() == {*told, "runbook_url"}
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    fired = [series["labels"] for pattern, series_ in expectations() if pattern == alert for series in series_]
    labels = set(re.findall(r"(\w+)=", fired[0]))
    for text in rule["annotations"].values():
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= labels
        assert text[0].isupper() or text[0] in "{d"
    same = [re.findall(r"\{\{.*?\}\}", rule["annotations"][f"summary{language}"]) for language in ("", "_sv", "_fi")]
    assert set(same[0]) == set(same[1]) == set(same[2]), "each language tells as much"


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_its_part_of_the_runbook(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook_url"] == f"docs/runbook.md#{alert.lower()}"
    part = RUNBOOK.partition(f"\n## {alert}\n")[2].partition("\n## ")[0]
    assert part
    severity = ALERTS[alert]["labels"]["severity"]
    assert part.lstrip().startswith({"critical": "*Critical.*", "warning": "*Warning.*", "none": "Always"}[severity])


def test_the_runbook_has_no_part_without_alert() -> None:
    assert set(re.findall(r"(?m)^## (\w+)$", RUNBOOK)) == set(ALERTS)
    for anchor in re.findall(r"\]\(#(\w+)\)", RUNBOOK):
        assert anchor in {alert.lower() for alert in ALERTS}


def test_the_runbook_names_real_commands_and_options() -> None:
    named = re.findall(r"`(?:[^`]* )?turvakt ((?:[a-z]+ ?)+[^`]*)`", RUNBOOK)
    assert len(named) > 10
    for line in named:
        command: Any = typer.main.get_command(app)
        for word in line.split():
            if word not in getattr(command, "commands", {}):
                break
            command = command.commands[word]
        assert not getattr(command, "commands", None), line
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= options, line


def test_rules_ask_for_metrics_that_exist() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.M))
    there = {"up", *RECORDS}
    for name, kind in rows.items():
        there |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    for rule in (*ALERTS.values(), *RECORDS.values()):
        for name in re.findall(r"\b(?:\w+:)?turvakt[\w:]*", re.sub(r'"[^"]*"', "", rule["expr"])):
            assert name in there, name
