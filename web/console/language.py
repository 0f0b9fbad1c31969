"""Choosing the language."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from alerts.messages.translations import LANGUAGES
from web.console.site import LANGUAGE_COOKIE
from web.security import local

_YEAR = 365 * 86400


def routes(*, secure: bool) -> APIRouter:
    """``/language/LANGUAGE``."""
    router = APIRouter()

    @router.get("/language/{language}")
    async def choose(request: Request, language: str) -> Response:
        """Remember the language and go back to where the reader was."""
        response = RedirectResponse(local(request.query_params.get("back", "/")), 303)
        if language in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
        return response

    return router
