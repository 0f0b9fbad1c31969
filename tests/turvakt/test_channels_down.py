"""All channels are down for an hour while threats come in, and nobody answers: what arrives when they are back."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.alerts.servers import SmtpServer
from tests.alerts.services import Elks
from tests.turvakt.silence.watcher_outside import Outside, outside
from tests.turvakt.test_night_story import CHIEF, LAST, NUMBER, OPERATOR, WATCH, Night

THREATS = {
    0: "Jag vet var du bor, i natt kommer vi",
    5: "Du ska få ångra dig, bilen din brinner snart",
    20: "Nästa gång du står på torget skjuter jag dig",
    55: "Lås dörren noga, jag har skaffat en kniv till dig",
}
"""By the minute of the outage at which they come; of the first three the last resort is due before it ends."""


def delivered(night: Night, incident: str) -> Iterator[tuple[int, int, str, str]]:
    """Round, step, contact and channel of each message by which a step was told."""
    round, told = 1, {}
    for each in night.parts.incidents.history.of(incident):
        round += each.event == "repeated"
        if each.event in ("told", "failed-over"):
            told[each.delivery] = round
        elif each.event == "delivered" and each.step:
            yield told[each.delivery], each.step, each.contact, each.channel


async def an_hour(night: Night, heard: Outside) -> None:
    """Nothing gets through, and the watcher outside is told so."""
    await night.mails.stop()
    night.elks.mode = "down"
    for minute in range(0, 60, 5):
        if minute in THREATS:
            await night.post(f"bluesky:{minute}", THREATS[minute])
        await night.later(5)
    assert (night.mailed(), night.texted()) == ([], [])
    assert heard.heard[-1] == "fail"
    await night.mails.start()
    night.elks.mode = "normal"


async def test_all_channels_are_down_for_an_hour_and_back(tmp_path: Path) -> None:
    with outside() as heard:
        async with SmtpServer() as mails, Elks() as elks:
            night = Night(tmp_path / "data", mails, elks, ping_url=heard.url)
            try:
                await night.go_on()
                await an_hour(night, heard)
                for _ in range(6):
                    await night.later(5)
                mailed, texted = night.mailed(), night.texted()
                incidents = {night.incident(f"bluesky:{minute}").id for minute in THREATS}
                assert len(incidents) == len(THREATS)
                for each in incidents:
                    assert {to for to, mail in mailed if each[:6] in mail["Subject"]} == {WATCH, CHIEF, LAST}
                    assert NUMBER in {to for to, short in texted if each[:6] in short}
                    assert set(Counter(delivered(night, each)).values()) == {1}
                # What the servers took is what was written down, and no message came twice.
                assert len({mail["Message-ID"] for _, mail in mailed}) == len(mailed)
                took = len(texted) + sum(to in (WATCH, CHIEF, LAST) for to, _ in mailed)
                counts = night.parts.outbox.counts()
                assert (counts["waiting"], counts["failed"], counts["delivered"]) == (0, 0, took)
                of_operator = [short.partition(",")[0] for to, short in texted if to == OPERATOR]
                assert "Turvakt: something is not working" in of_operator
                assert heard.heard[-1] == "alive"
            finally:
                night.parts.close()
