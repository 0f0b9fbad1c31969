"""turvakt alerts explain: why a post reached whom it reached."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from alerts.delivery.standing import Standing, Standings
from alerts.explaining import Addressee, Explained, RuleExplained, explain
from alerts.incidents.history import Event, Transition
from alerts.incidents.incident import Incident
from alerts.incidents.sent import Sent, messages_of
from alerts.messages.words import REFERENCE_LETTERS
from alerts.plans.hours import ZONES
from flow.errors import BadInput
from registry.tenant import tenant_of
from review.index import Item
from turvakt.commands.exporting import referred
from turvakt.commands.shared import AsJson, parts, write_json
from turvakt.commands.words import Spoken, Words, say
from turvakt.wiring import Parts

_SHOWN_MOST = 20
"""Messages of an incident that are shown, the newest ones: a flood has many; 'turvakt alerts export' tells all."""
_STATES: dict[Event, str] = {"told": "waiting", "failed-over": "waiting", "delayed": "waiting"}


@dataclass(frozen=True, slots=True)
class _Told:
    """What people have been told of an incident: ``first`` is its first post, ``rules`` are those of its messages by delivery."""

    incident: Incident
    first: str
    history: tuple[Transition, ...]
    rules: dict[str, str]

    @property
    def messages(self) -> list[Sent]:
        return messages_of(self.history)

    @property
    def digested(self) -> int:
        return sum(each.event == "digested" for each in self.history)

    @property
    def reference(self) -> str:
        return self.incident.id[:REFERENCE_LETTERS]


def explain_(
    context: typer.Context,
    post: Annotated[
        str,
        typer.Argument(help="Id of a post or of an alert, or the reference in a message.", show_default=False),
    ],
    now: Annotated[
        bool, typer.Option("--now", help="As if it was judged now, not at the moment at which it was.")
    ] = False,
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """Explain which rule tells whom of a post, by which channels, in which order, and why others are not told. Shows no text.

    Rules, contacts and consents are those of today.

    Example: turvakt alerts explain web:1
    """
    words = Words(language)
    with parts(context) as opened:
        item = opened.index.get(opened.index.post_of(post) or post)
        for incident in referred(opened, post, place="POST") if item is None else ():
            for _, first in opened.incidents.alerts_of(incident.id)[:1]:
                item = opened.index.get(first)
        if item is None:
            remedy = "Ids stand in the console, in what 'turvakt search' shows, and in brackets in messages"
            raise BadInput("there is no post, alert or message with this id", place="POST", remedy=remedy)
        at = opened.clock.now() if now else item.verdict.judged_at
        found = {each: _explained(opened, item, each, at) for each in sorted(item.verdict.officials)}
        zones = {each: _zone(opened, each) for each in found}
        told = _told(opened, [each.id for each in item.alerts])
        untold: dict[str, Standing] = {}
        for official in found:
            untold |= Standings(opened.database, clock=opened.clock).of([each.id for each in item.alerts], official)
    for official, explained in found.items():
        if as_json:
            write_json(_as_json(item, official, explained, told, untold))
            continue
        spoken = words.at(zones[official])
        if explained is None:
            say(words.of("explain.gone", official=official))
        else:
            _show_explained(explained, item.verdict.post.id, spoken)
        _show_happened(item, official, told, untold, spoken)
        for each in {told.incident.id: told for told in told.values() if told.incident.official == official}.values():
            _show_told(each, spoken)


def _explained(opened: Parts, item: Item, id: str, at: datetime) -> Explained | None:
    official = opened.officials.get(id)
    if official is None:
        return None
    return explain(item.verdict, official=official, plan=opened.plans.of(tenant_of(official)), at=at)


def _zone(opened: Parts, id: str) -> str:
    official = opened.officials.get(id)
    return ZONES[official.country if official else "SE"]


def _told(opened: Parts, alerts: Collection[str]) -> dict[str, _Told]:
    """What was told of the incidents of these alerts, by the alert's id."""
    about = opened.incidents.about(alerts)
    found: dict[str, _Told] = {}
    for incident in {each.id: each for each in about.values()}.values():
        history = tuple(opened.incidents.history.of(incident.id))
        of = opened.outbox.alerts([each.first.delivery for each in messages_of(history)[-_SHOWN_MOST:]])
        items = [opened.index.get(post) for post in {post for _, post in of.values()}]
        rules = {alert.id: alert.rule for item in items if item is not None for alert in item.alerts}
        first = opened.incidents.alerts_of(incident.id)[0][1]
        ruled = {delivery: rules[alert] for delivery, (alert, _) in of.items() if alert in rules}
        found[incident.id] = _Told(incident, first, history, ruled)
    return {alert: found[incident.id] for alert, incident in about.items()}


