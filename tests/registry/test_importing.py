"""Officials from CSV and TOML files: both forms read alike, and errors name the place and never a person."""

import csv
import io
import json
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow.errors import BadInput
from registry.importing import COLUMNS, read_officials
from registry.official import Consent, Contact, Official, Wishes

from .people import official

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
HEADER = ",".join(COLUMNS)
ROW = "a,Anna,Lindqvist,,sv,,,,SE,,*,2026-01-01,,Vakt|outbox|vakt@ekvik.example|sv"
TABLE = """
[[official]]
id = "a"
given_names = ["Anna"]
family_names = ["Lindqvist"]
language = "sv"
country = "SE"
consent = {scope = ["*"], from = 2026-01-01}
contacts = {name = "Vakt", channel = "outbox", address = "vakt@ekvik.example", language = "sv"}
"""
ANNA = official(
    "a",
    role="",
    party="",
    municipality="",
    handles={},
    contacts=(Contact("Vakt", "outbox", "vakt@ekvik.example", "sv"),),
)


def read(folder: Path, name: str, content: str | bytes) -> list[Official]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_officials(path)


def refused(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read(folder, name, content)
    return str(caught.value)


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("name", ["officials.csv", "officials.toml"])
def test_the_examples_are_read(name: str) -> None:
    officials = read_officials(EXAMPLES / name)
    assert len(officials) >= 3
    assert {each.country for each in officials} == {"SE", "FI"}


def test_the_smallest_toml(tmp_path: Path) -> None:
    assert read(tmp_path, "a.toml", TABLE) == [ANNA]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_smallest_csv(tmp_path: Path, delimiter: str, end: str, mark: str) -> None:
    content = mark + end.join([HEADER, "", ROW, ",," + "," * 11, ""]).replace(",", delimiter)
    assert read(tmp_path, "a.csv", content) == [ANNA]


def test_columns_may_stand_in_any_order_and_optional_ones_be_left_out(tmp_path: Path) -> None:
    content = (
        "Contacts,consent_from,Consent_Scope,country,language,id,forms\nV|outbox|x|fi,2026-01-01,feed,FI,fi,b,Outi L"
    )
    (read_one,) = read(tmp_path, "a.csv", content)
    assert (read_one.id, read_one.forms, read_one.consents[0].scope) == ("b", ("Outi L",), ("feed",))


def test_times_are_read_with_their_zone_and_dates_as_midnight_utc(tmp_path: Path) -> None:
    table = TABLE.replace("from = 2026-01-01", "from = 2026-01-01T08:00:00+02:00, until = 2026-03-01")
    row = ROW.replace("2026-01-01,", "2026-01-01T08:00:00+02:00,2026-03-01")
    for officials in (read(tmp_path, "a.toml", table), read(tmp_path, "a.csv", f"{HEADER}\n{row}")):
        (consent,) = officials[0].consents
        assert consent.since == datetime(2026, 1, 1, 6, tzinfo=UTC)
        assert consent.until == datetime(2026, 3, 1, tzinfo=UTC)


def test_several_consents_in_toml(tmp_path: Path) -> None:
    consents = '[{scope = "feed", from = "2026-01-01"}, {scope = ["bluesky"], from = 2026-02-01T00:00:00Z}]'
    table = TABLE.replace('{scope = ["*"], from = 2026-01-01}', consents)
    assert [consent.scope for consent in read(tmp_path, "a.toml", table)[0].consents] == [("feed",), ("bluesky",)]


def test_what_a_consent_allows_and_what_she_wishes(tmp_path: Path) -> None:
    consent = (
        '{scope = "*", from = 2026-01-01, labels = ["threat", "doxxing"], recipients = "Vakt", '
        "text = false, evidence = false, statistics = false, sample = true}"
    )
    wishes = '[official.wishes]\nnotice = "daily"\ntext = true\nthrough = "Berit Ek"\nquiet = "22:00-07:00"\n'
    table = TABLE.replace('{scope = ["*"], from = 2026-01-01}', consent)
    (read_one,) = read(tmp_path, "a.toml", f'{table}tenant = "region_nord"\n{wishes}')
    assert read_one.consents == (
        Consent(
            ("*",),
            datetime(2026, 1, 1, tzinfo=UTC),
            labels=("threat", "doxxing"),
            recipients=("Vakt",),
            text=False,
            evidence=False,
            statistics=False,
            sample=True,
        ),
    )
    assert read_one.wishes == Wishes("daily", text=True, through="Berit Ek", quiet="22:00-07:00")
    assert (read_one.tenant, read_one.is_function) == ("region_nord", False)


def test_a_function_has_forms_and_somebody_responsible(tmp_path: Path) -> None:
    function = TABLE.replace('given_names = ["Anna"]\nfamily_names = ["Lindqvist"]\n', "is_function = true\n")
    (read_one,) = read(tmp_path, "a.toml", f'{function}forms = "Socialtjänsten i Ekvik"\nresponsible = "Berit Ek"\n')
    assert (read_one.is_function, read_one.responsible) == (True, "Berit Ek")
    assert read_one.name == "Socialtjänsten i Ekvik"
    message = refused(tmp_path, "a.toml", function)
    assert "forms is missing" in message
    assert "responsible is missing" in message
    message = refused(tmp_path, "a.toml", TABLE + 'is_function = true\nforms = "S"\nresponsible = "Berit Ek"\n')
    assert "given_names is given for a function" in message
    message = refused(tmp_path, "a.toml", TABLE + 'responsible = "Berit Ek"\n')
    assert "responsible is given for a person" in message
    assert "Berit" not in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('consent = {scope = "*", from = 2026-01-01, labels = []}', "consent.labels is empty or malformed"),
        ('consent = {scope = "*", from = 2026-01-01, labels = ["Anna L"]}', "consent.labels is empty or malformed"),
        ('consent = {scope = "*", from = 2026-01-01, recipients = []}', "consent.recipients is empty"),
        ('consent = {scope = "*", from = 2026-01-01, text = "no"}', "consent.text is neither true nor false"),
        ('wishes = {notice = "Anna"}', "wishes.notice is missing or unknown (one of at-once, daily, never)"),
        ('wishes = {quiet = "22-7"}', "wishes.quiet is malformed"),
        ('wishes = {quiet = "07:00-07:00"}', "wishes.quiet is malformed"),
        ('wishes = {when = "Anna"}', "wishes.when is an unknown key"),
        ('tenant = "Anna Lindqvist"', "tenant is malformed"),
        ("is_function = 1", "is_function is neither true nor false"),
    ],
)
def test_fields_of_consent_that_are_wrong(tmp_path: Path, line: str, expected: str) -> None:
    table = (
        TABLE if not line.startswith("consent") else TABLE.replace('consent = {scope = ["*"], from = 2026-01-01}', "")
    )
    message = refused(tmp_path, "a.toml", f"{table}{line}\n")
    assert "1 problem," in message
    assert expected in message
    assert "Anna" not in message


