"""The monitor as its operator meets it: the real program, its signals, its faults."""

import json
import shutil
import signal
import socket
import sqlite3
import time
import urllib.request
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.servers.process import free_port
from tests.turvakt.process import DEMO_POSTS, OFFICIALS, Program, line, until
from tests.turvakt.receiver import receiver
from turvakt.settings import Settings
from turvakt.wiring import Parts

THANKS = "Tack Anna Lindqvist för den nya bron"


def indexed(program: Program) -> set[str]:
    """The posts in the index, read beside the running program."""
    database = sqlite3.connect(f"file:{program.folder / 'turvakt.db'}?mode=ro", uri=True)
    try:
        return {row[0] for row in database.execute("SELECT id FROM index_post")}
    except sqlite3.OperationalError:
        return set()  # the monitor has not made it yet
    finally:
        database.close()


def answer(port: int, path: str) -> tuple[int, str]:
    """Status and text; 0 where nobody answers."""
    try:
        got = httpx.get(f"http://127.0.0.1:{port}/{path}", timeout=10)
    except httpx.TransportError:
        return 0, ""
    return got.status_code, got.text


class TestOnce:
    def test_takes_a_file_through_every_stage(self, program: Program) -> None:
        (counts,) = program.json("run", "--once", "--posts", str(DEMO_POSTS))
        assert counts["read"] == 560
        assert counts["matched"] == 285
        assert counts["judged"] + sum(counts["unable"].values()) == 285
        assert sum(counts["severity"].values()) == 285
        assert counts["flagged"]["threat"] > 0
        assert counts["alerts"] > 0
        assert counts["deliveries"]["delivered"] == len(list((program.folder / "outbox").iterdir()))
        assert counts["dead"] == 0
        assert len(indexed(program)) == 285

    def test_goes_on_where_it_stopped(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, THANKS), "utf-8")
        assert program.json("run", "--once", "--posts", str(posts))[0]["read"] == 1
        with posts.open("a", encoding="utf-8") as more:
            more.write(line(2, THANKS))
        assert program.json("run", "--once", "--posts", str(posts))[0]["read"] == 1
        assert indexed(program) == {"web:1", "web:2"}

    def test_reads_standard_input(self, program: Program) -> None:
        (counts,) = program.json("run", "--once", "--posts", "-", given=line(1, THANKS) + line(2, "Hej"))
        assert (counts["read"], counts["matched"]) == (2, 1)

    def test_bad_lines_become_dead_letters_with_their_place(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        good, same_id = line(1, THANKS).encode(), line(1, "Anna Lindqvist, något annat").encode()
        future = line(2, THANKS, created_at="2999-01-01T00:00:00Z").encode()
        broken = [
            b'{"source": "web", "id": "3", "text": "Anna Lindqvist\n',
            b'{"source": "web", "id": 4, "text": "Anna Lindqvist", "created_at": "2026-09-14T06:00:00Z"}\n',
            b'{"source": "web", "id": "5", "text": "Anna Lindqvist", "created_at": "yesterday"}\n',
            b'{"source": "WEB!", "id": "6", "text": "Anna Lindqvist", "created_at": "2026-09-14T06:00:00Z"}\n',
            b'{"source": "web", "id": "7", "text": "Anna Lindqvist \xff", "created_at": "2026-09-14T06:00:00Z"}\n',
            line(8, "Anna Lindqvist " + "x" * 10_000_000).encode(),
            b"SECRET of a stranger\n",
        ]
        nul = line(9, "Tack Anna Lindqvist\u0000!").encode()
        posts.write_bytes(b"".join([good, same_id, future, *broken, nul]))
        (counts,) = program.json("run", "--once", "--posts", str(posts))
        assert (counts["read"], counts["matched"], counts["dead"]) == (11, 2, 9)
        assert indexed(program) == {"web:1", "web:9"}
        letters = program.json("dead", "list")
        assert len(letters) == 9
        assert all(letter["reason"] and letter["place"] for letter in letters)
        assert sum("line" in letter["place"] for letter in letters) == 8
        for file in program.folder.rglob("*"):
            assert not file.is_file() or b"SECRET" not in file.read_bytes(), file

    def test_without_a_file_it_says_what_to_do(self, program: Program) -> None:
        done = program.finish("run", "--once", "--posts", "nowhere.jsonl")
        assert done.returncode == 2
        assert b"nowhere.jsonl: there is no such file or folder. Check the path" in done.stderr


class TestRunning:
    @pytest.fixture
    def posts(self, tmp_path: Path) -> Path:
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, THANKS), "utf-8")
        return posts

    def add(self, posts: Path, text: str) -> None:
        with posts.open("a", encoding="utf-8") as more:
            more.write(text)

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
    def test_stops_in_order_within_five_seconds(self, program: Program, posts: Path, sent: signal.Signals) -> None:
        running = program.start("run", "--posts", str(posts))
        until(lambda: "web:1" in indexed(program))
        running.send_signal(sent)
        started = time.monotonic()
        _, errors = running.communicate(timeout=10)
        assert time.monotonic() - started < 5
        assert running.returncode == 0
        assert "stopped in order" in errors

    def test_obeys_a_withdrawal_within_five_seconds(self, program: Program, posts: Path) -> None:
        running = program.start("run", "--posts", str(posts))
        try:
            until(lambda: "web:1" in indexed(program))
            program.run("officials", "withdraw", "anna-lindqvist", "--yes")
            self.add(posts, line(2, THANKS) + line(3, "Lena Berg, bra jobbat"))
            took = until(lambda: "web:3" in indexed(program))
        finally:
            running.terminate()
            running.communicate(timeout=10)
        assert took < 5
        assert indexed(program) == {"web:3"}
        for file in program.folder.rglob("*"):
            assert not file.is_file() or b"Lindqvist" not in file.read_bytes(), file

    def test_a_second_monitor_over_the_same_folder_is_refused(self, program: Program, posts: Path) -> None:
        running = program.start("run", "--posts", str(posts))
        try:
            until(lambda: "web:1" in indexed(program))
            done = program.finish("run", "--posts", str(posts))
        finally:
            running.terminate()
            running.communicate(timeout=10)
        assert done.returncode == 4
        assert b"another monitor runs over this folder" in done.stderr

    def test_serves_console_health_and_metrics(self, tmp_path: Path, posts: Path) -> None:
        program = Program(tmp_path / "watched", TURVAKT_WEB_SIGN_IN="token")
        program.run("officials", "import", str(OFFICIALS))
        running = program.start("run", "--posts", str(posts))
        try:
            assert running.stderr is not None
            shown = ""
            while "Console:" not in shown:
                shown = running.stderr.readline()
            base = shown.split()[1]
            token = program.run("status").partition("/?token=")[2].strip()
            until(lambda: "web:1" in indexed(program))
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            assert "Anna Lindqvist" in browser.open(f"{base}/?token={token}", timeout=5).read().decode()
            assert urllib.request.urlopen(f"{base}/healthz", timeout=5).status == 200
            assert urllib.request.urlopen(f"{base}/readyz", timeout=5).status == 200
            metrics = urllib.request.urlopen(f"{base}/metrics", timeout=5).read().decode()
        finally:
            running.terminate()
            running.communicate(timeout=10)
        assert 'turvakt_posts_total{collector="jsonl",outcome="matched"} 1.0' in metrics
        assert "Lindqvist" not in metrics

    def test_serves_health_while_it_completes_an_erasure_before_it_begins(self, program: Program, posts: Path) -> None:
        """However long that takes: whoever starts again what does not answer would never let it end."""
        settings = msgspec.convert({"data": {"dir": str(program.folder)}}, Settings)
        with Parts(settings) as parts:
            parts.store.withdraw("lena-berg", parts.clock.now())  # and was killed
        other = sqlite3.connect(program.folder / "turvakt.db", isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM registry_official").fetchall()  # the file cannot be written anew meanwhile
        port = free_port()
        running = program.besides(TURVAKT_METRICS_PORT=str(port)).start("run", "--posts", str(posts))
        try:
            until(lambda: answer(port, "healthz") == (200, "ok\n"), seconds=180.0)
            status, reason = answer(port, "readyz")
            assert (status, "erasures" in reason) == (503, True)
            assert indexed(program) == set()
            other.execute("ROLLBACK")
            until(lambda: answer(port, "readyz") == (200, "ok\n"))
            until(lambda: "web:1" in indexed(program))
        finally:
            other.close()
            running.terminate()
            running.communicate(timeout=60)
        assert running.returncode == 0

    def test_a_submission_reaches_the_running_monitor(self, program: Program, posts: Path) -> None:
        running = program.start("run", "--posts", str(posts))
        try:
            until(lambda: "web:1" in indexed(program))
            (submitted,) = program.json("submit", "Vi ses", "--official", "lena-berg", "--source", "letter")
            until(lambda: submitted["id"] in indexed(program))
        finally:
            running.terminate()
            running.communicate(timeout=10)


class TestFaults:
    def test_a_damaged_database_stops_with_the_remedy(self, program: Program) -> None:
        (program.folder / "turvakt.db").write_bytes(b"no database at all, " * 400)
        done = program.finish("run", "--once", "--posts", str(DEMO_POSTS))
        assert done.returncode == 4
        assert b"damaged or is no database" in done.stderr
        assert b"move the file away" in done.stderr

    def test_a_missing_model_stops_with_the_remedy(self, program: Program, tmp_path: Path) -> None:
        without = Program(program.folder, TURVAKT_CLASSIFIER_MODELS=str(tmp_path / "nothing"))
        done = without.finish("run", "--once", "--posts", str(DEMO_POSTS))
        assert done.returncode == 4
        assert b"turvakt train" in done.stderr

    def test_an_altered_model_stops_with_the_remedy(self, program: Program, tmp_path: Path) -> None:
        models = tmp_path / "models"
        shutil.copytree(OFFICIALS.parent.parent.parent / "models" / "linear", models / "linear")
        weights = max((models / "linear").iterdir(), key=lambda path: path.stat().st_size)
        content = bytearray(weights.read_bytes())
        content[len(content) // 2] ^= 0xFF
        weights.write_bytes(content)
        altered = Program(program.folder, TURVAKT_CLASSIFIER_MODELS=str(models))
        done = altered.finish("run", "--once", "--posts", str(DEMO_POSTS))
        assert done.returncode == 4
        assert weights.name.encode() in done.stderr

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("TURVAKT_WEB_PROT", "1", "unknown setting TURVAKT_WEB_PROT"),
            ("TURVAKT_WEB_PORT", "many", "TURVAKT_WEB_PORT"),
            ("TURVAKT_CONFIG", "nowhere.toml", "nowhere.toml: the settings file cannot be read"),
            ("TURVAKT_ALERTS_RULES", "nowhere.toml", "nowhere.toml"),
        ],
    )
    def test_wrong_settings_are_named(self, program: Program, name: str, value: str, says: str) -> None:
        done = Program(program.folder, **{name: value}).finish("run", "--once", "--posts", str(DEMO_POSTS))
        assert done.returncode in (2, 4)
        assert says in done.stderr.decode()

    def test_dead_letters_come_back_after_a_fix(self, program: Program) -> None:
        future = line(2, THANKS, created_at="2999-01-01T00:00:00Z")
        program.run("run", "--once", "--posts", "-", given=future)
        (letter,) = program.json("dead", "list")
        shown = program.json("dead", "show", letter["number"])[0]
        assert json.loads(shown["value"])["text"] == THANKS
        done = program.finish("dead", "replay", letter["number"])
        assert done.returncode == 1
        assert b"stays" in done.stderr
        assert len(program.json("dead", "list")) == 1

    def test_a_replayed_dead_letter_goes_the_way_of_every_post(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, THANKS) + line(1, "Anna Lindqvist, bra jobbat"), "utf-8")
        program.run("run", "--once", "--posts", str(posts))
        (letter,) = program.json("dead", "list")
        assert "another text" in letter["reason"]
        assert program.json("dead", "replay", "--yes") == [{"replayed": 1, "left": 0}]
        assert program.json("dead", "list") == []
        program.run("run", "--once", "--posts", str(posts))
        (item,) = program.json("search")
        assert item["verdict"]["post"]["text"] == "Anna Lindqvist, bra jobbat"

    def test_a_locked_database_is_waited_out(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        posts.write_text("".join(line(number, THANKS) for number in range(50)), "utf-8")
        running = program.start("run", "--posts", str(posts))
        try:
            until(lambda: len(indexed(program)) == 50)
            other = sqlite3.connect(program.folder / "turvakt.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with posts.open("a", encoding="utf-8") as more:
                more.write(line(50, THANKS))
            assert running.stderr is not None
            shown = ""
            while "waiting" not in shown:
                shown = running.stderr.readline()
            assert "locked by another process" in shown
            other.execute("ROLLBACK")
            other.close()
            until(lambda: len(indexed(program)) == 51)
        finally:
            running.terminate()
            running.communicate(timeout=10)
        assert running.returncode == 0


def test_the_demo_takes_no_port_and_tells_no_receiver_of_invented_posts(tmp_path: Path) -> None:
    with receiver() as received, socket.create_server(("127.0.0.1", 0)) as taken:
        beside = Program(
            tmp_path / "data",
            TURVAKT_METRICS_PORT=str(taken.getsockname()[1]),
            TURVAKT_TRACING_ENDPOINT=received.address,
        )
        beside.run("demo", "--once")
    assert not received.bodies


def test_the_demo_adds_up(tmp_path: Path) -> None:
    (counts,) = Program(tmp_path / "data").json("demo", "--once")
    assert counts["read"] == 560
    assert counts["deliveries"]["failed"] == 0
