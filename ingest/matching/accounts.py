"""Accounts: the many ways in which a platform or a writer names one, brought to one key.

Keys: ``name.example`` (a domain handle, as on Bluesky), ``did:plc:...``, ``user@host`` (Mastodon and its kin),
``x:user`` (any other platform), and ``bare:user`` where the platform is not known.
"""

import re
from urllib.parse import parse_qs, urlsplit

_HOSTS = {
    "bsky.app": "bluesky",
    "x.com": "x",
    "twitter.com": "x",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "instagram.com": "instagram",
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "threads.net": "threads",
    "threads.com": "threads",
    "linkedin.com": "linkedin",
}
_PLAIN_HOST = re.compile(r"https?://([a-z0-9.-]+)(?:[/?#]|\Z)")
"""The host of nearly every link, without the cost of parsing all of it."""
_SAME = {"twitter": "x", "fb": "facebook", "bsky": "bluesky"}
# First parts of a path that say what kind of account follows.
_BEFORE_NAME = frozenset({"in", "c", "user", "channel", "users", "people", "pg"})


def registered_keys(platform: str, value: str) -> list[str]:
    """The keys under which an official's account is found: ``value`` as the registry holds it for ``platform``."""
    platform = _SAME.get(platform.lower(), platform.lower())
    plain = value.strip().lower().removeprefix("@")
    if not plain:
        return []
    if "/" in plain or plain.startswith("did:") or "@" in plain:
        return _global(plain)
    if platform == "bluesky":
        return [plain if "." in plain else f"{plain}.bsky.social"]
    if platform == "mastodon":
        return [f"mastodon:{plain}"]
    return [f"{platform}:{plain}", f"bare:{plain}"]


def named_keys(value: str, *, source: str, host: str | None) -> list[str]:
    """The keys that ``value``, named in a post from ``source``, may stand for.

    ``host`` is the server of the post, which a Mastodon account without a host lives on.
    """
    plain = value.strip().lower().removeprefix("@")
    if "/" in plain or plain.startswith("did:") or "@" in plain:
        return _global(plain)
    keys = [plain] if "." in plain else []
    if source == "bluesky":
        return keys
    if host is not None:
        keys.append(f"{plain}@{host}")
    if source != "mastodon":
        keys.append(f"bare:{plain}")
    return keys


def anchor(key: str) -> str:
    """The part of ``key`` that tells the account from others, where it is looked for in text."""
    if key.startswith("did:"):
        return key.rsplit(":", 1)[-1]
    name = key.split(":", 1)[-1].split("@")[0]
    return name if ":" in key or "@" in key or "." not in name else name.rsplit(".", 1)[0]


def host_of(url: str | None) -> str | None:
    """The host of a link in small letters, without ``www.``; None when there is none."""
    if not url:
        return None
    url = url.lower()
    plain = _PLAIN_HOST.match(url)
    return (_bare(plain[1]) if plain else _parts(url)[0]) or None


def platform_of(url: str) -> str | None:
    """The platform whose host ``url`` names, None for any other host."""
    return _HOSTS.get(_parts(url.lower())[0])


def within(url: str, site: str) -> bool:
    """Whether the page at ``url`` is one of ``site``, an address with or without its scheme, with or without a path."""
    host, segments, _ = _parts(url.lower())
    home, path, _ = _parts(site.strip().lower())
    return bool(home) and host == home and segments[: len(path)] == path


def _global(plain: str) -> list[str]:
    if plain.startswith("did:"):
        return [plain]
    if plain.startswith("at://"):
        return [plain[5:].split("/")[0]]
    if "/" not in plain:
        return [plain.removeprefix("acct:")]
    key = _link(plain)
    return [] if key is None else [key]


def _link(url: str) -> str | None:
    host, segments, query = _parts(url)
    if not segments:
        return None
    platform = _HOSTS.get(host)
    if platform == "bluesky":
        return segments[1].removeprefix("@") if segments[0] == "profile" and len(segments) > 1 else None
    if platform is not None:
        if segments[0] == "profile.php":
            return f"{platform}:{parse_qs(query).get('id', [''])[0]}"
        if segments[0] in _BEFORE_NAME and len(segments) > 1:
            return f"{platform}:{segments[1].removeprefix('@')}"
        return f"{platform}:{segments[0].removeprefix('@')}"
    if segments[0].startswith("@"):
        name = segments[0][1:]
        return name if "@" in name else f"{name}@{host}"
    if segments[0] in ("users", "profile", "u") and len(segments) > 1:
        return f"{segments[1]}@{host}"
    return None


def _parts(url: str) -> tuple[str, list[str], str]:
    """Host, path segments and query of a link with or without its scheme; empty when it is none."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or ""
    except ValueError:
        return "", [], ""
    return _bare(host), [segment for segment in parts.path.split("/") if segment], parts.query


def _bare(host: str) -> str:
    return host.removeprefix("www.").removeprefix("m.").removeprefix("mobile.")
