"""The public keys of contacts, as the plans name them now."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from alerts.mail.encryption import Key, Unusable
from alerts.mail.keys import load_key
from alerts.plans.plan import Plans
from flow.errors import Broken

logger = logging.getLogger(__name__)


class Keyring:
    """Follows the plans and the files of the keys: a renewed key is used without a restart, and one of no use stops nothing."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._seen = self._state()
        self._keys = self._read()

    def of(self, address: str) -> Key | None:
        """The key for this address, in lower case; ``None``: mail to it is not encrypted."""
        seen = self._state()
        if seen != self._seen:
            self._keys = self._read()
            self._seen = seen
        return self._keys.get(address)

    def _read(self) -> Mapping[str, Key]:
        return {address.casefold(): _usable(address, file) for address, file in key_files(self._plans)}

    def _state(self) -> list[tuple[str, Path, int]]:
        return [(address, file, _written(file)) for address, file in key_files(self._plans)]


def key_files(plans: Plans) -> Iterator[tuple[str, Path]]:
    """Each e-mail address of a contact who has a key, and the file of the key."""
    for plan in (plans.default, *plans.tenants.values()):
        for contact in plan.contacts.values():
            if contact.key is not None:
                yield from ((way.address, Path(contact.key)) for way in contact.channels if way.channel == "email")


def _usable(address: str, file: Path) -> Key:
    try:
        return load_key(file, address=address)
    except Broken as error:
        logger.error("mail to a contact says only that there is something to open. %s", error)
        return Unusable()


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0  # reading it will say so
