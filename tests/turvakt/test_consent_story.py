"""One story over the real program: two tenants, an invitation, consent, posts and alerts; a part withdrawn, then all of it."""

import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from tests.turvakt.process import LINEAR, OFFICIALS, Program, line, until
from tests.web.building import Page

PASSWORD = "sju blå kaffekoppar på bryggan"
TEXT = "Zqxanna Zqxberg, jag kommer hem till dig i natt och skjuter dig i huvudet. Nummer {number}."


class Browser:
    """A person's browser, as far as forms and cookies go."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60.0, headers={"accept-language": "en"})
        self._address = address

    def close(self) -> None:
        self._client.close()

    def page(self, path: str) -> Page:
        answer = self._client.get(path, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return Page(answer.text)

    def submit(self, path: str, form: dict[str, Any], *, status: int = 303) -> httpx.Response:
        answer = self._client.post(path, data=form, headers={"origin": self._address})
        faults = re.findall(r'(?s)class="faults".*?</div>', answer.text) if answer.status_code == 422 else ""
        assert answer.status_code == status, (path, answer.status_code, faults)
        return answer

    def erase(self) -> None:
        """All that is held about her. There may be nobody left to answer."""
        with suppress(httpx.HTTPError):
            self._client.post("/me/erase", headers={"origin": self._address})

    def status(self, path: str) -> int:
        return self._client.get(path).status_code

    def join(self, link: str) -> None:
        """Take an invitation: a password, and the codes of an app."""
        path = link.removeprefix(self._address)
        self.page(path)
        self.submit(path, {"password": PASSWORD, "again": PASSWORD})
        shown = self.page("/joining")
        (secret,) = re.findall(r"\b[A-Z2-7]{32}\b", shown.text.replace(" ", ""))
        self.submit("/joining/app", {"code": pyotp.TOTP(secret).now()}, status=200)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    file = tmp_path / "posts.jsonl"
    file.touch()
    return file


@pytest.fixture
def program(tmp_path: Path, port: int) -> Program:
    program = Program(tmp_path / "data", TURVAKT_WEB_PORT=str(port), **LINEAR)
    program.run("officials", "import", str(OFFICIALS))
    return program


@contextmanager
def running(program: Program, posts: Path, address: str, log: Path) -> Iterator[None]:
    with log.open("ab") as out:
        monitor = program.start("run", "--posts", str(posts), log=out)
    try:
        until(lambda: answers(address))
        yield
    finally:
        monitor.kill()
        monitor.wait()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5.0).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def load(posts: Path) -> Iterator[Callable[[], int]]:
    """Posts about her from two sources and about somebody else, without end; gives how many of each there were."""
    stop, written = threading.Event(), [len(posts.read_bytes().splitlines())]

    def write() -> None:
        with posts.open("a", encoding="utf-8") as out:
            while not stop.wait(0.1):
                for source in ("web", "feed"):
                    out.write(line(written[0], TEXT.format(number=written[0]), source=source))
                out.write(
                    line(written[0], f"Anna Lindqvist i Ekvik, jag ska döda dig. Nummer {written[0]}", source="x")
                )
                out.flush()
                written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: written[0]
    finally:
        stop.set()
        thread.join()


def test_from_an_invitation_to_the_last_byte(
    tmp_path: Path, program: Program, posts: Path, port: int, request: pytest.FixtureRequest
) -> None:
    address, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    browsers = [Browser(address) for _ in range(4)]
    for browser in browsers:
        request.addfinalizer(browser.close)
    admin, her, officer, stranger = browsers

    def link_of(said: str) -> str:
        (link,) = re.findall(rf"{address}/invitation/\S+", said)
        return str(link)

    def invite(name: str, role: str, tenant: str) -> str:
        email = f"{name.split()[0].lower()}@{tenant}.example"
        options = ("--name", name, "--role", f"{role}:{tenant}", "--language", "en")
        return link_of(program.run("people", "invite", email, *options))

    with load(posts), running(program, posts, address, log):
        admin.join(invite("Kaj Dahl", "administrator", "ekvik"))
        officer.join(invite("Vera Vakt", "officer", "ekvik"))
        stranger.join(invite("Sten Strand", "officer", "furuby"))

        # No official comes in without an invitation, which goes by letter to her alone.
        invitation = {"name": "Zqxanna Zqxberg", "email": "zqx@mail.example", "language": "en", "role": "official"}
        admin.submit("/people", invitation | {"tenant": "ekvik"})
        letters, opens = program.folder / "outbox", f"{address}/invitation/"
        until(lambda: any(opens in each.read_text("utf-8") for each in letters.glob("*") if each.is_file()))
        (letter,) = [text for each in letters.glob("*") if opens in (text := each.read_text("utf-8"))]
        her.join(link_of(letter.replace("=\n", "")))
        shown = her.page("/me/begin")
        ticked = [each for each in shown.all("input", type="checkbox") if "checked" in each]
        consent = {
            **{name: [each["value"] for each in ticked if each["name"] == name] for name in ("source", "label")},
            "wording": shown.all("input", name="wording")[0]["value"],
            "scope": "all",
            "labels": "all",
            "text": "1",
            "evidence": "1",
            "statistics": "1",
            "given": "Zqxanna",
            "family": "Zqxberg",
            "municipality": "Ekvik",
            "country": "SE",
            "contact_name": "Beredskap",
            "channel": "outbox",
            "address": "vakt",
        }
        her.submit("/me/begin", consent)

        # What comes reaches her, the officer of her tenant, and nobody of another one.
        until(lambda: any("/me/alerts/" in each for each in her.page("/me/alerts").links()))
        until(lambda: "Zqxanna" in officer.page("/").text)
        assert "Zqxanna" not in stranger.page("/").text
        one = next(each for each in officer.page("/").links() if each.startswith("/posts/web"))
        assert stranger.status(one) == 404
        officer.page(one)
        assert "Vera Vakt" in her.page("/me/accesses").words
        assert admin.status("/") in (303, 403)  # she manages people, and sees no text

        # One source is withdrawn: what came from it goes, the rest stays.
        (hers,) = [each for each in program.json("officials", "list") if each["family_names"] == ["Zqxberg"]]
        program.run("officials", "withdraw", hers["id"], "--source", "feed", "--yes")
        assert _held(program, "feed:%") == 0
        assert _held(program, "web:%") > 0

        # All is withdrawn, in two clicks. In the midst of it the monitor is killed.
        her.page("/me/erase")
        erasing = threading.Thread(target=her.erase)
        erasing.start()
        until(lambda: _count(program, "SELECT count(*) FROM registry_withdrawal") > 0)
    erasing.join()

    with load(posts) as written, running(program, posts, address, log):
        until(lambda: program.json("status")[0]["officials"]["erasures_pending"] == 0)
        assert her.status("/me") == 401
        before = written()
        until(lambda: written() > before + 20)
        end = f"x:{written()}"
        until(lambda: _held(program, end) > 0)
        # Whom the last letter went to is taken out of the files as soon as nobody else uses them.
        until(lambda: _count(program, "SELECT count(*) FROM access_letter WHERE kind = 'erased'") == 0, seconds=180)
    assert _held(program, "web:%") == 0
    (status,) = program.json("status")
    assert status["officials"]["erasures_pending"] == 0
    program.run("audit", "verify")
    files = {each.name: each.read_bytes().lower() for each in program.folder.rglob("*") if each.is_file()}
    # The last letter has reached her by then: in the folder, where no mail server is set.
    (last,) = [content for content in files.values() if b"zqx" in content]
    assert b"subject: turvakt: your data has been erased" in last
    assert any(b"anna-lindqvist" in content for content in files.values())


def _count(program: Program, sql: str, *values: str) -> int:
    with closing(sqlite3.connect(f"file:{program.folder / 'turvakt.db'}?mode=ro", uri=True)) as database:
        return int(database.execute(sql, values).fetchone()[0])


def _held(program: Program, posts: str) -> int:
    """How many posts the index holds whose ids are like ``posts``."""
    return _count(program, "SELECT count(*) FROM index_post WHERE id LIKE ?", posts)
