"""How people reach the console: its address, the token that opens it, and the key that seals what they sign in with."""

import secrets
from collections.abc import Callable
from urllib.parse import quote

from access.push import new_key
from alerts.incidents.links import Signer
from flow.errors import Broken
from turvakt.folder import faults, private, write
from turvakt.settings import Settings


def token(settings: Settings) -> str:
    """What opens the console: the setting or, without one, what was made at the first start. Never empty.

    Raises:
        Unavailable: it was to be made, and the disk is full.
        Broken: the data folder cannot be used.
    """
    return settings.web.token or _kept(settings, "console.token")


def key(settings: Settings) -> str:
    """What seals the secrets of authenticator apps: the setting or, without one, what was made when it was first asked for.

    Raises:
        Unavailable: it was to be made, and the disk is full.
        Broken: the data folder cannot be used, or, in a cluster, there is no such setting.
    """
    if settings.postgres.url and not settings.web.key:
        remedy = "In a cluster all processes that serve pages need the same: see docs/people.md"
        raise Broken("web.key is not set", place="settings", remedy=remedy)
    return settings.web.key or _kept(settings, "console.key")


def signer(settings: Settings) -> Signer:
    """Signs the links in messages, and knows those that were signed by the key before.

    Raises:
        Unavailable, Broken: as for `key`.
    """
    former = settings.web.former_key
    return Signer([key(settings), *([former] if former else [])])


def push_key(settings: Settings) -> str:
    """The private key by which the makers of browsers know us: the setting or, without one, what was made when it was needed.

    Raises:
        Unavailable: it was to be made, and the disk is full.
        Broken: the data folder cannot be used, or, in a cluster, there is no such setting.
    """
    if settings.postgres.url and not settings.webpush.key:
        remedy = "In a cluster console and dispatch need the same: see docs/channels.md"
        raise Broken("webpush.key is not set", place="settings", remedy=remedy)
    return settings.webpush.key or _kept(settings, "webpush.key", new_key)


def answer_links(settings: Settings, base_url: str) -> Callable[[str], str]:
    """The address at which whoever got a delivery answers, from the delivery's id."""
    signs = signer(settings)
    return lambda delivery: f"{base_url}/a/{signs.token(delivery)}"


def _kept(settings: Settings, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    file = private(settings.data_dir) / name
    with faults(file):
        kept = file.read_text("utf-8", "replace").strip() if file.exists() else ""
    if not kept:
        kept = make()
        write(file, kept)
    return kept


def base_url(settings: Settings, *, port: int | None = None) -> str:
    """Where people reach the console, without a slash at the end."""
    web = settings.web
    return web.base_url.rstrip("/") or f"http://{web.host}:{port or web.port}"


def invitation(address: str, secret: str) -> str:
    """The address of a link that `access.invitations.Invitations` has made: for one person alone."""
    return f"{address}/invitation/{secret}"


def link(address: str, token: str) -> str:
    """The address that opens the console, token and all: for the operator's own screen only."""
    return f"{address}/?token={quote(token, safe='')}"
