"""The commands as somebody meets them who does something wrong, or at the wrong moment."""

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from rich.console import Console

from flow.clock import ManualClock
from ingest.collectors.manual import submission
from ingest.intake import Intake, Taken
from ingest.post import POSTS, Mention, Post
from review.index import Item
from tests.alerts.keys import smime_pair
from tests.alerts.servers import Certificate, make_certificate
from tests.classify.material import phrases
from tests.review.people import verdict
from tests.turvakt.process import OFFICIALS, START, Program, line, until
from turvakt.commands import look
from turvakt.commands.shared import printable
from turvakt.commands.text import LONGEST, hand_in
from turvakt.settings import Settings, load
from turvakt.watch.beats import Beat, Beats
from turvakt.watch.keys import key_place
from turvakt.wiring import Parts
from web.gate import Gate

THANKS = "Tack Anna Lindqvist för den nya bron"


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, THANKS), "utf-8")
    return posts


@contextmanager
def web_server(certificate: Certificate) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that takes nothing, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.requestline.removesuffix(" HTTP/1.1"))
            self.send_error(404)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = certificate.context().wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def running(program: Program, *arguments: str, lines: int = 1) -> Iterator[str]:
    """A monitor beside the test, once it serves; gives the line that tells its address, or so many lines from it on."""
    process = program.start(*arguments)
    try:
        assert process.stderr is not None
        shown = ""
        while "Console:" not in shown:
            shown = process.stderr.readline()
            assert shown, "it has ended"
        yield shown + "".join(process.stderr.readline() for _ in range(lines - 1))
    finally:
        process.terminate()
        process.communicate(timeout=10)


class TestOneMonitorPerFolder:
    def test_a_second_demo_leaves_the_first_one_alone(self, tmp_path: Path) -> None:
        program = Program(tmp_path)
        with running(program, "demo"):
            until(lambda: any((tmp_path / "demo" / "outbox").glob("*.eml")))
            sent = set((tmp_path / "demo" / "outbox").glob("*.eml"))
            done = program.finish("demo", "--once")
            assert done.returncode == 4
            assert b"another monitor runs over this folder" in done.stderr
            assert sent <= set((tmp_path / "demo" / "outbox").glob("*.eml"))

    def test_a_demo_starts_anew(self, tmp_path: Path) -> None:
        program = Program(tmp_path)
        (first,), (second,) = (program.json("demo", "--once") for _ in range(2))
        assert first["read"] == second["read"] == 560

    def test_the_second_is_told_of_the_first_and_not_of_the_port(self, program: Program, posts: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        program = Program(program.folder, TURVAKT_WEB_PORT=str(port))
        with running(program, "run", "--posts", str(posts)):
            done = program.finish("run", "--posts", str(posts))
        assert done.returncode == 4
        assert b"another monitor runs over this folder" in done.stderr

    def test_the_folder_is_its_owners_alone(self, tmp_path: Path, posts: Path) -> None:
        program = Program(tmp_path / "data")
        program.run("status")
        program.run("run", "--once", "--posts", str(posts))
        assert stat.S_IMODE(program.folder.stat().st_mode) == 0o700
        for path in program.folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_token_stays_out_of_journals(tmp_path: Path, posts: Path) -> None:
    program = Program(tmp_path / "data", TURVAKT_WEB_SIGN_IN="token")
    with running(program, "run", "--posts", str(posts)) as shown:
        assert "http://127.0.0.1:" in shown
        assert "turvakt status" in shown
        assert "token=" not in shown
    assert "/?token=" in program.run("status")


def test_where_each_signs_in_no_link_opens_anything(program: Program, posts: Path) -> None:
    with running(program, "run", "--posts", str(posts)) as shown:
        assert "Console: http://127.0.0.1:" in shown
        assert "token" not in shown
    assert "token=" not in program.run("status")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc to see how far a program has loaded")
def test_ctrl_c_while_it_starts_ends_it_quietly(program: Program) -> None:
    process = program.start("run")
    until(lambda: "msgspec" in Path(f"/proc/{process.pid}/maps").read_text("utf-8"))
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (130, "", "")


def test_once_ends_with_a_path_from_the_settings(program: Program, posts: Path) -> None:
    program = Program(program.folder, TURVAKT_JSONL_PATH=str(posts))
    assert program.json("run", "--once")[0]["read"] == 1


class TestTextsOnATerminal:
    WICKED = "Anna Lindqvist \x1b]0;title\x07\x9b2J\u202eback\nnext :bomb: [red]line[/red]"

    def test_control_characters_are_shown_and_not_obeyed(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, self.WICKED), "utf-8")
        program.run("run", "--once", "--posts", str(posts))
        for shown in (program.run("search"), program.run("classify", given=self.WICKED)):
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
            assert "\ufffd]0;title\ufffd\ufffd2J\ufffdback" in shown
            assert ":bomb: [red]line[/red]" in shown

    def test_a_search_tells_where_it_found_something(self, program: Program) -> None:
        text = "😀 Tack Anna Lindqvist för bron. Bron!"
        program.run("run", "--once", "--posts", "-", given=line(1, text))
        ((found,),) = ([each["found"] for each in program.json("search", "anna bron")],)
        assert [text[start:end] for start, end in found] == ["Anna", "bron", "Bron"]
        assert [each["found"] for each in program.json("search")] == [[]]

    def test_a_search_marks_what_it_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = Console(force_terminal=True, width=100, color_system="standard")
        monkeypatch.setattr(look, "screen", terminal)
        with terminal.capture() as shown:
            look._show(Item(verdict("a", "\x9bom bron")), [(4, 8)])
        assert "\ufffdom \x1b[1;7mbron\x1b[0m" in shown.get()

    def test_what_is_harmless_stays(self) -> None:
        text = "å\tb\n👩\u200d🚒\u00a0!"
        assert printable(text) == text


