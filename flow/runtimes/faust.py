"""One stage as a worker of a cluster: Faust brings entries from Kafka and moves the group's offset behind what is done.

What a stage does, and what happens when it fails, is the same as in the embedded runtime. Entries are acknowledged when what
came of them is safe: killed at any moment, the worker loses none, and some come twice. More workers of a stage share its
topic's partitions.
"""

import asyncio
import logging
import os
import socket
from typing import Any

from flow.backoff import backoff
from flow.errors import Unavailable
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from flow.runtimes.faust_consumer import Consumer
from flow.stage import Observer, Stage

logger = logging.getLogger(__name__)


class Faust:
    """Runs ``stage`` over ``log``. A consumer that crashes or falls silent is made anew.

    Args:
        connection: how Faust reaches the brokers that ``log`` writes to.
        batch_size: entries that the stage takes at once, at most.
        member: see `flow.runtimes.faust_app.make_app`.
        patience: seconds after which a consumer that takes nothing although there is something is called silent.
    """

    def __init__(
        self,
        *,
        log: KafkaLog,
        connection: Connection,
        stage: Stage[Any],
        observer: Observer,
        batch_size: int = 500,
        member: str | None = None,
        patience: float = 60.0,
    ) -> None:
        self._log = log
        self._connection = connection
        self._stage = stage
        self._observer = observer
        self._batch_size = batch_size
        self._member = member
        self._patience = patience
        self._lives = 0
        self.consumer: Consumer | None = None
        """The one of now."""

    async def run(self) -> None:
        """Run until cancelled. While Kafka, or what the stage needs, is away, it waits.

        Raises:
            Broken: the stage cannot go on, Kafka refuses us, or a consumer could not be stopped.
        """
        place = f"consumer of {self._stage.name}"
        pauses = backoff(first=0.5, most=30.0)
        while True:
            self._lives += 1
            self.consumer = Consumer(
                log=self._log,
                connection=self._connection,
                stage=self._stage,
                observer=self._observer,
                batch_size=self._batch_size,
                client=f"turvakt-{self._stage.name}-{socket.gethostname()}-{os.getpid()}-{self._lives}",
                member=self._member,
                patience=self._patience,
            )
            reason = await self.consumer.live()
            if self.consumer.worked:
                pauses = backoff(first=0.5, most=30.0)
            logger.warning("%s %s; it is made anew", place, reason)
            self._observer.waiting(place, Unavailable(reason))
            await asyncio.sleep(next(pauses))
