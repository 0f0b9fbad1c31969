"""``turvakt officials``: what would be silent is refused or told."""

from pathlib import Path

from tests.turvakt.process import Program

HEAD = "id,given_names,family_names,language,role,municipality,country,consent_scope,consent_from,contacts\n"


def test_a_contact_on_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "officials.csv"
    file.write_text(HEAD + "a-b,Anna,Berg,sv,kommunalråd,Ekvik,SE,*,2026-01-01,Vakt|sms|070|sv\n", "utf-8")
    program = Program(tmp_path / "data")
    done = program.finish("officials", "import", str(file))
    assert done.returncode == 2
    assert b"a-b: contacts 1.channel is unknown (choose from email, outbox, webhook)" in done.stderr
    assert program.json("officials", "list") == []


def test_a_scope_that_is_no_source_is_told(tmp_path: Path) -> None:
    file = tmp_path / "officials.csv"
    file.write_text(HEAD + "a-b,Anna,Berg,sv,kommunalråd,Ekvik,SE,blusky,2026-01-01,Vakt|outbox|vakt|sv\n", "utf-8")
    done = Program(tmp_path / "data").finish("officials", "import", str(file))
    assert done.returncode == 0
    assert b"a-b: her consent names the source 'blusky'" in done.stderr


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
