"""What commands write into the audit log: for each official whom it concerns an entry, with her tenant."""

from collections.abc import Iterable

from access.audit_entry import Act, Action
from registry.tenant import tenant_of
from review.index import Item
from turvakt.wiring import Parts

COMMAND = "command"
"""Who did it: whoever may run commands here."""


def tenant_of_id(opened: Parts, official: str) -> str:
    """The tenant of the official with this id; empty if nobody has it."""
    known = opened.officials.get(official)
    return "" if known is None else tenant_of(known)


def note(opened: Parts, action: Action, items: Iterable[Item], *, why: str = "", always: bool = False) -> None:
    """Write down, before it is done, that a command shows or erases these posts: for each official whom they mention once.

    Args:
        always: where they mention nobody, that it was done is an entry, too.

    Raises:
        Unavailable: it could not be written; then it must not be done.
    """
    about = sorted({mention.official for item in items for mention in item.verdict.post.mentions})
    acts = [Act(COMMAND, action, tenant_of_id(opened, official), official, why=why) for official in about]
    if acts or always:
        opened.audit.write_all(acts or [Act(COMMAND, action, why=why)])