def _as_json(
    item: Item, official: str, explained: Explained | None, told: dict[str, _Told], untold: dict[str, Standing]
) -> dict[str, object]:
    happened = [each for each in item.alerts if each.official == official]
    here = {each.id: told[each.id] for each in happened if each.id in told}
    return {
        "official": official,
        "explained": msgspec.to_builtins(explained),
        "alerts": msgspec.to_builtins(happened),
        "incidents": {alert: msgspec.to_builtins(each.incident) for alert, each in here.items()},
        "untold": {each.id: msgspec.to_builtins(untold[each.id]) for each in happened if each.id in untold},
        "deliveries": msgspec.to_builtins([each for each in item.deliveries if each.official == official]),
        "messages": {
            each.incident.id: [
                {
                    "delivery": sent.first.delivery,
                    "contact": sent.first.contact,
                    "channel": sent.first.channel,
                    "occasion": sent.first.result or None,
                    "rule": each.rules.get(sent.first.delivery),
                    "at": msgspec.to_builtins(sent.last.at),
                    "state": _state(sent),
                }
                for sent in each.messages[-_SHOWN_MOST:]
            ]
            for each in here.values()
        },
    }


def _show_explained(explained: Explained, post: str, words: Words) -> None:
    say(
        words.of(
            "explain.heading", post=post, official=explained.official, tenant=explained.tenant, moment=explained.at
        )
    )
    if explained.silent is not None:
        say("  " + words.of(f"silent.{explained.silent}"))
        return
    for rule in explained.rules:
        _show_rule(rule, words)
    if not explained.raises:
        say("  " + words.of("explain.none"))


def _show_rule(rule: RuleExplained, words: Words) -> None:
    if rule.differs:
        keys = ", ".join(words.name("key", key) for key in rule.differs)
        say("  " + words.of("explain.differs", rule=rule.rule, keys=keys))
        return
    if not rule.adds:
        say("  " + words.of("explain.covered", rule=rule.rule))
        return
    if rule.goes_on:
        say("  " + words.of("explain.first-of", rule=rule.rule, other=rule.goes_on))
    else:
        say("  " + words.many("explain.matches", rule.repeat, rule=rule.rule, policy=rule.policy))
    minutes = 0
    for number, step in enumerate(rule.steps, 1):
        when = words.of("explain.after", minutes=minutes) if number > 1 else words.of("explain.first")
        say(f"    {number}. {when}:")
        for each in step.people:
            say(f"       {_person(each, words)}")
        if not step.people:
            say("       " + words.of("explain.nobody"))
        minutes = step.minutes if step.people else 0
    if rule.last is not None:
        people = [_person(each, words) for each in rule.last] or [words.of("explain.operator")]
        say(f"    {words.of('explain.last')}:")
        for line in people:
            say(f"       {line}")


def _person(person: Addressee, words: Words) -> str:
    channel = person.channel
    for other in person.instead:
        channel = words.of("explain.otherwise", channel=channel, next=other)
    if person.left_out is not None:
        return f"{person.name}: {channel}; {words.of(f'explain.{person.left_out}')}"
    parts = [words.of("explain.allowed", numbers=", ".join(map(str, person.consents)))]
    parts.append(words.of("explain.text" if person.text else "explain.no-text"))
    if person.held_until is not None:
        parts.append(words.of(f"explain.held-{person.held_by}", moment=person.held_until))
    return f"{person.name}: {channel}; {'; '.join(parts)}"


def _show_happened(
    item: Item, official: str, told: dict[str, _Told], untold: dict[str, Standing], words: Words
) -> None:
    alerts = [each for each in item.alerts if each.official == official]
    say("  " + words.of("explain.happened" if alerts else "explain.nothing"))
    for alert in alerts:
        say("    " + words.of("explain.alert", alert=alert.id, rule=alert.rule, moment=alert.at))
        if alert.id in told:
            # Of several rules that match its first post, none has found it open.
            key = "explain.opened" if told[alert.id].first == alert.post else "explain.joined"
            say("      " + words.of(key, incident=told[alert.id].reference))
        else:
            for each in item.deliveries:
                if each.alert == alert.id:
                    state = words.name("state", each.state)
                    say("      " + words.of("explain.delivery", channel=each.channel, state=state, moment=each.at))
        standing = untold.get(alert.id)
        if standing is not None and standing.why != "joined":
            names = ", ".join(standing.told)
            say("      " + words.of(f"untold.{standing.why}", moment=standing.until, names=names))


def _show_told(told: _Told, words: Words) -> None:
    state, messages = words.name("incident", told.incident.state), told.messages
    counts = {"posts": told.incident.posts, "told": len(messages)}
    line = words.of("explain.incident", incident=told.reference, state=state, **counts)
    say("    " + (words.of("explain.collected", line=line, number=told.digested) if told.digested else line))
    if len(messages) > _SHOWN_MOST:
        say("      " + words.of("explain.earlier", number=len(messages) - _SHOWN_MOST, incident=told.reference))
    for each in messages[-_SHOWN_MOST:]:
        values = {"channel": each.first.channel, "state": words.name("state", _state(each)), "moment": each.last.at}
        line = words.of("explain.message", name=each.first.contact, **values)
        if each.first.result:
            line = words.of("explain.why", line=line, why=words.name("occasion", each.first.result))
        rule = told.rules.get(each.first.delivery)
        say("      " + (words.of("explain.by", line=line, rule=rule) if rule else line))


def _state(message: Sent) -> str:
    return _STATES.get(message.last.event, message.last.event)
