"""What has been erased or taken away since an archive was made: a small file that names nobody, and how it is done again.

The lines are those of `turvakt.archive`. Who withdrew, who has which role, and which authors are left alone is told by digests.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, insert, select

from access.people import People
from access.person import Grant, Person
from flow.errors import BadInput, Broken, Unavailable
from ingest.collector import Collected, Deletion
from ingest.objections import accounts
from ingest.tables import OBJECTION
from registry.narrowing import covers
from registry.stores.partial import Withdrawn
from registry.stores.sql import digest_of
from registry.tables import PARTIAL, WITHDRAWAL
from review.index import Query, every
from turvakt.archive import Record, batches, row_of, rows_of, sealed
from turvakt.wiring import Parts

_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Again:
    """What was done again.

    Attributes:
        officials: withdrawals, also of parts.
        posts: those of authors that the stages erase when they read it.
        people: who was removed, or lost a role.
    """

    officials: int
    posts: int
    people: int


def dump(parts: Parts) -> Iterator[bytes]:
    """The lines, without their line feeds."""
    return sealed(_records(parts), parts.clock.now())


def do_again(parts: Parts, records: Iterable[Record], *, newer: bool) -> Again:
    """Erase and take away, in what an archive has brought back, what the records of `dump` tell.

    Args:
        newer: they were written after the archive: of people, only such ones say who has gone.

    Raises:
        Broken: some withdrawals cannot be done again, or the decisions on authors' objections are known by another key. All
            else has been done.
    """
    found: dict[str, list[Any]] = {}
    for part, record in records:
        found.setdefault(part, []).append(record)
    people = _take_away(parts, found.get(_PERSON, [])) if newer else 0
    objections = found.get(str(OBJECTION.name), [])
    ours = [record for record in objections if record["key"] == parts.objections.key_id]
    for record in ours:
        _put(parts, row_of(OBJECTION, {name: value for name, value in record.items() if name != "key"}))
    posts = _leave_alone(parts)
    officials, refused = _withdraw(parts, found)
    if refused:
        remedy = "Before anything starts: 'turvakt officials withdraw' each, all of her or a part, or enter her anew"
        raise Broken(f"withdrew something that cannot be taken out alone: {', '.join(refused)}", remedy=remedy)
    if len(ours) < len(objections):
        remedy = "Decide on them again ('turvakt authors object'): the archive is from before the first was asked for"
        raise Broken("objections of authors are known by another key", place="archive", remedy=remedy)
    return Again(officials, posts, people)


# ---------------------------------------------------------------- writing


def _records(parts: Parts) -> Iterator[Record]:
    yield from ((str(WITHDRAWAL.name), row | {"id": None}) for row in rows_of(parts.database, WITHDRAWAL))
    for row in rows_of(parts.database, PARTIAL):
        yield str(PARTIAL.name), row | {"id": None, "name": row["name"] if row["kind"] == "source" else None}
    for row in rows_of(parts.database, OBJECTION):
        yield str(OBJECTION.name), row | {"by": "", "key": parts.objections.key_id}
    for person in People(parts.database).all():
        roles = sorted(_role(person, each) for each in (*person.grants, *person.offers))
        yield _PERSON, {"digest": _digest(person.id), "active": person.active, "roles": roles}


def _role(person: Person, grant: Grant) -> str:
    return _digest(person.id, grant.role, grant.tenant, grant.official)


def _digest(*names: str) -> str:
    return hashlib.sha256("\x00".join(names).encode()).hexdigest()


# ---------------------------------------------------------------- doing again


def _withdraw(parts: Parts, found: Mapping[str, list[Any]]) -> tuple[int, list[str]]:
    """How many withdrawals were done again, and the ids of those of whom one cannot be."""
    whole = [row_of(WITHDRAWAL, record) for record in found.get(str(WITHDRAWAL.name), [])]
    later = {row["digest"]: row["at"] for row in whole}
    partial = [row_of(PARTIAL, record) for record in found.get(str(PARTIAL.name), [])]
    some = Withdrawn((row["digest"], row["kind"], row["name"], row["at"]) for row in partial)
    again, refused, away = 0, set[str](), list[Unavailable]()
    for official in parts.store.officials():
        at = later.get(digest_of(official.id))
        if at is None:
            continue
        known = parts.store.withdrawal(official.id)
        if known is None or known.at.timestamp() < at:
            with _put_off(away):
                parts.erasure.withdraw(official.id)
            again += 1
    for official in parts.store.officials():
        for part, moment in some.of(official):
            if covers(official, part, moment):
                try:
                    with _put_off(away):
                        parts.erasure.withdraw(official.id, part)
                    again += 1
                except BadInput:
                    refused.add(official.id)
    if away and not refused:
        raise away[0]
    return again, sorted(refused)


@contextmanager
def _put_off(away: list[Unavailable]) -> Iterator[None]:
    """Her consent has ended, and the erasure is pending if something is away: nobody else's may wait for it."""
    try:
        yield
    except Unavailable as error:
        away.append(error)


def _take_away(parts: Parts, there: list[Any]) -> int:
    if not there:  # by an earlier version, or of an empty Turvakt: it says of nobody that she has gone
        return 0
    people, again = People(parts.database), 0
    known = {record["digest"]: record for record in there}
    for person in people.all():
        record = known.get(_digest(person.id), {"active": False, "roles": []})
        kept = replace(
            person,
            active=person.active and record["active"],
            grants=tuple(each for each in person.grants if _role(person, each) in record["roles"]),
            offers=tuple(each for each in person.offers if _role(person, each) in record["roles"]),
        )
        if _digest(person.id) not in known:
            people.remove(person.id)
        elif kept != person:
            people.put(kept)
        again += _digest(person.id) not in known or kept != person
    return again


def _leave_alone(parts: Parts) -> int:
    if not parts.objections.counts()["upheld"]:
        return 0
    now = parts.clock.now()
    gone: list[Deletion] = []
    for posts in batches(item.verdict.post for item in every(parts.index, Query(), whole=True)):
        left_alone = parts.objections.upheld({account for post in posts for account in accounts(post)})
        gone += [Deletion(post.id, now) for post in posts if not left_alone.isdisjoint(accounts(post))]
    parts.intake(lambda collector, taken: None).take("authors", Collected(tuple(gone), None))
    return len(gone)


def _put(parts: Parts, row: Mapping[str, Any]) -> None:
    """The newest decision on an account holds."""
    same = OBJECTION.c.digest == row["digest"]
    with parts.database.transaction():
        parts.database.execute(delete(OBJECTION).where(same, OBJECTION.c.at < row["at"]))
        if not parts.database.query(select(OBJECTION.c.at).where(same)):
            parts.database.execute(insert(OBJECTION), row)
