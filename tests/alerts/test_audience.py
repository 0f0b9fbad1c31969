"""Whom a plan may tell of an official, whatever is posted and whenever."""

from pathlib import Path

import pytest

from alerts.audience import Audience, audience
from alerts.plans.planning import load_plans
from tests.alerts.people import official

CONTACTS = "\n".join(
    f'[[contact]]\nname = "{name}"\nlanguage = "sv"\nchannels = [{{ channel = "outbox", address = "{name}" }}]'
    for name in ("Rut", "Veikko", "Siv", "Chief")
)
DUTY = """
[[schedule]]
name = "duty"
timezone = "Europe/Stockholm"
rotation = ["Rut", "Veikko"]
from = "2026-01-05T08:00"
overrides = [{ contact = "Siv", from = "2026-03-04T08:00", until = "2026-03-05T08:00" }]
"""


@pytest.mark.parametrize(
    ("rules", "names", "own"),
    [
        ('rule = [{ name = "a", severity = "low" }]', (), True),
        ('rule = [{ name = "a", severity = "low", contacts = ["schedule:duty"] }]', ("Rut", "Veikko", "Siv"), False),
        ('rule = [{ name = "a", severity = "low", contacts = ["contact:Rut", "official"] }]', ("Rut",), True),
        (
            'last_resort = ["contact:Chief"]\nrule = [{ name = "a", severity = "low", contacts = ["contact:Rut"] }]',
            ("Rut", "Chief"),
            False,
        ),
        (  # a policy that never asks for the rule's own
            'rule = [{ name = "a", severity = "low", policy = "p" }]\n'
            'policy = [{ name = "p", last_resort = false, step = [{ tell = ["contact:Veikko"] }] }]',
            ("Veikko",),
            False,
        ),
        (  # for somebody else
            'rule = [{ name = "a", severity = "low", contacts = ["contact:Rut"] },\n'
            '{ name = "b", severity = "low", contacts = ["contact:Siv"], municipalities = ["Furuby"] }]',
            ("Rut",),
            False,
        ),
    ],
)
def test_all_whom_rules_policies_and_schedules_name(
    tmp_path: Path, rules: str, names: tuple[str, ...], own: bool
) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(f"{rules}\n{CONTACTS}\n{DUTY}", "utf-8")
    assert audience(load_plans(file).default, official()) == Audience(names, own)


def test_who_gets_digests_is_told_too(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(f'rule = [{{ name = "a", severity = "low" }}]\n{CONTACTS}\ndigests = ["weekly"]\n{DUTY}', "utf-8")
    assert audience(load_plans(file).default, official()) == Audience(("Chief",), True)
