"""Telephone calls by 46elks (https://46elks.com/docs/make-call), for what is critical."""

import json
from collections.abc import Mapping

from alerts.alert import Recipient
from alerts.channels.calling import Caller
from alerts.channels.sms import URL, look_at_account, raise_unless_taken
from alerts.channels.telephone import callback, check_number
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import BadInput
from registry.official import Language

_SPEECH = "en_US/"
"""46elks reads text aloud in English alone, and 180 characters at most."""
_READ_MOST = 180
_RUNG = frozenset({"bulletin.test", "bulletin.drill"})
"""What rings, besides, as whoever tries it wants to hear it."""
_ENGLISH = (
    "Turvakt. A serious alert is waiting for you. See the message on your phone. Press 1 to say that you have seen it."
)


class Voice:
    """Rings the contact up and says that an alert waits; pressing 1 acknowledges it.

    Args:
        username, password: of the API, from the account's page.
        sender: the number that the call comes from, one of the account.
        audio: a recording by language (address of an MP3, WAV or OGG file); where there is none, a voice speaks English.
        url: of the API.
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
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._auth = (username, password)
        self._sender = sender
        self._audio = audio or {}
        self._url = url.rstrip("/")

    def check(self, address: str) -> None:
        """Look at the telephone number."""
        check_number(address, place=self._caller.place)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once 46elks has begun to call.

        Raises:
            BadInput: the number is none, 46elks refuses it, or nothing about the message is critical.
            Unavailable: 46elks does not answer, is busy, or refuses us.
        """
        self.check(recipient.address)
        if not (message.threat or message.severity == "critical" or message.facts.get("type") in _RUNG):
            remedy = "Give the contact another channel for what is less grave"
            raise BadInput("only what is critical rings anybody up", place=self._caller.place, remedy=remedy)
        data = {
            "from": self._sender,
            "to": recipient.address,
            "voice_start": json.dumps(self._actions(message, recipient.language), ensure_ascii=False),
        }
        if receipts := callback(message, "receipts/voice"):
            data["whenhangup"] = receipts
        raise_unless_taken(
            self._caller, await self._caller.call("POST", f"{self._url}/calls", data=data, auth=self._auth)
        )

    async def probe(self) -> None:
        """Ask for our account.

        Raises:
            Unavailable: 46elks does not answer, or does not know us.
            BadInput: it is not 46elks that answers.
        """
        await look_at_account(self._caller, self._url, self._auth)

    def _actions(self, message: Message, language: Language) -> dict[str, object]:
        sound = self._audio.get(language) or _SPEECH + self._said(message, language)
        pressed = callback(message, "voice")
        if not pressed:
            return {"play": sound}
        return {"ivr": sound, "digits": 1, "timeout": 10, "repeat": 3, "next": pressed}

    @staticmethod
    def _said(message: Message, language: Language) -> str:
        spoken = message.spoken if language == "en" else ""
        return spoken if spoken and len(spoken) <= _READ_MOST else _ENGLISH

    async def retract(self, idempotency_key: str) -> None:
        """A call cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()