def test_letters_are_composed_and_space_around_is_dropped(tmp_path: Path) -> None:
    row = ROW.replace("Lindqvist", " A\u030angstro\u0308m ")
    assert read(tmp_path, "a.csv", f"{HEADER}\n{row}")[0].family_names == ("\u00c5ngstr\u00f6m",)


# ---------------------------------------------------------------- what is refused


def test_csv_errors_name_row_and_column_all_at_once(tmp_path: Path) -> None:
    rows = [
        ROW.replace("a,Anna", "A B,Anna").replace("sv,,,,SE", "de,,,,NO"),
        ROW.replace("vakt@ekvik.example", "").replace(",*,", ",,"),
        ROW.replace("2026-01-01,", "2026-01-01,2025-01-01").replace("a,", "b,", 1),
        ROW.replace("2026-01-01", "1.2.2026").replace("a,", "c,", 1).replace("SE,,", "SE,anna,"),
        ROW.replace("Vakt|outbox|vakt@ekvik.example|sv", "").replace("a,", "d,", 1),
        ROW.replace("|sv", "").replace("2026-01-01", "2026-01-01T08:00"),
        ROW + ",more",
        ROW,
        ROW.replace("a,Anna", "e,").replace("2026-01-01", ""),
    ]
    message = refused(tmp_path, "people.csv", "\n".join([HEADER, *rows]))
    lines = message.split("\n  ")
    assert lines[0] == "people.csv: 16 problems, nothing was stored"
    expected = [
        "row 2, column id is missing or malformed",
        "row 2, column language is missing or unknown (one of sv, fi, en)",
        "row 2, column country is missing or unknown (one of SE, FI)",
        "row 3, column consent_scope is missing or malformed",
        "row 3, column contacts (contacts.address) is missing or empty",
        "row 4, column consent_until is not later than from",
        "row 5, column handles has a handle without its platform",
        "row 5, column consent_from is no date or time",
        "row 6, column contacts is missing",
        "row 7, column contacts has a contact without exactly four parts",
        "row 7, column consent_from has no time zone",
        "row 7, id is taken by row 3",
        "row 8 has 15 cells for 14 columns",
        "row 9, id is taken by row 3",
        "row 10, column consent_from is missing",
        "row 10, column given_names is missing",
    ]
    assert [line for line, start in zip(lines[1:], expected, strict=True) if not line.startswith(start)] == []
    for secret in ("Anna", "Lindqvist", "vakt@", "Vakt"):
        assert secret not in message


