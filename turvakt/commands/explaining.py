"""turvakt alerts explain: why a post reached whom it reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from alerts.explaining import Addressee, Explained, RuleExplained, explain
from alerts.incidents.history import Event
from alerts.incidents.incident import Incident
from alerts.plans.hours import ZONES
from flow.errors import BadInput
from registry.tenant import tenant_of
from review.index import Item
from turvakt.commands.shared import AsJson, parts, write_json
from turvakt.commands.words import Spoken, Words, say
from turvakt.wiring import Parts


def explain_(
    context: typer.Context,
    post: Annotated[str, typer.Argument(help="Id of a post or of an alert.", show_default=False)],
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
        if item is None:
            remedy = "Ids stand in the console, and in what 'turvakt search' shows"
            raise BadInput("there is no post or alert with this id", place="POST", remedy=remedy)
        at = opened.clock.now() if now else item.verdict.judged_at
        found = {each: _explained(opened, item, each, at) for each in sorted(item.verdict.officials)}
        zones = {each: _zone(opened, each) for each in found}
        incidents = opened.incidents.about([each.id for each in item.alerts])
        events = {each.id: opened.incidents.history.of(each.id) for each in incidents.values()}
    for official, explained in found.items():
        happened = [each for each in item.alerts if each.official == official]
        if as_json:
            write_json(
                {
                    "official": official,
                    "explained": msgspec.to_builtins(explained),
                    "alerts": msgspec.to_builtins(happened),
                    "incidents": {
                        each.id: msgspec.to_builtins(incidents[each.id]) for each in happened if each.id in incidents
                    },
                    "deliveries": msgspec.to_builtins([each for each in item.deliveries if each.official == official]),
                }
            )
            continue
        if explained is None:
            say(words.of("explain.gone", official=official))
        else:
            _show_explained(explained, item.verdict.post.id, words.at(zones[official]))
        _show_happened(item, official, words.at(zones[official]))
        for incident in {each.id: each for each in incidents.values() if each.official == official}.values():
            _show_incident(incident, [each.event for each in events[incident.id]], words)


def _explained(opened: Parts, item: Item, id: str, at: datetime) -> Explained | None:
    official = opened.officials.get(id)
    if official is None:
        return None
    return explain(item.verdict, official=official, plan=opened.plans.of(tenant_of(official)), at=at)


def _zone(opened: Parts, id: str) -> str:
    official = opened.officials.get(id)
    return ZONES[official.country if official else "SE"]


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
    say("  " + words.of("explain.matches", rule=rule.rule, policy=rule.policy, repeat=rule.repeat))
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


def _show_happened(item: Item, official: str, words: Words) -> None:
    alerts = [each for each in item.alerts if each.official == official]
    say("  " + words.of("explain.happened" if alerts else "explain.nothing"))
    for alert in alerts:
        say("    " + words.of("explain.alert", alert=alert.id, rule=alert.rule, moment=alert.at))
        for each in item.deliveries:
            if each.alert == alert.id:
                state = words.name("state", each.state)
                says = words.of(
                    "explain.delivery", channel=each.channel, state=state, moment=each.at, attempts=each.attempts
                )
                say(f"      {says}")


def _show_incident(incident: Incident, events: Sequence[Event], words: Words) -> None:
    say(
        "    "
        + words.of(
            "explain.incident",
            incident=incident.id,
            state=words.name("incident", incident.state),
            posts=incident.posts,
            told=events.count("told"),
            digested=events.count("digested"),
        )
    )
