"""One server for all test processes of a run: the first who needs it starts it, and it ends when nobody is left.

It belongs to a keeper, a process apart. Whoever uses it holds a shared lock on a file, which the system lets go of when the
user dies, in whatever way; the keeper waits for the exclusive lock, and then ends the server.

    python -m tests.servers.sharing NAME FOLDER
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.installing import Missing, locked
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres
from tests.servers.process import Failed
from tests.servers.server import Server

_SERVERS: dict[str, type[Server]] = {server.name: server for server in (Kafka, Elasticsearch, Postgres)}


@contextmanager
def shared(name: str, folder: Path) -> Iterator[str]:
    """The address of the server that all who name this ``folder`` share; who leaves last ends it.

    Raises:
        Missing: it is not installed and cannot be; the text says what to install.
        Failed: it did not start.
    """
    known = folder / f"{name}.address"
    with (folder / f"{name}.users").open("w") as users:
        with locked(folder / f"{name}.starting"):
            fcntl.flock(users, fcntl.LOCK_SH)  # waits here where a keeper is just ending the last one
            if not known.exists():
                known.write_text(_kept(name, folder))
        yield known.read_text()


def _kept(name: str, folder: Path) -> str:
    command = [sys.executable, "-m", "tests.servers.sharing", name, str(folder)]
    # The shell ends at once, so that nobody has to wait for the keeper, who lives longer than who started it.
    started = ["sh", "-c", '"$@" &', "sh", *command]
    root = Path(__file__).parents[2]
    with (folder / f"{name}.keeper").open("ab") as errors:
        done = subprocess.run(
            started, stdout=subprocess.PIPE, stderr=errors, cwd=root, start_new_session=True, text=True, check=True
        )
    if not done.stdout:
        raise Failed(f"the keeper of {name} ended; its errors stand in {folder / name}.keeper")
    answer = json.loads(done.stdout)
    for problem in (Missing, Failed):
        if problem.__name__ in answer:
            raise problem(answer[problem.__name__])
    return str(answer["address"])


def _keep(name: str, folder: Path) -> None:
    server = _SERVERS[name]()
    try:
        server.start()
        _answer({"address": server.address})
        with (folder / f"{name}.users").open("w") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            (folder / f"{name}.address").unlink(missing_ok=True)
            server.stop()
    except (Missing, Failed) as error:
        _answer({type(error).__name__: str(error)})
    finally:
        server.close()


def _answer(answer: dict[str, str]) -> None:
    """Tell who started the keeper, and close the line that it listens to."""
    print(json.dumps(answer), flush=True)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  a device
        os.dup2(nowhere.fileno(), 1)


if __name__ == "__main__":
    _keep(sys.argv[1], Path(sys.argv[2]))
