"""Whether everybody was told: what must hold in any timing, by what a Turvakt holds and the files of the channel ``outbox``."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from classify.verdict import SEVERITIES

Row = Mapping[str, Any]
_CRITICAL = SEVERITIES.index("critical")


def told(records: Iterable[tuple[str, Any]], files: Collection[str]) -> list[Any]:
    """Of each alert, the contacts who were told of its incident.

    How many messages say so, and which replaces which, depends on how many alerts came at once. That each message has arrived, or
    a newer one to the same contact in its place, does not; nor that of a threat that is no copy a message of its own has arrived,
    and that a budget holds back only what wants no answer.

    Args:
        records: all that a backup holds, by part.
        files: the ids of the messages that were written.

    Raises:
        AssertionError: something has failed or been lost, or nobody was told of an alert.
    """
    parts: dict[str, list[Row]] = defaultdict(list)
    for part, record in records:
        parts[part].append(record)
    states = {row["id"]: _state(row, files) for row in parts["outbox"]}
    failed = {id: state for id, state in states.items() if state not in ("delivered", "replaced", "waiting")}
    assert failed == {}, failed

    events = sorted(parts["incident_event"], key=lambda event: event["number"])
    messages: dict[tuple[str, str], list[str]] = defaultdict(list)
    collected: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event["event"] in ("told", "failed-over"):
            messages[event["incident"], event["contact"]].append(states.get(event["delivery"], "lost"))
        elif event["event"] == "digested":
            collected[event["incident"]].add(event["contact"])
    lost = {incident: has for (incident, _), has in messages.items() if not _has_arrived(has)}
    assert lost == {}, lost

    heard: dict[str, set[str]] = defaultdict(set)
    for incident, contact in messages:
        heard[incident].add(contact)
    arrived = {(row["incident"], row["post"]) for row in parts["outbox"] if states[row["id"]] == "delivered"}
    found = []
    for row in parts["incident_post"]:
        of_its_own = row["threat"] and row["told"]
        assert not of_its_own or (row["incident"], row["post"]) in arrived, f"threat {row['alert']} was told in passing"
        wants_answer = row["threat"] or row["exposes"] or row["severity"] == _CRITICAL
        contacts = heard[row["incident"]] | (set() if wants_answer else collected[row["incident"]])
        assert contacts, f"nobody was told of alert {row['alert']}"
        found.append([row["alert"], sorted(contacts)])
    return found


def _state(row: Row, files: Collection[str]) -> str:
    if row["state"] == "delivered" and row["channel"] == "outbox" and row["id"] not in files:
        return "delivered without a file"
    return "replaced" if (row["state"], row["reason"]) == ("withdrawn", "replaced") else str(row["state"])


def _has_arrived(messages: Sequence[str]) -> bool:
    """Whether one contact has had all of an incident: of what was replaced she has a newer one. The next step may have come up as
    Turvakt was stopped: then it waits.
    """
    return "lost" not in messages and "delivered" in messages and messages[-1] != "replaced"
