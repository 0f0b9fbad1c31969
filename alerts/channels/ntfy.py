"""Notifications by ntfy (https://docs.ntfy.sh/publish)."""

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.messages.message import Message, clean
from flow.clock import Clock

_PRIORITIES = {"none": 3, "low": 3, "medium": 3, "high": 4, "critical": 5}


class Ntfy:
    """Publishes to the topic that is the contact's address: one line without text, name or label, and the link.

    Whoever knows a topic can read along, unless the server asks for a token: topics that are easily guessed are refused.

    Args:
        url: of the server.
        token: to publish there; empty: none.

    Raises:
        BadInput: the address of the server is not https.
    """

    name = "ntfy"

    def __init__(self, *, url: str, token: str, clock: Clock, seconds: float = 15.0) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._caller.check(url)
        self._url = url.rstrip("/") + "/"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def check(self, address: str) -> None:
        """Look at the name of the topic."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the server has taken the message on; the same key again replaces the notification.

        Raises:
            BadInput: the server refuses the message.
            Unavailable: the server does not answer, is busy, or refuses us.
        """
        self.check(recipient.address)
        content = {
            "topic": recipient.address,
            "title": "Turvakt",
            "message": clean(message.short) or clean(message.subject),
            "priority": 5 if message.threat else _PRIORITIES[message.severity],
            "sequence_id": idempotency_key,
        }
        if message.link:
            content["click"] = message.link
        answer = await self._caller.call("POST", self._url, json=content, headers=self._headers)
        if not answer.good:
            raise self._caller.refusal(answer, ours=(401, 403, 404), remedy="Check the contact's topic")
        if answer.json().get("event") != "message":
            raise self._caller.odd()

    async def probe(self) -> None:
        """Ask whether the server is well. Whether it takes our token is seen only when something is published.

        Raises:
            Unavailable: the server does not answer, is not well, or refuses us.
            BadInput: there is no ntfy at this address.
        """
        answer = await self._caller.call("GET", f"{self._url}v1/health", headers=self._headers)
        if not answer.good:
            raise self._caller.refusal(answer, ours=(401, 403), remedy="Check the setting of the server")
        if answer.json().get("healthy") is not True:
            raise self._caller.odd()

    async def retract(self, idempotency_key: str) -> None:
        """What was published stays until the server forgets it: it holds nothing of the post."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()
