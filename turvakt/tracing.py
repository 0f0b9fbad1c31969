"""The way of each post as an OpenTelemetry trace: ids as hashes and times, no text. Loaded only where it is switched on.

No stage knows of it and no record carries it: the trace's id derives from the post's, and the times of earlier steps stand in
the records. So each process tells its own part, in either runtime, and all parts of one post meet in one trace.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Lock, Thread
from typing import Final

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from alerts.alert import Alert, Delivery
from classify.verdict import Verdict
from flow.clock import Clock
from flow.errors import Broken, Unavailable
from flow.stage import Outcome
from ingest.collectors import COLLECTORS
from ingest.post import Post
from review.decision import Decision
from turvakt.sections import Tracing

EXPORT_SECONDS: Final = 5.0
END_SECONDS: Final = 1.5
"""How long what waits may take to be sent at the end: nobody waits for a receiver that is away."""
_WAITING: Final = 16_384
_AT_ONCE: Final = 1024
_ALL: Final = 1 << 64


def trace_id(post: str) -> int:
    """The id of the trace of a post: nobody learns the post's id from it, who does not know it already."""
    return int.from_bytes(_digest("turvakt trace", post)[:16])


@dataclass(frozen=True, slots=True)
class _Span:
    """``of`` tells it apart from others of its name in the trace; a step that is done once more gives the same span.

    ``under`` names the collection that it belongs to, whose span is its parent; ``None``: it has none.
    """

    name: str
    start: datetime
    end: datetime
    of: str
    under: str | None
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    failed: bool = False


class _Ids(IdGenerator):
    """Gives the ids that it is set to."""

    trace = span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class Traces:
    """Sends spans to an OTLP receiver, in the background (implements `flow.stage.Observer`).

    A receiver that is away costs nothing but its spans: what it has missed is not kept.

    Args:
        tracing: the receiver, and the share of the posts that are traced: the same posts in every process.
        worker: what this process is.

    Raises:
        Broken: the receiver's address is none.
    """

    def __init__(self, tracing: Tracing, *, worker: str, clock: Clock) -> None:
        if not tracing.endpoint.startswith(("http://", "https://")):
            remedy = 'Write it as "http://HOST:4318", without /v1/traces'
            raise Broken("is no address of a receiver", place="settings, tracing.endpoint", remedy=remedy)
        self._below = round(tracing.share * _ALL)
        self._clock = clock
        self._lock = Lock()
        self._ids = _Ids()
        exporter = OTLPSpanExporter(
            endpoint=f"{tracing.endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS, compression=Compression.Gzip
        )
        resource = Resource({SERVICE_NAME: "turvakt", SERVICE_VERSION: version("turvakt"), "turvakt.worker": worker})
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        processor = BatchSpanProcessor(exporter, max_queue_size=_WAITING, max_export_batch_size=_AT_ONCE)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("turvakt")

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        """A span for each record that the stage has taken, and one for the time that it waited in its topic."""
        end = self._clock.now()
        start = end - timedelta(seconds=seconds)
        batch: dict[str, AttributeValue] = {"turvakt.stage": stage, "turvakt.batch": outcome.read}
        for record in outcome.records:
            post, under, topic, since = _seen(record)
            one = f"{_own(record)} {since}"
            trace = trace_id(post)
            if trace % _ALL < self._below:
                about = {**_about(record), "turvakt.source": _source(post)}
                at = {**about, "turvakt.stage": stage}
                waited = _Span(topic, min(since, start), start, f"{stage} {one}", under, at)
                done = _Span(stage, start, end, one, under, {**about, **batch})
                for span in (*_before(record, stage), waited, done):
                    self._send(trace, span)
        for letter in outcome.dead:
            trace = trace_id(letter.key)
            if trace % _ALL < self._below:
                self._send(trace, _Span(stage, start, end, str(letter.at), None, batch, failed=True))

    def waiting(self, place: str, error: Unavailable) -> None:
        """Shows as the time that posts have waited."""

    def close(self) -> None:
        """Send what waits, for a moment at most."""
        ending = Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(END_SECONDS)

    def _send(self, trace: int, span: _Span) -> None:
        under = None
        if span.under is not None:
            parent = SpanContext(trace, _span_id(trace, "collect", span.under), True, TraceFlags(TraceFlags.SAMPLED))
            under = set_span_in_context(NonRecordingSpan(parent))
        with self._lock:
            self._ids.trace, self._ids.span = trace, _span_id(trace, span.name, span.of)
            sent = self._tracer.start_span(span.name, under, attributes=span.attributes, start_time=_nano(span.start))
        if span.failed:
            sent.set_status(Status(StatusCode.ERROR, "dead letter"))
        sent.end(_nano(span.end))


def _seen(record: Post | Verdict | Alert | Delivery | Decision) -> tuple[str, str | None, str, datetime]:
    """Its post, the collection that it belongs to, its topic, and since when it has been there."""
    match record:
        case Post():
            return record.id, str(record.collected_at), "posts", record.collected_at
        case Verdict():
            return record.post.id, str(record.post.collected_at), "verdicts", record.judged_at
        case Alert():
            post = record.verdict.post
            return post.id, str(post.collected_at), "alerts", record.raised_at
        case Delivery():
            return record.post, str(record.collected_at), "deliveries", record.at
        case Decision():
            return record.post, None, "decisions", record.at


def _own(record: object) -> str:
    """What tells it apart from others about its post that came at the same time: there is an alert per official and rule."""
    return record.id if isinstance(record, Alert | Delivery) else ""


def _before(record: object, stage: str) -> Iterator[_Span]:
    """What has come before the record, and nobody else tells."""
    if isinstance(record, Post) and stage == "classify":
        published = record.deleted_at or record.edited_at or record.created_at
        start, about = min(published, record.collected_at), {**_about(record), "turvakt.source": _source(record.id)}
        yield _Span("collect", start, record.collected_at, str(record.collected_at), None, about)
    if isinstance(record, Delivery):
        start, collected = min(record.collected_at, record.at), str(record.collected_at)
        yield _Span("delivery", start, record.at, f"{record.id} {record.state}", collected, _about(record))


def _about(record: object) -> dict[str, AttributeValue]:
    match record:
        case Post(deleted_at=datetime()) | Verdict(post=Post(deleted_at=datetime())):
            return {"turvakt.deletion": True}
        case Alert():
            return {"turvakt.alert": record.id}
        case Delivery():
            return {
                "turvakt.alert": record.alert,
                "turvakt.delivery": record.id,
                "turvakt.channel": record.channel,
                "turvakt.state": record.state,
                "turvakt.attempts": record.attempts,
            }
        case _:
            return {}


def _source(post: str) -> str:
    source = post.partition(":")[0]
    return source if source in COLLECTORS else "other"  # files may name theirs as they like


def _span_id(trace: int, name: str, of: str) -> int:
    return int.from_bytes(_digest(str(trace), name, of)[:8])


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()


def _nano(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
