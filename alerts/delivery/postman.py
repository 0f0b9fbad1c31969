"""Sends letters to people who sign in: at least once each, with the same key."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from access.letter import Waiting
from access.letters import Letters
from alerts.channel import Channel, Unsure
from alerts.delivery.sending import SEND_SECONDS, growing, unsure
from alerts.messages.letters import LetterRenderer, recipient
from flow.clock import Clock
from flow.errors import BadInput, Unavailable
from flow.step import Step

GIVE_UP_AFTER = timedelta(days=7)
"""As long as an invitation holds."""
CLEAN_AGAIN_AFTER = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class Postman:
    """Sends what is due, one letter after the other; tried again with growing pauses, for a week at most.

    Args:
        channel: where letters go: e-mail, or files in the data folder.
        step: where the letters are read and written down.
        sent: is called with each letter that was sent, in the transaction that writes this down.
        send_seconds: how long one try may take.
        idle_seconds: how often to look for letters.
    """

    def __init__(
        self,
        *,
        letters: Letters,
        channel: Channel,
        renderer: LetterRenderer,
        step: Step,
        clock: Clock,
        sent: Callable[[Waiting], None] | None = None,
        send_seconds: float = SEND_SECONDS,
        idle_seconds: float = 2.0,
    ) -> None:
        self._letters = letters
        self._channel = channel
        self._renderer = renderer
        self._step = step
        self._clock = clock
        self._sent = sent
        self._send_seconds = send_seconds
        self._idle_seconds = idle_seconds
        self._clean_from = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Send until cancelled. A letter on its way then is sent again later.

        Raises:
            Broken: the letters cannot be read or written.
        """
        while True:
            for waiting in await self._step(self._letters.due):
                still_here = await self._step(await self._send(waiting))
                if not still_here:
                    await self._channel.retract(waiting.id)
            await self._step(self._clean)
            await asyncio.sleep(self._idle_seconds)

    def _clean(self) -> None:
        """Leave nothing in the files of who was told of an erasure. Are they in use, other letters need not wait for it."""
        if self._clock.now() < self._clean_from:
            return
        try:
            self._letters.clean()
        except Unavailable as error:
            self._clean_from = self._clock.now() + CLEAN_AGAIN_AFTER
            logger.warning("who was told of an erasure is removed from the files later. %s", error)

    async def _send(self, waiting: Waiting) -> Callable[[], bool]:
        """Send; returns what writes down what came of it."""
        letter, place = waiting.letter, f"channel {self._channel.name}"
        try:
            async with asyncio.timeout(self._send_seconds):
                # The file of a letter is found by whom it goes with.
                message = replace(self._renderer.render(letter), official=waiting.official)
                await self._channel.send(
                    message,
                    recipient=recipient(letter, channel=self._channel.name),
                    idempotency_key=waiting.id,
                )
        except BadInput as error:
            return self._failed(waiting, str(error))
        except Unavailable as error:
            return self._again(waiting, str(error), is_unsure=isinstance(error, Unsure))
        except TimeoutError:
            return self._again(waiting, f"{place}: took longer than {self._send_seconds:g} s")
        except Exception as error:  # noqa: BLE001  whatever a channel does, the others must be sent
            return self._again(waiting, f"{place}: unexpected {type(error).__name__}")
        return lambda: self._letters.ended(waiting, "sent", then=self._sent)

    def _again(self, waiting: Waiting, reason: str, *, is_unsure: bool = False) -> Callable[[], bool]:
        tried = self._clock.now() - waiting.letter.added_at
        if tried >= GIVE_UP_AFTER:
            return self._failed(waiting, f"given up after {waiting.attempts + 1} tries. {reason}")
        if not waiting.attempts:
            logger.warning("letter %s is tried again. %s", waiting.id, reason)
        pause = unsure(tried) if is_unsure else timedelta(seconds=next(islice(growing(), waiting.attempts, None)))
        return lambda: self._letters.again(waiting, pause)

    def _failed(self, waiting: Waiting, reason: str) -> Callable[[], bool]:
        logger.error("letter %s has failed: %s", waiting.id, reason)
        return lambda: self._letters.ended(waiting, "failed")
