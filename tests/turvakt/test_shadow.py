"""A candidate in the shadow counts and disturbs nobody. Contains abusive test material."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from classify.classifier import Classifier
from classify.masking import cover
from classify.verdict import Judgement, Label, Verdict
from flow.clock import ManualClock
from flow.errors import Broken, Unavailable
from tests.classify.material import shipped, with_encoder
from tests.review.people import alert, verdict
from tests.turvakt.process import OFFICIALS, Program, line
from turvakt.comparison import FILE, Book, Compared, Lost, compare
from turvakt.metrics import Metrics
from turvakt.settings import Settings
from turvakt.shadow import MOST, NOT_OPENED, Shadow
from turvakt.wiring import Parts

START = datetime(2026, 9, 14, 6, tzinfo=UTC)
SECRET = "Hej Anna, hemligt"


class Candidate:
    """Finds a threat in what has an exclamation mark, and fails at what has a question mark."""

    model = "candidate@1"
    lacks = ()

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        if any("?" in text for text in texts):
            raise ValueError(texts)
        loud = verdict(labels=("threat",), severity="high").judgement
        return [replace(loud if "!" in text else verdict().judgement, model=self.model) for text in texts]

    def thresholds(self, text: str) -> Mapping[Label, float]:
        return {}


class Listener:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[Compared | Lost] = []

    def compared(self, compared: Compared) -> None:
        self.told.append(compared)

    def not_compared(self, lost: Lost) -> None:
        self.told.append(lost)


def alerts(verdicts: Sequence[Verdict]) -> list:  # type: ignore[type-arg]
    return [alert(each) for each in verdicts if each.judgement.severity == "high"]


def run(
    folder: Path | None,
    *verdicts: Verdict,
    open: Callable[[], Classifier] = Candidate,
    consent: bool = True,
    allowed: Callable[[str, str], bool] | None = None,
    listener: Listener | None = None,
    whole: bool = True,
) -> Book:
    """The counts in ``folder`` after a candidate has judged ``verdicts``; none without one, or if its file is not ``whole``."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    shadow = Shadow(
        open=open,
        alerts=alerts,
        allowed=allowed or (lambda official, source: consent),
        folder=folder,
        clock=ManualClock(START),
        listener=listener or Listener(),
        sleep=sleep,
    )

    async def work() -> None:
        for each in verdicts:
            shadow.verdict(each)
        running = asyncio.ensure_future(shadow.run())
        await shadow.drained()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())
    return Book.open(folder) if folder and whole else Book()


def test_both_are_compared_by_label_severity_and_alert(tmp_path: Path) -> None:
    grave = {"labels": ("threat", "hate"), "severity": "high"}
    listener = Listener()
    book = run(
        tmp_path,
        verdict("1", "Hej"),
        verdict("2", "Hej!"),
        verdict("3", "Hej", **grave),  # type: ignore[arg-type]
        verdict("4", "Hej!", **grave),  # type: ignore[arg-type]
        verdict("5", deleted=1),
        listener=listener,
    )
    (counts,) = book.pairs
    assert (counts.current, counts.candidate, counts.since) == ("linear@1", "candidate@1", START)
    assert (counts.judged, counts.failed, counts.skipped) == (4, 0, 0)
    assert counts.severities == {"none": {"none": 1, "high": 1}, "high": {"none": 1, "high": 1}}
    assert counts.labels["threat"] == {"neither": 1, "candidate": 1, "current": 1, "both": 1}
    assert counts.labels["hate"] == {"neither": 2, "current": 2}
    assert counts.alerts == {"kept": 1, "added": 1, "dropped": 1}
    assert len(listener.told) == 4


def test_counts_go_on_after_a_restart_and_hold_no_text(tmp_path: Path) -> None:
    run(tmp_path, verdict("1", SECRET))
    run(tmp_path, verdict("2", SECRET, model="linear@2"))
    book = run(tmp_path, verdict("3", SECRET))
    assert [(counts.current, counts.judged) for counts in book.pairs] == [("linear@1", 2), ("linear@2", 1)]
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    for trace in (SECRET, "jsonl", "anna", "u1"):
        assert trace not in file.read_text("utf-8")


