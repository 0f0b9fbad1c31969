"""How people reach the console: its address, and the token that opens it."""

import secrets

from turvakt.settings import Settings


def token(settings: Settings) -> str:
    """What opens the console: the setting or, without one, what was made at the first start."""
    if settings.web.token:
        return settings.web.token
    file = settings.data_dir / "console.token"
    if not file.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24), "utf-8")
    return file.read_text("utf-8").strip()


def base_url(settings: Settings, *, port: int | None = None) -> str:
    """Where people reach the console, without a slash at the end."""
    web = settings.web
    return web.base_url.rstrip("/") or f"http://{web.host}:{port or web.port}"
