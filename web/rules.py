"""Which permission each page needs. A page without a rule is closed to everybody."""

import logging
from collections.abc import Callable
from typing import Literal

from fastapi import Request

from access.permissions import Actor, Permission

logger = logging.getLogger(__name__)

Rule = Permission | tuple[Permission, ...] | Literal["open", "signed-in"]
"""A permission, or any of several. ``open``: to everybody. ``signed-in``: to everybody who has come in; the page shows what
belongs to her alone."""

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/healthz"): "open",
    ("GET", "/readyz"): "open",
    ("GET", "/metrics"): "open",  # `web.security.Guard` asks programs of other machines for the token
    ("GET", "/language/{language}"): "open",
    ("GET", "/sign-in"): "open",
    ("POST", "/sign-in"): "open",
    ("POST", "/sign-out"): "signed-in",
    ("GET", "/"): "see-texts",
    ("GET", "/start"): "signed-in",
    ("GET", "/newer"): "see-texts",
    ("GET", "/posts/{post_id:path}"): "see-texts",
    ("POST", "/posts/{post_id:path}"): "decide",
    ("POST", "/notices"): "decide",
    ("GET", "/holds"): ("decide", "manage-people"),
    ("POST", "/holds/lift"): ("decide", "manage-people"),
    ("POST", "/holds"): "decide",
    ("POST", "/holds/end"): "decide",
    ("GET", "/alerts/{alert_id}"): "signed-in",
    ("POST", "/sign-in/code"): "open",
    ("POST", "/sign-in/passkey"): "open",
    ("GET", "/sign-in/organisation"): "open",
    ("GET", "/sign-in/organisation/answer"): "open",
    ("GET", "/guests/{secret}"): "open",
    ("GET", "/invitation/{secret}"): "open",
    ("POST", "/invitation/{secret}"): "open",
    ("GET", "/joining"): "open",
    ("POST", "/joining/app"): "open",
    ("POST", "/joining/passkey"): "open",
    ("GET", "/account"): "signed-in",
    ("POST", "/account/password"): "signed-in",
    ("POST", "/account/factors"): "signed-in",
    ("GET", "/account/factor"): "signed-in",
    ("POST", "/account/app"): "signed-in",
    ("POST", "/account/passkeys"): "signed-in",
    ("POST", "/account/sessions"): "signed-in",
    ("POST", "/account/offers"): "signed-in",
    ("POST", "/account/notifications"): "signed-in",
    ("GET", "/push-worker.js"): "open",
    ("GET", "/audit"): "read-audit",
    ("GET", "/break-glass"): ("operate", "manage-people"),
    ("POST", "/break-glass"): ("operate", "manage-people"),
    ("GET", "/people"): "manage-people",
    ("POST", "/people"): "manage-people",
    ("GET", "/people/{person_id}"): "manage-people",
    ("POST", "/people/{person_id}"): "manage-people",
    ("GET", "/names"): "manage-officials",
    ("POST", "/names"): "manage-officials",
    ("GET", "/me"): "see-own",
    ("GET", "/me/alerts"): "see-own",
    ("GET", "/me/alerts/{alert_id}"): "see-own",
    ("GET", "/me/accesses"): "see-own",
    ("GET", "/me/help"): "see-own",
    ("GET", "/me/begin"): "consent",
    ("POST", "/me/begin"): "consent",
    ("GET", "/me/consent"): "consent",
    ("POST", "/me/consent"): "consent",
    ("GET", "/me/erase"): "consent",
    ("POST", "/me/erase"): "consent",
    ("GET", "/me/names"): "consent",
    ("POST", "/me/names"): "consent",
    ("GET", "/me/contacts"): "consent",
    ("POST", "/me/contacts"): "consent",
    ("GET", "/me/wishes"): "consent",
    ("POST", "/me/wishes"): "consent",
    ("GET", "/me/deputies"): "consent",
    ("POST", "/me/deputies"): "consent",
    ("GET", "/me/submit"): "consent",
    ("POST", "/me/submit"): "consent",
    ("GET", "/me/download"): "consent",
    ("GET", "/me/download/{form}"): "consent",
    ("HEAD", "/a/{token}"): "open",  # scanners of mail ask so, and may take out a link that does not answer
    ("GET", "/a/{token}"): "open",  # the link itself says who comes; see `web.answer.pages`
    ("POST", "/a/{token}"): "open",
    ("POST", "/receipts/{channel}/{token}"): "open",  # as above, for services; see `web.answer.services`
    ("POST", "/voice/{token}"): "open",
    ("GET", "/incidents"): ("see-texts", "operate"),
    ("GET", "/incidents/{incident_id}"): ("see-texts", "operate"),
    ("GET", "/incidents/{incident_id}/export"): ("see-texts", "operate"),
    ("POST", "/incidents/{incident_id}"): ("decide", "operate"),
    ("GET", "/trends"): "see-statistics",
    ("GET", "/trends.csv"): "see-statistics",
    ("GET", "/status"): "operate",
    ("GET", "/status.json"): "operate",
}


class Refused(Exception):
    """The page is not for whoever asks. ``reason`` is ``""`` if she has not come in, else ``forbidden``."""

    def __init__(self, reason: Literal["", "forbidden"]) -> None:
        super().__init__(reason)
        self.reason = reason


def is_met(rule: Rule, may: Callable[[Permission], bool]) -> bool:
    """Whether the rule lets somebody through who has come in, and has the permissions that ``may`` says."""
    if rule == "open" or rule == "signed-in":
        return True
    return may(rule) if isinstance(rule, str) else any(map(may, rule))


async def allow(request: Request) -> None:
    """Let the request through if its rule allows.

    Raises:
        Refused: it does not, or there is none.
    """
    path = request.scope["route"].path
    rule = RULES.get((request.method, path))
    actor: Actor | None = request.state.actor
    if rule == "open":
        return
    if actor is None:
        raise Refused("")
    if rule is None:
        logger.error("no rule says who may see %s %s: it stays closed", request.method, path)
        raise Refused("forbidden")
    if not is_met(rule, actor.may):
        raise Refused("forbidden")


_STARTS: tuple[tuple[Permission, str], ...] = (
    ("see-texts", "/"),
    ("see-own", "/me"),
    ("manage-people", "/people"),
    ("see-statistics", "/trends"),
    ("operate", "/status"),
)


def start_of(actor: Actor) -> str:
    """The page that somebody comes to first."""
    return next((path for permission, path in _STARTS if actor.may(permission) and ("GET", path) in RULES), "/account")
