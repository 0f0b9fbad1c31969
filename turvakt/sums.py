"""Whether the numbers of a run add up: what was told on the way against what stands in each place by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.alert import State
from turvakt.status import dead_letters
from turvakt.tally import Tally
from turvakt.wiring import Parts


@dataclass(frozen=True, slots=True)
class Stock:
    """What a data folder holds, each number counted in its own place: index, index, incidents, outbox, folder of messages, log.

    Deliveries and messages are those of alerts: bulletins are not counted.
    """

    posts: int
    alerts: int
    grouped: int
    deliveries: Mapping[State, int]
    messages: int
    dead: int


def take_stock(parts: Parts) -> Stock:
    """Count what is there now."""
    index = parts.index.counts()
    dead = sum(dead_letters(parts).values())
    messages = parts.files.total() - parts.outbox.bulletins(channel="outbox", state="delivered")
    deliveries = parts.outbox.counts(bulletins=False)
    return Stock(index.verdicts, index.alerts, parts.incidents.total(), deliveries, messages, dead)


def disagreements(tally: Tally, *, before: Stock, after: Stock, lines: int | None = None) -> list[str]:
    """The sums that do not add up; none, if nothing was lost or doubled on the way.

    They hold for a run that found nothing half done, in which no post was edited or deleted and every one comes into the
    index (``retention.unflagged_days``), and beside which nobody else wrote.

    Args:
        before: what was there when the run began.
        after: what was there when it had ended.
        lines: of the file that was read from its beginning, where there is one.
    """
    taken, dead = tally.all_taken, tally.dead
    new = {state: number - before.deliveries[state] for state, number in after.deliveries.items()}
    sums: dict[str, tuple[int, int]] = {
        "lines of the file = posts read": (taken.read if lines is None else lines, taken.read),
        "posts matched = posts new in the index + dead letters on their way": (
            taken.matched,
            after.posts - before.posts + dead["classify"] + dead["index-verdicts"],
        ),
        "dead letters told of = dead letters new in the log": (
            dead.total() + taken.rejected,
            after.dead - before.dead,
        ),
        "alerts taken to the outbox = alerts new in the index": (
            tally.handled["deliver"] + dead["deliver"],
            after.alerts - before.alerts + dead["index-alerts"],
        ),
        "alerts taken to the outbox = alerts new in incidents": (
            tally.handled["deliver"],
            after.grouped - before.grouped,
        ),
        "messages new in the folder = deliveries by the channel outbox": (
            after.messages - before.messages,
            tally.written,
        ),
    }
    for state in ("delivered", "failed", "withdrawn"):
        sums[f"deliveries told of = deliveries new in the outbox, {state}"] = (tally.deliveries[state], new[state])
    return [f"{name}: {left} is not {right}" for name, (left, right) in sums.items() if left != right]
