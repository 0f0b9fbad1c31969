"""The way of a post as a trace, as a receiver of OTLP sees it. Contains abusive test material."""

import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from classify.verdict import Verdict
from flow.clock import ManualClock
from flow.entry import DeadLetter
from flow.errors import Broken
from flow.stage import Outcome
from registry.importing import read_officials
from tests.alerts.people import AT, alert, verdict
from tests.servers.process import free_port
from tests.turvakt.process import OFFICIALS, Program, line
from tests.turvakt.receiver import Receiver, Span, receiver
from turvakt.sections import Tracing
from turvakt.tracing import Traces, trace_id

THREAT = "Anna Lindqvist, jag ska döda dig"
LATER = AT + timedelta(seconds=60)


def hexadecimal(post: str) -> str:
    return trace_id(post).to_bytes(16).hex()


def traces(received: Receiver, *, worker: str = "run", share: float = 1.0) -> Traces:
    return Traces(Tracing(endpoint=received.address, share=share), worker=worker, clock=ManualClock(LATER))


def taken(*verdicts: Verdict) -> Outcome:
    return Outcome(verdicts, (), (), len(verdicts), 0)


def collected(verdicts: list[Verdict]) -> Outcome:
    return Outcome(tuple(each.post for each in verdicts), (), (), len(verdicts), 0)


def test_every_step_of_a_post_from_collection_to_delivery(program: Program) -> None:
    with receiver() as received:
        tracing = Program(program.folder, TURVAKT_TRACING_ENDPOINT=f"{received.address}/")
        tracing.run("run", "--once", "--posts", "-", given=line(1, THREAT) + line(2, "Hej Lena Berg"))
    of_threat = [span for span in received.spans if span.trace == hexadecimal("web:1")]
    assert Counter(span.name for span in of_threat) == {
        **dict.fromkeys(("collect", "posts", "classify", "route", "index-verdicts", "deliver", "index-alerts"), 1),
        **dict.fromkeys(("delivery", "deliveries", "index-deliveries"), 1),
        **dict.fromkeys(("verdicts", "alerts"), 2),
    }
    (root,) = (span for span in of_threat if not span.parent)
    assert root.name == "collect"
    assert {span.parent for span in of_threat} == {"", root.id}
    assert len({span.id for span in of_threat}) == len(of_threat)
    at = {span.name: span for span in of_threat}
    for earlier, later in (("collect", "posts"), ("posts", "classify")):
        assert at[earlier].end == at[later].start
    assert at["classify"].attributes == {"turvakt.source": "other", "turvakt.stage": "classify", "turvakt.batch": 2}
    assert at["delivery"].attributes["turvakt.state"] == "delivered"
    assert at["delivery"].end - at["delivery"].start >= at["posts"].end - at["posts"].start
    assert {span.trace for span in received.spans} == {hexadecimal("web:1"), hexadecimal("web:2")}
    sent = b"".join(received.bodies)
    for official in read_officials(OFFICIALS):
        assert official.id.encode() not in sent
        assert not any(name.encode() in sent for name in (*official.given_names, *official.family_names))
        assert not any(contact.address.encode() in sent for contact in official.contacts)
    for secret in ("döda", "web:1", "web:2"):
        assert secret.encode() not in sent


def test_workers_that_know_nothing_of_each_other_tell_one_trace() -> None:
    verdicts = [verdict(f"bluesky:{number}") for number in range(300)]
    with receiver() as received:
        with closing(traces(received, worker="classify", share=0.3)) as first:
            first.committed("classify", collected(verdicts), 0.5)
        with closing(traces(received, worker="route", share=0.3)) as second:
            second.committed("route", taken(*verdicts), 0.5)
    roots = {span.trace: span.id for span in received.spans if span.name == "collect"}
    routed = [span for span in received.spans if span.worker == "route" and span.name == "route"]
    assert 50 < len(roots) < 130, "about three in ten"
    assert {span.trace for span in routed} == set(roots), "the same posts in every process"
    assert all(span.parent == roots[span.trace] for span in routed)
    assert {span.worker for span in received.spans if span.name in ("collect", "classify")} == {"classify"}


def spans_of(*batches: list[Verdict]) -> list[Span]:
    with receiver() as received, closing(traces(received)) as traced:
        for batch in batches:
            traced.committed("classify", collected(batch), 0.5)
    return received.spans


def test_a_step_done_again_is_the_same_span_and_an_edit_another() -> None:
    first = verdict()
    edit = replace(first.post, edited_at=AT + timedelta(seconds=5), collected_at=AT + timedelta(seconds=6))
    once = {span.id for span in spans_of([first])}
    assert {span.id for span in spans_of([first], [first])} == once
    both = spans_of([first], [replace(first, post=edit)])
    assert {span.trace for span in both} == {hexadecimal("bluesky:1")}
    assert len({span.id for span in both}) == 2 * len(once)
    roots = {span.id for span in both if span.name == "collect"}
    assert len(roots) == 2
    assert {span.parent for span in both if span.name == "classify"} == roots


def test_alerts_of_one_post_about_two_officials_are_two_spans() -> None:
    alerts = [alert(about=each) for each in ("anna-lindqvist", "lena-berg")]
    with receiver() as received, closing(traces(received)) as traced:
        traced.committed("deliver", Outcome(tuple(alerts), (), (), 2, 0), 0.5)
    assert Counter(span.name for span in received.spans) == {"alerts": 2, "deliver": 2}
    assert len({span.id for span in received.spans}) == 4


def test_a_deletion_says_so() -> None:
    spans = spans_of([verdict(deleted_at=AT)])
    assert all(span.attributes["turvakt.deletion"] for span in spans)


def test_a_dead_letter_is_an_error_without_its_reason() -> None:
    reason = "Lindqvist is no number"
    letter = DeadLetter("posts", "classify", reason, "posts offset 7", "bluesky:1", b"{}", (), AT)
    with receiver() as received, closing(traces(received)) as traced:
        traced.committed("classify", Outcome((), (), (letter,), 1, 1), 0.5)
    (span,) = received.spans
    assert (span.name, span.trace, span.failed) == ("classify", hexadecimal("bluesky:1"), True)
    assert b"Lindqvist" not in b"".join(received.bodies)


def test_a_receiver_that_is_away_holds_up_nothing(program: Program) -> None:
    away = Program(program.folder, TURVAKT_TRACING_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    (counts,) = away.json("run", "--once", "--posts", "-", given=line(1, THREAT))
    assert (counts["matched"], counts["alerts"]) == (1, 1)


def test_an_address_that_is_none_stops_with_the_remedy(program: Program) -> None:
    done = Program(program.folder, TURVAKT_TRACING_ENDPOINT="127.0.0.1:4318").finish("run")
    assert done.returncode == 4
    assert b"tracing.endpoint" in done.stderr
    with pytest.raises(Broken):
        Traces(Tracing(endpoint="ftp://there"), worker="run", clock=ManualClock(AT))


def test_it_is_off_and_not_even_loaded_by_default(tmp_path: Path) -> None:
    code = """
import sys
from turvakt.cli import main
try:
    main(["run", "--once", "--posts", "-"], environ={"TURVAKT_DATA_DIR": sys.argv[1]})
finally:
    print("opentelemetry.sdk" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "data")]
    done = subprocess.run(command, input=line(1, THREAT), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
