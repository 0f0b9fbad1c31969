"""So and so many."""


def counted(number: int, one: str, more: str) -> str:
    """The number and what there is that many of: ``one`` of it, or ``more``."""
    return f"{number} {one if number == 1 else more}"
