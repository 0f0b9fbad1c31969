"""turvakt work: a process of a cluster."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from typing import Annotated

import typer

from flow.errors import BadInput, TurvaktError
from flow.runtimes.services import Service
from flow.runtimes.worker import Worker
from turvakt.adapters import switched_on
from turvakt.asked import of_worker
from turvakt.commands.shared import aside, settings
from turvakt.folder import private
from turvakt.metrics import Metrics
from turvakt.reading import STAGES
from turvakt.tally import Observed
from turvakt.watch.pulse import Pulse
from turvakt.wiring import Parts


def work(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A stage or a service, as below.", show_default=False)],
    member: Annotated[
        str | None,
        typer.Option(
            help="Of a stage: a name that this process alone has and keeps over restarts. Killed, it goes on as soon as it is "
            "back; its part waits for it meanwhile.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Do one part of a cluster's work, until Ctrl-C: start as many processes as docs/cluster.md says.

    Stages: classify, route, deliver, index-verdicts, index-alerts, index-deliveries, index-decisions. Services, of which one
    works and others stand by: collect, dispatch, house. And: console. What is away is waited for.

    Example: turvakt --config cluster.toml work classify
    """
    # What only a cluster needs takes a second to load.
    from turvakt.workers import CONSOLE, NAMES, ClusterWorker

    if name not in NAMES:
        raise BadInput("there is no such work", place=f"work '{name}'", remedy=f"Choose from {', '.join(NAMES)}")
    loaded = settings(context)
    with ExitStack() as stack:
        parts = stack.enter_context(Parts(loaded))
        if not parts.is_cluster:
            remedy = "Set kafka.servers and postgres.url, or use 'turvakt run': see docs/cluster.md"
            raise BadInput("the settings name no cluster", place="settings", remedy=remedy)
        private(loaded.data_dir)
        worker: ClusterWorker
        questions = of_worker(parts, name, opened=lambda: worker.opened)
        metrics = Metrics(
            questions,
            worker=name,
            stages=[name] if name in STAGES else [],
            collectors=switched_on(loaded) if name == "collect" else [],
            clock=parts.clock,
        )
        parts.remote_told, parts.cascade_told, parts.house_told = metrics.remote, metrics.cascade, metrics.house
        beside: dict[str, Service] = {}
        if loaded.metrics.port:
            from turvakt.worker_web import WorkerWeb

            web = WorkerWeb(
                loaded.metrics, metrics=metrics.exposition, ready=lambda: _ready(parts, opened=worker.opened)
            )
            beside["web"] = stack.enter_context(closing(web)).serve
        console: Callable[[Worker], Service] | None = None
        if name == CONSOLE:
            from turvakt.console import Console

            pages = stack.enter_context(closing(Console(parts, metrics=metrics.exposition, told=metrics.page)))
            aside.print(f"Console: {pages.base_url}", soft_wrap=True, highlight=False)

            def console(steps: Worker) -> Service:
                return partial(pages.serve, steps.at("console"))

        traces = None
        if loaded.tracing.endpoint:
            from turvakt.tracing import Traces

            traces = stack.enter_context(closing(Traces(loaded.tracing, worker=name, clock=parts.clock)))
        pulse = Pulse(name, parts.clock, stages=[name] if name in STAGES else [])
        # Not where posts are judged, for which alerts wait: nobody who is to be told waits for the index.
        shadow = parts.shadow(metrics) if name == "index-verdicts" else None
        if shadow is not None:
            beside["shadow"] = shadow.run
        observed = Observed(metrics, pulse, *([shadow] if shadow is not None else []), also=traces)
        worker = ClusterWorker(
            parts, name, observed=observed, beside=beside, pulse=pulse, console=console, member=member
        )
        asyncio.run(worker.run())


def _ready(parts: Parts, *, opened: bool) -> list[str]:
    """Not how much waits: that is the group's, and a new process that is to mend it would never count as ready."""
    if not opened:
        return ["it starts, or waits for a server that is away"]
    try:
        parts.store.revision()
    except TurvaktError as error:
        return [f"postgres: {error.reason}"]
    return []