def test_a_long_list_of_problems_is_cut(tmp_path: Path) -> None:
    rows = [ROW.replace("a,", f"Z{number},", 1) for number in range(30)]
    message = refused(tmp_path, "a.csv", "\n".join([HEADER, *rows]))
    assert "30 problems" in message
    assert message.count("\n") == 21
    assert message.endswith("and 10 more")


def test_toml_errors_name_line_position_id_and_key(tmp_path: Path) -> None:
    table = """
[[official]]
id = "Anna Lindqvist"
given_name = "Anna"
language = 3
country = "SE"
handles = "anna.example"
consent = "yes"
"Anna Lindqvist" = 1

[[ official ]]
id = "b"
forms = [1]
language = "sv"
country = "SE"
handles = {"Blue Sky" = ["b"], bluesky = [], x = ["a b"], mastodon = 3}
consent = [{scope = [], from = 2026-01-01T08:00:00}, {scope = ["*"], from = 3, until = 2026-01-01, why = ""}]
contacts = [{name = "Hemlig", channel = "", address = "hemlig@ekvik.example", language = "sv"}]
"""
    message = refused(tmp_path, "people.toml", table)
    for expected in [
        "line 2, official 1, language is no text",
        "line 2, official 1, given_name is an unknown key",
        "line 2, official 1, (a key that is no plain word) is an unknown key",
        "line 2, official 1, id is missing or malformed",
        "line 2, official 1, handles is no table",
        "line 2, official 1, consent is no table (write [official.consent] or [[official.consent]])",
        "line 2, official 1, contacts is missing",
        "line 11, official 2 (b), forms is no list of texts",
        "line 11, official 2 (b), handles is no list of texts",
        "line 11, official 2 (b), consent 1.scope is missing or malformed",
        "line 11, official 2 (b), consent 1.from has no time zone",
        "line 11, official 2 (b), consent 2.from is no date or time",
        "line 11, official 2 (b), consent 2.why is an unknown key",
        "line 11, official 2 (b), contacts.channel is missing or malformed",
    ]:
        assert expected in message
    for secret in ("Anna", "Lindqvist", "emlig", "Blue"):
        assert secret not in message


@pytest.mark.parametrize("text", ["An\x00na", "An\u200bna", "x" * 301, " "])
def test_texts_that_nothing_would_match_are_refused(tmp_path: Path, text: str) -> None:
    table = TABLE.replace('"Anna"', json.dumps(text))
    message = refused(tmp_path, "a.toml", table)
    assert "1 problem," in message
    assert "given_names" in message


@pytest.mark.parametrize("name", ["p-3f2a9c77c0ff", "contact:p-3f2a9c77c0ff", "turvakt"])
def test_a_contact_that_would_answer_as_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    message = refused(tmp_path, "a.csv", f"{HEADER}\n{ROW.replace('Vakt|', f'{name}|')}")
    assert "column contacts (contacts.name) has the form of an id" in message
    assert name not in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "column 'id' is missing"),
        ("name,email\nAnna,x", "column 1 has an unknown name"),
        (HEADER + ",id\n", "column 'id' stands twice"),
        (HEADER + "\n", "there is no official in it"),
        (f'{HEADER}\n{ROW}\n"Anna,x', "row 3: a quotation mark is not closed"),
        (f'{HEADER}\n"Anna\n",{ROW}', "row 2 has 15 cells"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\n{ROW.replace('Anna', 'Åsa')}".encode("windows-1252"), "row 2: the file is not UTF-8"),
    ],
)
def test_files_that_are_no_csv_of_ours(tmp_path: Path, content: str | bytes, expected: str) -> None:
    message = refused(tmp_path, "a.csv", content)
    assert expected in message
    assert message.startswith("a.csv")
    assert "Anna" not in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "there is no official in it"),
        ('[[official]]\nid = "Anna', "a.toml, end of document: not valid TOML"),
        ('[[official]]\nid = "Anna"\nid = "Anna"\nb = 1', "a.toml, line 3, column 12: not valid TOML"),
        ("[[official]]\nid = [", "not valid TOML"),
        ("a = " + "[" * 100_000, "a.toml"),
        ('[official]\nid = "a"', "outside the [[official]] tables"),
        ("official = [1]", "outside the [[official]] tables"),
        (f'title = "Anna"\n{TABLE}', "outside the [[official]] tables"),
        (TABLE + TABLE, "line 11, official 2 (a), id is taken by line 2, official 1 (a)"),
        ('official = [{id = "a"}]', "\n  official 1 (a), given_names is missing"),
    ],
)
def test_files_that_are_no_toml_of_ours(tmp_path: Path, content: str, expected: str) -> None:
    message = refused(tmp_path, "a.toml", content)
    assert expected in message
    assert "Anna" not in message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.csv: cannot be read: No such file"):
        read_officials(tmp_path / "missing.csv")
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        read_officials(tmp_path)