class TestToken:
    @pytest.fixture
    def program(self, tmp_path: Path) -> Program:
        program = Program(tmp_path / "data", TURVAKT_WEB_SIGN_IN="token")
        program.run("officials", "import", str(OFFICIALS))
        return program

    def test_one_that_was_cut_off_is_made_anew(self, program: Program) -> None:
        (program.folder / "console.token").touch(mode=0o600)
        first, second = (program.run("status").partition("/?token=")[2].strip() for _ in range(2))
        assert len(first) > 20
        assert first == second

    def test_an_empty_one_opens_nothing(self) -> None:
        for empty in ("", " "):
            with pytest.raises(ValueError, match="the token is empty"):
                Gate(empty, clock=ManualClock(datetime(2026, 9, 14, tzinfo=UTC)))

    def test_any_one_survives_the_link(self, tmp_path: Path) -> None:
        shown = Program(tmp_path, TURVAKT_WEB_SIGN_IN="token", TURVAKT_WEB_TOKEN="a&b#c +").run("status")
        assert shown.strip().endswith("/?token=a%26b%23c%20%2B")

    def test_where_it_cannot_be_kept_the_rest_is_told(self, program: Program) -> None:
        program.run("status", "--json")
        (program.folder / "console.token").mkdir()
        done = program.finish("status")
        assert done.returncode == 4
        assert b"officials: registered" in done.stdout
        assert b"console.token: cannot be used" in done.stderr


