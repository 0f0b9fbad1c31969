"""Model servers, and a remote classifier that asks them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from classify.classifiers.remote import Remote
from classify.remote.labelling import pairs
from classify.remote.service import Service
from flow.clock import ManualClock
from tests.classify.asking import LOCAL, Told
from tests.classify.servers import CHAT, TOKEN, ModelServer, Reply

NOW = datetime(2026, 9, 14, tzinfo=UTC)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[str], Reply | None]], ModelServer]]:
    """Starts servers; each was asked as it should be."""
    servers: list[ModelServer] = []

    def start(reply: Callable[[str], Reply | None]) -> ModelServer:
        servers.append(ModelServer(reply).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()
        assert server.faults == []


@pytest.fixture
def remote(told: Told, clock: ManualClock) -> Callable[..., Remote]:
    def make(server: ModelServer, path: str = CHAT, local: Any = LOCAL, names: Any = None, **options: Any) -> Remote:
        kind = {"kind": "chat" if path == CHAT else "labels", "labels": pairs([]), "ask_from": 0.0, "seconds": 10.0}
        service = Service(url=server.url(path), model="tiny", token=TOKEN, **{**kind, **options})
        return Remote(local, service, clock=clock, told=told, names=names or (lambda text: ()))

    return make
