"""turvakt alerts explain, dry-run, duty, and what 'turvakt check' says of plans. Contains abusive test material."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from alerts.alert import Occasion, Recipient
from alerts.channel import Channel, Later
from alerts.delivery.limits import receiver_of
from alerts.delivery.standing import Why
from alerts.messages.message import Message
from alerts.messages.words import REFERENCE_LETTERS
from tests.alerts.people import AT, verdict
from tests.alerts.servers import HookServer
from tests.turvakt.process import OFFICIALS, START, Program, line
from turvakt.commands.testing import send
from turvakt.commands.words import Words
from turvakt.settings import load
from turvakt.watch.beats import Beat, Beats
from turvakt.watch.channels import place_of
from turvakt.watch.trying import of_one_try
from turvakt.wiring import Parts

SIGNED = {"TURVAKT_WEBHOOK_SECRET": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
TEXT = "Anna Lindqvist, jag ska döda dig. zqxword"
PLAN = """
[[rule]]
name = "nights"
severity = "low"
labels = ["threat"]
policy = "duty"

[[contact]]
name = "Rut Ek"
language = "sv"
channels = [{ channel = "outbox", address = "rut@ekvik.example" }, { channel = "email", address = "rut@ekvik.example" }]

[[schedule]]
name = "jour"
timezone = "Europe/Stockholm"
rotation = ["Rut Ek"]
every = "1 week"
from = "2026-03-02T08:00"

[[policy]]
name = "duty"
[[policy.step]]
tell = ["schedule:jour"]
wait = "5 min"
[[policy.step]]
tell = ["official"]
channels = "all"
"""


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A program that holds a threat, one just like it, and a post that nothing was found in."""
    program = Program(tmp_path_factory.mktemp("flagged") / "data")
    program.run("officials", "import", str(OFFICIALS))
    posts = program.folder.parent / "posts.jsonl"
    posts.write_text(line(1, TEXT) + line(2, "Tack Anna Lindqvist för bron") + line(3, f"{TEXT}!"), "utf-8")
    program.run("run", "--once", "--posts", str(posts))
    return program


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    return file


@pytest.mark.parametrize(
    ("language", "matches", "differs", "joined"),
    [
        (
            "en",
            "✓ threat: matches. Policy urgent",
            "– private-data: does not match: label.",
            " (new alert), by rule threat",
        ),
        (
            "sv",
            "✓ threat: passar. Larmkedja urgent",
            "– private-data: passar inte: kategori.",
            " (nytt larm), enligt regeln threat",
        ),
        (
            "fi",
            "✓ threat: täsmää. Hälytyskaava urgent",
            "– private-data: ei täsmää: luokka.",
            " (uusi hälytys), säännöllä threat",
        ),
    ],
)
def test_explain_says_what_each_rule_does_in_each_language(
    flagged: Program, language: str, matches: str, differs: str, joined: str
) -> None:
    shown = flagged.run("alerts", "explain", "web:1", "--language", language)
    assert matches in shown
    assert differs in shown
    of_incident = [
        each for each in shown.splitlines() if each.strip().startswith(("incident ", "händelse ", "tapaus "))
    ]
    assert len(of_incident) == 1
    # One that joined what people knew already says who was told of that, and by which rule.
    shown += flagged.run("alerts", "explain", "web:3", "--language", language)
    told = [each for each in shown.splitlines() if "Beredskap Ekvik: outbox, " in each]
    assert [each.endswith(joined) for each in told] == [True, True]
    assert "zqxword" not in shown
    assert "@" not in shown


def test_a_second_rule_joins_no_incident_that_was_open_already_when_both_match_its_first_post(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    desks = [f'{{ name = "{name}", channel = "outbox", address = "{name}", language = "sv" }}' for name in ("A", "B")]
    rules.write_text(
        "".join(
            f'[[rule]]\nname = "of-{number}"\nseverity = "low"\ncontacts = [{desk}]\n'
            for number, desk in enumerate(desks)
        )
    )
    program = Program(tmp_path / "data", TURVAKT_ALERTS_RULES=str(rules))
    program.run("officials", "import", str(OFFICIALS))
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, TEXT) + line(2, f"{TEXT}!"), "utf-8")
    program.run("run", "--once", "--posts", str(posts))
    shown = [program.run("alerts", "explain", f"web:{number}") for number in (1, 2)]
    said = [(each.count("opened incident"), each.count("which was open already")) for each in shown]
    assert said == [(2, 0), (0, 2)]


def test_each_occasion_has_words() -> None:
    for occasion in (*get_args(Occasion), "campaign", "operation", "drill", "task-overdue"):
        assert Words("fi").name("occasion", occasion) != occasion


def test_each_reason_why_nobody_was_told_has_words() -> None:
    for why in get_args(Why):
        assert why == "joined" or Words("fi").of(f"untold.{why}", moment=AT, names="")


