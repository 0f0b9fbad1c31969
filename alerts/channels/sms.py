"""Short messages by 46elks (https://46elks.com/docs/send-sms)."""

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.elks import URL, Account
from alerts.channels.telephone import brief, callback
from alerts.messages.message import Message
from flow.clock import Clock


class Sms:
    """Sends a short message: one line without text, name or label, and the link.

    46elks knows no idempotency keys: after a crash the same message may come twice.

    Args:
        username, password: of the API, from the account's page.
        sender: what telephones show: up to 11 letters and digits, or a number of the account.
        url: of the API.

    Raises:
        BadInput: the address of the API is not https.
    """

    name = "sms"

    def __init__(
        self, *, username: str, password: str, sender: str, clock: Clock, url: str = URL, seconds: float = 15.0
    ) -> None:
        self._account = Account(self.name, username=username, password=password, url=url, clock=clock, seconds=seconds)
        self._sender = sender

    def check(self, address: str) -> None:
        """Look at the telephone number."""
        check_address(self.name, address)

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
        await self._account.post("sms", data)

    async def probe(self) -> None:
        """As `Account.probe`."""
        await self._account.probe()

    async def retract(self, idempotency_key: str) -> None:
        """A short message cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._account.caller.close()
