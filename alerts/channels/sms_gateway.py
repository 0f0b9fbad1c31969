"""Short messages by a gateway of yours: any service that takes a JSON object over HTTP."""

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.channels.reaching import reach, server_of
from alerts.channels.telephone import brief, callback
from alerts.messages.message import Message
from flow.clock import Clock


class SmsGateway:
    """Posts ``{"to", "text", "id"}`` to one address, and ``"receipt"``: where the gateway may tell what came of it.

    ``id``, and the header ``Idempotency-Key``, are the same for the same message again.

    Args:
        url: of the gateway.
        token: sent as ``Authorization: Bearer``; empty: none.

    Raises:
        BadInput: the address is not https.
    """

    name = "sms-gateway"

    def __init__(self, *, url: str, token: str, clock: Clock, seconds: float = 15.0) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._caller.check(url)
        self._url = url
        self._seconds = seconds
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def check(self, address: str) -> None:
        """Look at the telephone number."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the gateway has answered 2xx.

        Raises:
            BadInput: the number is none, or the gateway refuses it.
            Unavailable: the gateway does not answer, is busy, or refuses us (401, 402, 403, 404, 405).
        """
        self.check(recipient.address)
        content = {"to": recipient.address, "text": brief(message), "id": idempotency_key}
        if receipts := callback(message, "receipts/sms-gateway"):
            content["receipt"] = receipts
        headers = {**self._headers, "idempotency-key": idempotency_key}
        answer = await self._caller.call("POST", self._url, read=False, json=content, headers=headers)
        if not answer.good:
            raise self._caller.refusal(
                answer, ours=(401, 402, 403, 404, 405), remedy="Check the contact's telephone number"
            )

    async def probe(self) -> None:
        """Reach the gateway's server. Whether it takes our token is seen only when something is sent.

        Raises:
            Unavailable: as of `reach`.
        """
        await reach(server_of(self._url), place=self._caller.place, seconds=self._seconds)

    async def retract(self, idempotency_key: str) -> None:
        """A short message cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()
