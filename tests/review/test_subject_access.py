"""What an official can read of all that is held because of her."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

from alerts.alert import ALERTS
from alerts.delivery.outbox import Outbox
from alerts.messages.rendering import FOLDER as ALERT_TEXTS
from alerts.messages.translations import Translations
from classify.verdict import LABELS
from flow.clock import ManualClock
from flow.logs.sqlite import SqliteLog
from ingest.holding import LogHolder
from ingest.post import POSTS
from registry.holding import RegistryHolder
from registry.official import Language
from registry.stores.sql import SqlStore
from registry.withdrawal import export
from review.indexes.memory import MemoryIndex
from review.subject_access.page import FOLDER, LEFT_OUT, Held, page, page_of
from tests.alerts.people import AT, alert, official, verdict
from tests.databases import open_file
from tests.review.people import decision, delivery

HER = official()
TEXT = "Tack <script>alert(1)</script> för bron & vägen"
LANGUAGES: tuple[Language, ...] = get_args(Language)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    clock = ManualClock(AT)
    with closing(open_file(tmp_path / "turvakt.db")) as database:
        log = SqliteLog(database, clock=clock)
        store, outbox, index = SqlStore(database, log, clock=clock), Outbox(database, clock=clock), MemoryIndex()
        store.put_all([HER, official("aino", name=("Aino", "Hemlig"))])
        raised = alert(verdict(text=TEXT, mentions=(HER.id, "aino")), about=HER.id)
        with log.write() as writer:
            writer.append("posts", raised.verdict.post.id, POSTS.encode(raised.verdict.post))
            writer.append("alerts", raised.verdict.post.id, ALERTS.encode(raised))
        outbox.add([raised])
        index.write_verdicts([raised.verdict])
        index.write_alerts([raised])
        index.write_deliveries([delivery(raised)])
        index.write_decisions([decision(raised.verdict.post.id)])
        holders = [LogHolder(log, records={"posts": POSTS, "alerts": ALERTS}), outbox, index, RegistryHolder(store)]
        yield export(HER.id, holders=holders)


def words(html: str) -> str:
    """What a reader sees."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "sv",
            [
                "Registerutdrag",
                "id anna-lindqvist",
                "3 mars 2026 kl. 14:05",
                "Allvarsgrad hög",
                "Inlägg och bedömning",
                "IMY".lower(),
            ],
        ),
        ("fi", ["Rekisteriote", "3. maaliskuuta 2026", "Vakavuus korkea", "Julkaisu ja arvio", "Suostumukset"]),
        ("en", ["Your data in Turvakt", "3 March 2026", "Severity high", "Post and judgement", "Consents"]),
    ],
)
def test_she_reads_it_in_her_language(held: Held, language: Language, said: list[str]) -> None:
    html = page_of(replace(HER, language=language), held, at=AT)
    assert f'<html lang="{language}">' in html
    seen = words(html)
    for each in said:
        assert each in seen
    assert seen.count(TEXT) == 4  # in both topics of the log, in the outbox and in the index
    for each in ("Beredskap Ekvik", "vakt@ekvik.example", "Ekvikspartiet", "kalle.example"):
        assert each in seen


def test_what_others_wrote_is_no_markup(held: Held) -> None:
    html = page_of(HER, held, at=AT)
    assert "<script" not in html
    assert "<blockquote>Tack &lt;script&gt;" in html
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', html) == [], "it needs nothing from elsewhere"


def test_nobody_else_stands_in_it(held: Held) -> None:
    for language in LANGUAGES:
        html = page(held, official=HER.id, language=language, country="FI", at=AT)
        assert "aino" not in html
        assert "Hemlig" not in html


def test_every_field_has_a_name(held: Held) -> None:
    known = Translations(ALERT_TEXTS, FOLDER).keys()
    assert [
        name for name in sorted(fields(held) - {*LABELS, "flagged", "probability"}) if f"field.{name}" not in known
    ] == []
    assert [name for name in held if not {f"place.{name}", f"explained.{name}"} <= known] == []


def fields(value: object) -> set[str]:
    """The names of all fields that are shown."""
    if isinstance(value, Mapping):
        shown = {name: each for name, each in value.items() if name not in LEFT_OUT and each not in (None, [], (), {})}
        below = {name for each in shown.values() for name in fields(each)}
        return below | {name for name in shown if name not in ("log", "alerts", "index", "registry")}
    if isinstance(value, list | tuple):
        return {name for each in value for name in fields(each)}
    return set()


def test_the_authority_is_that_of_her_country(held: Held) -> None:
    assert "tietosuoja.fi" in page(held, official=HER.id, language="sv", country="FI", at=AT)
    assert "imy.se" in page(held, official=HER.id, language="fi", country="SE", at=AT)
