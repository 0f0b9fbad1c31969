"""A threat is told although its platform deletes it before the stages that tell have come to it."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Label, Verdict
from tests.alerts.people import verdict as judged
from tests.turvakt.process import START
from turvakt.wiring import Parts

_TEXT = "något som ingen längre får läsa"


def written(post: str, *labels: Label) -> Verdict:
    verdict = judged(post, text=_TEXT, labels=labels)
    return replace(verdict, post=replace(verdict.post, created_at=START, collected_at=START), judged_at=START)


def deleted(verdict: Verdict) -> Verdict:
    return replace(verdict, post=replace(verdict.post, text="", deleted_at=START, mentions=()))


def come(parts: Parts, *verdicts: Verdict) -> None:
    with parts.log.write() as writer:
        for each in verdicts:
            writer.append(VERDICTS_TOPIC, each.post.id, VERDICTS.encode(each))


def work(parts: Parts, name: str) -> None:
    stage = parts.stage(name)
    entries = parts.log.read(stage.source, stage.name, 500).entries
    if entries:
        outcome = stage.step(entries)
        with parts.log.write() as writer:
            stage.hand_over(outcome, writer)
            writer.commit(stage.name, stage.source, entries[-1].offset + 1)


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
@pytest.mark.parametrize("order", list(permutations(("route", "deliver", "index-verdicts"))), ids=" ".join)
def test_in_whichever_order_the_stages_read(parts: Parts, order: tuple[str, ...], together: bool) -> None:
    threat = written("web:threat", "threat")
    if not together:
        come(parts, threat)
        work(parts, "index-verdicts")
        come(parts, deleted(threat))
    else:
        come(parts, threat, deleted(threat))
    for name in (*order, *order):
        work(parts, name)
    [incident] = parts.incidents.open()
    assert (incident.threat, incident.state, parts.incidents.posts_left(incident.id)) == (True, "triggered", 0)
    waiting = [item for channel in parts.outbox.channels() for item in parts.outbox.due(9, channel=channel)]
    assert {item.content.incident for item in waiting} == {incident.id}
    assert _TEXT not in repr(waiting) + repr(parts.log.entries_of(["web:threat"]))


def test_what_was_judged_long_before_what_waits_was_told_in_its_time(parts: Parts) -> None:
    """Also where its incident is kept no longer; and by no rule that has come since."""
    threat = replace(written("web:threat", "threat"), judged_at=START - timedelta(hours=2))
    come(parts, threat, deleted(threat))
    work(parts, "index-verdicts")
    assert parts.incidents.open() == []


def test_what_wants_no_answer_is_gone_with_its_post(parts: Parts) -> None:
    hateful = written("web:hate", "hate")
    come(parts, hateful, deleted(hateful))
    for name in ("index-verdicts", "route", "deliver"):
        work(parts, name)
    assert parts.incidents.open() == []


def test_a_threat_that_was_told_is_told_once(parts: Parts) -> None:
    threat, other = written("web:threat", "threat"), written("web:other", "threat")
    come(parts, threat)
    for name in ("route", "deliver", "index-verdicts"):
        work(parts, name)
    told = parts.outbox.counts()
    come(parts, other, deleted(threat))
    work(parts, "index-verdicts")
    assert parts.outbox.counts() == told
