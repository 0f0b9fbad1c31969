"""What every way to reach a person looks like to the rest of Turvakt."""

from collections.abc import Set
from typing import Protocol, runtime_checkable

from alerts.alert import Recipient
from alerts.messages.message import Message
from flow.errors import Unavailable

AGAIN = "It is tried again"
"""What is to be done about a message that was not taken for now: nothing."""


class Later(Unavailable):
    """Not now, and it is known when: the next try is worth it after ``seconds``."""

    def __init__(self, reason: str, *, seconds: float, place: str = "", remedy: str = "") -> None:
        super().__init__(reason, place=place, remedy=remedy)
        self.seconds = seconds


class Held(Later):
    """We hold it back ourselves, so that a channel is not flooded: this is no try that failed."""


class Unsure(Unavailable):
    """Nobody knows whether the other side has taken the message on, and it would not know it again: it may come twice."""


class HersAlone(Unavailable):
    """Not now, and for this recipient alone: the channel works, and others are reached by it."""


class NotBegun(Unavailable):
    """Not now, for want of room here: nobody was asked, so this tells nothing of the other side."""


class Channel(Protocol):
    """Carries messages. Safe to use for several messages at once."""

    name: str
    """What contacts call it."""

    def check(self, address: str) -> None:
        """Look at an address without sending anything.

        Raises:
            BadInput: nothing can ever be delivered to such an address.
        """
        ...

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the other side has taken ``message`` on.

        Args:
            idempotency_key: passed on, so that the other side can tell a repetition from a second message: after a crash the
                same message may come again, always with the same key.

        Raises:
            BadInput: this message can never be delivered to this recipient.
            Unavailable: not now; try again. `Later`: and when. `Unsure`: but not too often. `HersAlone`: others can be reached.
                `NotBegun`: for want of room here.
        """
        ...

    async def retract(self, idempotency_key: str) -> None:
        """Take back, where that can be done, a message whose official was erased while it was on its way."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Probed(Protocol):
    """A channel whose service can be tried without sending anything."""

    async def probe(self) -> None:
        """Reach the service, and let it say that it knows us, as far as it can.

        Raises:
            Unavailable: it does not answer, or refuses us.
            BadInput: it has nothing where the settings say that it is.
        """
        ...


@runtime_checkable
class Addressed(Protocol):
    """A channel by which each contact has a server of its own."""

    def servers(self, address: str) -> Set[str]:
        """The web servers, such as ``https://ekvik.example``, to which a message to ``address`` goes; the address has been
        looked at by `Channel.check`. Empty: they are not known.

        Raises:
            BadInput: it goes nowhere, as things are.
        """
        ...
