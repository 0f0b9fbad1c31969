"""Every command has a rule that says what it shows and what it writes into the audit log, and the rule holds."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from access.audit_entry import TEXTS
from access.person import Person
from flow.entry import DEAD_LETTERS, DeadLetter
from registry.ledger import Given
from registry.official import Proposed
from review.decision import Decision
from scripts.list_commands import FILE, commands, written
from tests.turvakt.process import OFFICIALS, START, Program, line
from turvakt.commands.rules import RULES
from turvakt.settings import Settings
from turvakt.wiring import Parts

ID = "anna-lindqvist"
MARK = "zqxword"
TEXT = f"Anna Lindqvist, jag vet var du bor. {MARK}"
ACCOUNT = "did:plc:zqx"
DEAD = "posts.dead/0"

SHOWING: dict[str, tuple[str, ...]] = {
    "search": (MARK,),
    "export": ("--official", ID),
    "authors export": ("web", ACCOUNT),
    "dead show": (DEAD,),
    "decisions export": ("--out", "{out}"),
    "backup": ("{out}",),
}
"""Each command that shows texts, so that it does; ``{out}`` is a file."""

CHANGING: dict[str, tuple[str, ...]] = {
    "submit": ("Lena Berg, tack", "--official", "lena-berg"),
    "officials import": ("{officials}",),
    "officials add": (
        *("new-1", "--given", "Nina", "--family", "Ny", "--role", "ledamot", "--municipality", "Ekvik"),
        *("--contact", "Vakt|outbox|vakt@ekvik.example|sv", "--consent-from", "2026-01-01"),
    ),
    "officials confirm": (ID, "form::Ankan", "--reason", "So called in the minutes"),
    "tenants set": ("ekvik", "--name", "Ekviks kommun"),
    "people invite": ("eva@ekvik.example", "--name", "Eva Ek", "--role", "reviewer:ekvik"),
    "people end": ("p-1",),
    "people remove": ("p-1", "--yes"),
    "authors find": ("web", ACCOUNT),
    "authors object": ("web", "nobody", "--reason", "a namesake", "--refuse", "--yes"),
    "authors erase": ("web", "nobody", "--yes"),
    "hold add": ("web:1", "--official", ID, "--reason", "K-1", "--until", "2030-01-31"),
    "hold end": ("1", "--yes"),
    "alerts export": ("web:1",),
    "dead drop": (DEAD, "--yes"),
    "officials withdraw": (ID, "--source", "feed", "--yes"),
    "officials erase-again": ("--withdrawals", "{withdrawals}", "--yes"),
}
"""Each other command that writes into the audit log, in an order in which all can be done."""

FILES = {"officials": "more.toml", "withdrawals": "withdrawals.jsonl.gz"}
"""What some of them read."""

QUIET: dict[str, tuple[str, ...]] = {
    "status": (),
    "check": (),
    "drift": (),
    "shadow": (),
    "officials list": (),
    "officials consent": (ID,),
    "officials names": (),
    "tenants list": (),
    "people list": (),
    "people sessions": ("p-1",),
    "hold list": (),
    "retention show": (),
    "retention run": (),
    "retention reports": (),
    "audit list": (),
    "audit verify": (),
    "alerts explain": ("web:1",),
    "alerts dry-run": ("config/rules.toml",),
    "alerts duty": (),
    "dead list": (),
}
"""Commands that show no text, nor write of it: all that can be run here."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Parts]]:
    """A Turvakt that holds a post with a decision, a dead letter with a text, and a person."""
    program = Program(tmp_path_factory.mktemp("held") / "data")
    program.run("officials", "import", str(OFFICIALS))
    posts = program.folder.parent / "posts.jsonl"
    posts.write_text(line(1, TEXT, author={"id": ACCOUNT}), "utf-8")
    program.run("run", "--once", "--posts", str(posts))
    with Parts(msgspec.convert({"data": {"dir": str(program.folder)}}, Settings)) as parts:
        parts.index.write_decisions([Decision("web:1", "confirmed", "Rut", parts.clock.now())])
        person = Person("p-1", "Rut Ek", "rut@ekvik.example", "sv", ())
        parts.accounts.people.add(person)
        parts.accounts.sessions.open(person, client="Firefox", method="password+totp")
        letter = DeadLetter("posts", "classify", "reason", "place", "web:9", TEXT.encode(), (ID,), START)
        with parts.log.write() as writer:
            writer.append("posts.dead", "web:9", DEAD_LETTERS.encode(letter))
        parts.store.change(replace(parts.store.get(ID), proposed=Proposed(forms=("Ankan",))), given=Given("portal"))
        yield program, parts


