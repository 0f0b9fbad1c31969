"""turvakt topics: the topics of a cluster in Kafka, as they should be and as they are."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from flow.clock import SystemClock
from turvakt.commands.shared import AsJson, Yes, aside, confirm, printable, screen, settings, table, write_json
from turvakt.reading import READERS
from turvakt.stores import Stores

# The clients of the servers are loaded where they are used: every command would wait for them.
if TYPE_CHECKING:
    from flow.logs.kafka import KafkaLog
    from flow.logs.kafka.cluster import Cluster
    from flow.logs.kafka.topics import Change, Topic

app = typer.Typer(
    no_args_is_help=True,
    help="The topics of a cluster in Kafka. The embedded runtime has none.",
    rich_markup_mode=None,
)

_MORE_PARTITIONS = (
    "More partitions: from now on a post may come into another partition than before, and be read side by side with what waits "
    "of it in the old one. Deletions, erasures and the index end the same; an alert may tell of the older of two versions of an "
    "edited post. Who wants to avoid that stops the collectors, waits until 'turvakt topics show' tells of nothing unread, and "
    "applies it then."
)
_ERASURES = (
    "Erasures: the database knows what was erased in topics that are missing, or whose end is. If they are lost, it must be "
    "forgotten, or it hides what comes. If they are elsewhere, do not agree: what was erased and stands there would be seen "
    "again. Look at kafka.servers and kafka.prefix first."
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a topic stands. ``unread`` by the name of the stage."""

    topic: str
    partitions: int
    entries: int
    unread: dict[str, int]


@app.command()
def apply(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Make the topics as the settings want them: shows what that changes, and does it if you agree.

    Ends with 0 if nothing is left to do. Nothing is ever removed; topics of others are left alone. With --json but without
    --yes it only tells.
    """
    from turvakt.topics import cluster, topics

    chosen = settings(context)
    with closing(cluster(chosen)) as there, closing(Stores(chosen, clock=SystemClock())) as stores:
        log = stores.kafka if chosen.postgres.url else None
        _apply(there, topics(chosen), log, yes=yes, as_json=as_json)


def _mend(log: "KafkaLog") -> None:
    """Before topics are made: nothing that was erased in such of the same name may hide what comes."""
    mended = log.mend()
    if mended:
        names = ", ".join(sorted(mended))
        aside.print(
            f"Missing, or without their old end: {names}. What comes there is seen from now on.", highlight=False
        )


def _apply(
    there: "Cluster", should: "Mapping[str, Topic]", log: "KafkaLog | None", *, yes: bool, as_json: bool
) -> None:
    from flow.logs.kafka.topics import apply as carry_out
    from flow.logs.kafka.topics import forgetting, found, plan

    changes = plan(found(there), should)
    lost = forgetting(log.lost()) if log is not None else []
    changes = [*lost, *changes]
    if not as_json:
        _show(changes)
    left = changes
    if (yes or not as_json) and any(not change.remedy for change in changes):
        confirm("Do this?", yes=yes)
        if log is not None and lost:
            _mend(log)
        left = carry_out(there, changes, should)
    if as_json:
        write_json({"changes": [asdict(each) for each in changes], "left": [asdict(each) for each in left]})
    elif changes:
        screen.print("Done." if not left else "Done, but for what is to be done by hand.")
    if left:
        raise typer.Exit(1)


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show each topic: its partitions, the records that stand in it, and how many of them each stage has yet to read."""
    from turvakt.topics import cluster

    with closing(cluster(settings(context))) as there:
        standing = _standing(there)
    if as_json:
        write_json([asdict(each) for each in standing])
        return
    rows = [
        (each.topic, each.partitions, each.entries, ", ".join(f"{name} {lag}" for name, lag in each.unread.items()))
        for each in standing
    ]
    screen.print(table("topic", "partitions", "records", "unread", rows=rows))


def _show(changes: "Sequence[Change]") -> None:
    if not changes:
        screen.print("The topics are as they should be.")
        return
    alike: dict[tuple[str, ...], list[str]] = {}
    for each in changes:
        alike.setdefault((each.name, each.now, each.wanted, each.remedy), []).append(each.topic)
    for (name, now, should, remedy), names in alike.items():
        _line(f"{name}: {now} -> {should}: {', '.join(names)}")
        if remedy:
            _line(f"    by hand: {remedy}")
    if any(each.what == "partitions" and not each.remedy for each in changes):
        aside.print(_MORE_PARTITIONS, highlight=False)
    if any(each.what == "erasures" for each in changes):
        aside.print(_ERASURES, highlight=False)


def _line(text: str) -> None:
    screen.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def _standing(there: "Cluster") -> list[_Standing]:
    from turvakt.topics import DEAD

    partitions = there.partitions([*READERS, *DEAD])
    beginnings, ends = there.beginnings(partitions), there.ends(partitions)
    standing = []
    for topic in dict.fromkeys(each.topic for each in partitions):
        own = [each for each in partitions if each.topic == topic]
        unread = {}
        for stage in READERS.get(topic, ()):
            committed = there.committed(stage, own)
            unread[stage] = sum(ends[each] - max(beginnings[each], committed.get(each, 0)) for each in own)
        standing.append(_Standing(topic, len(own), sum(ends[each] - beginnings[each] for each in own), unread))
    return standing
