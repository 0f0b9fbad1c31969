"""A watcher outside as healthchecks has it: it knows its addresses, takes GET of them alone, and refuses the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

CHECK = "5f1f3c7e-7a2b-4a53-9d0e-2f7c51f4b3aa"


@dataclass(slots=True)
class Outside:
    url: str = ""
    heard: list[str] = field(default_factory=list)
    status: int = 200

    def take(self, path: str) -> int:
        check, _, way = path.removeprefix("/ping/").partition("/")
        if not path.startswith("/ping/") or check != CHECK or way not in ("", "start", "fail") or path.endswith("/"):
            return 404
        self.heard.append(way or "alive")
        return self.status


@contextmanager
def outside() -> Iterator[Outside]:
    heard = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(heard.take(self.path))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_port}/ping/{CHECK}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()
