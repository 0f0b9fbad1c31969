"""A webhook that remembers what it was sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(slots=True)
class Hook:
    address: str = ""
    calls: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    """Path, authorisation and body of each call."""

    def alerts(self, path: str) -> list[dict[str, Any]]:
        return [alert for called, _, body in self.calls if called == path for alert in body["alerts"]]


@contextmanager
def hook() -> Iterator[Hook]:
    remembered = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            remembered.calls.append((self.path, self.headers["authorization"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        remembered.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield remembered
        finally:
            server.shutdown()
            thread.join()
