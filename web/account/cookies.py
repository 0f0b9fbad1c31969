"""The two cookies of signing in: who has come in, and what somebody has begun."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from access.sessions import LONGEST
from web.gate import COOKIE
from web.security import local

STEP_COOKIE = "turvakt_step"
"""Holds the ticket of a sign-in or of a new factor until its next step."""
_STEP_LASTS = 30 * 60
WANTED_COOKIE = "turvakt_wanted"
"""Holds the page that somebody was kept from, in a demo."""
WANTED_LASTS = 30 * 60


def come_in(cookie: str, back: str, *, secure: bool) -> Response:
    """Sign the browser in and lead it to ``back``; who asked for no page in particular, to what waits for her."""
    back = local(back)
    response = RedirectResponse("/start" if back == "/" else back, 303)
    welcome(response, cookie, secure=secure)
    return response


def welcome(response: Response, cookie: str, *, secure: bool) -> None:
    """Let the browser keep the cookie of a session, and forget what led to it."""
    seconds = int(LONGEST.total_seconds())
    response.set_cookie(COOKIE, cookie, max_age=seconds, httponly=True, samesite="strict", secure=secure)
    response.delete_cookie(STEP_COOKIE)
    response.delete_cookie(WANTED_COOKIE)


def begin(response: Response, ticket: str, *, secure: bool) -> Response:
    """Let the browser keep a ticket for the next step."""
    response.set_cookie(STEP_COOKIE, ticket, max_age=_STEP_LASTS, httponly=True, samesite="strict", secure=secure)
    return response


def step_of(request: Request) -> str:
    """The ticket of what was begun; empty if nothing was."""
    return request.cookies.get(STEP_COOKIE, "")


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_of(request: Request) -> str:
    """What somebody signs in with, so that she knows it again: ``Firefox, Windows``."""
    agent = request.headers.get("user-agent", "")
    found = [next((name for sign, name in signs if sign in agent), "") for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found))
