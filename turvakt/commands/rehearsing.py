"""turvakt alerts dry-run: what changed rules would send."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress, TextColumn

from alerts.plans.plan import Plans
from alerts.plans.planning import changed_plans
from alerts.rehearsal import By, Rehearsal, rehearse
from classify.verdict import SEVERITIES, Verdict
from registry.tenant import tenant_of
from review.index import Query, every
from turvakt.commands.shared import AsJson, aside, parts, screen, table, write_json
from turvakt.commands.words import Spoken, Tenant, Words, say
from turvakt.watch.operator import recipients
from turvakt.wiring import Parts

MOST_IDS = 20
"""Ids of alerts that are shown; as JSON all are."""
_BY: tuple[By, ...] = ("rule", "contact", "occasion", "severity", "hour")
_LISTED = ("lost", "shortened", "without_last", "won")


def dry_run(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="The changed rules, as in config/rules.toml.", show_default=False, exists=True, dir_okay=False
        ),
    ],
    days: Annotated[float, typer.Option(help="Flagged posts of so many days up to now.", min=0.01, max=3650)] = 30,
    tenant: Tenant = "",
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """Show what today's and changed rules would send about the flagged posts of the last days if nobody answered.

    Sends nothing. Posts are grouped, steps told and budgets kept as in earnest, with the contacts and consents of today. With
    --tenant the file stands for the tenant's own, else for that of all others.

    Example: turvakt alerts dry-run new-rules.toml --days 30
    """
    words = Words(language)
    raised: Counter[str] = Counter()
    with parts(context) as opened:
        changed = changed_plans(opened.plans, file, tenant=tenant)
        since = opened.clock.now() - timedelta(days=days)
        verdicts = list(_flagged(opened, since, tenant, raised))
        shown = TextColumn("{task.completed:.0f}/{task.total:.0f} posts")
        with (
            Progress(shown, console=aside, transient=True, disable=as_json or not aside.is_terminal) as progress,
            _silent(),
        ):
            task = progress.add_task("", total=len(verdicts))
            found = rehearse(
                verdicts,
                today=Plans(opened.plans.default, opened.plans.tenants),  # as they are: in between files may change
                changed=changed,
                officials=opened.officials.all(),
                account=opened.objections.author,
                operator=partial(recipients, opened.settings.operator),
                tenant=tenant,
                told=lambda posts: progress.update(task, completed=posts),
            )
    if as_json:
        write_json({"days": days, "raised": raised, **msgspec.to_builtins(found)})
    else:
        _show_rehearsal(found, raised, words, days=days)


@contextmanager
def _silent() -> Iterator[None]:
    """The log tells of no incident that there is not."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _flagged(opened: Parts, since: datetime, tenant: str, raised: Counter[str]) -> Iterator[Verdict]:
    """The flagged posts since then; counts by rule the alerts that were raised about them."""
    for item in every(opened.index, Query(since=since, flagged=True)):
        for alert in item.alerts:
            official = opened.officials.get(alert.official)
            raised[alert.rule] += not tenant or (official is not None and tenant_of(official) == tenant)
        yield item.verdict


def _show_rehearsal(found: Rehearsal, raised: Mapping[str, int], words: Words, *, days: float) -> None:
    key = "rehearsal.posts_one" if days == 1 else "rehearsal.posts"
    say(words.of(key, posts=found.posts, days=f"{days:g}"))
    heads = [words.of(f"rehearsal.{head}") for head in ("today", "changed", "change")]
    rows = [(words.of("rehearsal.total"), *_beside(found.today.total, found.changed.total))]
    screen.print(table("", *heads, rows=rows))
    for by in _BY:
        today, changed = found.today.by[by], found.changed.by[by]
        names = sorted({*today, *changed, *(raised if by == "rule" else ())}, key=_place)
        were = [(raised.get(name, 0),) if by == "rule" else () for name in names]
        said = [_said(by, name, words) for name in names]
        beside = [_beside(today[name], changed[name]) for name in names]
        rows = [(name, *was, *numbers) for name, was, numbers in zip(said, were, beside, strict=True)]
        was_head = [words.of("rehearsal.was")] if by == "rule" else []
        screen.print(table(words.of(f"rehearsal.{by}"), *was_head, *heads, rows=rows))
    for key in _LISTED:
        ids: list[str] = getattr(found, key)
        if not ids:
            continue
        line = words.many(f"rehearsal.{key}", len(ids))
        if key == "lost" and found.threats:
            line = words.many("rehearsal.threats", found.threats, line=line)
        say(f"{line}:")
        for each in ids[:MOST_IDS]:
            say(f"  {each}")
        if len(ids) > MOST_IDS:
            say("  " + words.of("rehearsal.more", number=len(ids) - MOST_IDS))


def _said(by: By, name: str, words: Words) -> str:
    if by == "hour":
        zone, hour = name.split()
        return f"{hour} ({words.name('zone', zone)})"
    if by == "occasion":
        contact, occasion, step = name.rsplit(" ", 2)
        said = f"{contact}: {words.name('occasion', occasion)}"
        return said if step == "0" else words.of("rehearsal.step", said=said, step=step)
    return words.name("severity", name) if by == "severity" else name


def _place(name: str) -> tuple[int, str]:
    """Severities from the gravest, all else by name."""
    return (-SEVERITIES.index(name) if name in SEVERITIES else 0, name)


def _beside(today: int, changed: int) -> tuple[int, int, str]:
    return today, changed, f"{changed - today:+d}" if changed != today else "="
