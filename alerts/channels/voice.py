"""Telephone calls by 46elks (https://46elks.com/docs/make-call), for what is critical."""

import json
from collections.abc import Mapping

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.elks import URL, Account
from alerts.channels.telephone import callback
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Language

_SPEECH = "en_US/"
"""46elks reads text aloud in English alone, and 180 characters at most."""
_READ_MOST = 180
_SOUNDS = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"RIFF", b"OggS")
"""How files of MP3, WAV and OGG begin."""
_RUNG = frozenset({"bulletin.test", "bulletin.drill"})
"""What rings, besides, as whoever tries it wants to hear it."""
_ALERT = "Turvakt. A serious alert is waiting for you. See the message on your phone."
_SEEN = "Press 1 to say that you have seen it."
_NO_ALERT = "Turvakt. This is only a test. Nothing has happened. See the message on your phone."
_WORKS = "Press 1 to say that it works."


class Voice:
    """Rings the contact up and says that an alert waits; pressing 1 acknowledges it.

    Args:
        username, password: of the API, from the account's page.
        sender: the number that the call comes from, one of the account.
        audio: a recording by language (address of an MP3, WAV or OGG file); where there is none, a voice speaks English.
        url: of the API.

    Raises:
        BadInput: an address is not https.
    """

    name = "voice"

    def __init__(
        self,
        *,
        username: str,
        password: str,
        sender: str,
        clock: Clock,
        audio: Mapping[Language, str] | None = None,
        url: str = URL,
        seconds: float = 15.0,
    ) -> None:
        self._account = Account(self.name, username=username, password=password, url=url, clock=clock, seconds=seconds)
        self._sender = sender
        self._audio = {language: address for language, address in (audio or {}).items() if address}
        for address in self._audio.values():
            self._account.caller.check(address)

    def check(self, address: str) -> None:
        """Look at the telephone number."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once 46elks has begun to call.

        Raises:
            BadInput: the number is none, 46elks refuses it, or nothing about the message is critical.
            Unavailable: 46elks does not answer, is busy, or refuses us.
        """
        self.check(recipient.address)
        place = self._account.caller.place
        if not (message.breaks_through or message.facts.get("type") in _RUNG):
            remedy = "Give the contact another channel for what is less grave"
            raise BadInput("only what is critical rings anybody up", place=place, remedy=remedy)
        data = {
            "from": self._sender,
            "to": recipient.address,
            "voice_start": json.dumps(self._actions(message, recipient.language), ensure_ascii=False),
        }
        if receipts := callback(message, "receipts/voice"):
            data["whenhangup"] = receipts
        await self._account.post("calls", data)

    async def probe(self) -> None:
        """As `Account.probe`, and fetch the recordings, as 46elks will do.

        Raises:
            Unavailable: a server does not answer, or 46elks does not know us.
            BadInput: it is not 46elks that answers, or there is no recording where the settings say.
        """
        await self._account.probe()
        for language, address in self._audio.items():
            answer = await self._account.caller.call("GET", address)
            if not (answer.good and answer.body.startswith(_SOUNDS)):
                place = f"{self._account.caller.place}, setting voice.audio_{language}"
                remedy = "Put an MP3, WAV or OGG file there that everybody may read"
                raise BadInput(f"there is no recording ({answer.status})", place=place, remedy=remedy)

    def _actions(self, message: Message, language: Language) -> dict[str, object]:
        # The recordings speak of an alert: what is only a test must not play them.
        recorded = "" if message.facts.get("type") in _RUNG else self._audio.get(language, "")
        pressed = callback(message, "voice")
        sound = recorded or _SPEECH + self._said(message, language, key=bool(pressed))
        if not pressed:
            return {"play": sound}
        return {"ivr": sound, "digits": 1, "timeout": 10, "repeat": 3, "next": pressed}

    @staticmethod
    def _said(message: Message, language: Language, *, key: bool) -> str:
        spoken = message.spoken if language == "en" else ""
        if spoken and len(spoken) <= _READ_MOST:
            return spoken
        said, press = (_NO_ALERT, _WORKS) if message.facts.get("type") in _RUNG else (_ALERT, _SEEN)
        return f"{said} {press}" if key else said

    async def retract(self, idempotency_key: str) -> None:
        """A call cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._account.caller.close()
