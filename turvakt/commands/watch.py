"""turvakt run, demo: the monitor."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from flow.errors import BadInput
from flow.runtimes.services import Service
from ingest.collector import Collector
from registry.importing import read_officials
from turvakt.asked import everything
from turvakt.commands.shared import AsJson, aside, screen, settings, write_json
from turvakt.days import Days
from turvakt.demo_people import WHAT_THEY_SEE, Guest, invent
from turvakt.display import HOW_COUNTS_RELATE, Display, Progress, summary, summary_table
from turvakt.folder import alone, clear
from turvakt.metrics import Metrics
from turvakt.monitor import Ended, Monitor
from turvakt.reading import STAGES
from turvakt.sections import Elasticsearch, Kafka, Postgres, Tracing
from turvakt.sections import Metrics as MetricsSettings
from turvakt.settings import ROOT
from turvakt.status import not_ready
from turvakt.sums import disagreements, take_stock
from turvakt.tally import Listener, Observed, Tally
from turvakt.watch.pulse import Pulse
from turvakt.wiring import Parts

if TYPE_CHECKING:
    from turvakt.console import Console
    from turvakt.tracing import Traces
    from turvakt.worker_web import WorkerWeb

DEMO_SECONDS = 120.0
EXAMPLES = ROOT / "config" / "examples"


def run(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Stop when the sources have ended and all is handed on.")
    ] = False,
    posts: Annotated[
        str | None, typer.Option(help='Read only this: a file or folder of JSON lines, or "-".', show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Watch: collect, match, classify, alert and index, until Ctrl-C. One process, one data folder.

    Collectors are chosen in the settings (config/turvakt.toml shows all). --posts reads a file instead; with --once it takes the
    file through every stage, ends and prints its counts. A file is read on from where the last run over the same data folder
    stopped.

    Example: turvakt run --once --posts posts.jsonl --json
    """
    loaded = settings(context)
    if loaded.kafka.servers:
        remedy = "Start 'turvakt work NAME' for each part of its work: see docs/cluster.md"
        raise BadInput("the settings name a cluster", place="kafka.servers", remedy=remedy)
    ending = posts or (loaded.jsonl.path if once else "")
    if once and not ending:
        raise BadInput("there is no source that ends", place="--once", remedy="Name a file with --posts FILE")
    with alone(loaded.data_dir), Parts(loaded) as parts:
        collectors = _posts(parts, ending, follow=not once) if ending else parts.collectors()
        if not collectors:
            aside.print("No collector is switched on: only texts handed in with 'turvakt submit' are watched.")
        watched = _watch(parts, collectors, once=once, heading="[bold]Turvakt[/bold]  Ctrl-C stops it")
    _end(watched, once=once, as_json=as_json, show=once)


