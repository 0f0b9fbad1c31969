"""46elks (https://46elks.com/docs), by which short messages and telephone calls go."""

from collections.abc import Collection, Mapping

from alerts.channels.calling import Caller
from flow.clock import Clock

URL = "https://api.46elks.com/a1"
_OURS = frozenset({401, 402, 403})
"""Answers of 46elks that are about our account: key, rights, credit."""
_ELSEWHERE = frozenset({404, 405})
"""Answers to a message that are about the address in our settings."""


class Account:
    """An account there, for one channel.

    Args:
        channel: its name, for errors.
        username, password: of the API, from the account's page.
        url: of the API.

    Raises:
        BadInput: the address of the API is not https.
    """

    def __init__(self, channel: str, *, username: str, password: str, url: str, clock: Clock, seconds: float) -> None:
        self.caller = Caller(channel, clock=clock, seconds=seconds, keys=False)
        self.caller.check(url)
        self._auth = (username, password)
        self._url = url.rstrip("/")

    async def post(self, what: str, data: Mapping[str, str]) -> None:
        """Return once 46elks has taken on a message (``sms``) or a call (``calls``): then it has an id.

        Raises:
            BadInput: 46elks refuses the number.
            Unavailable: 46elks does not answer, is busy, or refuses us; `Unsure`: its answer does not come or is odd.
        """
        remedy = "Check the contact's telephone number"
        await self._call("POST", what, ours=_OURS | _ELSEWHERE, remedy=remedy, data=data)

    async def probe(self) -> None:
        """Ask for the account; that costs nothing.

        Raises:
            Unavailable: 46elks does not answer, or does not know us.
            BadInput: it is not 46elks that answers.
        """
        await self._call("GET", "me", ours=_OURS, remedy="Check the setting of the address of 46elks")

    async def _call(
        self, method: str, what: str, *, ours: Collection[int], remedy: str, data: Mapping[str, str] | None = None
    ) -> None:
        answer = await self.caller.call(method, f"{self._url}/{what}", data=data, auth=self._auth)
        if not answer.good:
            raise self.caller.refusal(answer, ours=ours, remedy=remedy)
        if not answer.json().get("id"):
            raise self.caller.odd()