def test_explain_takes_the_id_of_an_alert_and_tells_other_programs(flagged: Program) -> None:
    (told,) = flagged.json("alerts", "explain", "web:1")
    assert told["explained"]["silent"] is None
    (alert, *_) = told["alerts"]
    assert told["incidents"][alert["id"]]["posts"] == 2
    assert flagged.json("alerts", "explain", alert["id"]) == [told]
    (messages,) = told["messages"].values()
    assert [each["occasion"] for each in messages] == ["raised"]
    reference = told["incidents"][alert["id"]]["id"][:REFERENCE_LETTERS]
    assert flagged.json("alerts", "explain", reference) == [told]
    assert {each["alert"] for each in told["deliveries"]} <= {each["id"] for each in told["alerts"]}


def test_explain_of_what_is_not_there(flagged: Program) -> None:
    assert flagged.finish("alerts", "explain", "web:99").returncode == 2
    assert flagged.finish("alerts", "explain", "web:1", "--language", "de").returncode == 2


def test_explain_shows_steps_and_who_is_on_duty(flagged: Program, plan: Path) -> None:
    shown = flagged.besides(TURVAKT_ALERTS_RULES=str(plan)).run("alerts", "explain", "web:1", "--now")
    assert "Rut Ek: outbox, then email if that fails; left out: no consent allows it" in shown or (
        "Rut Ek: outbox; allowed by consent 1" in shown
    )
    assert "2. 5 min later, if nobody answers:" in shown
    assert "last resort:\n       whoever looks after Turvakt" in shown


def test_a_dry_run_compares_rules_and_sends_nothing(flagged: Program, plan: Path, tmp_path: Path) -> None:
    before = flagged.json("status")
    (same,) = flagged.json("alerts", "dry-run", "config/rules.toml")
    assert same["posts"] == 2
    assert same["today"] == same["changed"]
    assert (same["lost"], same["won"]) == ([], [])
    nothing = tmp_path / "nothing.toml"
    nothing.write_text('[[rule]]\nname = "none"\nseverity = "critical"\nlabels = ["influence"]\n', "utf-8")
    (told,) = flagged.json("alerts", "dry-run", str(nothing), "--tenant", "ekvik")
    assert (told["changed"]["total"], told["threats"], len(told["lost"])) == (0, 2, 2)
    shown = flagged.run("alerts", "dry-run", str(nothing), "--language", "sv")
    assert "2 larm skulle inte längre nå någon, varav 2 om hot:" in shown
    assert told["lost"][0] in shown
    assert ("kritisk" in shown, "critical" in shown) == (True, False)
    assert "nytt larm" in shown
    assert "(svensk tid)" in shown
    missing = flagged.finish("alerts", "dry-run", str(tmp_path / "missing.toml"))
    assert (missing.returncode, b"does not exist" in missing.stderr, b"alerts.rules" in missing.stderr) == (
        2,
        True,
        False,
    )
    assert flagged.json("alerts", "dry-run", str(nothing), "--tenant", "elsewhere")[0]["today"]["total"] == 0
    assert flagged.json("status")[0]["index"] == before[0]["index"]


def test_a_dry_run_leaves_out_what_is_older_than_the_days(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    with Parts(load(file=None, environ={"TURVAKT_DATA_DIR": str(program.folder)})) as parts:
        now = parts.clock.now()
        judged = [(verdict(f"web:{days}", labels=("threat",)), now - timedelta(days=days)) for days in (29, 31)]
        parts.index.write_verdicts([replace(each, judged_at=at) for each, at in judged])
    (month,) = program.json("alerts", "dry-run", "config/rules.toml")
    (more,) = program.json("alerts", "dry-run", "config/rules.toml", "--days", "32")
    assert (month["posts"], more["posts"]) == (1, 2)


def test_a_dry_run_tells_every_mistake(flagged: Program, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[[rule]]\nname = "a"\nseverity = "loud"\nlabels = ["x"]\n', "utf-8")
    done = flagged.finish("alerts", "dry-run", str(file))
    assert done.returncode == 4
    assert b"key 'severity'" in done.stderr
    assert b"key 'labels[0]'" in done.stderr


def test_duty_tells_who_is_on_duty_when(flagged: Program, plan: Path) -> None:
    program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan))
    (first, *rest) = program.json("alerts", "duty", "--days", "14")
    assert (first["schedule"], first["contact"], len(rest)) == ("jour", "Rut Ek", 2)
    assert all(each["since"].endswith(("T07:00:00Z", "T06:00:00Z")) for each in rest)
    assert "08:00" in program.run("alerts", "duty", "--language", "fi")
    assert "There is no schedule." in flagged.finish("alerts", "duty").stderr.decode()


