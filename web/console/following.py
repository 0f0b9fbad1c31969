"""What the decision on a post does to its incidents: they follow it."""

from collections.abc import Collection, Mapping
from typing import Protocol

from fastapi import Request

from alerts.incidents.incident import Action, Incident
from flow.errors import BadInput
from review.decision import Decision, Outcome, decided_for
from review.index import Item
from web.answer.answers import Answers
from web.console.site import Site, actor_of

_MOST = 50
"""Posts of an incident that are looked at; a larger one is closed by hand."""


class Board(Protocol):
    """What `web.console.incidents.Board` gives."""

    site: Site
    answers: Answers

    def of_post(self, request: Request, alerts: list[str]) -> list[Incident]:
        """The incidents that these alerts belong to, of those that the reader may see."""
        ...


async def follow(
    board: Board,
    request: Request,
    item: Item,
    outcome: Outcome,
    tenants: Collection[str],
    *,
    seen: Mapping[str, str],
) -> None:
    """A post was decided on: an alarm that was right has been seen, and one that was false for all posts is over.

    That one post was right says nothing of another one that is as grave, which somebody may still have to see.
    Only incidents of ``tenants``, for whom it was decided, follow; all, if it was decided for the whole installation.

    Args:
        seen: by the id of an incident what her page showed of it (`alerts.incidents.answering.Answering.seen`).
    """
    alerts = [each.id for each in item.alerts]
    for incident in await board.site.reads(board.of_post, request, alerts):
        if incident.id not in seen or ("" not in tenants and incident.tenant not in tenants):
            continue
        action: Action | None = None
        if (
            outcome == "confirmed"
            and incident.state in ("triggered", "escalated")
            and _as_grave(item, incident)
            and await board.site.reads(_all_decided, board, request, incident, item)
        ):
            action = "acknowledge"
        elif (
            outcome == "false-alarm"
            and incident.is_open
            and await board.site.reads(_all_false, board, request, incident, item)
        ):
            action = "false-alarm"
        if action is not None:
            by = actor_of(request).person.id
            await board.answers.answer(incident.id, action, by=by, seen=seen[incident.id])


def _as_grave(item: Item, incident: Incident) -> bool:
    judgement = item.verdict.judgement
    return judgement.severity == incident.severity and ("threat" in judgement.flagged or not incident.threat)


def _all_decided(board: Board, request: Request, incident: Incident, decided: Item) -> bool:
    """Whether somebody has decided on whatever is as grave in the incident as ``decided``, which was decided on just now."""
    others = board.answers.incidents.others_as_grave(incident.id, decided.verdict.post.id)
    found = _read(board, request, others)
    return found is not None and all(_decision(each, incident) for each in found)


def _all_false(board: Board, request: Request, incident: Incident, decided: Item) -> bool:
    """Whether every post of the incident was decided to be a false alarm, ``decided`` just now."""
    others = {post for _, post in board.answers.incidents.alerts_of(incident.id)} - {decided.verdict.post.id}
    found = _read(board, request, others)
    if found is None:
        return False
    decisions = [_decision(each, incident) for each in found]
    return all(each is not None and each.outcome == "false-alarm" for each in decisions)


def _decision(item: Item | None, incident: Incident) -> Decision | None:
    """What was decided on a post as it is: not on what stood there before it was edited."""
    decision = None if item is None else decided_for(item.decisions, incident.tenant)
    return decision if item is not None and decision is not None and decision.at >= item.verdict.judged_at else None


def _read(board: Board, request: Request, posts: Collection[str]) -> list[Item | None] | None:
    """These posts, with ``None`` for one that is not there; ``None``: they are too many to look at, or one cannot be read."""
    reading = board.site.reading(request)
    try:
        return None if len(posts) > _MOST else [reading.get(post) for post in posts]
    except BadInput:
        return None
