"""A real server on 127.0.0.1 that judges texts, and is strict about how it is asked."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "invented-token"
CHAT, PREDICT = "/v1/chat/completions", "/predict"
ZEROS = dict.fromkeys(("threat", "hate", "harassment", "sexual", "doxxing", "influence"), 0.0)
Reply = tuple[int, bytes]


@dataclass
class ModelServer:
    """Answers by ``reply``, which is given the text that was asked about; ``None``: keeps silent until it is closed.

    What of a request is not as it should be is gathered in ``faults``; a request that is wrong is answered by 418.
    """

    reply: Callable[[str], Reply | None]
    texts: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """A test's output is for what went wrong."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        try:
            request = json.loads(body.decode("utf-8"))
            text = _chat(request) if handler.path == CHAT else _predict(request)
            assert handler.path in (CHAT, PREDICT), handler.path
            assert handler.headers["authorization"] == f"Bearer {TOKEN}", "token"
            assert handler.headers["content-type"] == "application/json", "content-type"
        except (AssertionError, KeyError, ValueError) as error:
            self.faults.append(repr(error))
            handler.send_error(418)
            return
        self.requests.append(request)
        self.texts.append(text)
        answer = self.reply(text)
        if answer is None:
            self.closing.wait(20)
            return
        status, content = answer
        handler.send_response(status)
        handler.send_header("content-length", str(len(content)))
        handler.send_header("location", self.url("/elsewhere"))
        handler.end_headers()
        handler.wfile.write(content)


def _chat(request: dict[str, Any]) -> str:
    assert request.keys() == {"model", "messages", "temperature", "max_tokens", "stream", "response_format"}
    assert (request["temperature"], request["stream"]) == (0, False)
    assert request["response_format"]["type"] == "json_schema"
    schema = request["response_format"]["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == [*ZEROS, "severity"]
    system, user = request["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    post = json.loads(user["content"])
    assert post.keys() == {"post"}
    assert post["post"] not in system["content"], "the text stands among the orders"
    return str(post["post"])


def _predict(request: dict[str, Any]) -> str:
    assert request.keys() == {"inputs", "raw_scores", "truncate"}
    assert isinstance(request["inputs"], str)
    return request["inputs"]


def completion(content: str) -> Reply:
    """What a chat server answers whose model writes ``content``."""
    message = {"role": "assistant", "content": content}
    answer = {"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": message}], "usage": {}}
    return 200, json.dumps(answer).encode()


def said(severity: str = "none", **labels: float) -> Reply:
    """What a chat server answers whose model does as it was told."""
    return completion(json.dumps({**ZEROS, **labels, "severity": severity}))


def scored(**scores: float) -> Reply:
    """What a text classifier answers."""
    return 200, json.dumps([{"label": label, "score": score} for label, score in scores.items()]).encode()
