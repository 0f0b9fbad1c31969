"""Short messages by 46elks (https://46elks.com/docs/send-sms)."""

from alerts.alert import Recipient
from alerts.channels.calling import Answer, Caller
from alerts.channels.telephone import brief, callback, check_number
from alerts.messages.message import Message
from flow.clock import Clock

URL = "https://api.46elks.com/a1"
OURS = frozenset({401, 402, 403})
"""Answers of 46elks that are about our account: key, rights, credit."""


class Sms:
    """Sends a short message: one line without text, name or label, and the link.

    46elks knows no idempotency keys: after a crash the same message may come twice.

    Args:
        username, password: of the API, from the account's page.
        sender: what telephones show: up to 11 letters and digits, or a number of the account.
        url: of the API.
    """

    name = "sms"

    def __init__(
        self, *, username: str, password: str, sender: str, clock: Clock, url: str = URL, seconds: float = 15.0
    ) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._auth = (username, password)
        self._sender = sender
        self._url = url.rstrip("/")

    def check(self, address: str) -> None:
        """Look at the telephone number."""
        check_number(address, place=self._caller.place)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once 46elks has taken the message on.

        Raises:
            BadInput: the number is none, or 46elks refuses it.
            Unavailable: 46elks does not answer, is busy, or refuses us.
        """
        self.check(recipient.address)
        # 46elks keeps no copy of what was sent.
        data = {"from": self._sender, "to": recipient.address, "message": brief(message), "dontlog": "message"}
        if receipts := callback(message, "receipts/sms"):
            data["whendelivered"] = receipts
        raise_unless_taken(
            self._caller, await self._caller.call("POST", f"{self._url}/sms", data=data, auth=self._auth)
        )

    async def probe(self) -> None:
        """Ask for our account.

        Raises:
            Unavailable: 46elks does not answer, or does not know us.
            BadInput: it is not 46elks that answers.
        """
        await look_at_account(self._caller, self._url, self._auth)

    async def retract(self, idempotency_key: str) -> None:
        """A short message cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()


def raise_unless_taken(caller: Caller, answer: Answer) -> None:
    """What an answer of 46elks means: it has an id if the message or call was taken on."""
    if not answer.good:
        raise caller.refusal(answer, ours=OURS, remedy="Check the contact's telephone number")
    if not answer.json().get("id"):
        raise caller.odd()


async def look_at_account(caller: Caller, url: str, auth: tuple[str, str]) -> None:
    """Whether 46elks knows our account (https://46elks.com/docs/get-account); costs nothing."""
    answer = await caller.call("GET", f"{url}/me", auth=auth)
    if not answer.good:
        raise caller.refusal(answer, ours=OURS, remedy="Check the setting of the address of 46elks")
    if not answer.json().get("id"):
        raise caller.odd()
