"""The form of addresses, by channel: what plans are read by, also where no channel is set up."""

import re
from collections.abc import Callable
from email.headerregistry import Address
from email.utils import parseaddr

from flow.errors import BadInput
from flow.hosts import is_guarded

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_ROOM = re.compile(r"![!-~]{1,254}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{12,64}")
_PERSON = re.compile(r"[a-z0-9-]{1,64}")
_MEND = "Mend the contact"
_NO_MAILBOX = "the address is no e-mail address"


def check_address(channel: str, address: str) -> None:
    """Look at the form of an address. That of ``apprise`` follows from the settings: its channel alone can tell.

    Raises:
        BadInput: nothing can ever be delivered to such an address by this channel.
    """
    fits, reason, remedy = _FORMS.get(channel, (_anything, "", ""))
    if not fits(address):
        raise BadInput(reason, place=f"channel {channel}", remedy=remedy)


def mailbox(name: str, address: str) -> Address:
    """The address of an e-mail to ``name``.

    Raises:
        BadInput: it is none.
    """
    local, _, domain = address.rpartition("@")
    try:
        if parseaddr(address)[1] != address or not local or not domain or not address.isprintable():
            raise ValueError
        return Address(" ".join(name.split()), local, domain.encode("idna").decode("ascii"))
    except ValueError:
        # The exceptions of the library quote the address.
        raise BadInput(_NO_MAILBOX, place="channel email", remedy=_MEND) from None


def is_web_address(address: str) -> bool:
    """Whether it is https, or http on this machine, and can be called."""
    import httpx  # takes a tenth of a second, and few plans have web addresses

    try:
        httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return is_guarded(address)


def _anything(address: str) -> bool:
    return True


def _is_mailbox(address: str) -> bool:
    try:
        mailbox("", address)
    except BadInput:
        return False
    return True


def _is_one_line(address: str) -> bool:
    return bool(address.strip()) and address.isprintable()


def _like(form: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda address: form.fullmatch(address) is not None


_TELEPHONE = (
    _like(_NUMBER),  # E.164
    "the address is no international telephone number",
    "Write it with + and the country's number, without spaces",
)
_WEB = (is_web_address, "the address is no https address", _MEND)
_FORMS: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "email": (_is_mailbox, _NO_MAILBOX, _MEND),
    "sms": _TELEPHONE,
    "sms-gateway": _TELEPHONE,
    "voice": _TELEPHONE,
    "webhook": _WEB,
    "teams": _WEB,
    "matrix": (
        _like(_ROOM),
        "the address is no id of a room",
        "Copy it from the room's advanced settings; it begins with '!'",
    ),
    # Whoever guesses a topic can read along.
    "ntfy": (
        _like(_TOPIC),
        "the address is no name of a topic",
        "Take 12 to 64 letters and digits that nobody guesses",
    ),
    "webpush": (_like(_PERSON), "the address is no person's id", _MEND),
    "outbox": (_is_one_line, "the address is empty or not one line", _MEND),
}
"""What tells that an address fits, what is wrong else, and what to do."""