def test_without_a_folder_the_listener_alone_is_told(caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()
    run(None, verdict("1", "Hej!"), verdict("2", "Hej?"), listener=listener)
    assert [each if isinstance(each, str) else each.candidate for each in listener.told] == ["high", "failed"]
    assert [record.getMessage() for record in caplog.records] == [
        "classifier in the shadow: the candidate failed: unexpected ValueError"
    ]


class EndsWhileCounting(ManualClock):
    """The time is asked for when a post is counted; it is told only after the end has come, which asks before it saves."""

    def __init__(self) -> None:
        super().__init__(START)
        self.counting, self.ending = threading.Event(), threading.Event()

    def now(self) -> datetime:
        if threading.current_thread() is not threading.main_thread():
            self.counting.set()
            assert self.ending.wait(10)
        elif self.counting.is_set():
            self.ending.set()
        return super().now()


def test_at_the_end_a_post_is_counted_as_a_whole_before_the_counts_are_kept(tmp_path: Path) -> None:
    clock = EndsWhileCounting()
    shadow = Shadow(
        open=Candidate,
        alerts=alerts,
        allowed=lambda official, source: True,
        folder=tmp_path,
        clock=clock,
        listener=Listener(),
    )

    async def work() -> None:
        shadow.verdict(verdict())
        running = asyncio.ensure_future(shadow.run())
        await asyncio.to_thread(clock.counting.wait, 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())
    (counts,) = Book.open(tmp_path).pairs
    assert (counts.judged, counts.severities) == (1, {"none": {"none": 1}})


def test_a_failure_is_told_once_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (counts,) = run(tmp_path, *(verdict(str(n), f"{SECRET}?") for n in range(3)), verdict("4", SECRET)).pairs
    assert (counts.judged, counts.failed) == (1, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "classifier in the shadow: the candidate failed: unexpected ValueError"
    ]


def test_a_candidate_that_cannot_be_opened_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def nothing() -> Classifier:
        raise Broken("the model is missing", place="models")

    with caplog.at_level(logging.WARNING):
        (counts,) = run(tmp_path, verdict("1"), verdict("2"), open=nothing).pairs
    assert (counts.candidate, counts.judged, counts.failed) == (NOT_OPENED, 0, 2)
    assert caplog.text.count("the candidate cannot be opened: models: the model is missing") == 1


def test_what_comes_too_fast_is_skipped(tmp_path: Path) -> None:
    (counts,) = run(tmp_path, *(verdict(str(number)) for number in range(MOST + 5))).pairs
    assert (counts.judged, counts.skipped) == (MOST, 5)


def test_a_post_that_is_deleted_while_it_waits_is_not_judged(tmp_path: Path) -> None:
    (counts,) = run(tmp_path, verdict("1", "Hej?"), verdict("2"), verdict("1", deleted=1)).pairs
    assert (counts.judged, counts.failed) == (1, 0)


def test_of_a_post_that_is_edited_while_it_waits_the_newest_form_is_judged(tmp_path: Path) -> None:
    (counts,) = run(tmp_path, verdict("1", "Hej?"), verdict("1", "Hej!", edited=1)).pairs
    assert (counts.judged, counts.failed) == (1, 0)
    assert counts.severities == {"none": {"high": 1}}


def test_without_consent_a_post_is_left_alone(tmp_path: Path) -> None:
    assert run(tmp_path, verdict(text="Hej?"), consent=False).pairs == []


def test_a_file_that_is_none_is_told_and_left_to_people(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_text("{", "utf-8")
    with pytest.raises(Broken, match="Remove the file"):
        Book.open(tmp_path)
    listener = Listener()
    with caplog.at_level(logging.WARNING):
        run(tmp_path, verdict(), listener=listener, whole=False)
    assert len(listener.told) == 1
    assert caplog.text.count("Remove the file") == 1
    assert (tmp_path / FILE).read_text("utf-8") == "{"


@pytest.mark.parametrize(("by_people", "judged"), [("removed", 1), ("mended", 2)])
def test_counts_go_on_when_people_have_seen_to_the_file(tmp_path: Path, by_people: str, judged: int) -> None:
    run(tmp_path, verdict("1"), verdict("2"))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"{")

    class Mending(Candidate):
        def classify(self, texts: Sequence[str]) -> list[Judgement]:
            (tmp_path / FILE).unlink()
            if by_people == "mended":
                (tmp_path / FILE).write_bytes(whole)
            return super().classify(texts)

    assert run(tmp_path, verdict("3"), open=Mending).pairs[0].judged == judged


def test_what_could_not_be_judged_is_a_kind_of_its_own() -> None:
    unable = verdict(unable="language", language="other")
    compared = compare(unable, verdict().judgement, alerts=alerts)
    assert (compared.current, compared.candidate) == ("unable", "none")


def test_the_metrics_count_it() -> None:
    metrics = Metrics()
    metrics.compared(compare(verdict(), verdict(labels=("hate",), severity="high").judgement, alerts=alerts))
    metrics.not_compared("skipped")
    shown = metrics.exposition().decode()
    assert 'turvakt_shadow_posts_total{outcome="judged"} 1.0' in shown
    assert 'turvakt_shadow_posts_total{outcome="skipped"} 1.0' in shown
    assert 'turvakt_shadow_severities_total{candidate="high",current="none"} 1.0' in shown
    assert 'turvakt_shadow_labels_total{by="candidate",label="hate"} 1.0' in shown
    assert 'turvakt_shadow_alerts_total{change="added"} 1.0' in shown


def test_without_the_setting_there_is_none(tmp_path: Path) -> None:
    settings = msgspec.convert({"data": {"dir": str(tmp_path)}}, Settings)
    with Parts(settings) as parts:
        assert parts.shadow(Listener()) is None


def test_servers_that_are_away_and_wrong_rules_do_not_keep_it_from_being_made(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[", "utf-8")
    settings = {
        "kafka": {"servers": ["127.0.0.1:1"]},
        "postgres": {"url": "postgresql://turvakt@127.0.0.1:1/turvakt"},
        "alerts": {"rules": str(tmp_path / "rules.toml")},
        "classifier": {"shadow": "patterns"},
    }
    with Parts(msgspec.convert(settings, Settings)) as parts:
        assert parts.shadow(Listener()) is not None


def test_a_registry_that_is_away_is_told_by_its_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def away(official: str, source: str) -> bool:
        raise Unavailable("no answer", place="postgres")

    (counts,) = run(tmp_path, verdict("1"), verdict("2"), allowed=away).pairs
    assert (counts.judged, counts.failed) == (0, 2)
    assert [record.getMessage().count("postgres") for record in caplog.records] == [1]
    assert "candidate failed" not in caplog.text


THREAT = "Anna Lindqvist, jag ska döda dig i natt. Jag vet var du bor."


class TestProgram:
    """A monitor with a candidate, and one that is restarted with another model."""

    def test_the_monitor_lets_the_candidate_judge(self, tmp_path: Path) -> None:
        chosen = {"TURVAKT_CLASSIFIER_SHADOW": "patterns"}
        program = Program(tmp_path / "data", **chosen)
        program.run("officials", "import", str(OFFICIALS))
        given = line(1, THREAT) + line(2, "Tack Anna Lindqvist för den nya bron") + line(3, "inget")
        (counted,) = program.json("run", "--once", "--posts", "-", given=given)
        (counts,) = program.json("shadow")
        assert (counts["current"], counts["candidate"]) == (shipped("cascade").model, shipped("patterns").model)
        assert (counts["judged"], counts["failed"], counts["skipped"]) == (2, 0, 0)
        assert counts["alerts"] == {"kept": 1, "added": 0, "dropped": 0}
        assert counted["alerts"] == 1
        shown = program.run("shadow")
        assert "2 posts compared (100.0% with the same severity), 0 failed, 0 skipped" in shown
        (checked,) = (each for each in program.json("check") if each["part"] == "shadow")
        assert checked["says"] == shipped("patterns").model

    def test_a_candidate_that_is_missing_changes_nothing(self, tmp_path: Path) -> None:
        chosen = {"TURVAKT_CLASSIFIER_SHADOW": "linear", "TURVAKT_CLASSIFIER_SHADOW_MODELS": str(tmp_path / "nothing")}
        program = Program(tmp_path / "data", **chosen)
        program.run("officials", "import", str(OFFICIALS))
        (counted,) = program.json("run", "--once", "--posts", "-", given=line(1, THREAT))
        assert (counted["alerts"], counted["dead"]) == (1, 0)
        (counts,) = program.json("shadow")
        assert (counts["judged"], counts["failed"]) == (0, 1)
        assert "0 posts compared, 1 failed, 0 skipped" in program.run("shadow")
        assert "WRONG" in program.run("check", code=1)

    def test_nothing_was_compared(self, tmp_path: Path) -> None:
        assert program_says(Program(tmp_path), "shadow") == (0, True)

    def test_the_counts_of_a_cluster_are_metrics(self, tmp_path: Path) -> None:
        cluster = {
            "TURVAKT_KAFKA_SERVERS": "kafka:9092",
            "TURVAKT_POSTGRES_URL": "postgresql://turvakt@postgres/turvakt",
        }
        done = Program(tmp_path, **cluster).finish("shadow")
        assert (done.returncode, b"turvakt_shadow_posts_total" in done.stderr) == (2, True)

    def test_one_setting_switches_the_model_and_rolls_back(self, tmp_path: Path) -> None:
        """Each verdict is that of the model in the folder at its time, and names it."""
        folder, candidate = tmp_path / "data", str(with_encoder())
        released = Program(folder)
        released.run("officials", "import", str(OFFICIALS))
        switched = Program(folder, TURVAKT_CLASSIFIER_MODELS=candidate)
        text = "Anna Lindqvist, vi ska bränna ner ditt hus i natt."
        for number, program in enumerate((released, switched, released), 1):
            program.json("run", "--once", "--posts", "-", given=line(number, text))
        found = {item["verdict"]["post"]["id"]: item["verdict"]["judgement"] for item in released.json("search")}
        settings = msgspec.convert({"classifier": {"models": candidate}}, Settings)
        old, new = Parts(Settings()).classifier, Parts(settings).classifier
        assert old.model != new.model
        for number, classifier in ((1, old), (2, new), (3, old)):
            judged, (alone,) = found[f"web:{number}"], classifier.classify([cover(text, [(0, len("Anna Lindqvist"))])])
            assert judged["model"] == classifier.model
            assert judged["labels"] == msgspec.to_builtins(alone.labels)
        assert found["web:1"]["labels"] != found["web:2"]["labels"]


def program_says(program: Program, *arguments: str) -> tuple[int, bool]:
    done = program.finish(*arguments)
    return done.returncode, b"Nothing was compared" in done.stderr
