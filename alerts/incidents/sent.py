"""The messages about an incident, as its history tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.incidents.history import Event, Transition

OF_MESSAGES: frozenset[Event] = frozenset(
    {"told", "failed-over", "delayed", "delivered", "failed", "withdrawn", "received"}
)
"""What happens to messages, not to the incident itself."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message: ``first`` says when, to whom, by which channel and, as its result, why (`alerts.content.occasion_of`; empty in
    older lines), ``last`` what came of it last.
    """

    first: Transition
    last: Transition


def messages_of(history: Iterable[Transition]) -> list[Sent]:
    """What became of each message, in the order in which they were taken in."""
    first: dict[str, Transition] = {}
    last: dict[str, Transition] = {}
    for each in history:
        if each.delivery and each.event in OF_MESSAGES:
            first.setdefault(each.delivery, each)
            last[each.delivery] = each
    return [Sent(first[id], last[id]) for id in first]
