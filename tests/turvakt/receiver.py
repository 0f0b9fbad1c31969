"""A receiver of OTLP traces over HTTP that takes only what the specification allows."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it came, ids in hexadecimal."""

    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    worker: str
    failed: bool
    attributes: dict[str, Any]


@dataclass(slots=True)
class Receiver:
    address: str = ""
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def take(self, path: str, headers: Any, body: bytes) -> None:
        assert path == "/v1/traces", path
        assert headers["content-type"] == "application/x-protobuf"
        if headers["content-encoding"]:
            assert headers["content-encoding"] == "gzip"
            body = gzip.decompress(body)
        self.bodies.append(body)
        request = ExportTraceServiceRequest.FromString(body)
        assert request.resource_spans
        for of_resource in request.resource_spans:
            resource = _attributes(of_resource.resource.attributes)
            assert resource["service.name"] == "turvakt"
            for of_scope in of_resource.scope_spans:
                assert of_scope.scope.name == "turvakt"
                self.spans += [_span(span, resource) for span in of_scope.spans]


def _span(span: Any, resource: dict[str, Any]) -> Span:
    assert span.name
    assert len(span.trace_id) == 16
    assert any(span.trace_id)
    assert len(span.span_id) == 8
    assert any(span.span_id)
    assert len(span.parent_span_id) in (0, 8)
    assert span.parent_span_id != span.span_id
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    return Span(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        worker=resource["turvakt.worker"],
        failed=span.status.code == 2,
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        assert kind in ("string_value", "bool_value", "int_value", "double_value")
        assert pair.key not in found
        found[pair.key] = getattr(pair.value, kind)
    return found


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that runs; at its end, a request that it had to refuse is an error."""
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                received.take(self.path, self.headers, body)
            except Exception as error:  # noqa: BLE001  told at the end
                received.faults.append(repr(error))
                self.send_response(400)
                answer = b""
            else:
                self.send_response(200)
                answer = ExportTraceServiceResponse().SerializeToString()
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()
    assert received.faults == []