def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="As fast as it can; ends with 1 if the numbers do not add up.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Watch the public Bluesky stream for your own officials.")
    ] = False,
    officials: Annotated[Path | None, typer.Option(help="Your officials, with --live: a .toml or .csv file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show Turvakt at work on invented officials and a bundled stream of posts, in a folder of its own, without any account.

    Replays about two minutes, prints the address of the console and goes on until Ctrl-C.
    """
    if live and officials is None:
        remedy = "make demo LIVE=1 OFFICIALS=my-officials.toml; config/examples/officials.toml shows the form"
        raise BadInput("which officials shall be watched?", place="--live", remedy=remedy)
    loaded = settings(context)
    folder = loaded.data_dir / "demo"
    chosen = read_officials(officials or EXAMPLES / "officials.toml")
    web = loaded.web if not once else msgspec.structs.replace(loaded.web, enabled=False)
    # Invented posts in which nothing was found may be shown, too; those that people really wrote may not.
    retention = loaded.retention if live else msgspec.structs.replace(loaded.retention, unflagged_days=1.0)
    loaded = msgspec.structs.replace(
        loaded,
        data=msgspec.structs.replace(loaded.data, dir=str(folder)),
        bluesky=msgspec.structs.replace(loaded.bluesky, enabled=live),
        kafka=Kafka(),
        postgres=Postgres(),
        elasticsearch=Elasticsearch(),
        metrics=MetricsSettings(),
        tracing=Tracing(),
        web=web,
        retention=retention,
    )
    with alone(folder), Parts(loaded) as parts:
        clear(folder)
        done = parts.store.put_all(chosen)
        guests = invent(parts.accounts.people, chosen) if web.enabled and web.sign_in == "people" and not live else []
        pace = None if once else DEMO_SECONDS
        stream = str(EXAMPLES / "demo-posts.jsonl")
        collectors = parts.collectors() if live else _posts(parts, stream, follow=False, over_seconds=pace)
        heading = f"[bold]Turvakt[/bold]  {done.added} officials are watched; alerts go to {folder / 'outbox'}"
        lines = len(Path(stream).read_bytes().splitlines()) if once and not live else None
        watched = _watch(parts, collectors, once=once, heading=heading, texts=not live, lines=lines, guests=guests)
    _end(watched, once=once, as_json=as_json, show=True)


@dataclass(frozen=True, slots=True)
class _Watched:
    ended: Ended
    counts: dict[str, object]
    problems: list[str]


def _posts(parts: Parts, path: str, *, follow: bool, over_seconds: float | None = None) -> list[Collector]:
    if path != "-" and not Path(path).exists():
        raise BadInput("there is no such file or folder", place=path, remedy="Check the path")
    return [parts.jsonl(path, follow=follow, over_seconds=over_seconds)]


def _watch(
    parts: Parts,
    collectors: Sequence[Collector],
    *,
    once: bool,
    heading: str,
    texts: bool = False,
    lines: int | None = None,
    guests: Sequence[Guest] = (),
) -> _Watched:
    """``lines`` of a file that is read from beginning to end: then the numbers must add up."""
    tally, before = Tally(), take_stock(parts)
    names = [collector.name for collector in collectors]
    metrics = Metrics(everything(parts), stages=STAGES, collectors=names, clock=parts.clock)
    parts.remote_told, parts.cascade_told, parts.house_told = metrics.remote, metrics.cascade, metrics.house
    with ExitStack() as stack:
        console = None
        if parts.settings.web.enabled and not once:
            console = stack.enter_context(closing(_console(parts, metrics)))
            console.guests = guests
        shown: Listener = Progress(aside, tally)
        if screen.is_terminal and not once:
            place = f"\nConsole: {console.link}" if console else ""
            place += "".join(f"\n  {what}: {link}" for what, link in (console.guest_links if console else []))
            place += f"\n{WHAT_THEY_SEE}" if guests else ""
            shown = stack.enter_context(Display(screen, tally, heading=heading + place, texts=texts))
        elif console:
            # What is not a terminal may be a journal that others read: no token there, but for the demo's invented people.
            open_to_all = aside.is_terminal or texts
            how = f"TURVAKT_DATA_DIR={parts.settings.data.dir} turvakt status"
            by_token = parts.settings.web.sign_in == "token"
            closed = f"{console.base_url} ('{how}' prints the link)" if by_token else console.base_url
            place = console.link if open_to_all else closed
            aside.print(f"Console: {place}", soft_wrap=True, highlight=False)
            for what, link in console.guest_links:
                aside.print(f"  {what}: {link}", soft_wrap=True, highlight=False)
            if guests:
                aside.print(WHAT_THEY_SEE, soft_wrap=True, highlight=False)
        if console and parts.settings.web.sign_in == "people" and not parts.accounts.people.all():
            how = "turvakt people invite you@place.example --name 'Your Name' --role administrator:TENANT"
            aside.print(f"Nobody can sign in yet: {how}", soft_wrap=True, markup=False, highlight=False)
        shadow = parts.shadow(metrics)
        traces = stack.enter_context(closing(_traces(parts))) if parts.settings.tracing.endpoint else None
        # A run with an end is over soon: nobody need be told what stands still.
        pulse = (
            None
            if once
            else Pulse(
                "run", parts.clock, stages=tuple(STAGES), collectors=collectors, channels=parts.channels.values()
            )
        )
        days = Days(parts.settings.data_dir, parts.clock)
        also: list[Listener] = [days, *(listener for listener in (shadow, pulse) if listener is not None)]
        observed = Observed(tally, metrics, shown, *also, also=traces)
        started = time.perf_counter()
        beside: dict[str, Service] = {"counts": days.run}
        monitor: Monitor
        if parts.settings.metrics.port and not once:
            web = _web(parts, metrics, begun=lambda: monitor.begun)
            beside["metrics"] = stack.enter_context(closing(web)).serve
        monitor = Monitor(
            parts,
            observed=observed,
            collectors=collectors,
            console=console,
            shadow=shadow,
            once=once,
            beside=beside,
            pulse=pulse,
        )
        ended = asyncio.run(monitor.run())
        seconds = time.perf_counter() - started
    waiting = parts.outbox.counts().get("waiting", 0)
    check = lines is not None and ended.signal is None
    problems = disagreements(tally, before=before, after=take_stock(parts), lines=lines) if check else []
    return _Watched(ended, summary(tally, waiting=waiting, seconds=seconds), problems)


def _console(parts: Parts, metrics: Metrics) -> "Console":
    from turvakt.console import (
        Console,  # the web framework takes a second to load, which most commands need not wait for
    )

    return Console(parts, metrics=metrics.exposition, told=metrics.page)


def _web(parts: Parts, metrics: Metrics, *, begun: Callable[[], bool]) -> "WorkerWeb":
    from turvakt.worker_web import WorkerWeb

    def ready() -> list[str]:
        return not_ready(parts) if begun() else ["it starts, and first completes erasures that were interrupted"]

    return WorkerWeb(parts.settings.metrics, metrics=metrics.exposition, ready=ready)


def _traces(parts: Parts) -> "Traces":
    from turvakt.tracing import Traces  # most do without

    return Traces(parts.settings.tracing, worker="run", clock=parts.clock)


def _end(watched: _Watched, *, once: bool, as_json: bool, show: bool) -> None:
    """Tell what was done.

    Raises:
        typer.Exit: a run with an end was interrupted, or not all of it was done.
    """
    ended = watched.ended
    if once and ended.signal is not None:
        aside.print("The run was interrupted before its end; the same command goes on with it.")
        raise typer.Exit(128 + ended.signal)
    if as_json:
        write_json(watched.counts)
    elif show:
        screen.print(summary_table(watched.counts))
        screen.print(HOW_COUNTS_RELATE, style="dim")
    if once and watched.counts["dead"]:
        aside.print(f"{watched.counts['dead']} could not be handled: see 'turvakt dead list'.")
    for problem in watched.problems:
        aside.print(f"The numbers do not add up: {problem}", style="red")
    if watched.problems:
        raise typer.Exit(1)
    if once and ended.undelivered:
        aside.print(
            f"{ended.undelivered} deliveries could not be made yet: the next run tries them again.", style="red"
        )
        raise typer.Exit(3)
