"""Rooms of Matrix (client-server API, version 1.11)."""

from urllib.parse import quote

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.channels.telephone import brief
from alerts.messages.message import Message
from flow.clock import Clock


class Matrix:
    """Writes into the room whose id is the contact's address: one line without text, name or label, and the link.

    The account must have been invited to the room and have joined it. In an encrypted room the line stands unencrypted.

    Args:
        homeserver: where the account is.
        token: its access token.

    Raises:
        BadInput: the address of the server is not https.
    """

    name = "matrix"

    def __init__(self, *, homeserver: str, token: str, clock: Clock, seconds: float = 15.0) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._caller.check(homeserver)
        self._api = f"{homeserver.rstrip('/')}/_matrix/client/v3"
        self._headers = {"authorization": f"Bearer {token}"}

    def check(self, address: str) -> None:
        """Look at the room's id."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the server has taken the message on; the same key again is the same message.

        Raises:
            BadInput: the account may not write in this room.
            Unavailable: the server does not answer, is busy, does not know our token, or is none of Matrix.
        """
        self.check(recipient.address)
        room, key = quote(recipient.address, safe=""), quote(idempotency_key, safe="")
        answer = await self._caller.call(
            "PUT",
            f"{self._api}/rooms/{room}/send/m.room.message/{key}",
            json={"msgtype": "m.text", "body": brief(message)},
            headers=self._headers,
        )
        if not answer.good:
            # What is no Matrix knows no room either.
            elsewhere = () if answer.json().get("errcode") == "M_NOT_FOUND" else (404, 405)
            remedy = "Invite the account to the room and let it join"
            raise self._caller.refusal(answer, ours=(401, *elsewhere), remedy=remedy)
        if not answer.json().get("event_id"):
            raise self._caller.odd()

    async def probe(self) -> None:
        """Ask whose token it is.

        Raises:
            Unavailable: the server does not answer, or does not know our token.
            BadInput: there is no Matrix at this address.
        """
        answer = await self._caller.call("GET", f"{self._api}/account/whoami", headers=self._headers)
        if not answer.good:
            raise self._caller.refusal(answer, ours=(401, 403), remedy="Check the setting of the homeserver")
        if not answer.json().get("user_id"):
            raise self._caller.odd()

    async def retract(self, idempotency_key: str) -> None:
        """What was written stays: it holds nothing of the post."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()
