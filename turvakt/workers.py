"""One process of a cluster: a stage, of which there may be many, or a service that one process does for all."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial

from flow.database import Database
from flow.databases.postgres import Postgres
from flow.databases.postgres_lock import SessionLock
from flow.errors import Broken, TurvaktError
from flow.runtimes.faust import Faust
from flow.runtimes.services import Service, together
from flow.runtimes.worker import Worker
from turvakt.access import base_url
from turvakt.answering import reminding
from turvakt.collecting import Collecting
from turvakt.digesting import keep_digesting
from turvakt.housekeeping import keep_erasing, keep_house
from turvakt.reading import STAGES, fullness
from turvakt.stopping import last_resort, until_stopped
from turvakt.stores import SERVICES
from turvakt.tally import Observed
from turvakt.telling import keep_telling
from turvakt.topics import connection
from turvakt.watch.pulse import Pulse, keep_beating
from turvakt.watch.setup import trying, watcher
from turvakt.wiring import Parts

CONSOLE = "console"
NAMES = (*STAGES, *SERVICES, CONSOLE)

LOOK_SECONDS = 2.0
"""How often to look whether a lock can be had, or is still held, and how much waits before the stages."""
SWEEP_SECONDS = 60.0
"""How often what was erased or forgotten is removed from the brokers."""
END_SECONDS = 20.0
"""A consumer says good-bye to its group, so that others take its partitions at once: that may take a while."""
HANGING_SECONDS = 5.0
"""So much longer the process may live when its work has ended: a consumer without its broker leaves threads behind."""

logger = logging.getLogger(__name__)


class ClusterWorker:
    """Does the work called ``name`` until it is stopped.

    Args:
        name: one of `NAMES`.
        beside: services that run beside it, from the beginning.
        console: gives the service of the web pages, where that is the work.
        member: of a stage, see `flow.runtimes.faust_app.make_app`.
        pulse: knows how its parts are, as it is among the listeners of ``observed``.
    """

    def __init__(
        self,
        parts: Parts,
        name: str,
        *,
        observed: Observed,
        beside: Mapping[str, Service],
        pulse: Pulse,
        console: Callable[[Worker], Service] | None = None,
        member: str | None = None,
    ) -> None:
        self._parts = parts
        parts.delivery_told = observed.delivery
        self._name = name
        self._observed = observed
        self._beside = beside
        self._pulse = pulse
        self._begun = self._works = False
        self._console = console
        self._member = member
        self._looked, self._fullest = float("-inf"), 0
        self.opened = False
        """Whether all that the work needs has been reached once."""

    async def run(self) -> signal.Signals | None:
        """Run; returns after SIGTERM or SIGINT, or when the sources have ended.

        What is away is waited for, from the beginning.

        Raises:
            Broken: something cannot go on; everything has been stopped in order.
        """
        try:
            stopped = await until_stopped(self._run(), break_off=self._break_off, seconds=END_SECONDS)
        except Exception as error:
            # Of an error that is not ours the text may hold anything.
            known = isinstance(error, TurvaktError)
            last_resort(HANGING_SECONDS, error if known else Broken(f"unexpected {type(error).__name__}"))
            raise
        last_resort(HANGING_SECONDS)
        if self._begun:
            self._noted(self._pulse.end)
        return stopped

    def _break_off(self) -> None:
        for opened in ("kafka", "postgres"):
            if opened in self._parts.__dict__:
                part = self._parts.__dict__[opened]
                (part.break_off if opened == "kafka" else part.interrupt)()

    async def _run(self) -> None:
        worker = Worker(observer=self._observed)
        # A stage does its work elsewhere, and housekeeping may take an hour: what these do not do is seen by other signs.
        aside = self._name in (*STAGES, "house")
        self._watching = beating = Worker(observer=self._observed) if aside else worker

        async def work() -> None:
            await self._work(worker)
            raise _Done  # what runs beside has no end of its own

        beats = partial(
            keep_beating,
            self._pulse,
            lambda: self._parts.postgres,
            step=beating.at("watch"),
            works=lambda: self._works,
        )
        try:
            await together({self._name: work, "beats": beats, **self._beside})
        except _Done:
            pass
        finally:
            gc.unfreeze()
            await worker.close()
            await beating.close()
            # Not before: who has lost the lock and has it again sends by the same ones.
            for channel in self._parts.__dict__.get("channels", {}).values():
                await channel.close()

    def _begin(self) -> None:
        self._noted(self._pulse.begin)
        self._begun = True

    def _noted(self, note: Callable[[Database], None]) -> None:
        """Note something by a connection of its own, which minds no version: a start may fail for want of the right one."""
        # Nobody breaks it off: where the server hangs, it must not keep the process from ending.
        of_its_own = Postgres(self._parts.settings.postgres.url, seconds=HANGING_SECONDS)
        with suppress(Broken), closing(of_its_own) as database:
            note(database)

    async def _work(self, worker: Worker) -> None:
        await worker.run(self._begin, place="start")
        make: Callable[[], Service] = partial(self._service, worker)
        service = await worker.run(make, place="start")
        self.opened = True
        # What is loaded by now stays until the end: the collector of garbage need not walk over it again and again.
        gc.freeze()
        if self._name in SERVICES:
            await self._alone(self._parts.postgres.session_lock(self._name), service)
        else:
            self._works = True
            await service()

    def _service(self, worker: Worker) -> Service:
        """What the name stands for; opens what it needs."""
        parts = self._parts
        if self._name in STAGES:
            return Faust(
                log=parts.kafka,
                connection=connection(parts.settings),
                stage=parts.stage(self._name),
                observer=self._observed,
                batch_size=parts.settings.flow.batch_size,
                member=self._member,
            ).run
        parts.log.epoch()
        if self._console is not None:
            return self._console(worker)
        services = {"collect": self._collect, "dispatch": self._dispatch, "house": self._house}
        return services[self._name](worker)

    async def _alone(self, lock: SessionLock, service: Service) -> None:
        """Run ``service`` while no other process of the cluster does; stand by until then."""
        locks = Worker(observer=self._observed)
        try:
            while True:
                await self._until_taken(lock, locks)
                running = asyncio.ensure_future(_coroutine(service))
                self._works = True
                try:
                    while await self._goes_on(running, lock, locks):
                        pass
                    if running.done():
                        return running.result()
                finally:
                    self._works = False
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
                logger.warning("%s: the lock is lost, another process may work now; it stands by", self._name)
        finally:
            lock.release()
            await locks.close()

    async def _until_taken(self, lock: SessionLock, locks: Worker) -> None:
        standing_by = False
        while not await locks.run(lock.take, place="postgres"):
            if not standing_by:
                logger.info("%s: another process works; this one stands by", self._name)
                standing_by = True
            await asyncio.sleep(LOOK_SECONDS)
        logger.info("%s: works", self._name)

    @staticmethod
    async def _goes_on(running: "asyncio.Future[None]", lock: SessionLock, locks: Worker) -> bool:
        await asyncio.wait({running}, timeout=LOOK_SECONDS)
        return not running.done() and await locks.run(lock.held, place="postgres")

    # ---------------------------------------------------------------- services

    def _collect(self, worker: Worker) -> Service:
        collectors = self._parts.collectors()
        self._pulse.collectors = collectors

        async def room() -> None:
            loop, most = asyncio.get_running_loop(), self._parts.settings.flow.most_waiting
            while True:
                if loop.time() - self._looked > LOOK_SECONDS:
                    self._fullest = await worker.run(lambda: fullness(self._parts.lags()), place="kafka")
                    self._looked = loop.time()
                if self._fullest <= most:
                    return
                await asyncio.sleep(LOOK_SECONDS / 4)

        async def collect() -> None:
            if not collectors:  # as settings come: who starts again whatever ends would do so for ever
                logger.warning("no collector is switched on: only texts handed in are watched")
                await asyncio.Event().wait()
            # Made when it is its turn: what it remembers of the log must be of today.
            collecting = Collecting(
                self._parts,
                collectors,
                step=worker.at("intake"),
                deletions=worker.at("deletions"),
                room=room,
                observed=self._observed,
            )
            await together({**collecting.sources, **collecting.services})

        return collect

    def _dispatch(self, worker: Worker) -> Service:
        step, address = worker.at("deliveries"), base_url(self._parts.settings)

        async def dispatch() -> None:
            await step(self._parts.sweep)
            self._pulse.channels = self._parts.channels.values()
            dispatcher = self._parts.dispatcher(step, base_url=address)
            escalator = self._parts.escalator(worker.at("incidents"), wake=dispatcher.wake)
            postman = self._parts.postman(worker.at("letters"), base_url=address)
            reminders = reminding(self._parts, worker.at("reminders"), wake=dispatcher.wake)
            await together(
                {
                    "deliveries": dispatcher.run,
                    "incidents": escalator.run,
                    "letters": postman.run,
                    "reminders": reminders.run,
                    "channels": trying(self._parts, step=worker.at("watch")).run,
                }
            )

        return dispatch

    def _house(self, worker: Worker) -> Service:
        step = worker.at("housekeeping")

        async def sweep() -> None:
            while True:
                await step(self._parts.kafka.sweep)
                await asyncio.sleep(SWEEP_SECONDS)

        hourly = partial(keep_house, self._parts, step=step)
        erasures = partial(keep_erasing, self._parts, step=step)
        telling = partial(keep_telling, self._parts, step=step)
        digests = partial(keep_digesting, self._parts, step=step)

        async def watch() -> None:
            # Made when it is its turn: what it waits for has begun then.
            await watcher(self._parts, step=self._watching.at("watch")).run()

        return lambda: together(
            {
                "hourly": hourly,
                "erasures": erasures,
                "sweep": sweep,
                "telling": telling,
                "digests": digests,
                "watch": watch,
            }
        )


class _Done(Exception):
    """The work has come to its end."""


async def _coroutine(service: Service) -> None:
    await service()