# ---------------------------------------------------------------- both forms read alike

words = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters=";|"), min_size=1, max_size=12)
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
slugs = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)
platforms = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    first, second = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    return Consent(
        tuple(draw(st.lists(platforms | st.just("*"), min_size=1))), first, draw(st.none() | st.just(second))
    )


languages = st.sampled_from(["sv", "fi", "en"])
contacts = st.builds(Contact, name=texts, channel=platforms, address=texts, language=languages, extra=st.just({}))
officials = st.builds(
    Official,
    id=slugs,
    given_names=st.lists(texts, min_size=1).map(tuple),
    family_names=st.lists(texts, min_size=1).map(tuple),
    forms=st.lists(texts).map(tuple),
    language=languages,
    role=texts | st.just(""),
    party=texts | st.just(""),
    municipality=texts | st.just(""),
    country=st.sampled_from(["SE", "FI"]),
    handles=st.dictionaries(platforms, st.lists(words, min_size=1).map(tuple), max_size=3),
    consents=st.tuples(consents()),
    contacts=st.lists(contacts, min_size=1, max_size=3).map(tuple),
    extra=st.just({}),
)


def as_csv(people: list[Official], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(COLUMNS)
    for each in people:
        (consent,) = each.consents
        writer.writerow(
            [
                each.id,
                ";".join(each.given_names),
                ";".join(each.family_names),
                " ; ".join(each.forms),
                each.language,
                each.role,
                each.party,
                each.municipality,
                each.country,
                ";".join(f"{platform}:{one}" for platform, handles in each.handles.items() for one in handles),
                ";".join(consent.scope),
                consent.since.isoformat(),
                consent.until.isoformat() if consent.until else "",
                ";".join(f"{c.name} | {c.channel}|{c.address}|{c.language}" for c in each.contacts),
            ]
        )
    return out.getvalue()


def as_toml(people: list[Official]) -> str:
    return "\n".join("[[official]]\n" + "\n".join(_lines(each)) for each in people)


def _lines(each: Official) -> list[str]:
    (consent,) = each.consents
    until = f", until = {consent.until.isoformat()}" if consent.until else ""
    plain: dict[str, Any] = {
        name: getattr(each, name)
        for name in (
            "id",
            "given_names",
            "family_names",
            "forms",
            "language",
            "role",
            "party",
            "municipality",
            "country",
        )
    }
    # A JSON string or array of strings in ASCII is TOML, too, but for surrogate pairs.
    lines = [f"{name} = {_json(value)}" for name, value in plain.items()]
    lines.append("handles = {" + ", ".join(f"{name} = {_json(value)}" for name, value in each.handles.items()) + "}")
    lines.append(f"consent = {{scope = {_json(consent.scope)}, from = {consent.since.isoformat()}{until}}}")
    for contact in each.contacts:
        lines.append("[[official.contacts]]")
        lines += [f"{name} = {_json(getattr(contact, name))}" for name in ("name", "channel", "address", "language")]
    return lines


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _composed(each: Official) -> bool:
    return unicodedata.is_normalized("NFC", as_toml([each]))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    people=st.lists(officials.filter(_composed), min_size=1, max_size=3, unique_by=lambda each: each.id),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_both_forms_read_back_what_was_written(tmp_path: Path, people: list[Official], delimiter: str) -> None:
    assert read(tmp_path, "a.csv", as_csv(people, delimiter)) == people
    assert read(tmp_path, "a.toml", as_toml(people)) == people
