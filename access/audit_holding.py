"""The audit log as one of the places that hold personal data."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from access.audit import Audit
from access.audit_entry import CONTACT, AuditEntry, Naming
from registry.holder import Part

_ABOUT_HER: tuple[Naming, ...] = ("official", "post", "why")
_BY_HER: tuple[Naming, ...] = ("who", "session", *_ABOUT_HER)
_POST: tuple[Naming, ...] = ("post",)
_BY: tuple[Naming, ...] = ("who",)


class AuditHolder:
    """Implements `registry.holder.Holder`. Entries stay; what names the official in them goes.

    Args:
        people: the ids of the people who are this official or her deputy, and nothing else: what they did stays, and not
            that it was they.
    """

    name = "audit"

    def __init__(self, audit: Audit, *, people: Callable[[str], Collection[str]]) -> None:
        self._audit = audit
        self._people = people

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove her from the entries, and herself from those of what she did.

        Args:
            part: a source; only the entries that name one of its posts. A recipient: the entries by which he read of her.
        """
        if part is not None and part.kind == "recipient":
            return len(self._audit.remove_names({each.number for each in self._by_contact(official, part)}, _BY))
        about = {each.number for each in self._about(official, part)}
        hers = {each.number for each in (*self._by(official, part), *self._by_contact(official, part))}
        removed = [*self._audit.remove_names(about, _ABOUT_HER), *self._audit.remove_names(hers, _BY_HER)]
        return len(set(removed))

    def forget(self, posts: Collection[str]) -> int:
        """Remove the posts' ids; that somebody read of the official then stays."""
        named = {each.number for each in self._audit.naming("post", posts)} if posts else set()
        return len(self._audit.remove_names(named, _POST))

    def expire(self, before: datetime) -> int:
        return self._audit.expire(before)

    def export(self, official: str) -> list[dict[str, Any]]:
        """Who did what about her, the oldest first."""
        return [_plain(each) for each in reversed(self._about(official, None))]

    def count(self, official: str, part: Part | None = None) -> int:
        if part is not None and part.kind == "recipient":
            return len(self._by_contact(official, part))
        return len({each.number for each in (*self._about(official, part), *self._by(official, part))})

    def _by_contact(self, official: str, part: Part | None) -> list[AuditEntry]:
        """What her contacts, who are known here because of her, read of her: all of them, or the one who is meant."""
        found = [each for each in self._audit.naming("official", [official]) if each.act.who.startswith(CONTACT)]
        if part is None:
            return found
        if part.kind == "recipient":
            return [each for each in found if each.act.who == f"{CONTACT}{part.name}"]
        return []

    def _about(self, official: str, part: Part | None) -> list[AuditEntry]:
        found = self._audit.naming("official", [official])
        return [each for each in found if part is None or part.covers(each.act.post)]

    def _by(self, official: str, part: Part | None) -> list[AuditEntry]:
        people = self._people(official) if part is None else ()
        return self._audit.naming("who", people) if people else []


def _plain(entry: AuditEntry) -> dict[str, Any]:
    act = entry.act
    told = {"at": entry.at.isoformat(), "action": act.action, "who": act.who, "post": act.post, "why": act.why}
    return {"number": entry.number, **{name: value for name, value in told.items() if value}}
