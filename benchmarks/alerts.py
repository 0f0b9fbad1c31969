"""How fast alerts are raised and sent: ``python -m benchmarks.alerts [--json]``.

Verdicts that all match a rule, over the embedded runtime's database on disk: routing, the outbox, and the dispatcher with the
channel ``outbox`` (one synced file each) and with e-mail to an SMTP server in a process of its own. The latency is that from
`Incidents.take` to the hand-over, with alerts coming in at a steady rate. From the collector on: ``benchmarks.pipeline``.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import socket
import string
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from alerts.alert import Alert, Recipient
from alerts.channel import Channel
from alerts.channels.email import Email
from alerts.channels.files import Files
from alerts.content import Content, to_one
from alerts.delivery.budget import Budgets
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Outbox
from alerts.incidents.incidents import Incidents
from alerts.incidents.links import Signer
from alerts.incidents.telling import Telling
from alerts.messages.message import Message
from alerts.messages.rendering import FOLDERS, Renderer
from alerts.messages.translations import Translations
from alerts.plans.planning import load_plans
from alerts.routing import permitted, route
from alerts.stage import recording
from classify.verdict import LABELS, Judgement, Label, Score, Verdict
from flow.clock import SystemClock
from flow.database import Database
from flow.logs.sqlite import SqliteLog
from ingest.post import Mention, Post
from registry.official import Consent, Contact, Official
from turvakt.schema import open_file

CLOCK = SystemClock()
PLANS = load_plans(Path(__file__).parent.parent / "config" / "rules.toml")


def official(channel: str, id: str = "o1") -> Official:
    """An invented official with one contact."""
    return Official(
        id=id,
        given_names=("Anna",),
        family_names=("Lindqvist",),
        forms=(),
        language="sv",
        role="kommunalråd",
        party="Ekvikspartiet",
        municipality="Ekvik",
        country="SE",
        handles={},
        consents=(Consent(("*",), datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=9999)),),
        contacts=(Contact("Beredskap Ekvik", channel, "vakt@ekvik.example", "sv"),),
    )


def verdicts(count: int, *, prefix: str, about: str = "", labels: Sequence[Label] = ("threat",)) -> list[Verdict]:
    """``count`` verdicts that the shipped rules send at once, with posts of 25 words that are not alike.

    Args:
        about: the official whom all are about; empty: each is about another one.
    """
    now = CLOCK.now()
    scores = {label: Score(0.9 if label in labels else 0.1, label in labels) for label in LABELS}
    judgement = Judgement("sv", None, "high", scores, (), "benchmark@1")
    chance = random.Random(1)
    return [
        Verdict(
            Post(
                f"jsonl:{prefix}{n}",
                "jsonl",
                "Anna Lindqvist " + " ".join("".join(chance.choices(string.ascii_lowercase, k=5)) for _ in range(23)),
                now,
                now,
                mentions=(Mention(about or f"{prefix}{n}", 0, 14, "full-name"),),
            ),
            judgement,
            now,
        )
        for n in range(count)
    ]


class Timed:
    """A channel that notes when each post's message was handed over."""

    def __init__(self, channel: Channel) -> None:
        self.name = channel.name
        self.at: dict[str, float] = {}
        self._channel = channel

    def check(self, address: str) -> None:
        """As the channel does."""
        self._channel.check(address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """As the channel does."""
        await self._channel.send(message, recipient=recipient, idempotency_key=idempotency_key)
        self.at[message.post] = time.perf_counter()

    async def retract(self, idempotency_key: str) -> None:
        """As the channel does."""
        await self._channel.retract(idempotency_key)

    async def close(self) -> None:
        """As the channel does."""
        await self._channel.close()


def pipeline(database: Database, channel: str) -> tuple[Telling, Incidents]:
    """Incidents, with budget, links and history, as the monitor has them."""
    officials = partial(official, channel)
    budgets = Budgets(
        database, plans=lambda: PLANS, officials=officials, operator=lambda *, at, severity: (), clock=CLOCK
    )
    telling = Telling(database, outbox=Outbox(database, clock=CLOCK), budgets=budgets, clock=CLOCK)
    return telling, Incidents(database, telling=telling, plans=lambda: PLANS, officials=officials, clock=CLOCK)


async def dispatch(channel: Channel, folder: Path, *, count: int, rate: int, seconds: float) -> dict[str, float]:
    """Messages per second when all wait already, and the latency in seconds when ``rate`` a second come in."""
    database = open_file(folder / f"{channel.name}.db")
    outbox = Outbox(database, clock=CLOCK)
    timed = Timed(channel)
    telling, incidents = pipeline(database, channel.name)
    signer = Signer(["a secret for the benchmark alone"])
    renderer = Renderer(
        Translations(*FOLDERS),
        base_url="http://127.0.0.1:8000",
        officials=partial(official, channel.name),
        link_of=lambda delivery: f"http://127.0.0.1:8000/a/{signer.token(delivery)}",
    )
    worker = ThreadPoolExecutor(max_workers=1)

    async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(worker, lambda: function(*args, **kwargs))

    def allowed(told: Content, recipient: Recipient) -> Content | None:
        found = permitted(told, recipient, official=official(channel.name, told.official), at=CLOCK.now())
        return None if found is None else to_one(told, found)

    dispatcher = Dispatcher(
        outbox=outbox,
        channels={channel.name: timed},
        render=lambda told, to, delivery: renderer.render(told, to, delivery=delivery),
        commit=recording(telling=telling, log=SqliteLog(database, clock=CLOCK)),
        allowed=allowed,
        step=step,
        clock=CLOCK,
    )

    def raised(judged: Sequence[Verdict]) -> list[Alert]:
        return route(judged, plans=PLANS, officials=partial(official, channel.name), clock=CLOCK)

    incidents.take(raised(verdicts(count, prefix="waiting")))
    started = time.perf_counter()
    running = asyncio.create_task(dispatcher.run())
    assert await dispatcher.drained(at_most=120)
    took = time.perf_counter() - started

    added: dict[str, float] = {}
    for number, verdict in enumerate(verdicts(int(rate * seconds), prefix="steady")):
        await asyncio.sleep(max(0.0, started + took + number / rate - time.perf_counter()))
        added[verdict.post.id] = time.perf_counter()
        await step(incidents.take, raised([verdict]))
        dispatcher.wake()
    assert await dispatcher.drained(at_most=60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    worker.shutdown()
    counts = outbox.counts()
    assert counts["delivered"] == count + len(added), counts
    database.close()
    waits = sorted(timed.at[post] - at for post, at in added.items())
    return {
        "per_second": round(count / took),
        "steady_rate": rate,
        "p50_seconds": round(waits[len(waits) // 2], 4),
        "p99_seconds": round(waits[len(waits) * 99 // 100], 4),
    }


def take(path: Path, raised: Sequence[Alert], size: int, *, grouped: bool = True) -> int:
    """Alerts per second that become incidents and deliveries, in batches of ``size``; not ``grouped``: deliveries alone."""
    database = open_file(path)
    add = pipeline(database, "outbox")[1].take if grouped else Outbox(database, clock=CLOCK).add
    started = time.perf_counter()
    for at in range(0, len(raised), size):
        add(raised[at : at + size])
    took = time.perf_counter() - started
    database.close()
    return round(len(raised) / took)


class Sink:
    """Takes every mail."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Accept."""
        return "250 OK"


def _serve(ready: Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink(), loop=loop), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def smtp_server() -> Iterator[int]:
    """The port of an SMTP server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()  # so that a server that could not start ends the wait below
    try:
        port = int(here.recv())
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        yield port
    finally:
        process.terminate()
        process.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")
    parser.add_argument("--count", type=int, default=2000, help="alerts that wait at first")
    parser.add_argument("--rate", type=int, default=50, help="alerts a second after that")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        judged = verdicts(5_000, prefix="route")
        started = time.perf_counter()
        raised = route(judged, plans=PLANS, officials=partial(official, "outbox"), clock=CLOCK)
        figures["route_per_second"] = round(len(judged) / (time.perf_counter() - started))
        figures["outbox_alone_per_second"] = take(folder / "alone.db", raised, 500, grouped=False)
        figures["take_per_second"] = take(folder / "apart.db", raised, 500)
        flood = verdicts(10_000, prefix="flood", about="o1", labels=("harassment",))
        flood[::10] = verdicts(1_000, prefix="threat", about="o1")
        raised = route(flood, plans=PLANS, officials=partial(official, "outbox"), clock=CLOCK)
        figures["take_of_a_flood_per_second"] = take(folder / "flood.db", raised, 100)
        steady = {"count": options.count, "rate": options.rate, "seconds": options.seconds}
        figures["outbox_channel"] = asyncio.run(dispatch(Files(folder / "mails", clock=CLOCK), folder, **steady))
        with smtp_server() as port:
            email = Email(host="127.0.0.1", port=port, security="none", sender="turvakt@ekvik.example", clock=CLOCK)
            figures["email_channel"] = asyncio.run(dispatch(email, folder, **steady))
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name}: {figure}")


if __name__ == "__main__":
    main()
