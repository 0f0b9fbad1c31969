"""The build fails when something that a user meets is not described."""

import re
import sys
from pathlib import Path

import pytest
import typer.main

from alerts.channels import CHANNELS
from ingest.collectors import COLLECTORS
from turvakt.cli import app
from turvakt.metrics import Metrics
from turvakt.schema import NEWEST
from turvakt.settings import ROOT, Settings

DOCS = ROOT / "docs"


def test_every_metric_is_described_and_no_other() -> None:
    """With its type and its labels; those of the process come from the system and have none."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]+) \|", (DOCS / "metrics.md").read_text("utf-8"), re.M)
    described = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    there: dict[str, tuple[str, tuple[str, ...]]] = {}
    for collector in Metrics().registry._collector_to_names:
        for family in collector.collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            there[name] = (family.type, tuple(getattr(collector, "_labelnames", getattr(family, "_labelnames", ()))))
    if sys.platform != "linux":
        described = {name: told for name, told in described.items() if not name.startswith("turvakt_process_")}
    assert described == there


def test_the_changelog_names_the_version_of_the_tables() -> None:
    unreleased = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert re.findall(r"The table version is (\d+)", unreleased) == [NEWEST]


@pytest.mark.parametrize("collector", sorted(COLLECTORS))
def test_every_collector_has_a_page(collector: str) -> None:
    assert (DOCS / "sources" / f"{collector}.md").read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("collector", sorted(set(COLLECTORS) & set(Settings.__struct_fields__)))
def test_its_page_names_every_setting_and_no_other(collector: str) -> None:
    """With the default, where there is one."""
    page = (DOCS / "sources" / f"{collector}.md").read_text("utf-8")
    table = page.partition("## Settings")[2].partition("\n## ")[0]
    assert f"`[{collector}]`" in table
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([^|`]+)`? \|", table, re.M)
    section = getattr(Settings(), collector)
    defaults = {key: getattr(section, key) for key in section.__struct_fields__}
    shown = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in defaults.items()}
    assert dict(rows) == {key: shown[key] if value not in ("", []) else "none" for key, value in defaults.items()}


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_every_channel_is_described(channel: str) -> None:
    assert f"| `{channel}` |" in (DOCS / "channels.md").read_text("utf-8")


def commands(command: object, path: str = "turvakt") -> list[tuple[str, object]]:
    inner = getattr(command, "commands", {})
    return [(path, command)] + [pair for name, each in inner.items() for pair in commands(each, f"{path} {name}")]


@pytest.mark.parametrize(("path", "command"), commands(typer.main.get_command(app)))
def test_every_command_and_option_teaches(path: str, command: object) -> None:
    assert getattr(command, "help", None), path
    for parameter in getattr(command, "params", []):
        assert getattr(parameter, "help", None), f"{path} {parameter.name}"


def links(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")) if "://" not in link]


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for link in links(page):
        assert (page.parent / link).exists(), link


def test_the_readme_leads_to_every_page() -> None:
    assert {f"docs/{page.relative_to(DOCS)}" for page in DOCS.glob("*.md")} <= set(links(ROOT / "README.md"))


def test_decisions_are_all_listed() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text("utf-8")
    for page in (DOCS / "decisions").glob("0*.md"):
        assert page.name in listed
