"""Random writes and queries, and all that an index shows of itself, for property tests."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hypothesis import strategies as st

from classify.verdict import SEVERITIES
from flow.databases.sqlite import Sqlite
from review.index import Index, Query
from tests.review.people import alert, at, decision, delivery, verdict

POSTS = ("a", "b", "c")
MINUTES = st.integers(0, 3)
WORDS = st.lists(st.sampled_from(["bron", "Åke", "tåget", "sillan", "!", "😀"]), max_size=4).map(" ".join)

Write = tuple[str, Any]
"""What is written ("verdicts", "alerts" ...), and one record."""


@st.composite
def writes(draw: st.DrawFn) -> Write:
    name = draw(st.sampled_from(POSTS))
    of = verdict(
        name,
        draw(WORDS),
        officials=draw(st.sampled_from([("anna",), ("bo",), ("anna", "bo")])),
        severity=draw(st.sampled_from(SEVERITIES)),
        labels=draw(st.sampled_from([(), ("threat",), ("hate", "sexual")])),
        judged=draw(MINUTES),
        edited=draw(st.none() | MINUTES),
        unable=draw(st.sampled_from([None, "language"])),
    )
    official = draw(st.sampled_from(["anna", "bo"]))
    raised = alert(of, official=official, raised=draw(MINUTES), id=f"{official}-{name}")
    match draw(st.sampled_from(["verdicts", "alerts", "deliveries", "decisions"])):
        case "verdicts":
            return "verdicts", of
        case "alerts":
            return "alerts", raised
        case "deliveries":
            state = draw(st.sampled_from(["waiting", "delivered", "failed"]))
            return "deliveries", delivery(raised, state=state, minutes=draw(MINUTES), attempts=draw(MINUTES))
        case _:
            outcome = draw(st.sampled_from(["confirmed", "false-alarm", "taken-back"]))
            return "decisions", decision(of.post.id, outcome, minutes=draw(MINUTES), by=draw(st.sampled_from("xy")))


QUERIES = st.builds(
    Query,
    text=st.none() | WORDS | st.sampled_from(["tå*", '"bron Åke"', '"åke tå"*', '"sillan']),
    official=st.sampled_from([None, "anna", "bo"]),
    officials=st.sampled_from([None, (), ("anna",), ("bo", "anna"), ("nobody",)]),
    label=st.sampled_from([None, "threat", "sexual"]),
    severity=st.sampled_from([None, *SEVERITIES]),
    flagged=st.sampled_from([None, True, False]),
    alerted=st.sampled_from([None, True, False]),
    decision=st.sampled_from([None, "confirmed", "false-alarm", "none"]),
    since=st.none() | MINUTES.map(at),
    until=st.none() | MINUTES.map(at),
    unable=st.sampled_from([None, True, False]),
)


def write(index: Index, kind: str, records: Sequence[Any]) -> None:
    """Write records of one kind as one batch."""
    getattr(index, f"write_{kind}")(records)


def seen(index: Index, queries: Sequence[Query]) -> list[Any]:
    """All that an index shows: two that hold the same show the same."""
    exported = [sorted(map(repr, index.export(official))) for official in ("anna", "bo")]
    counted = [index.count("anna"), index.count("bo"), asdict(index.counts())]
    return [*(index.search(query) for query in queries), *exported, counted, index.activity(at(0)), list(index.ids())]


def make_unreadable(database: Sqlite, what: str, post: str) -> None:
    """As if a newer program had written it."""
    key = "id" if what == "post" else "post"
    record, changed = ("severity", "newer") if what == "alert" else ("version", 99)
    database.execute(
        f"UPDATE index_{what} SET record = CAST(json_set(CAST(record AS TEXT), '$.{record}', ?) AS BLOB) WHERE {key} = ?",  # noqa: S608
        (changed, post),
    )
