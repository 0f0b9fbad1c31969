"""Letters: taken in once, sent at least once, erased with the official, and nothing kept of them longer than needed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from access.letter import VALUES, LetterKind
from access.letters import Letters
from access.person import Grant, Person
from access.sealing import Seal
from access.tables import LETTER
from alerts.channel import Channel
from alerts.channels.email import Email
from alerts.channels.files import Files
from alerts.delivery.postman import GIVE_UP_AFTER, Postman
from alerts.messages.letters import FOLDER, LetterRenderer
from alerts.messages.translations import LANGUAGES, Translations
from flow.clock import ManualClock
from flow.database import Database
from registry.holder import Holder, Part
from registry.official import Language
from tests import databases
from tests.access.people import seal
from tests.alerts.people import AT
from tests.alerts.servers import SmtpServer
from tests.databases import open_file

LINK = "https://turvakt.ekvik.example/join/a1b2c3"
MOMENT = datetime.fromisoformat("2026-12-01T10:00:00+00:00").isoformat()
GIVEN: dict[str, str] = {
    "link": LINK,
    "since": MOMENT,
    "until": MOMENT,
    "at": MOMENT,
    "tenant": "Ekviks kommun",
    "who": "Karin Sund",
    "reason": "Larm utan mottagare",
    "removed": "12",
    "kept": "0",
    "kept_until": "",
    "last_copy": MOMENT,
    "number": "1",
    "alert": "a1",
    "alerts": "a1",
    "wish": "at-once",
    "incident": "i1",
    "task": "Polisanmäl",
    "by": "Karin Sund",
    "role": "officer",
}


def person(
    id: str = "anna",
    *,
    role: Any = "official",
    official: str = "anna-lindqvist",
    language: Language = "sv",
    **fields: Any,
) -> Person:
    fields = {"name": "Anna Lindqvist", "email": "anna@ekvik.example", **fields}
    return Person(id=id, language=language, grants=(Grant(role, "ekvik", official),), **fields)


def values(kind: LetterKind, **other: str) -> dict[str, str]:
    return {name: {**GIVEN, **other}[name] for name in VALUES[kind]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def letters(database: Database, clock: ManualClock) -> Letters:
    return Letters(database, seal=seal, clock=clock)


def stored(database: Database) -> str:
    return str(database.query(select(LETTER)))


def test_a_letter_waits_until_it_is_sent(letters: Letters, database: Database) -> None:
    assert letters.add(person(), "invitation", values("invitation"))
    (waiting,) = letters.due()
    assert (waiting.letter.email, waiting.letter.values["link"], waiting.attempts) == ("anna@ekvik.example", LINK, 0)
    assert "anna@ekvik.example" in stored(database)
    assert LINK not in stored(database), "who reads the database opens no account"
    assert letters.ended(waiting, "sent")
    assert letters.due() == []
    assert letters.counts() == {"sent": 1}
    assert letters.known([waiting.id, "other"]) == {waiting.id}
    for secret in (LINK, "anna@ekvik.example", "Anna Lindqvist"):
        assert secret not in stored(database)


def test_a_letter_about_the_same_is_taken_in_once(letters: Letters) -> None:
    for person_id, about, new in (("anna", "1", True), ("anna", "1", False), ("anna", "2", True), ("berit", "1", True)):
        assert letters.add(person(person_id), "consent-ends", values("consent-ends"), once=about) is new
    for waiting in letters.due():
        letters.ended(waiting, "sent")
    assert not letters.add(person(), "consent-ends", values("consent-ends"), once="1")


def test_one_letter_may_be_about_several_things(letters: Letters, clock: ManualClock) -> None:
    assert letters.latest("anna-lindqvist", "alert") is None
    assert letters.add(person(), "alert", values("alert"), once="1", also=["2", "3"])
    assert len(letters.due()) == 1
    assert letters.untold(person(), "alert", ["4", "3", "1", "0"]) == ["4", "0"]
    assert letters.untold(person("berit"), "alert", ["1"]) == ["1"]
    assert not letters.add(person(), "alert", values("alert"), once="2")
    assert letters.latest("anna-lindqvist", "alert") == clock.now()
    assert letters.count("anna-lindqvist") == letters.erase("anna-lindqvist") == 3


def test_a_letter_that_is_tried_again_waits_meanwhile(letters: Letters, clock: ManualClock) -> None:
    letters.add(person(), "reset", values("reset"))
    (waiting,) = letters.due()
    assert letters.again(waiting, timedelta(minutes=5))
    assert letters.due() == []
    clock.advance(300)
    assert [each.attempts for each in letters.due()] == [1]


def test_values_that_are_not_those_of_the_kind_are_refused(letters: Letters) -> None:
    with pytest.raises(ValueError, match="a letter 'reset' tells link, until"):
        letters.add(person(), "reset", {"link": LINK})
    assert letters.counts() == {}


def test_a_letter_that_cannot_be_read_stops_no_other_one(letters: Letters, database: Database) -> None:
    for each in ("anna", "berit"):
        letters.add(person(each), "reset", values("reset"), once=each)
    first = letters.due()[0].id
    database.execute(update(LETTER).where(LETTER.c.id == first).values(content=b"?"))
    assert [each.id for each in letters.due()] != [first]
    assert letters.counts() == {"waiting": 1, "failed": 1}


def test_a_link_that_another_key_has_sealed_is_given_up(
    letters: Letters, database: Database, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    letters.add(person(), "reset", values("reset"))
    letters.add(person(), "consent-ends", values("consent-ends"))
    rotated = Letters(database, seal=lambda: Seal("a new key", former="a key"), clock=clock)
    assert {each.letter.values.get("link") for each in rotated.due()} == {LINK, None}
    other = Letters(database, seal=lambda: Seal("a new key"), clock=clock)
    assert [each.letter.purpose for each in other.due()] == ["consent-ends"]
    assert "invite the person anew" in caplog.text
    assert other.counts() == {"waiting": 1, "failed": 1}


def test_it_holds_what_is_of_an_official(letters: Letters, database: Database) -> None:
    holder: Holder = letters
    letters.add(person(), "invitation", values("invitation"))
    letters.add(person("kalle", role="deputy", name="Kalle Ek", email="kalle@ekvik.example"), "reset", values("reset"))
    letters.add(person("karin", role="officer", official="", name="Karin Sund"), "reset", values("reset"))
    assert holder.count("anna-lindqvist") == 2
    assert holder.erase("anna-lindqvist", Part("source", "bluesky")) == holder.count("anna", Part("source", "x")) == 0
    exported = holder.export("anna-lindqvist")
    assert {each["kind"] for each in exported} == {"invitation", "reset"}
    assert LINK not in str(exported)
    assert holder.erase("anna-lindqvist") == 2
    assert holder.count("anna-lindqvist") == holder.erase("anna-lindqvist") == 0
    assert [each.letter.name for each in letters.due()] == ["Karin Sund"]
    assert "anna-lindqvist" not in stored(database)


def test_the_last_letter_is_sent_when_the_erasure_is_complete_and_leaves_nothing(
    letters: Letters, database: Database
) -> None:
    assert letters.prepare_last(person(), "anna-lindqvist")
    assert not letters.prepare_last(person(), "anna-lindqvist")  # the erasure is tried again
    assert letters.due() == []
    assert letters.erase("anna-lindqvist") == letters.count("anna-lindqvist") == 0
    assert letters.send_last("anna-lindqvist", values("erased"))
    assert not letters.send_last("anna-lindqvist", values("erased"))
    (waiting,) = letters.due()
    assert waiting.letter.values["removed"] == "12"
    assert letters.ended(waiting, "sent")
    assert "ekvik.example" not in stored(database)
    assert letters.expire(AT + timedelta(days=1)) == 0, "the row says that the files are still to be scrubbed"
    assert (letters.clean(), letters.clean()) == (1, 0)
    assert database.query(select(LETTER)) == []


def remains(folder: Path, *names: bytes) -> list[str]:
    """The files that hold one of ``names``."""
    files = {each.name: each.read_bytes() for each in folder.iterdir()}
    return [file for file, content in files.items() if any(name in content for name in names)]


async def test_who_was_told_of_an_erasure_is_gone_from_the_files_once_they_can_be_scrubbed(
    tmp_path: Path, clock: ManualClock
) -> None:
    database = open_file(tmp_path / "turvakt.db")
    letters = Letters(database, seal=seal, clock=clock)
    letters.prepare_last(person(), "anna-lindqvist")
    letters.send_last("anna-lindqvist", values("erased"))
    assert remains(tmp_path, b"anna@ekvik")
    reader = sqlite3.connect(tmp_path / "turvakt.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM access_letter").fetchall()
    async with SmtpServer() as server, sending(letters, email(server, clock), clock):
        await until(lambda: letters.counts() == {"sent": 1})
        reader.close()
        clock.advance(61)
        await until(lambda: letters.counts() == {})
        assert len(server.mails) == 1
    assert remains(tmp_path, b"anna@ekvik", b"Lindqvist") == []
    database.close()


def test_each_who_was_this_official_gets_the_last_letter_and_nobody_else(letters: Letters) -> None:
    for id, official in (("anna", "anna-lindqvist"), ("maria", "anna-lindqvist"), ("anna", "bo-alm")):
        assert letters.prepare_last(person(id, email=f"{id}@ekvik.example"), official)
    assert letters.send_last("anna-lindqvist", values("erased"))
    assert sorted(each.letter.email for each in letters.due()) == ["anna@ekvik.example", "maria@ekvik.example"]
    assert letters.counts() == {"waiting": 2, "held": 1}


def test_nothing_is_sent_where_nothing_was_prepared(letters: Letters) -> None:
    assert not letters.send_last("anna-lindqvist", values("erased"))
    assert letters.due() == []


def test_letters_that_have_ended_expire(letters: Letters, clock: ManualClock) -> None:
    for each in ("anna", "berit"):
        letters.add(person(each), "reset", values("reset"))
    letters.ended(letters.due()[0], "sent")
    clock.advance(86_400)
    assert letters.expire(clock.now() - timedelta(days=2)) == 0
    assert letters.expire(clock.now()) == 1
    assert letters.counts() == {"waiting": 1}


# ---------------------------------------------------------------- words

RENDERER = LetterRenderer(Translations(FOLDER), base_url="https://turvakt.ekvik.example/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", VALUES)
def test_every_letter_has_words_and_its_subject_names_nobody(
    kind: LetterKind, language: Language, letters: Letters
) -> None:
    letters.add(person(language=language), kind, values(kind))
    message = RENDERER.render(letters.due()[0].letter)
    for secret in ("Anna", "Lindqvist", "Karin", "Ekvik", "Larm"):
        assert secret not in message.subject
    assert "Anna Lindqvist" in message.text
    assert ("2026" in message.text) is bool(VALUES[kind] & {"at", "until"})
    assert ("https://turvakt.ekvik.example/" in message.text) is (kind != "erased")
    assert "{" not in message.text
    assert message.facts == {}


@pytest.mark.parametrize(("language", "day"), [("sv", "1 december"), ("fi", "1. joulukuuta"), ("en", "1 December")])
def test_an_erased_official_is_told_what_is_kept(language: Language, day: str, letters: Letters) -> None:
    letters.add(person(language=language), "erased", values("erased", kept="3", kept_until=MOMENT))
    text = RENDERER.render(letters.due()[0].letter).text
    assert "12" in text
    assert "3" in text
    assert text.count(f"{day} 2026") == 3


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("sv", ("Inget inlägg", "avtryck", "att någon läste", "mottagarna redan har fått")),
        ("fi", ("Yhtään julkaisua", "tiiviste", "että joku luki", "vastaanottajat ovat jo saaneet")),
        ("en", ("No post", "fingerprint", "that somebody read", "recipients have already been sent")),
    ],
)
def test_also_where_no_post_is_kept_the_letter_says_what_stays(
    language: Language, words: tuple[str, ...], letters: Letters
) -> None:
    letters.add(person(language=language), "erased", values("erased", kept="0"))
    text = RENDERER.render(letters.due()[0].letter).text
    assert [each for each in words if each not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_about_one_alert_leads_to_it_and_one_about_several_to_the_list(
    language: Language, letters: Letters
) -> None:
    letters.add(person(language=language), "alert", values("alert"))
    letters.add(person(language=language), "alert", values("alert", number="7", alert=""))
    texts = [RENDERER.render(each.letter).text for each in letters.due()]
    assert sum("https://turvakt.ekvik.example/alerts/a1\n" in text for text in texts) == 1
    assert sum("https://turvakt.ekvik.example/me/alerts\n" in text and " 7 " in text for text in texts) == 1


@pytest.mark.parametrize(("language", "at"), [("sv", "kl. 01:00"), ("fi", "klo 2.00"), ("en", "at 01:00")])
def test_of_an_emergency_access_she_is_told_the_minute_and_where_to_end_it(
    language: Language, at: str, letters: Letters
) -> None:
    letters.add(person(language=language), "break-glass", values("break-glass", at="2026-12-01T00:00:00+00:00"))
    text = RENDERER.render(letters.due()[0].letter).text
    assert at in text
    assert "https://turvakt.ekvik.example/break-glass\n" in text


def test_values_stay_on_their_line(letters: Letters) -> None:
    sly = values("break-glass", reason="brand\r\nBcc: x@example.com\u202e", who="{link}")
    letters.add(person(), "break-glass", sly)
    text = RENDERER.render(letters.due()[0].letter).text
    assert "skäl: brand Bcc: x@example.com\n" in text
    assert "{link}" in text


# ---------------------------------------------------------------- sending


@asynccontextmanager
async def sending(letters: Letters, channel: Channel, clock: ManualClock) -> AsyncIterator[None]:
    async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    postman = Postman(letters=letters, channel=channel, renderer=RENDERER, step=step, clock=clock, idle_seconds=0.01)
    running = asyncio.create_task(postman.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def email(server: SmtpServer, clock: ManualClock, **options: Any) -> Email:
    sender = "turvakt@ekvik.example"
    return Email(host="127.0.0.1", port=server.port, security="none", sender=sender, clock=clock, **options)


async def test_a_letter_goes_by_mail(letters: Letters, clock: ManualClock) -> None:
    async with SmtpServer() as server:
        letters.add(person(), "invitation", values("invitation"))
        async with sending(letters, email(server, clock), clock):
            await until(lambda: letters.counts() == {"sent": 1})
        (mail,) = server.mails
        assert mail["To"] == "Anna Lindqvist <anna@ekvik.example>"
        assert mail["Subject"] == "Turvakt: du är inbjuden"
        assert LINK in mail.get_content()


async def test_the_file_of_a_letter_goes_with_the_official(
    letters: Letters, clock: ManualClock, tmp_path: Path
) -> None:
    files = Files(tmp_path / "outbox", clock=clock)
    letters.add(person(official="ekvik-07"), "invitation", values("invitation"))
    async with sending(letters, files, clock):
        await until(lambda: letters.counts() == {"sent": 1})
    assert (files.count("ekvik-07"), files.count("another"), files.total()) == (1, 0, 0)
    assert files.erase("ekvik-07") == 1
    assert list((tmp_path / "outbox").iterdir()) == []


async def test_a_server_that_is_away_is_waited_for(letters: Letters, clock: ManualClock) -> None:
    async with SmtpServer() as server:
        await server.stop()
        letters.add(person(), "reset", values("reset"))
        async with sending(letters, email(server, clock), clock):
            await until(lambda: letters.due() == [])
            await server.start()
            clock.advance(300)
            await until(lambda: letters.counts() == {"sent": 1})
        assert len(server.mails) == 1


async def test_a_letter_that_may_have_arrived_comes_less_and_less_often(letters: Letters, clock: ManualClock) -> None:
    async with SmtpServer() as server:
        letters.add(person(email="slow@ekvik.example"), "reset", values("reset"))
        channel = email(server, clock, data_seconds=0.1)
        async with sending(letters, channel, clock):
            for tries, minutes in ((1, 1), (2, 1), (3, 2), (4, 4)):
                await until(lambda: letters.due() == [])
                assert len(server.mails) == tries
                clock.advance(60 * minutes - 1)
                assert letters.due() == []
                clock.advance(1)


async def test_a_letter_is_given_up_after_a_week(
    letters: Letters, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with SmtpServer() as server:
        for name, address in (("anna", "gone@ekvik.example"), ("berit", "full@ekvik.example")):
            letters.add(person(name, email=address), "reset", values("reset"))
        async with sending(letters, email(server, clock), clock):
            await until(lambda: letters.counts() == {"failed": 1, "waiting": 1} and letters.due() == [])
            clock.advance(GIVE_UP_AFTER.total_seconds())
            await until(lambda: letters.counts() == {"failed": 2})
    # The server of the test logs addresses, where an earlier test has made loggers talkative.
    said = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert not any("ekvik.example" in each for each in said)


async def test_without_a_mail_server_letters_are_files(letters: Letters, clock: ManualClock, tmp_path: Path) -> None:
    files = Files(tmp_path / "outbox", clock=clock)
    letters.add(person(), "invitation", values("invitation"))
    async with sending(letters, files, clock):
        await until(lambda: letters.counts() == {"sent": 1})
    assert files.total() == 0  # it is about no official
    assert files.sweep(letters.known) == 0
    (file,) = (tmp_path / "outbox").glob("*.eml")
    assert LINK in file.read_text("utf-8")
    letters.erase("anna-lindqvist")
    assert files.sweep(letters.known) == 1


async def test_a_letter_that_is_erased_on_its_way_is_taken_back(
    letters: Letters, clock: ManualClock, tmp_path: Path
) -> None:
    class Slow(Files):
        async def send(self, *args: Any, **kwargs: Any) -> None:
            await super().send(*args, **kwargs)
            letters.erase("anna-lindqvist")

    letters.add(person(), "invitation", values("invitation"))
    async with sending(letters, Slow(tmp_path / "outbox", clock=clock), clock):
        await until(lambda: letters.counts() == {} and not list((tmp_path / "outbox").glob("*.eml")))
