"""``turvakt officials``: what would be silent is refused or told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.turvakt.process import Program

HEAD = "id,given_names,family_names,language,role,municipality,country,consent_scope,consent_from,contacts\n"


def test_a_contact_on_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "officials.csv"
    file.write_text(HEAD + "a-b,Anna,Berg,sv,kommunalråd,Ekvik,SE,*,2026-01-01,Vakt|fax|070|sv\n", "utf-8")
    program = Program(tmp_path / "data")
    done = program.finish("officials", "import", str(file))
    assert done.returncode == 2
    assert b"a-b: contacts 1.channel is unknown (choose from apprise, email, " in done.stderr
    assert program.json("officials", "list") == []


def test_a_scope_that_is_no_source_is_told(tmp_path: Path) -> None:
    file = tmp_path / "officials.csv"
    file.write_text(HEAD + "a-b,Anna,Berg,sv,kommunalråd,Ekvik,SE,blusky,2026-01-01,Vakt|outbox|vakt|sv\n", "utf-8")
    done = Program(tmp_path / "data").finish("officials", "import", str(file))
    assert done.returncode == 0
    assert b"a-b: her consent names the source 'blusky'" in done.stderr


CONSENT = """
[[official]]
id = "a-b"
given_names = ["Anna"]
family_names = ["Berg"]
language = "sv"
country = "SE"
municipality = "Ekvik"
contacts = {name = "Vakt", channel = "outbox", address = "vakt", language = "sv"}
"""


def test_a_label_or_a_recipient_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "officials.toml"
    program = Program(tmp_path / "data")
    file.write_text(
        CONSENT + 'consent = {scope = "*", from = 2026-01-01, labels = "thret", recipients = "Wakt"}', "utf-8"
    )
    done = program.finish("officials", "import", str(file))
    assert done.returncode == 2
    assert b"a-b: consent 1.labels has an unknown one (choose from threat, hate" in done.stderr
    assert b"a-b: consent 1.recipients names somebody who is no contact" in done.stderr
    assert b"Wakt" not in done.stderr
    ended = '{scope = "*", from = 2026-01-01, until = 2026-02-01, recipients = "Wakt"}'
    file.write_text(CONSENT + f'consent = [{ended}, {{scope = "*", from = 2026-02-01}}]', "utf-8")
    program.run("officials", "import", str(file))  # what has ended may name who is no contact any more


def test_the_ledger_is_told_and_a_consent_that_ends_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "officials.toml"
    program = Program(tmp_path / "data")
    soon = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    for until, how in ((soon, "--on-paper"), ("2099-01-01", "--json")):
        file.write_text(
            CONSENT + f'consent = {{scope = "*", from = 2026-01-01, until = {until}, text = false}}', "utf-8"
        )
        program.run("officials", "import", str(file), how)
        if until == soon:
            assert f"ends {soon}" in program.run("officials", "list")
            (status,) = program.json("status")
            assert status["officials"]["consents_ending"] == 1
    entries = program.json("officials", "consent", "a-b")
    assert [(each["number"], each["act"], each["how"]) for each in entries] == [
        (1, "given", "paper"),
        (2, "changed", "file"),
    ]
    told = program.run("officials", "consent", "a-b")
    assert "1. " in told
    assert "given (paper); may be told: Vakt" in told
    assert "By the rules in force now: nobody; her own contacts are told, too" in told
    assert "evidence," in told
    assert "statistics" in told
    assert "text" not in told
    assert program.finish("officials", "consent", "nobody").returncode == 2


def test_who_was_added_or_changed_is_in_the_audit_log(tmp_path: Path) -> None:
    file = tmp_path / "officials.csv"
    program = Program(tmp_path / "data")
    row = "{},Anna,Berg,sv,{},{},SE,*,2026-01-01,Vakt|outbox|vakt|sv\n"
    file.write_text(HEAD + row.format("a-b", "ledamot", "Ekvik") + row.format("a-c", "ledamot", "Furuby"), "utf-8")
    program.run("officials", "import", str(file))
    program.run("officials", "import", str(file))
    file.write_text(HEAD + row.format("a-b", "kommunalråd", "Ekvik"), "utf-8")
    program.run("officials", "import", str(file))
    file.write_text(HEAD + row.format("a-d", "ledamot", "Ekvik").replace("outbox", "fax"), "utf-8")
    program.run("officials", "import", str(file), code=2)
    assert [(each["action"], each["tenant"], each["official"]) for each in program.json("audit", "list")] == [
        ("official-changed", "ekvik", "a-b"),
        ("official-added", "furuby", "a-c"),
        ("official-added", "ekvik", "a-b"),
    ]


def test_tenants_are_told_and_given_rules_of_their_own(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.run("officials", "import", "config/examples/officials.toml")
    assert {each["id"] for each in program.json("tenants", "list")} >= {"ekvik", "aelvhamn"}
    program.run("tenants", "set", "ekvik", "--retention", "low=14", "--retention", "case=90")
    program.run("tenants", "set", "ekvik", "--retention", "case=", "--body", "region", "--name", "Region Ekvik")
    ekvik = next(each for each in program.json("tenants", "list") if each["id"] == "ekvik")
    assert (ekvik["name"], ekvik["body"], ekvik["retention"]) == ("Region Ekvik", "region", {"low": 14})
    assert "low 14 days" in " ".join(program.run("tenants", "list").split())
    for wrong, expected in (
        (("nowhere", "--body", "region"), b"no tenant has this id"),
        (("ekvik", "--retention", "thret=3"), b"--retention: there is no such value"),
        (("ekvik", "--retention", "low=some"), b"is no whole number of days"),
        (("Ekvik!", "--name", "Ekvik", "--country", "SE"), b"id is malformed"),
    ):
        done = program.finish("tenants", "set", *wrong)
        assert (done.returncode, expected in done.stderr) == (2, True), wrong
    program.run("tenants", "set", "region_nord", "--name", "Region Nord", "--country", "FI")
    assert "region_nord" in program.run("tenants", "list")


def test_ids_are_never_shortened(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    long_id = "maria-" + "x" * 50
    file = tmp_path / "officials.csv"
    file.write_text(HEAD + f"{long_id},Maria,Berg,sv,kommunalråd,Ekvik,SE,*,2026-01-01,Vakt|outbox|vakt|sv\n", "utf-8")
    program.run("officials", "import", str(file))
    assert long_id in "".join(
        line.split()[0] for line in program.run("officials", "list").splitlines()[1:] if line[0] != " "
    )


def test_a_submission_about_somebody_without_consent_says_so(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.run("officials", "import", "config/examples/officials.toml")
    done = program.finish("submit", "Vi ses", "--official", "ingrid-tornfalk")
    assert done.returncode == 2
    assert b"ingrid-tornfalk: none of them has a consent in force" in done.stderr
