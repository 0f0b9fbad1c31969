"""Whom the portal is about, where somebody is an official in several places, or the deputy of several.

``?official=ID`` chooses, and a cookie keeps the choice for the links. A form names her itself, so that what is changed or erased
is what the page showed, whatever another window has chosen since.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from access.permissions import Actor
from web.rules import RULES, Refused

COOKIE = "turvakt_official"
QUERY = "official"


def about(request: Request, actor: Actor, *, is_registered: Callable[[str], bool]) -> str:
    """The id of the official whom a page is about: the one who was chosen or else, of those who may be meant, whom the actor
    may consent for before those whose deputy she is, and who is in the registry before who is not yet.

    Raises:
        HTTPException: 404, if the address names somebody whom she may not see.
        Refused: the page needs consent, and she is only a deputy of the one who was chosen.
    """
    hers, own = actor.officials("see-own"), actor.officials("consent")
    asked, kept = request.query_params.get(QUERY), request.cookies.get(COOKIE)
    if asked is not None and asked not in hers:
        raise HTTPException(404)
    needs_consent = RULES.get((request.method, request.scope["route"].path)) == "consent"
    chosen = asked or (kept if kept in hers else None)
    if chosen is not None:
        if needs_consent and chosen not in own:
            raise Refused("forbidden")
        return chosen
    meant = own if needs_consent else hers
    return min(meant, key=lambda id: (id not in own, len(meant) > 1 and not is_registered(id), id))


def router(*, secure: bool) -> APIRouter:
    """A router whose pages keep, in the cookie, the choice that their address makes."""

    class Keeping(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def keep(request: Request) -> Response:
                response = await handle(request)
                asked = request.query_params.get(QUERY)
                if asked is not None and asked in request.state.actor.officials("see-own"):
                    response.set_cookie(COOKIE, asked, httponly=True, samesite="strict", secure=secure)
                return response

            return keep

    return APIRouter(route_class=Keeping)
