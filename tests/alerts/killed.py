"""A program for a test: delivers a threat by SMTP and is killed at one step after the other; see `tests.alerts.test_killed`.

``python -m tests.alerts.killed FOLDER PORT``: for each step a process takes the alert and delivers it until it is killed there,
and a second one goes on to the end. It prints how many steps there are.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from aiosmtplib.protocol import SMTPProtocol

from alerts.alert import Alert
from alerts.channels.email import Email
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Outbox
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.messages.message import Message
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule
from alerts.stage import recording
from flow.clock import SystemClock
from flow.logs.sqlite import SqliteLog
from tests.alerts.people import alert, official, recipient, verdict
from tests.databases import open_file

PLANS = Plans(Plan((Rule(name="grave", severity="low"),)))
STEPS: list[tuple[type, str]] = [
    (Incidents, "take"),
    (Outbox, "add"),
    (Telling, "tell"),
    (Dispatcher, "_pick"),
    (Email, "send"),
    (SMTPProtocol, "write"),  # each word to the server, the message itself among them
    (Telling, "record"),
    (Outbox, "record"),
]
"""Before and after each of these the process is killed once."""


class Steps:
    """Counts the steps and kills this process at one of them."""

    def __init__(self, last: int) -> None:
        self.passed = 0
        self._last = last

    def step(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if asyncio.iscoroutinefunction(function):

            @wraps(function)
            async def waited(*args: Any, **kwargs: Any) -> Any:
                self.step()
                returned = await function(*args, **kwargs)
                self.step()
                return returned

            return waited

        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            self.step()
            returned = function(*args, **kwargs)
            self.step()
            return returned

        return called


async def deliver(path: Path, port: int, raised: Alert, steps: Steps) -> None:
    """Take the alert, and deliver all that waits."""
    clock, database = SystemClock(), open_file(path)
    outbox = Outbox(database, clock=clock)
    telling = Telling(database, outbox=outbox, clock=clock)
    incidents = Incidents(
        database, telling=telling, plans=lambda: PLANS, officials=lambda id: official(id), clock=clock
    )
    email = Email(host="127.0.0.1", port=port, security="none", sender="turvakt@ekvik.example", clock=clock)
    commit = recording(telling=telling, log=SqliteLog(database, clock=clock))

    async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    dispatcher = Dispatcher(
        outbox=outbox,
        channels={"email": email},
        render=lambda told, to, delivery: Message(
            f"Turvakt {delivery}", "Larm", {}, told.official, raised.verdict.post.id
        ),
        commit=lambda results: steps.around(commit)(results),
        allowed=lambda told, to: told,
        step=step,
        clock=clock,
        idle_seconds=0.01,
    )
    incidents.take([raised])
    running = asyncio.create_task(dispatcher.run())
    assert await dispatcher.drained(at_most=20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    database.close()


def run(path: Path, port: int, raised: Alert, last: int) -> tuple[bool, int]:
    """In a process of its own; says whether it came to its end, and how many steps it made."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        steps = Steps(last)
        for owner, name in STEPS:
            setattr(owner, name, steps.around(getattr(owner, name)))
        asyncio.run(deliver(path, port, raised, steps))
        os.write(write, str(steps.passed).encode())
        os._exit(0)
    os.close(write)
    passed = os.read(read, 100)
    os.close(read)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, int(passed or 0)


def main() -> None:
    """Kill and go on, step by step."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    number, ended = 0, False
    while not ended:
        number += 1
        path = folder / f"{number}.db"
        open_file(path).close()
        judged = verdict(labels=("threat",))
        raised = alert(judged, recipient(f"step{number}@ekvik.example"))
        ended, _ = run(path, port, raised, number)
        if not ended:
            done, _ = run(path, port, raised, 0)
            assert done, f"killed at step {number}, it did not go on"
    print(number - 1)


if __name__ == "__main__":
    main()
