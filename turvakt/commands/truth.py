"""turvakt drift, shadow: whether the classifier stays true in use."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from alerts.messages.translations import Translations
from classify.verdict import LABELS, SEVERITIES
from flow.errors import BadInput
from registry.official import Language
from review.drift import Drift, Period, drifts
from review.index import Kind, Query, every
from turvakt.commands.shared import AsJson, aside, parts, screen, settings, table, write_json
from turvakt.commands.words import spoken
from turvakt.comparison import Book, Counts, Said
from turvakt.days import KEPT_DAYS, added, read_days
from turvakt.wiring import Parts

FOLDER = Path(__file__).parent.parent / "translations"
MOST_BEFORE = 28
_KINDS: tuple[Kind, ...] = ("unable", *SEVERITIES)


def drift(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="So many days up to now are compared with those before.", min=1)] = 7,
    language: Annotated[str, typer.Option(help="Language of table and advice: sv, fi or en.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Compare the last days' verdicts with those of up to four weeks before, and say what to do. Works beside a running monitor.

    The index is the population stability index: 0 says that nothing has changed; beyond what chance gives, 0.1 is to be
    watched and 0.25 to be acted on. Where unflagged posts are not kept for so long (retention.unflagged_days), it compares the
    numbers that the monitor keeps of each day (drift.json in the data folder); days are those of UTC then.
    """
    chosen = spoken(language)
    with parts(context) as opened:
        retention = opened.settings.retention
        # Beyond the shorter retention only flagged posts are left: another mix by nature.
        kept = min(retention.unflagged_days, retention.low_days, retention.flagged_days)
        if kept >= days + 1:
            before_days = min(MOST_BEFORE, int(kept) - days)
            older, newer, models = _of_posts(opened, days=days, before_days=before_days)
        else:
            before_days = min(MOST_BEFORE, KEPT_DAYS - days)
            older, newer, models = _of_days(opened, days=days, before_days=before_days)
    found = drifts(older, newer)
    if as_json:
        write_json(
            {"days": days, "days_before": before_days, "measures": msgspec.to_builtins(found), "models": dict(models)}
        )
        return
    texts = Translations(FOLDER)
    if found:
        screen.print(_changes(found, texts, chosen, days=days, before_days=before_days))
    states = {each.state for each in found}
    do: list[str] = [state for state in ("watch", "act") if state in states]
    if not do:
        do = ["steady" if "steady" in states else "few"]
    if len(models) > 1:
        do.append("models")
    for each in do:
        screen.print(texts.text(chosen, f"do.{each}"), soft_wrap=True, markup=False, highlight=False)


_Two = tuple[Period, Period, Counter[str]]
"""The days before, the last days, and how many verdicts of both each model gave."""


def _of_posts(opened: Parts, *, days: int, before_days: int) -> _Two:
    """From the posts in the index."""
    now = opened.clock.now()
    since = now - timedelta(days=days)
    older, newer = Period(), Period()
    models: Counter[str] = Counter()
    for item in every(opened.index, Query(since=since - timedelta(days=before_days), until=now)):
        (newer if item.verdict.judged_at >= since else older).add(item.verdict)
        models[item.verdict.judgement.model] += 1
    return older, newer, models


def _of_days(opened: Parts, *, days: int, before_days: int) -> _Two:
    """From the numbers of each day.

    Raises:
        BadInput: there are none.
    """
    counted = read_days(opened.settings.data_dir)
    if opened.is_cluster or before_days < 1 or not counted:
        remedy = "Choose fewer days, or keep posts longer with retention.unflagged_days; metrics tell of drift, too"
        raise BadInput("posts of the days before are not kept, nor their numbers", place="--days", remedy=remedy)
    today = opened.clock.now().date()
    ago = {each.day: (today - each.day).days for each in counted}
    newer, of_newer = added(each for each in counted if ago[each.day] < days)
    older, of_older = added(each for each in counted if days <= ago[each.day] < days + before_days)
    return older, newer, of_newer + of_older


def _changes(found: Sequence[Drift], texts: Translations, language: Language, *, days: int, before_days: int) -> Table:
    def measure(name: str) -> str:
        of, _, label = name.rpartition(" ")
        return f"{of}: {texts.name(language, 'label', label)}" if of else texts.name(language, "measure", name)

    rows = [
        (
            measure(each.name),
            *each.posts,
            texts.name(language, each.name, each.moved),
            " → ".join(f"{share:.0%}" for share in each.shares),
            f"{each.index:.2f}",
            texts.text(language, f"state.{each.state}"),
        )
        for each in found
    ]
    heads = (texts.text(language, f"column.{head}") for head in ("measure", "before", "now", "moved", "share", "index"))
    title = texts.text(language, "column.days", now=days, before=before_days)
    return table(*heads, "", rows=rows, title=title)


def shadow(context: typer.Context, as_json: AsJson = False) -> None:
    """Tell what the candidate in the shadow (classifier.shadow) said beside the classifier in use.

    Works beside a running monitor, which writes the counts every ten seconds. They are kept over restarts, for each pair of
    classifiers. Those of a cluster are metrics: turvakt_shadow_posts_total and its neighbours.
    """
    chosen = settings(context)
    if chosen.kafka.servers:
        remedy = "Ask Prometheus for turvakt_shadow_posts_total and its neighbours: see docs/metrics.md"
        raise BadInput("the counts of a cluster are metrics", place="shadow", remedy=remedy)
    book = Book.open(chosen.data_dir)
    if as_json:
        for counts in book.pairs:
            write_json(msgspec.to_builtins(counts))
        return
    for counts in book.pairs:
        _show(counts)
    if not book.pairs:
        aside.print("Nothing was compared. Name a candidate with classifier.shadow; see docs/running.md.")


def _show(counts: Counts) -> None:
    screen.print(f"{counts.candidate} in the shadow of {counts.current}, since {counts.since:%Y-%m-%d %H:%M} UTC:")
    same = sum(row.get(kind, 0) for kind, row in counts.severities.items())
    share = f" ({same / counts.judged:.1%} with the same severity)" if counts.judged else ""
    screen.print(f"{counts.judged} posts compared{share}, {counts.failed} failed, {counts.skipped} skipped.\n")
    if not counts.judged:
        return
    rows = [
        (kind, *(counts.severities.get(kind, {}).get(other, 0) for other in _KINDS))
        for kind in _KINDS
        if kind in counts.severities
    ]
    screen.print(table("in use \\ candidate", *_KINDS, rows=rows), "")
    by: tuple[Said, ...] = ("both", "current", "candidate")
    flagged = [(label, *(counts.labels.get(label, {}).get(each, 0) for each in by)) for label in LABELS]
    screen.print(table("label flagged by", "both", "only in use", "only candidate", rows=flagged), "")
    alerts = ", ".join(f"{counts.alerts.get(change, 0)} {change}" for change in ("kept", "added", "dropped"))
    screen.print(f"Alerts with the candidate: {alerts}.\n")
