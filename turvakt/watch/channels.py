"""Probe of the channels: whether messages get through. A channel that failed is a trouble until it has been seen to work."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select

from access.tables import LETTER
from alerts.alert import NOT_ARRIVED
from alerts.channel import Channel
from alerts.channels import CHANNELS
from alerts.delivery.limits import ENOUGH, LEFT_ALONE, Limited, receiver_of
from alerts.delivery.outbox import Outbox
from alerts.delivery.sending import FAILED_OVER, GIVEN_UP
from alerts.messages.words import REFERENCE_LETTERS
from alerts.tables import INCIDENT, OUTBOX
from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.beats import CHANNEL, LOST, TRIED, Beat, Beats
from turvakt.watch.trouble import Detail, Trouble

THREAT_LATE, OTHER_LATE = timedelta(minutes=5), timedelta(minutes=30)
TRIES = 3
"""A channel that fails so often for one message is failing."""
FAILED_TOLD = timedelta(hours=1)
LOST_FOR = timedelta(minutes=10)
"""After so long a channel by which a delivery was lost, or is tried again, counts as one that fails: what tells of that would
have come by it."""
_TRIED_AGAIN = OUTBOX.c.state == "waiting", OUTBOX.c.attempts >= TRIES
_FAILED = OUTBOX.c.state == "failed"
_RETURNED = func.coalesce(OUTBOX.c.reason, "") == NOT_ARRIVED
"""The channel did work, and took the message on: the address is at fault."""
_REFERENCES_MOST = 5
_NOT_TAKEN_SAYS = (GIVEN_UP, FAILED_OVER)
"""What the reason begins with where the channel did not work; else it did, and refused the message or its address."""
_NOT_TAKEN = or_(*(func.coalesce(OUTBOX.c.reason, "").startswith(said) for said in _NOT_TAKEN_SAYS))

Ways = Callable[[], Iterable[tuple[str, str]]]
"""Gives channel and address of everybody who may be told."""


def deliveries(outbox: Outbox) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether what is due is delivered; of what was tried several times `Channels` tells."""

    def ask(now: datetime) -> Iterator[Trouble]:
        oldest = outbox.oldest(tried_less=TRIES)
        for threat, most in ((True, THREAT_LATE), (False, OTHER_LATE)):
            since = oldest.get(threat)
            if since is not None and now - since >= most:
                due: Detail = "threat-due" if threat else "alert-due"
                yield Trouble("deliveries-late", "outbox", since, {due: str((now - since) // timedelta(minutes=1))})
                return

    return ask


def place_of(channel: str, receiver: str) -> str:
    """The place of a receiver's beat: ``channel:NAME``, with a digest of the host where there is one, as places name nobody."""
    return f"{CHANNEL}{channel}" + (f":{hashlib.sha256(receiver.encode()).hexdigest()[:12]}" if receiver else "")


def places_of(ways: Iterable[tuple[str, str]]) -> set[str]:
    """The places of all by which messages go out; letters go by e-mail to whoever signs in."""
    return {place_of("email", ""), *(place_of(channel, receiver_of(address)) for channel, address in ways)}


def beats_of(channels: Iterable[Channel]) -> list[Beat]:
    """What this process knows of the receivers that it has sent to."""
    return [
        Beat(
            place_of(channel.name, each.receiver),
            each.at,
            each.worked_at,
            each.failing_since,
            f"{LOST if each.lost else ''}{each.reason}",
        )
        for channel in channels
        if isinstance(channel, Limited)
        for each in channel.tried()
    ]


@dataclass(slots=True)
class _Failing:
    """What is known of a channel that fails; ``last``: when it last did, and what the error was."""

    since: datetime
    details: dict[Detail, str] = field(default_factory=dict)
    last: tuple[datetime, str] | None = None

    def count(self, what: Detail, number: int) -> None:
        self.details[what] = str(int(self.details.get(what, 0)) + number)

    def failed(self, at: datetime, reason: str | None) -> None:
        if reason and (self.last is None or at > self.last[0]):
            self.last = at, reason


class Channels:
    """Whether a channel takes nothing, or has failed for something, and has delivered nothing since.

    Args:
        ways: what nobody is told by any longer is no trouble.
        own: those of the operator.
    """

    def __init__(self, database: Database, beats: Beats, *, ways: Ways, own: Ways = tuple) -> None:
        self._database = database
        self._beats = beats
        self._ways = ways
        self._own = own

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        beats = [beat for beat in self._beats.all() if beat.place.startswith(CHANNEL)]
        found: dict[str, _Failing] = {}
        self._failing(found, [beat for beat in beats if beat.failing_since is not None])
        tried = self._tried_again(found)
        self._failed(found, beats, now)
        without = self._without_way(beats, tried, now) if found else ()
        for place, failing in found.items():
            if place in without:
                failing.details["no-way"] = ""
            if failing.last is not None:
                at, reason = failing.last
                failing.details |= {"failed-at": at.isoformat(), "reason": reason}
            if "failed" in failing.details:
                failing.details.pop("failed-before", None)
            yield Trouble("channel-failing", place, failing.since, failing.details)
        yield from self._returned(now)

    def unused(self, trouble: Trouble) -> bool:
        """Whether nobody is told any longer by the channel of ``trouble``, or by a host of it that has not worked since."""
        known, host = places_of(self._ways()), f"{trouble.place}:"
        if not any(place == trouble.place or place.startswith(host) for place in known):
            return True
        kind = TRIED if trouble.kind == "channel-unready" else CHANNEL
        failing = (each for each in self._beats.all() if each.failing_since is not None and each.at >= trouble.since)
        places = (f"{CHANNEL}{each.place.removeprefix(kind)}" for each in failing if each.place.startswith(kind))
        return any(place.startswith(host) and place not in known for place in places)

    def _without_way(self, beats: Iterable[Beat], tried: Mapping[str, datetime], now: datetime) -> set[str]:
        """The channels that fail while the operator can be told by none; nothing, where she can be.

        Args:
            tried: since when something has been tried again, by channel.
        """
        failing = {beat.place for beat in beats if _takes_nothing(beat, now)}
        worked = {beat.place: beat.worked_at for beat in beats if beat.worked_at is not None}
        own = list(self._own())
        without: set[str] = set()
        for name, address in own or self._ways():
            channel, place = f"{CHANNEL}{name}", place_of(name, receiver_of(address))
            # One that is not set up, or for which no message can be made, has no beat: it is never called.
            since = tried.get(channel, now)
            in_vain = now - since >= LOST_FOR and not (place in worked and since <= worked[place] <= now)
            if place in failing or in_vain:
                without.add(channel)
            elif own:
                return set()
        return without

    def _failing(self, found: dict[str, _Failing], failing: list[Beat]) -> None:
        known = places_of(self._ways()) if failing else ()
        for beat in failing:
            if beat.place not in known or beat.failing_since is None:
                continue
            channel, _, host = beat.place.removeprefix(CHANNEL).partition(":")
            since = beat.failing_since
            each = found.setdefault(f"{CHANNEL}{channel}", _Failing(since))
            each.since = min(each.since, since)
            if beat.reason.startswith(LOST):
                each.count("failed-before", 1)
            elif host:
                each.count("hosts-left-alone", 1)
                each.details["latest"] = max(since.isoformat(), each.details.get("latest", ""))
            else:
                each.details["left-alone"] = since.isoformat()
            each.failed(beat.at, beat.reason.removeprefix(LOST))

    def _tried_again(self, found: dict[str, _Failing]) -> dict[str, datetime]:
        """Since when, by channel."""
        tried: dict[str, datetime] = {}
        many = select(OUTBOX.c.channel, func.count(), func.min(OUTBOX.c.first_due)).where(*_TRIED_AGAIN)
        for name, number, since in self._database.query(many.group_by(OUTBOX.c.channel)):
            self._add(found, name, "tried-again", number, moment(since), *_TRIED_AGAIN)
            tried[f"{CHANNEL}{name}"] = moment(since)
        return tried

    def _failed(self, found: dict[str, _Failing], beats: list[Beat], now: datetime) -> None:
        """What failed for good within the hour, also to whom nothing is sent any longer; `LOST` tells of what failed before.

        What was not taken is over once the channel takes something; of one of several hosts `LOST` tells on. What was refused
        may concern one address alone: of that nothing tells that gets through to others.
        """
        worked: dict[str, datetime] = {}
        for beat in beats:
            if beat.worked_at is not None and beat.worked_at <= now:
                name = beat.place.removeprefix(CHANNEL).partition(":")[0]
                worked[name] = max(beat.worked_at, worked.get(name, beat.worked_at))
        over = (and_(OUTBOX.c.channel == name, OUTBOX.c.at <= at.timestamp()) for name, at in worked.items())
        lately = (
            _FAILED,
            not_(_RETURNED),
            OUTBOX.c.at > (now - FAILED_TOLD).timestamp(),
            not_(and_(_NOT_TAKEN, or_(false(), *over))),
        )
        many = select(OUTBOX.c.channel, func.count(), func.min(OUTBOX.c.at)).where(*lately)
        for name, number, since in self._database.query(many.group_by(OUTBOX.c.channel)):
            self._add(found, name, "failed", number, moment(since), *lately)
        self._letters(found, max((now - FAILED_TOLD), worked.get("email", now - FAILED_TOLD)))

    def _returned(self, now: datetime) -> Iterator[Trouble]:
        """What services have told within the hour that it did not arrive: whose it was, the incidents' references lead to."""
        lately = _FAILED, _RETURNED, OUTBOX.c.at > (now - FAILED_TOLD).timestamp()
        rows = self._database.query(
            select(OUTBOX.c.channel, OUTBOX.c.at, OUTBOX.c.incident, func.coalesce(INCIDENT.c.kind, ""))
            .select_from(OUTBOX.outerjoin(INCIDENT, INCIDENT.c.id == OUTBOX.c.incident))
            .where(*lately)
            .order_by(OUTBOX.c.at)
        )
        for name in dict.fromkeys(row[0] for row in rows):
            those = [row for row in rows if row[0] == name]
            details: dict[Detail, str] = {"returned": str(len(those))}
            whose: tuple[tuple[Detail, bool], ...] = (("references", False), ("drills", True))
            for what, drill in whose:
                found = dict.fromkeys(row[2][:REFERENCE_LETTERS] for row in those if (row[3] == "drill") == drill)
                if shown := [each for each in found if each]:
                    details[what] = ", ".join(shown[-_REFERENCES_MOST:])
            place = f"{CHANNEL}{name}" if name in CHANNELS else f"{CHANNEL}other"
            yield Trouble("message-returned", place, moment(those[0][1]), details)

    def _letters(self, found: dict[str, _Failing], since: datetime) -> None:
        """Letters to people who sign in, which go by e-mail: those that failed after ``since``. The log says why."""
        lately = LETTER.c.state == "failed", LETTER.c.at > since.timestamp()
        many = select(func.count(), func.min(LETTER.c.at)).where(*lately)
        for number, first in self._database.query(many):
            if number:
                each = found.setdefault(place_of("email", ""), _Failing(moment(first)))
                each.since = min(each.since, moment(first))
                each.count("failed", number)

    def _add(
        self,
        found: dict[str, _Failing],
        name: str,
        what: Detail,
        number: int,
        since: datetime,
        *these: ColumnElement[bool],
    ) -> None:
        place = f"{CHANNEL}{name}" if name in CHANNELS else f"{CHANNEL}other"
        each = found.setdefault(place, _Failing(since))
        each.since = min(each.since, since)
        each.count(what, number)
        last = select(OUTBOX.c.at, OUTBOX.c.reason).where(OUTBOX.c.channel == name, *these)
        # What our own limits say is no error of the channel.
        last = last.where(*(OUTBOX.c.reason.not_like(f"%{said}%") for said in (LEFT_ALONE, ENOUGH)))
        last = last.order_by(OUTBOX.c.at.desc()).limit(1)
        for at, reason in self._database.query(last):
            each.failed(moment(at), reason)


def _takes_nothing(beat: Beat, now: datetime) -> bool:
    """Whether its channel, or its host, is left alone, or has lost something a while ago.

    What was refused may concern one of the many addresses of a channel; a host has few, and often one.
    """
    if beat.failing_since is None or not beat.reason.startswith(LOST):
        return beat.failing_since is not None
    is_host = ":" in beat.place.removeprefix(CHANNEL)
    not_taken = beat.reason.removeprefix(LOST).startswith(_NOT_TAKEN_SAYS)
    return (is_host or not_taken) and now - beat.failing_since >= LOST_FOR
