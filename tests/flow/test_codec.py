"""The wire form: golden files, round trips, unknown fields and versions."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.letter import LETTERS, Letter
from access.person import PEOPLE, Function, Grant, Person
from alerts.alert import ALERTS, DELIVERIES, Alert, Delivery, Recipient, Told
from alerts.bulletin import BULLETINS, Bulletin, Envelope
from classify.verdict import LABELS, SEVERITIES, VERDICTS, Judgement, Score, Span, Verdict
from flow.codec import Codec
from flow.entry import DEAD_LETTERS, ENTRIES, DeadLetter, Entry
from flow.errors import BadInput
from ingest.post import POSTS, Author, Mention, Post
from registry.ledger import LEDGER, LedgerEntry
from registry.official import OFFICIALS, Consent, Contact, Official
from registry.retention import REPORTS, RetentionReport
from registry.tenant import TENANTS, Tenant
from review.decision import DECISIONS, Decision, Earlier

GOLDEN = Path(__file__).parent.parent / "golden"
AT = datetime(2026, 9, 14, 6, 1, 12, tzinfo=UTC)

POST = Post(
    id="bluesky:did:plc:invented/3k",
    source="bluesky",
    text="Tack Anna Lindqvist för den nya bron! 👏",
    created_at=AT,
    collected_at=AT,
    url="https://social.example/p/1",
    author=Author(id="did:plc:invented", handle="kalle.example", name="Kalle"),
    reply_to=("did:plc:anna",),
    accounts=("@anna.example",),
    lang="sv",
    edited_at=AT,
    mentions=(Mention("anna-lindqvist", 5, 19, "full-name"),),
)
VERDICT = Verdict(
    post=POST,
    judgement=Judgement(
        language="sv",
        unable=None,
        severity="low",
        labels={label: Score(0.25, label == "harassment") for label in LABELS},
        spans=(Span(0, 4, "harassment"),),
        model="linear@1",
        aimed_at="person",
    ),
    judged_at=AT,
)
ALERT = Alert(
    id="0f",
    rule="high",
    official="anna-lindqvist",
    official_name="Anna Lindqvist",
    verdict=VERDICT,
    recipients=(
        Recipient(
            "Beredskap",
            "email",
            "vakt@ekvik.example",
            "sv",
            show_text=False,
            not_before=AT,
            instead=(("sms", "+46"),),
            rule="high",
        ),
    ),
    raised_at=AT,
    policy="urgent",
    incident="1c",
    told=Told("grown", posts=42, accounts=17, minutes=10, step=1, key="grown 42", severity="high"),
    rules=("high", "rest"),
)
BULLETIN = Bulletin("drill", "1c", "", "", "low", False, {"channel": "email"}, ALERT.recipients[0], AT, step=1, key="1")
OFFICIAL = Official(
    id="anna-lindqvist",
    given_names=("Anna",),
    family_names=("Lindqvist",),
    forms=(),
    language="sv",
    role="kommunalråd",
    party="Ekvikspartiet",
    municipality="Ekvik",
    country="SE",
    handles={"bluesky": ("anna.example",)},
    consents=(Consent(("*",), AT, None),),
    contacts=(Contact("Beredskap", "email", "vakt@ekvik.example", "sv"),),
)
FUNCTION = Function("Socialtjänsten i Håby", ("Håby soc",), {"bluesky": ("soc.haaby.example",)})
PERSON = Person(
    id="p-1",
    name="Anna Lindqvist",
    email="anna@ekvik.example",
    language="sv",
    grants=(Grant("official", "ekvik", "anna-lindqvist"), Grant("operator")),
    offers=(Grant("official", "haaby", "haaby-social", FUNCTION),),
)
ENTRY = Entry("posts", 7, POST.id, POSTS.encode(POST), AT)
SAMPLES: list[tuple[Codec[Any], Any]] = [
    (POSTS, POST),
    (VERDICTS, VERDICT),
    (ALERTS, ALERT),
    (DELIVERIES, Delivery("d1", "0f", POST.id, "anna-lindqvist", "email", "delivered", 2, AT, AT, None, "1c", 1)),
    (BULLETINS, Envelope(BULLETIN)),
    (DECISIONS, Decision(POST.id, "false-alarm", "vakt", AT, "ekvik", Earlier("confirmed", "rut", AT))),
    (ENTRIES, ENTRY),
    (
        DEAD_LETTERS,
        DeadLetter("posts", "classify", "bad", "posts offset 7", POST.id, b"\xff{", ("anna-lindqvist",), AT),
    ),
    (OFFICIALS, OFFICIAL),
    (
        LEDGER,
        LedgerEntry(
            number=2,
            official="anna-lindqvist",
            at=AT,
            act="changed",
            consents=OFFICIAL.consents,
            recipients=("Beredskap",),
            purpose="protection",
            how="portal",
            by="anna",
            wording="2026-11",
            language="sv",
        ),
    ),
    (TENANTS, Tenant("ekvik", "municipality", "Ekvik", "SE", {"low": 14})),
    (
        LETTERS,
        Letter(
            "reset", "Anna Lindqvist", "anna@ekvik.example", "sv", {"link": "https://t.example/j", "until": "x"}, AT
        ),
    ),
    (PEOPLE, PERSON),
    (REPORTS, RetentionReport(AT, {"ekvik": {"low": 2}}, {"index": 3, "log": 4}, held=1)),
]
KINDS = [codec.kind for codec, _ in SAMPLES]
NEWEST = {
    "decision": "-earlier",
    "delivery": "-incident",
    "verdict": "-aimed-at",
    "alert": "-chosen-by",
    "bulletin": "-chosen-by",
    "official": "-left-out",
    "consent-entry": "-left-out",
    "person": "-offers",
}
"""The newest form of a kind, where optional fields have been added to its version."""
FORMER_ALERT = replace(
    ALERT, recipients=(replace(ALERT.recipients[0], instead=(), rule=""),), policy="", incident="", told=None, rules=()
)
UNAIMED = replace(VERDICT, judgement=replace(VERDICT.judgement, aimed_at=None))


@pytest.mark.parametrize(("codec", "record"), SAMPLES, ids=KINDS)
class TestEveryRecord:
    def test_is_written_as_the_golden_file_says(self, codec: Codec[Any], record: Any) -> None:
        golden = (GOLDEN / f"{codec.kind}.v{codec.version}{NEWEST.get(codec.kind, '')}.json").read_bytes().rstrip(b"\n")
        assert codec.encode(record) == golden
        assert codec.decode(golden) == record

    def test_keeps_fields_it_does_not_know(self, codec: Codec[Any], record: Any) -> None:
        wire = json.loads(codec.encode(record))
        wire["from_the_future"] = {"deep": [1, None]}
        again = json.loads(codec.encode(codec.decode(json.dumps(wire).encode())))
        assert again == wire

    def test_refuses_an_unknown_version(self, codec: Codec[Any], record: Any) -> None:
        wire = json.loads(codec.encode(record)) | {"version": 2}
        with pytest.raises(BadInput, match=r"wire version 2, but this program reads version 1.*Upgrade"):
            codec.decode(json.dumps(wire).encode())

    def test_refuses_another_kind(self, codec: Codec[Any], record: Any) -> None:
        wire = json.loads(codec.encode(record)) | {"kind": "something-else"}
        with pytest.raises(BadInput, match=f"not of kind '{codec.kind}'"):
            codec.decode(json.dumps(wire).encode())

    def test_names_a_missing_field(self, codec: Codec[Any], record: Any) -> None:
        wire = json.loads(codec.encode(record))
        first = list(wire)[2]
        del wire[first]
        with pytest.raises(BadInput, match=f"missing required field `{first}`"):
            codec.decode(json.dumps(wire).encode())

    def test_does_not_show_personal_data_when_printed(self, codec: Codec[Any], record: Any) -> None:
        shown = repr(record)
        for secret in ("Tack Anna", "Lindqvist'", "Kalle", "vakt@ekvik"):
            assert secret not in shown


@pytest.mark.parametrize(
    ("codec", "record"),
    [
        (VERDICTS, UNAIMED),
        (ALERTS, replace(FORMER_ALERT, verdict=UNAIMED)),
        (BULLETINS, Envelope(replace(BULLETIN, recipient=replace(ALERT.recipients[0], rule="")))),
        (OFFICIALS, OFFICIAL),
        (LEDGER, dict(SAMPLES)[LEDGER]),
        (PEOPLE, replace(PERSON, offers=())),
    ],
    ids=["verdict", "alert", "bulletin", "official", "consent-entry", "person"],
)
def test_older_forms_are_read(codec: Codec[Any], record: Any) -> None:
    assert codec.decode((GOLDEN / f"{codec.kind}.v{codec.version}.json").read_bytes()) == record


def test_unknown_fields_survive_at_every_depth() -> None:
    wire = json.loads(ALERTS.encode(ALERT))
    wire["verdict"]["post"]["author"]["verified"] = True
    wire["verdict"]["post"]["mentions"][0]["weight"] = 3
    wire["verdict"]["judgement"]["labels"]["threat"]["rank"] = 1
    wire["recipients"][0]["tone"] = "calm"
    again = json.loads(ALERTS.encode(ALERTS.decode(json.dumps(wire).encode())))
    assert again == wire


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"null", b"\xff", b'"post"', b"{}", b'{"kind":"post"}'])
def test_what_is_no_record_is_refused(value: bytes) -> None:
    with pytest.raises(BadInput):
        POSTS.decode(value)


def test_a_time_without_offset_is_refused() -> None:
    wire = json.loads(POSTS.encode(POST)) | {"created_at": "2026-09-14T06:00:00"}
    with pytest.raises(BadInput, match="created_at"):
        POSTS.decode(json.dumps(wire).encode())


def test_an_error_does_not_quote_the_value() -> None:
    wire = json.loads(VERDICTS.encode(VERDICT))
    wire["judgement"]["severity"] = "secret words"
    with pytest.raises(BadInput) as caught:
        VERDICTS.decode(json.dumps(wire).encode())
    assert "secret" not in str(caught.value)
    assert "$.judgement.severity" in str(caught.value)


texts = st.text(max_size=60)
moments = st.datetimes(timezones=st.just(UTC))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts, lambda inner: st.lists(inner), max_leaves=4
)
extras = st.dictionaries(texts.filter(lambda name: name not in _known_names()), json_values, max_size=3)


def _known_names() -> set[str]:
    records = (Post, Author, Mention, Verdict, Judgement, Score, Span)
    return {name for record in records for name in record.__dataclass_fields__} | {"kind", "version"}


posts = st.builds(
    Post,
    id=texts,
    source=texts,
    text=texts,
    created_at=moments,
    collected_at=moments,
    url=st.none() | texts,
    author=st.builds(Author, st.none() | texts, st.none() | texts, st.none() | texts, extras),
    mentions=st.lists(st.builds(Mention, texts, st.integers(0), st.integers(0), st.just("form"), extras)).map(tuple),
    edited_at=st.none() | moments,
    extra=extras,
)
judgements = st.builds(
    Judgement,
    language=st.sampled_from(["sv", "fi", "other"]),
    unable=st.none() | st.just("language"),
    severity=st.sampled_from(SEVERITIES),
    labels=st.dictionaries(st.sampled_from(LABELS), st.builds(Score, st.floats(0, 1), st.booleans(), extras)),
    spans=st.lists(st.builds(Span, st.integers(0), st.integers(0), st.sampled_from(LABELS), extras)).map(tuple),
    model=texts,
    aimed_at=st.sampled_from([None, "person", "group"]),
    extra=extras,
)


@given(st.builds(Verdict, post=posts, judgement=judgements, judged_at=moments, extra=extras))
def test_what_is_written_is_read_back(verdict: Verdict) -> None:
    assert VERDICTS.decode(VERDICTS.encode(verdict)) == verdict


@given(
    st.binary(max_size=80)
    | json_values.map(lambda value: msgspec.json.encode({"kind": "post", "version": 1, "x": value}))
)
def test_bytes_are_read_or_refused_never_anything_else(value: bytes) -> None:
    try:
        POSTS.decode(value)
    except BadInput:
        return
