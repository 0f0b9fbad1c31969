"""What traces cost: processor time of this process per record of a stage, by the share of posts that are traced.

The receiver runs in a process of its own and throws away what it gets.
"""

import json
import multiprocessing
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

from classify.verdict import LABELS, Judgement, Score, Verdict
from flow.clock import SystemClock
from flow.stage import Outcome
from ingest.post import Post
from turvakt.sections import Tracing
from turvakt.tracing import Traces

BATCH, BATCHES = 500, 20


class _Sink(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


def receive(pipe: Connection) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as server:
        pipe.send(server.server_port)
        server.serve_forever()


def measure(port: int, share: float) -> dict[str, float]:
    now = datetime.now(UTC)
    judgement = Judgement("sv", None, "none", {label: Score(0.0, False) for label in LABELS}, (), "none@0")
    verdict = Verdict(Post("", "jsonl", "", now, now), judgement, now)
    tracing = Tracing(endpoint=f"http://127.0.0.1:{port}", share=share)
    with closing(Traces(tracing, worker="benchmark", clock=SystemClock())) as traces:
        before = time.process_time()
        for number in range(BATCHES):
            posts = [replace(verdict.post, id=f"jsonl:{number * BATCH + each}") for each in range(BATCH)]
            records = tuple(replace(verdict, post=post) for post in posts)
            traces.committed("route", Outcome(records, (), (), BATCH, 0), 0.01)
    spent = time.process_time() - before
    return {"share": share, "microseconds_per_record": round(1e6 * spent / (BATCH * BATCHES), 1)}


def main() -> None:
    here, there = multiprocessing.Pipe()
    receiver = multiprocessing.get_context("spawn").Process(target=receive, args=(there,), daemon=True)
    receiver.start()
    port = here.recv()
    for share in (1.0, 0.1, 0.01):
        print(json.dumps(measure(port, share)))
    receiver.terminate()


if __name__ == "__main__":
    main()
