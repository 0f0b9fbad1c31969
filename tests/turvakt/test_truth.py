"""Decisions leave as lessons, training takes them, and drift is told. Contains abusive test material."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.messages.translations import LANGUAGES
from classify.classifiers.cascade import Cascade
from classify.corpus import read
from classify.linear.artifact import ABOUT, WEIGHTS
from classify.verdict import Verdict
from flow.clock import SystemClock
from review.decision import Decision
from tests.classify.material import TRAINING, corpus_of_all_sides, with_encoder
from tests.review.people import verdict
from tests.turvakt.process import OFFICIALS, Program, line
from turvakt.days import Days
from turvakt.metrics import Metrics
from turvakt.settings import Settings
from turvakt.wiring import Parts

THREAT = "Anna Lindqvist, jag ska döda dig i natt. Jag vet var du bor."


@pytest.fixture
def parts(program: Program) -> Iterator[Parts]:
    """The parts over the folder of the program."""
    with Parts(msgspec.convert({"data": {"dir": str(program.folder)}}, Settings)) as parts:
        yield parts


@pytest.fixture
def decided(program: Program, parts: Parts) -> Program:
    """A program that holds two decisions."""
    given = line(1, f"{THREAT} LINDQVIST! lindqvist") + line(2, "Lena Berg, jag vet var du bor")
    program.run("run", "--once", "--posts", "-", given=given)
    now = parts.clock.now()
    parts.index.write_decisions(
        [Decision("web:1", "confirmed", "Rut", now), Decision("web:2", "false-alarm", "Rut", now)]
    )
    return program


class TestDecisions:
    def test_they_are_written_for_the_owner_alone(self, decided: Program, tmp_path: Path) -> None:
        out = tmp_path / "decisions.jsonl"
        out.touch(mode=0o644)
        (told,) = decided.json("decisions", "export", "--out", str(out))
        assert told == {"written": 2, "left_out": {"consent": 0, "later": 0, "unable": 0}}
        assert out.stat().st_mode & 0o777 == 0o600
        written = out.read_text("utf-8")
        assert written.startswith("# Personal data")
        assert "delete it after training" in written.splitlines()[0]
        for trace in ("lindqvist", "berg", "web:", "rut"):
            assert trace not in written.lower()
        assert {(example.severity, bool(example.labels)) for example in read(out)} == {
            ("critical", True),
            (None, False),
        }

    def test_a_withdrawal_takes_hers_out(self, decided: Program, tmp_path: Path) -> None:
        decided.run("officials", "withdraw", "anna-lindqvist", "--yes")
        out = tmp_path / "decisions.jsonl"
        done = decided.finish("decisions", "export", "--out", str(out))
        assert b"1 examples written" in done.stdout
        assert b"delete it after training" in done.stderr
        assert [example.labels for example in read(out)] == [frozenset()]

    def test_nothing_to_write(self, program: Program, tmp_path: Path) -> None:
        out = tmp_path / "decisions.jsonl"
        assert "0 examples written" in program.run("decisions", "export", "--out", str(out), code=1)
        assert not out.exists()
        assert program.finish("decisions", "export", "--out", str(tmp_path)).returncode == 2

    def test_training_learns_from_them(self, program: Program, tmp_path: Path) -> None:
        row = {"lang": "sv", "labels": [], "severity": "none", "target": "none", "topic": None, "source": "decisions"}
        decisions, out = tmp_path / "decisions.jsonl", tmp_path / "models"
        rows = [{**row, "id": f"d-{n}", "author": f"a{n}", "text": f"Tack för bron nummer {n}"} for n in range(20)]
        decisions.write_text("# remark\n" + "\n".join(map(json.dumps, rows)), "utf-8")
        train = ("train", "--corpus", str(TRAINING), "--out", str(out), "--json", "--with-decisions", str(decisions))
        (tmp_path / "in-use").mkdir()
        (tmp_path / "in-use" / "linear").symlink_to(with_encoder() / "linear")
        program = program.besides(TURVAKT_CLASSIFIER_MODELS=str(tmp_path / "in-use"))
        (out / "linear").mkdir(parents=True)
        (out / "linear" / "of-the-old-model").touch()
        assert b"Learnt from 20 examples of what reviewers decided" in program.finish(*train).stderr
        assert [path.name for path in out.iterdir()] == ["linear"]
        assert sorted(path.name for path in (out / "linear").iterdir()) == ["card.md", ABOUT, WEIGHTS]
        meta = json.loads((out / "linear" / ABOUT).read_text("utf-8"))
        taught = meta["about"]["taught"]
        assert (taught["others"], taught["decisions"]) == (0, 20)
        card = (out / "linear" / "card.md").read_text("utf-8")
        assert "on 0\ntexts of open corpora" in card
        assert "on 20 texts of real posts, which are personal data" in card
        decisions.write_text("# remark\n" + json.dumps({**row, "id": "d", "author": "a", "text": ""}), "utf-8")
        done = program.finish(*train)
        assert done.returncode == 2
        assert b"decisions.jsonl, line 2: field 'text' must be a text that is not empty" in done.stderr
        assert [path.name for path in out.iterdir()] == ["linear"]


class TestModelsInUse:
    @pytest.fixture
    def models(self, tmp_path: Path) -> Path:
        return shutil.copytree(with_encoder(), tmp_path / "models")

    @pytest.fixture
    def program(self, tmp_path: Path, models: Path) -> Program:
        return Program(tmp_path / "data", TURVAKT_CLASSIFIER_MODELS=str(models))

    def checked(self, program: Program) -> dict[str, Any]:
        told = [json.loads(line) for line in program.finish("check", "--json").stdout.splitlines()]
        return next(each for each in told if each["part"] == "model")

    def test_the_encoder_fits_the_new_linear_model_and_the_old_pair_is_kept(
        self, program: Program, models: Path
    ) -> None:
        old = contents(models)
        before = self.checked(program)
        assert (before["ok"], before["warnings"]) == (True, [])
        done = program.finish("train", "--corpus", str(corpus_of_all_sides()), "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["examples"] == len(read(TRAINING))
        (kept,) = (models / "before").iterdir()
        assert f"set classifier.models to {kept} and restart".encode() in done.stderr
        assert contents(kept) == old
        assert sorted(path.name for path in models.iterdir()) == ["before", "encoder", "linear"]
        after = self.checked(program)
        assert (after["ok"], after["warnings"]) == (True, [])
        assert after["says"].partition("\n")[0] != before["says"]
        back = self.checked(program.besides(TURVAKT_CLASSIFIER_MODELS=str(kept)))
        assert (back["says"], back["warnings"]) == (before["says"], [])

    def test_a_candidate_keeps_its_own_encoder(self, program: Program, models: Path, tmp_path: Path) -> None:
        out = tmp_path / "candidate"
        shutil.copytree(models / "encoder", out / "encoder")
        file = out / "encoder" / "model.json"
        meta = json.loads(file.read_text("utf-8"))
        file.write_text(json.dumps(meta | {"bias": [each + 1 for each in meta["bias"]]}), "utf-8")
        assert program.finish("train", "--corpus", str(corpus_of_all_sides()), "--out", str(out)).returncode == 0
        assert json.loads(file.read_text("utf-8"))["bias"] == pytest.approx([each + 1 for each in meta["bias"]])
        assert Cascade.open(out).lacks == ()

    def test_a_pair_that_does_not_fit_is_told(self, program: Program, models: Path) -> None:
        shutil.rmtree(models / "encoder")
        shutil.copytree(with_encoder(linear="another") / "encoder", models / "encoder")
        told = self.checked(program)
        assert (told["ok"], len(told["warnings"])) == (True, 1)
        assert "do not fit" in told["warnings"][0]

    def test_what_would_stop_the_encoder_is_told_before_anything_is_trained(
        self, program: Program, models: Path
    ) -> None:
        old = contents(models)
        few = (
            models.parent / "few.jsonl"
        )  # also too few authors for the linear model, which would be told if it came first
        few.write_text("\n".join(TRAINING.read_text("utf-8").splitlines()[:2]), "utf-8")
        done = program.finish("train", "--corpus", str(few))
        assert done.returncode == 4
        assert b"the authors held out wrote nothing with threat" in done.stderr
        assert contents(models) == old
        (models / "encoder" / "model.onnx").write_bytes(b"")
        done = program.finish("train", "--corpus", str(corpus_of_all_sides()))
        assert done.returncode == 4
        assert b"altered or mixed up" in done.stderr


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestDrift:
    def fill(self, parts: Parts, *, other: int) -> None:
        """150 posts ten days ago, 150 today, of which so many are in other languages."""
        now = parts.clock.now()

        def posts(day: int, numbers: range, **fields: Any) -> list[Verdict]:
            judged = now - timedelta(days=day, minutes=1)
            return [replace(verdict(f"{day}-{number}", **fields), judged_at=judged) for number in numbers]

        parts.index.write_verdicts(posts(10, range(150)) + posts(0, range(other, 150)))
        parts.index.write_verdicts(posts(0, range(other), language="other", unable="language", model="linear@2"))

    def test_a_change_is_told_with_what_to_do(self, program: Program, parts: Parts) -> None:
        self.fill(parts, other=60)
        (told,) = program.json("drift")
        assert (told["days"], told["days_before"]) == (7, 23)
        assert told["models"] == {"linear@1": 240, "linear@2": 60}
        (measure,) = (each for each in told["measures"] if each["name"] == "language")
        assert (measure["posts"], measure["moved"], measure["state"]) == ([150, 150], "other", "act")
        shown = program.run("drift")
        assert "Act: read the newest posts" in shown
        assert "More than one model" in shown
        for language, words in (
            ("sv", ("Åtgärda:", "störst ändring", "språk", "annat", "nej: språket", "sv: hot")),
            ("fi", ("Toimi:", "suurin muutos", "kieli", "muu", "ei: kieli", "sv: uhkaus")),
        ):
            shown = program.run("drift", "--language", language)
            assert [each for each in words if each not in shown] == []

    def test_nothing_has_changed(self, program: Program, parts: Parts) -> None:
        self.fill(parts, other=0)
        assert "Nothing to do." in program.run("drift")

    def test_where_posts_are_not_kept_it_compares_the_numbers_of_each_day(self, tmp_path: Path) -> None:
        """As it is by default."""
        program = Program(tmp_path / "data", TURVAKT_RETENTION_UNFLAGGED_DAYS="0")
        done = program.finish("drift")
        assert (done.returncode, b"nor their numbers" in done.stderr) == (2, True)
        program.run("officials", "import", str(OFFICIALS))
        program.run("run", "--once", "--posts", "-", given=line(1, "Tack Anna Lindqvist för den nya bron"))
        assert "Too few posts" in program.run("drift")
        now = SystemClock().now()
        days = Days(program.folder, SystemClock())
        for day, numbers, fields in (
            (20, range(150), {}),
            (0, range(90), {}),
            (0, range(60), {"language": "other", "unable": "language", "model": "linear@2"}),
        ):
            for number in numbers:
                days.verdict(replace(verdict(str(number), **fields), judged_at=now - timedelta(days=day)))  # type: ignore[arg-type]
        days.save()
        (told,) = program.json("drift")
        assert (told["days"], told["days_before"]) == (7, 28)
        assert (told["models"]["linear@1"], told["models"]["linear@2"]) == (240, 60)
        (measure,) = (each for each in told["measures"] if each["name"] == "language")
        assert (measure["posts"], measure["moved"], measure["state"]) == ([150, 151], "other", "act")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_without_posts(self, program: Program, language: str) -> None:
        assert "--days" in program.run("drift", "--language", language)

    @pytest.mark.parametrize("arguments", [("--language", "de"), ("--days", "30"), ("--days", "0")])
    def test_what_makes_no_sense(self, program: Program, arguments: tuple[str, str]) -> None:
        assert program.finish("drift", *arguments).returncode == 2

    def test_the_metrics_show_languages_reasons_and_probabilities(self) -> None:
        metrics = Metrics()
        for each in (
            verdict("1", labels=("hate",)),
            verdict("2", language="other", unable="too-short"),
            verdict("3", deleted=1),
        ):
            metrics.verdict(each)
        shown = metrics.exposition().decode()
        assert 'turvakt_verdicts_total{language="sv",severity="none"} 1.0' in shown
        assert 'turvakt_unable_total{reason="too-short"} 1.0' in shown
        assert 'turvakt_probability_bucket{label="hate",language="sv",le="0.9"} 0.0' in shown
        assert 'turvakt_probability_count{label="hate",language="sv"} 1.0' in shown
        assert 'language="other",le' not in shown

    def test_what_can_rise_begins_at_zero(self) -> None:
        """Else the first day's rise would not be seen: the alert on what cannot be judged is for exactly that."""
        shown = Metrics().exposition().decode()
        for series in ('unable_total{reason="language"}', 'verdicts_total{language="other",severity="none"}'):
            assert f"turvakt_{series} 0.0" in shown
        assert shown.count("turvakt_unable_total{") == 3
        assert shown.count("turvakt_verdicts_total{") == 11
