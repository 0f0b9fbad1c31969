"""Which addresses may be called: what leaves this machine is encrypted on its way."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, so that nothing needs to be encrypted on the way."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(address: str) -> str:
    """The host of a web address, and its port where one is named; empty: there is none, or the address is malformed."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def is_guarded(address: str) -> bool:
    """Whether ``address`` is https, or http on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host or "")))
