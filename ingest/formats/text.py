"""Small repairs every collector makes to text before it becomes a post's."""

import hashlib
from collections.abc import Iterable

_LONGEST_ID = 512


def clean(text: str) -> str:
    """``text`` with each NUL replaced by U+FFFD, one for one, so that offsets stay right.

    A NUL is legal in JSON and HTML but refused by PostgreSQL and cut off by C libraries further on.
    """
    return text.replace("\x00", "\ufffd")


def fitting(id: str) -> str:
    """``id`` as every store can hold it: cleaned, and one of more than 512 characters cut and told apart by a digest."""
    if len(id) > _LONGEST_ID:
        digest = hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()
        id = f"{id[: _LONGEST_ID - len(digest) - 1]}~{digest}"
    return clean(id)


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that hold anything, cleaned, with an empty line between them."""
    return clean("\n\n".join(part.strip() for part in parts if part and not part.isspace()))