def run(program: Program, called: str, arguments: tuple[str, ...], out: Path) -> str:
    """What a command shows, with the file that it writes."""
    given = {name: str(program.folder.parent / file) for name, file in FILES.items()} | {"out": str(out)}
    done = program.finish(*called.split(), *(each.format(**given) for each in arguments))
    assert done.returncode == 0, (called, done.stderr.decode())
    written = out.read_bytes() if out.exists() else b""
    written = gzip.decompress(written) if written.startswith(b"\x1f\x8b") else written
    return (done.stdout + done.stderr + written).decode()


def entries(parts: Parts) -> list[tuple[str, str, str]]:
    found = parts.audit.read(limit=1000)
    assert {each.act.who for each in found} <= {"command", "system"}
    return [(each.act.action, each.act.official, each.act.tenant) for each in reversed(found)]


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    assert [called for called, _ in commands()] == list(RULES)


def test_the_page_says_what_the_rules_say() -> None:
    page = FILE.read_text("utf-8")
    assert written(page) == page, "run: python -m scripts.list_commands"


def test_every_rule_is_tried() -> None:
    assert {called for called, rule in RULES.items() if rule.shows == "texts"} == SHOWING.keys()
    assert {called for called, rule in RULES.items() if rule.notes} == SHOWING.keys() | CHANGING.keys()


@pytest.mark.parametrize("called", SHOWING)
def test_what_shows_texts_writes_it_down(held: tuple[Program, Parts], called: str, tmp_path: Path) -> None:
    (program, parts), rule = held, RULES[called]
    before = len(entries(parts))
    shown = run(program, called, SHOWING[called], tmp_path / "out")
    assert MARK in shown
    new = entries(parts)[before:]
    assert {action for action, _, _ in new} <= TEXTS & set(rule.notes)
    # A backup is of everybody: it names nobody.
    assert {(official, tenant) for _, official, tenant in new} == {("", "") if called == "backup" else (ID, "ekvik")}


@pytest.mark.parametrize("called", QUIET)
def test_what_shows_no_texts_does_not(held: tuple[Program, Parts], called: str, tmp_path: Path) -> None:
    (program, parts), rule = held, RULES[called]
    before = len(entries(parts))
    shown = run(program, called, QUIET[called], tmp_path / "out")
    assert MARK not in shown
    assert ("Lindqvist" in shown or "Rut Ek" in shown) <= (rule.shows == "names")
    assert entries(parts)[before:] == []


def test_what_changes_something_writes_it_down(held: tuple[Program, Parts], tmp_path: Path) -> None:
    program, parts = held
    (program.folder.parent / FILES["officials"]).write_text(
        OFFICIALS.read_text("utf-8").replace('"Ekvikspartiet"', '"Nya partiet"'), "utf-8"
    )
    program.run("backup", "--withdrawals", str(program.folder.parent / FILES["withdrawals"]))
    for called, arguments in CHANGING.items():
        before = len(entries(parts))
        shown = run(program, called, arguments, tmp_path / "out")
        assert MARK not in shown
        new = {action for action, _, _ in entries(parts)[before:]} - {"names-removed"}
        assert new, called
        assert new <= set(RULES[called].notes), called
