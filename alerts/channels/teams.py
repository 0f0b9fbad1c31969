"""Microsoft Teams, by the address of a workflow ("When a Teams webhook request is received")."""

from typing import Any

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.channels.reaching import server_of
from alerts.messages.message import Message, clean
from flow.clock import Clock


class Teams:
    """Posts an Adaptive Card to the workflow at the contact's address: one line without text, name or label, and a button.

    Workflows know no idempotency keys: after a crash the same card may come twice.
    """

    name = "teams"

    def __init__(self, *, clock: Clock, seconds: float = 15.0) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds, keys=False)

    def check(self, address: str) -> None:
        """Look at the address: https, or http on this machine."""
        check_address(self.name, address)

    def servers(self, address: str) -> frozenset[str]:
        """The one of the address."""
        return frozenset({server_of(address)})

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the workflow has taken the card on.

        Raises:
            BadInput: the workflow refuses it, or is gone.
            Unavailable: it does not answer, is busy, or is not for everybody who has the address (401, 403).
        """
        self.check(recipient.address)
        answer = await self._caller.call("POST", recipient.address, read=False, json=_card(message))
        if not answer.good:
            remedy = "Look at the workflow in Teams, and at the contact's address"
            raise self._caller.refusal(answer, ours=(401, 403), remedy=remedy)

    async def retract(self, idempotency_key: str) -> None:
        """A card cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()


def _card(message: Message) -> dict[str, Any]:
    text = clean(message.short) or clean(message.subject)
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text, "wrap": True, "weight": "Bolder"}],
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Turvakt", "url": message.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
