"""Small repairs every collector makes to text before it becomes a post's."""

from collections.abc import Iterable


def clean(text: str) -> str:
    """``text`` with each NUL replaced by U+FFFD, one for one, so that offsets stay right.

    A NUL is legal in JSON and HTML but refused by PostgreSQL and cut off by C libraries further on.
    """
    return text.replace("\x00", "\ufffd")


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that hold anything, cleaned, with an empty line between them."""
    return clean("\n\n".join(part.strip() for part in parts if part and not part.isspace()))