class TestCheck:
    def says(self, program: Program) -> dict[str, str]:
        """What is wrong, by part."""
        done = program.finish("check", "--json")
        results = [json.loads(each) for each in done.stdout.splitlines()]
        assert done.returncode == int(not all(each["ok"] for each in results))
        return {each["part"]: each["says"] for each in results if not each["ok"]}

    def test_all_is_well(self, program: Program) -> None:
        assert self.says(program) == {}

    def test_every_address_is_looked_at_and_none_is_told(self, program: Program, tmp_path: Path) -> None:
        officials = tmp_path / "officials.toml"
        text = OFFICIALS.read_text("utf-8")
        officials.write_text(re.sub(r'channel = "outbox"\s+address = "[^"]*"', OUTSIDE, text), "utf-8")
        assert OUTSIDE in officials.read_text("utf-8")
        program.run("officials", "import", str(officials))
        assert "official anna-lindqvist: the channel webhook is not set up" in self.says(program)["contacts"]
        with_secret = Program(program.folder, TURVAKT_WEBHOOK_SECRET="whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        wrong = self.says(with_secret)["contacts"]
        assert "official anna-lindqvist: the address is no https address" in wrong
        assert "ekvik" not in wrong

    def test_who_is_told_of_troubles_must_be_reachable(self, program: Program) -> None:
        contacts = '[{"name": "On call", "channel": "email", "address": "ops@turvakt.example"}]'
        wrong = self.says(Program(program.folder, TURVAKT_OPERATOR_CONTACTS=contacts))
        assert "contact of the operator number 1: the channel email is not set up" in wrong["operator"]
        assert "operator.contacts" in wrong["operator"]
        assert "Mend the contact" not in wrong["operator"]  # it is the settings that lack something
        for key, value, says in (("DRILL", "noon", "no time of the week"), ("PING_URL", "hc-ping", "no web address")):
            assert says in self.says(Program(program.folder, **{f"TURVAKT_OPERATOR_{key}": value}))["operator"]

    def test_whether_there_is_a_weekly_drill(self, program: Program) -> None:
        for drill, says in (("", "no weekly drill"), ("mon 10:00", "a drill each week (mon 10:00)")):
            done = program.besides(TURVAKT_OPERATOR_DRILL=drill).finish("check", "--json")
            (said,) = (each for each in map(json.loads, done.stdout.splitlines()) if each["part"] == "operator")
            assert says in said["says"]

    def test_addresses_and_keys_in_rules_too(self, program: Program, tmp_path: Path) -> None:
        rules, key = tmp_path / "rules.toml", tmp_path / "vakt.pem"
        rules.write_text(f"{RULE}{KEYED}key = '{key}'\n", "utf-8")
        key.write_bytes(smime_pair(begins=datetime.now(UTC) - timedelta(days=40), days=30).certificate)
        wrong = self.says(Program(program.folder, TURVAKT_ALERTS_RULES=str(rules)))
        assert sorted(wrong) == ["keys", "rules"]
        assert f"{key}: the key has ended on" in wrong["keys"]
        assert "rule 'all': the channel email is not set up" in wrong["rules"]

    def test_a_key_that_ends_soon_is_named(self, program: Program, tmp_path: Path) -> None:
        rules, key = tmp_path / "rules.toml", tmp_path / "vakt.pem"
        rules.write_text(f"{RULE}{KEYED}key = '{key}'\n", "utf-8")
        key.write_bytes(smime_pair(begins=datetime.now(UTC) - timedelta(days=20), days=30).certificate)
        done = Program(program.folder, TURVAKT_ALERTS_RULES=str(rules)).finish("check", "--json")
        (said,) = (each for each in map(json.loads, done.stdout.splitlines()) if each["part"] == "keys")
        assert said["ok"]
        assert f"{key}: the key ends on {datetime.now(UTC) + timedelta(days=10):%Y-%m-%d}" in said["says"]
        assert key_place(key) in said["says"]

    def test_who_can_be_told_must_be_somebody(self, tmp_path: Path) -> None:
        assert "nobody can be told" in self.says(Program(tmp_path / "empty"))["contacts"]

    def test_whose_channel_is_left_alone(self, program: Program) -> None:
        with Parts(load(file=None, environ={"TURVAKT_DATA_DIR": str(program.folder)})) as parts:
            beat = Beat("channel:outbox", START, None, START, "channel outbox: the disk is full")
            Beats(parts.database).write([beat], {})
        wrong = self.says(program)["channels"]
        assert f"channel outbox: has failed since {START:%Y-%m-%d %H:%M} UTC" in wrong
        assert "the disk is full" in wrong

    def test_a_server_that_is_away_is_found_without_sending(self, program: Program) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            mail = {"HOST": "127.0.0.1", "PORT": str(port), "SENDER": "turvakt@ekvik.example", "SECURITY": "none"}
            options = {f"TURVAKT_EMAIL_{name}": value for name, value in mail.items()}
            wrong = self.says(Program(program.folder, **options))
        assert list(wrong) == ["channels"]
        assert f"channel email, 127.0.0.1:{port}: the server does not answer" in wrong["channels"]

    def test_servers_of_contacts_are_found_without_sending(
        self, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rules = tmp_path / "rules.toml"
        certificate = make_certificate(tmp_path)
        with web_server(certificate) as (server, asked):
            addresses = {"teams": f"{server}/workflows?sig=key", "webhook": "https://turvakt.invalid/hook"}
            desk = 'name = "Desk", language = "sv"'
            told = (f'{{ {desk}, channel = "{name}", address = "{each}" }}' for name, each in addresses.items())
            rules.write_text(f'[[rule]]\nname = "all"\nseverity = "low"\ncontacts = [{", ".join(told)}]\n', "utf-8")
            chosen = program.besides(
                TURVAKT_ALERTS_RULES=str(rules),
                TURVAKT_TEAMS_ENABLED="true",
                TURVAKT_WEBHOOK_SECRET="whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                TURVAKT_SMS_GATEWAY_URL=f"{server}/send?key=secret",
            )
            untrusted = self.says(chosen)["channels"]
            assert asked == []
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
            trusted = self.says(chosen)["channels"]
        vouched = "no trusted encryption: nobody vouches for the certificate"
        assert f"settings [sms_gateway], channel sms-gateway: {vouched}" in untrusted
        assert f"rule 'all', channel teams: {vouched}" in untrusted
        lost = "channels: rule 'all', channel webhook: the name of the server is not found."
        assert trusted == f"{lost} Check how it is written, and this machine's DNS"
        assert asked == ["HEAD /", "HEAD /"]

    def test_rules_that_are_wrong_are_told_of_once(self, program: Program, tmp_path: Path) -> None:
        rules = tmp_path / "rules.toml"
        rules.write_text("[[rule]]\nnam = 1\n", "utf-8")
        assert list(self.says(Program(program.folder, TURVAKT_ALERTS_RULES=str(rules)))) == ["rules"]

    def test_all_that_is_wrong_with_rules_is_told_at_once_with_file_and_contact(
        self, program: Program, tmp_path: Path
    ) -> None:
        rules, tenants = tmp_path / "rules.toml", tmp_path / "tenants"
        tenants.mkdir()
        wrong_number = '{ channel = "sms-gateway", address = "070-174 06 05" }'
        rules.write_text(f"{RULE}{KEYED.replace('Beredskap', 'Rut Ek')}quiet = 'noon'\n", "utf-8")
        (tenants / "nowhere.toml").write_text(
            f'inherits = true\n[[contact]]\nname = "Kaj"\nlanguage = "sv"\nchannels = [{wrong_number}]\n', "utf-8"
        )
        options = {"TURVAKT_ALERTS_RULES": str(rules), "TURVAKT_ALERTS_TENANTS": str(tenants)}
        told = self.says(Program(program.folder, **options))["rules"]
        nowhere = tenants / "nowhere.toml"
        number = "the address is no international telephone number, channel sms-gateway"
        for said in (
            f"{rules}, contact number 1: key 'quiet': ",
            f"{nowhere}, contact number 1, key 'channels[0]': key 'address': {number}",
            "alerts.tenants: nowhere.toml: there is no tenant 'nowhere'",
            f"{rules}, rule 'all': the channel email is not set up",
        ):
            assert told.count(said) == 1, told
        assert "(Rut Ek)" in told
        assert "(Kaj)" in told
        assert "070" not in told

    def test_what_rules_leave_open_is_a_warning(self, program: Program, tmp_path: Path) -> None:
        rules = tmp_path / "rules.toml"
        rules.write_text('[[rule]]\nname = "office"\nseverity = "low"\nhours = "08:00-17:00"\n', "utf-8")
        chosen = Program(program.folder, TURVAKT_ALERTS_RULES=str(rules))
        done = chosen.finish("check")
        assert done.returncode == 0
        warned = re.search(r"^\W*WARNING\s.*", done.stdout.decode(), re.MULTILINE)
        assert warned is not None
        assert re.search(r"rules\s.*no rule matches every threat", warned[0])
        (said,) = (
            each for each in map(json.loads, chosen.run("check", "--json").splitlines()) if each["part"] == "rules"
        )
        assert said["ok"]
        assert [each[:38] for each in said["warnings"]] == ["no rule matches every threat at all ho"]

    def test_links_that_ask_to_sign_in_though_nobody_can(self, program: Program, tmp_path: Path) -> None:
        rules = tmp_path / "rules.toml"
        rules.write_text(f"second_factor = true\n{RULE.replace('email', 'outbox')}", "utf-8")
        done = Program(program.folder, TURVAKT_ALERTS_RULES=str(rules)).run("check", "--json")
        (said,) = (each for each in map(json.loads, done.splitlines()) if each["part"] == "rules")
        begin = "tenant ekvik: links ask to sign in first (second_factor), and nobody has an account"
        assert any(each.startswith(begin) for each in said["warnings"])

    def test_law_hints(self, program: Program, tmp_path: Path) -> None:
        law = tmp_path / "law.toml"
        law.write_text('[[provision]]\ncountry = "NO"', "utf-8")
        wrong = self.says(Program(program.folder, TURVAKT_CLASSIFIER_LAW=str(law)))
        assert list(wrong) == ["law"]
        assert "law.toml, provision number 1: " in wrong["law"]

    def test_folders_that_cannot_be_written(self, program: Program) -> None:
        outbox = program.folder / "outbox"
        if outbox.exists():
            outbox.rmdir()
        outbox.touch()
        assert "outbox: cannot be used" in self.says(program)["folders"]


OUTSIDE = 'channel = "webhook"\naddress = "ftp://ekvik.example"'
RULE = """[[rule]]
name = "all"
severity = "low"
contacts = [{name = "Vakt", channel = "email", address = "vakt@ekvik.example", language = "sv"}]
"""
KEYED = """[[contact]]
name = "Beredskap"
language = "sv"
channels = [{channel = "email", address = "vakt@ekvik.example"}]
"""


class TestWrongInput:
    @pytest.mark.parametrize("days", ["1e9", "nan", "-1", "0", "inf"])
    def test_days_that_are_none(self, program: Program, days: str) -> None:
        done = program.finish("search", f"--days={days}")
        assert done.returncode == 2
        assert b"--days: is no number of days" in done.stderr

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "yesterday"])
    def test_moments_that_are_none(self, program: Program, moment: str) -> None:
        done = program.finish("submit", "Hej", "--official", "lena-berg", "--created-at", moment)
        assert done.returncode == 2
        assert b"--created-at: is no time" in done.stderr

    def test_an_official_who_is_none(self, program: Program) -> None:
        done = program.finish("search", "--official", "ana-lindqvist")
        assert done.returncode == 2
        assert b"Did you mean 'anna-lindqvist'?" in done.stderr

    def test_a_limit_that_would_not_be_kept(self, program: Program) -> None:
        assert program.finish("search", "--limit", "501").returncode == 2

    def test_a_submission_that_is_not_utf_8(self, program: Program) -> None:
        assert "handed in" in program.run("submit", "-", "--official", "lena-berg", given="H\udce5j")

    def test_whom_a_text_is_aimed_at_and_the_law_to_consider(self, program: Program) -> None:
        threat = next(case["text"] for case in phrases() if (case["lang"], case["label"]) == ("sv", "threat"))
        hinted, harmless = program.json("classify", "--json", given=f"{threat}\nTack för fikat i parken igår")
        assert hinted["law"][0] == {"country": "SE", "section": "4 kap. 5 § brottsbalken", "mandate": False}
        assert (harmless["law"], harmless["aimed_at"]) == ([], None)

    def test_half_an_emoji_in_text_or_id_holds_up_no_other_line(self, program: Program) -> None:
        given = '{"id": "a\\ud83d", "text": "Tack \\ud83d"}\n{"id": "b", "text": "Tack"}'
        assert [each["id"] for each in program.json("classify", "--json", given=given)] == ["a?", "b"]

    def test_a_line_without_end(self, program: Program) -> None:
        text = f"Tack\n{'x' * (LONGEST + 1)}\nHej"
        done = program.finish("classify", "--json", given=text)
        first, second, third = (json.loads(each) for each in done.stdout.splitlines())
        assert done.returncode == 1
        assert (first["id"], third["id"]) == (1, 3)
        assert second["error"].startswith("standard input line 2: longer than 10000000 bytes")


