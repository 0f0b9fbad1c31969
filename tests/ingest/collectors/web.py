"""A small web server on 127.0.0.1 that answers as a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold: asyncio.Event | None = None


class Web:
    """``answers`` maps a path to what is answered in turn (the last one stays) or to a function of the request."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[Answer] | Callable[[Request], Answer]] = {}
        self.requests: list[Request] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Web"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(each.split(": ", 1) for each in head[1:] if each)
            request = Request(head[0].split()[1], {name.lower(): value for name, value in headers.items()})
            self.requests.append(request)
            given = self.answers.get(request.path.partition("?")[0], [Answer(404)])
            answer = given(request) if callable(given) else given.pop(0) if len(given) > 1 else given[0]
            if answer.hold is not None:
                await answer.hold.wait()
            more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            start = (
                f"HTTP/1.1 {answer.status} x\r\nContent-Length: {len(answer.body)}\r\nConnection: close\r\n{more}\r\n"
            )
            writer.write(start.encode() + answer.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            writer.close()
