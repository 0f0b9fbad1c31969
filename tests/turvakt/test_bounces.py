"""Mail servers report that alerts have not arrived, by the pipe that feeds ``turvakt alerts bounced``."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from alerts.alert import DELIVERIES
from alerts.delivery.outbox import Item, Result
from alerts.incidents.incident import Incident
from alerts.incidents.links import LASTS
from alerts.messages.translations import Translations
from alerts.messages.words import FOLDERS, Words
from alerts.tables import INCIDENT
from flow.errors import BadInput, Unavailable
from registry.official import Contact
from tests.alerts.bounces import TO, exchange, exim, postfix
from tests.turvakt.process import Program
from tests.web.answering import ANNA, EVA, KAJ, Answerable
from tests.web.portal.building import at_once
from turvakt.bounces import note
from turvakt.watch.beats import Beats
from turvakt.watch.channels import Channels
from turvakt.watch.trouble import Detail, Trouble

SMS = Contact(EVA, "sms", "+46700000000", "sv")


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data")


def told(world: Answerable, contact: str = KAJ) -> Item:
    """What waits for this contact."""
    items = [each for name in ("email", "sms") for each in world.parts.outbox.due(1000, channel=name)]
    return next(each for each in items if each.recipient.name == contact)


def delivered(world: Answerable, contact: str = KAJ) -> str:
    """The id of what this contact was sent; all that waits is delivered."""
    wanted = told(world, contact).delivery.id
    items = [each for name in ("email", "sms") for each in world.parts.outbox.due(1000, channel=name)]
    ended = [replace(each.delivery, state="delivered", attempts=1, at=world.clock.now()) for each in items]
    names = [each.recipient.name for each in items]
    world.parts.telling.record([Result(each, contact=name) for each, name in zip(ended, names, strict=True)])
    return wanted


def receipts(world: Answerable, incident: Incident) -> list[tuple[str, str, str]]:
    events = world.parts.incidents.history.of(incident.id)
    return [(each.event, each.contact, each.channel) for each in events if each.result == "receipt"]


@pytest.mark.parametrize("server", [postfix, exchange, exim])
def test_an_alert_that_came_back_has_failed(world: Answerable, server: Callable[..., bytes]) -> None:
    incident = world.raised()
    sent = delivered(world)
    for _ in range(2):  # the pipe may be fed again
        note(world.parts, server(sent))
    assert receipts(world, incident) == [("failed", KAJ, "email")]
    assert world.parts.outbox.counts()["failed"] == 1
    [entry] = world.parts.log.browse("deliveries", limit=9)
    told = DELIVERIES.decode(entry.value)
    assert (told.id, told.state) == (sent, "failed")


def test_the_operator_is_told_what_came_back_and_not_that_the_channel_fails(world: Answerable) -> None:
    incident, now = world.raised(), world.clock.now()
    watch = Channels(world.parts.database, Beats(world.parts.database), ways=lambda: [("email", "kaj@ekvik.example")])
    sent = delivered(world)
    assert list(watch(now)) == []
    note(world.parts, postfix(sent))
    details: dict[Detail, str] = {"returned": "1", "references": incident.id[:6]}
    assert list(watch(now)) == [Trouble("message-returned", "channel:email", now, details)]
    said = Words(Translations(*FOLDERS), "sv").details({str(name): value for name, value in details.items()}, UTC)
    assert said.endswith(f"Händelsens referens: {incident.id[:6]}.")
    world.parts.database.execute(update(INCIDENT).values(kind="drill"))
    (trouble,) = watch(now)
    assert trouble.details == {"returned": "1", "drills": incident.id[:6]}
    assert KAJ not in str(trouble)
    assert list(watch(now + timedelta(hours=2))) == []


def test_what_nobody_has_got_goes_on_to_the_next_step(world: Answerable) -> None:
    incident = world.raised()
    first = delivered(world, EVA)
    (second,) = {each.delivery for each in world.parts.incidents.history.of(incident.id) if each.contact == KAJ}
    escalator = world.parts.escalator(at_once, wake=lambda: None)  # type: ignore[arg-type]
    for back, goes_on in ((first, False), (second, True)):
        note(world.parts, postfix(back))
        escalator.turn(world.clock.now())
        events = [each.event for each in world.parts.incidents.history.of(incident.id)]
        assert bool({"escalated", "repeated", "last-resort"} & set(events)) == goes_on


def test_what_came_back_goes_to_the_contact_by_its_next_channel(tmp_path: Path) -> None:
    world = Answerable(tmp_path / "data", new=False)
    first = world.her.contacts[0]
    world.parts.store.add(replace(world.her, contacts=(first, replace(SMS, name=KAJ))))
    world.her = replace(world.her, contacts=(first,))  # whose first channel alone is told
    incident = world.raised(severity="medium", labels=("harassment",))
    note(world.parts, postfix(delivered(world)))
    assert told(world).delivery.channel == "sms"
    events = [(each.event, each.channel) for each in world.parts.incidents.history.of(incident.id)]
    assert events[-2:] == [("failed", "email"), ("failed-over", "sms")]


def test_what_is_on_its_way_changes_nothing(world: Answerable) -> None:
    world.raised()
    sent, before = delivered(world), world.state()
    assert note(world.parts, postfix(sent, "delayed")).event is None
    assert world.state() == before


def test_a_report_that_is_here_before_the_sending_is_written_down_is_taken_in_later(world: Answerable) -> None:
    incident = world.raised()
    with pytest.raises(Unavailable, match="not yet written down"):
        note(world.parts, postfix(told(world).delivery.id))
    assert receipts(world, incident) == []
    note(world.parts, postfix(delivered(world)))
    assert world.parts.outbox.counts()["failed"] == 1


def test_a_report_about_what_did_not_go_by_e_mail_changes_nothing(tmp_path: Path) -> None:
    world = Answerable(tmp_path / "data")
    world.her = replace(world.her, contacts=(world.her.contacts[0], SMS))
    world.raised()
    sent, before = delivered(world, EVA), world.state()
    with pytest.raises(BadInput, match="by e-mail"):
        note(world.parts, postfix(sent))
    assert world.state() == before


@pytest.mark.parametrize("gone", ["erased", "over", "unknown"])
def test_a_report_about_what_is_not_here_changes_nothing(world: Answerable, gone: str) -> None:
    world.raised()
    sent = delivered(world)
    if gone == "erased":
        world.parts.erasure.withdraw(ANNA)
    elif gone == "over":
        world.clock.advance(LASTS.total_seconds())
    else:
        sent = sent[::-1]
    before = world.state()
    with pytest.raises(BadInput, match="no alert") as refused:
        note(world.parts, postfix(sent))
    assert world.state() == before
    assert "@" not in str(refused.value)


def test_the_command_takes_a_report_in_from_its_pipe(world: Answerable) -> None:
    world.clock.advance((datetime.now(UTC) - world.clock.now()).total_seconds())
    incident = world.raised()
    sent = delivered(world)
    program = Program(world.parts.settings.data_dir)
    done = program.finish("alerts", "bounced", given=postfix(sent).decode())
    assert (done.returncode, done.stdout.decode().split()) == (0, ["Delivery", f"{sent}:", "failed."])
    assert receipts(world, incident) == [("failed", KAJ, "email")]


def test_the_command_says_what_is_no_report_and_lets_the_server_return_nothing(tmp_path: Path) -> None:
    program, mail = Program(tmp_path / "data"), tmp_path / "mail.eml"
    for content in (f"From: {TO}\n\nTack, jag är ledig till måndag.\n".encode(), postfix("ab" * 12)):
        mail.write_bytes(content)
        done = program.finish("alerts", "bounced", str(mail))
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 0
        assert "Nothing was changed" in said
        assert "@" not in said
        assert "ledig" not in said
    program.run("alerts", "bounced", str(tmp_path / "none.eml"), code=2)


@pytest.mark.parametrize(
    "setting",
    [
        {"TURVAKT_POSTGRES_URL": "postgresql://turvakt:SECRET@127.0.0.1:1/turvakt"},
        {"TURVAKT_DATA_DIR": "/dev/null/data"},
    ],
)
def test_where_the_database_cannot_be_had_the_mail_server_is_to_try_again(
    tmp_path: Path, setting: dict[str, str]
) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(postfix("ab" * 12))
    Program(tmp_path / "data").besides(**setting).run("alerts", "bounced", str(mail), code=os.EX_TEMPFAIL)
