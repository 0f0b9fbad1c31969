"""Writes the table in docs/commands.md anew: every command, what it shows, and what it writes into the audit log.

.venv/bin/python -m scripts.list_commands
"""

from collections.abc import Iterator

import typer.main

from turvakt.cli import app
from turvakt.commands.rules import RULES, Rule
from turvakt.settings import ROOT

FILE = ROOT / "docs" / "commands.md"

_BEGIN, _END = "<!-- commands: begin -->\n", "<!-- commands: end -->\n"
_HEAD = """| command | what it does | who can run it | shows | about whom | in the audit log |
| --- | --- | --- | --- | --- | --- |
"""


def commands(group: object = None, path: str = "") -> Iterator[tuple[str, str]]:
    """Every command, as it is called, and the first sentence of its help."""
    for name, each in getattr(group or typer.main.get_command(app), "commands", {}).items():
        called = f"{path} {name}".strip()
        if getattr(each, "commands", None):
            yield from commands(each, called)
        else:
            yield called, " ".join(each.help.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def written(page: str) -> str:
    """The page with the table between its two marks."""
    before, _, rest = page.partition(_BEGIN)
    rows = "".join(_row(called, does, RULES[called]) for called, does in commands())
    return before + _BEGIN + _HEAD + rows + _END + rest.partition(_END)[2]


def _row(called: str, does: str, rule: Rule) -> str:
    reach = "-" if rule.reach == "nothing" else rule.reach
    notes = ", ".join(f"`{each}`" for each in rule.notes) or "-"
    return f"| `{called}` | {does} | {rule.runs} | {rule.shows} | {reach} | {notes} |\n"


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text("utf-8")), "utf-8")