class TestWithdrawalMeanwhile:
    class Racing(Parts):
        """Somebody withdraws just when a submission is matched."""

        withdrawn = False

        def intake(
            self,
            observe: Callable[[str, Taken], None],
            *,
            also: Callable[[Post], tuple[Mention, ...]] = lambda post: (),
            defers: bool = False,
        ) -> Intake:
            def racing(post: Post) -> tuple[Mention, ...]:
                mentions = also(post)
                if not self.withdrawn:
                    self.withdrawn = True
                    self.store.withdraw("lena-berg", self.clock.now())
                return mentions

            return super().intake(observe, also=racing, defers=defers)

    def test_a_submission_is_matched_anew(self, program: Program) -> None:
        with self.Racing(msgspec.convert({"data": {"dir": str(program.folder)}}, Settings)) as parts:
            post = submission(text="Vi ses", link=None, source="letter", created_at=None, clock=parts.clock)
            assert hand_in(parts, post, about=["lena-berg", "anna-lindqvist"]).matched == 1
            (entry,) = parts.log.latest("posts", [post.id]).values()
            assert [each.official for each in POSTS.decode(entry.value).mentions] == ["anna-lindqvist"]


def test_clients_of_servers_and_what_builds_pages_are_loaded_only_where_they_are_used(tmp_path: Path) -> None:
    code = """
import sys
from turvakt.cli import main
try:
    main(["status", "--json"], environ={"TURVAKT_DATA_DIR": sys.argv[1]})
finally:
    print([name for name in ("confluent_kafka", "psycopg", "elasticsearch", "faust", "fastapi") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_demo_lets_each_of_its_invented_people_in(tmp_path: Path) -> None:
    with running(Program(tmp_path), "demo", lines=5) as shown:
        assert "the security officer sees all municipalities" in shown
        links = dict(re.findall(r"^  (.+): (http\S+)$", shown, re.MULTILINE))
        assert links.keys() == {"security officer", "elected official", "administrator"}
        pages = {}
        for who, link in links.items():
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            pages[who] = browser.open(link, timeout=10).read().decode()
    assert "Berit Holm" in pages["security officer"]
    assert "Kaj Dahl" in pages["administrator"]
    assert "Anna Lindqvist" in pages["elected official"]