def test_check_shows_every_mistake_and_every_gap(flagged: Program, plan: Path) -> None:
    program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan))
    rules = {each["part"]: each for each in map(json.loads, program.finish("check", "--json").stdout.splitlines())}
    assert "contact number 1 (Rut Ek): the channel email is not set up" in rules["rules"]["says"]
    plan.write_text(PLAN.replace('"outbox"', '"email"').replace('wait = "5 min"', 'wait = "soon"\nretry = 3'), "utf-8")
    rules = {each["part"]: each for each in map(json.loads, program.finish("check", "--json").stdout.splitlines())}
    assert not rules["rules"]["ok"]
    assert "unknown key `retry`" in rules["rules"]["says"]
    assert "key 'wait'" in rules["rules"]["says"]
    assert "of those whom the rules name" not in rules["contacts"]["says"]


def test_a_contact_is_tried_by_each_of_its_channels(flagged: Program, plan: Path) -> None:
    program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan))
    shown = program.run("alerts", "test", "Rut Ek", "--language", "sv", code=1)
    assert "mottaget" in shown
    assert "togs inte emot just nu" in shown
    assert "rut@ekvik.example" not in shown
    (taken,) = program.json("alerts", "test", "Rut Ek", "--channel", "outbox")
    assert (taken["channel"], taken["address"], taken["outcome"]) == ("outbox", "ru…le", "taken")
    assert "ingen kontakt heter så" in program.finish("alerts", "test", "Nobody", "--language", "sv").stderr.decode()


class Odd(Channel):
    """Fails as no channel should."""

    name = "sms"

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        raise KeyError(recipient.address)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_channel_that_fails_oddly_keeps_no_other_from_being_tried(parts: Parts) -> None:
    parts.channels = {"sms": Odd(), "outbox": parts.files}
    ways = [Recipient("Rut Ek", channel, "rut@ekvik.example", "sv", show_text=False) for channel in ("sms", "outbox")]
    results = await send(parts, ways, "")
    assert [(channel, outcome, why) for channel, _, outcome, why, _ in results] == [
        ("sms", "later", "unexpected KeyError"),
        ("outbox", "taken", ""),
    ]


def test_contacts_of_the_operator_and_of_a_rule_are_tried_too(flagged: Program, plan: Path) -> None:
    itself = 'contacts = [{ name = "Kim", channel = "outbox", address = "kim@ekvik.example", language = "fi" }]'
    plan.write_text(PLAN.replace('labels = ["threat"]', f'labels = ["threat"]\n{itself}'), "utf-8")
    operator = '[{"name": "On call", "channel": "outbox", "address": "ops@ekvik.example", "language": "fi"}]'
    program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan), TURVAKT_OPERATOR_CONTACTS=operator)
    for name in ("Kim", "On call"):
        assert [each["outcome"] for each in program.json("alerts", "test", name)] == ["taken"]


def add_contact(plan: Path, address: str) -> None:
    way = f'{{ channel = "webhook", address = "{address}" }}'
    plan.write_text(f'{PLAN}\n[[contact]]\nname = "Hook"\nlanguage = "sv"\nchannels = [{way}]\n', "utf-8")


def test_check_says_whose_web_address_is_malformed(flagged: Program, plan: Path) -> None:
    add_contact(plan, "https://[hook.example/1")
    program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan), **SIGNED)
    checked = {each["part"]: each for each in map(json.loads, program.finish("check", "--json").stdout.splitlines())}
    says = checked["rules"]["says"]
    place = "contact number 2, key 'channels[0]'"
    assert f"{place}: key 'address': the address is no https address, channel webhook. Mend the contact (Hook)" in says
    assert "channels" in checked


async def test_a_single_try_does_not_promise_another_one(flagged: Program, plan: Path) -> None:
    async with HookServer() as hook:
        add_contact(plan, hook.url(503))
        program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan), **SIGNED)
        done = await asyncio.to_thread(program.finish, "alerts", "test", "Hook", "--json")
    (told,) = map(json.loads, done.stdout.splitlines())
    assert (told["outcome"], "503" in told["why"], "tried again" in told["why"]) == ("later", True, False)
    gone = Later("is full", seconds=1, place="channel x", remedy="Buy more")
    assert of_one_try(gone) == "channel x: is full. Buy more"


async def test_a_channel_that_took_a_test_is_seen_to_work(flagged: Program, plan: Path) -> None:
    async with HookServer() as hook:
        add_contact(plan, hook.url(204))
        program = flagged.besides(TURVAKT_ALERTS_RULES=str(plan), **SIGNED)
        place = place_of("webhook", receiver_of(hook.url(204)))
        with Parts(load(file=None, environ={"TURVAKT_DATA_DIR": str(flagged.folder)})) as parts:
            beats = Beats(parts.database)
            beats.write([Beat(place, START, None, START, "no answer")], {})
            checked = await asyncio.to_thread(program.finish, "check", "--json")
            assert "has failed since" in checked.stdout.decode()
            await asyncio.to_thread(program.run, "alerts", "test", "Hook")
            (beat,) = beats.all()
        assert (beat.place, beat.failing_since) == (place, None)
        assert beat.worked_at == beat.at > START


def test_a_drill_for_nobody_says_so(program: Program) -> None:
    done = program.finish("alerts", "drill", "--yes")
    assert (done.returncode, b"nobody gets drills" in done.stderr) == (2, True)
