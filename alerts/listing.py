"""The incidents that a digest lists: how they stand in a bulletin's value ``listed``, and the links at which each is answered."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast, get_args

from alerts.alert import digest
from classify.verdict import Severity


class Listed(NamedTuple):
    """An incident in brief: its id, the gravest of its severities, and how many posts it has."""

    incident: str
    severity: Severity
    posts: int


def written(listed: Iterable[Listed]) -> str:
    """As a value of a bulletin."""
    return ";".join(f"{each.incident} {each.severity} {each.posts}" for each in listed)


def read(value: str) -> Iterator[Listed]:
    """From a value of a bulletin; what is none is left out, as no message may fail for it."""
    for each in value.split(";"):
        match each.split():
            case [incident, severity, posts] if severity in get_args(Severity) and posts.isdecimal():
                yield Listed(incident, cast(Severity, severity), int(posts))


def link_id(delivery: str, incident: str) -> str:
    """By what the link to an incident is known that the message of this delivery lists: like the id of a delivery of its own."""
    return digest("listed", delivery, incident)
