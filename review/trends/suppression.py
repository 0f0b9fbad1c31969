"""Which counts may be told: none that is small, and none from which a small one could be computed.

A tenant's count is told from ``limit`` posts on. There are no totals, and no second breakdown of the same posts: what one
tenant is told of itself gives nothing away.

The count of all tenants together is the sum of those that are told, plus the rest, which is the sum of all others, or
nothing. The rest is added if it is so large that it leaves the count of each of its tenants open, and so large that even one
of them, who knows its own count, learns of the others no small sum: both the rest and what it lacks to its greatest possible
size must be at least twice the limit. This hangs on the rest and the number of tenants alone, so that the decision tells
nothing that the sum does not. ``tests/review/trends/test_suppression.py`` goes through all small cases.
"""

from collections.abc import Callable, Collection, Iterable, Mapping


def told(counts: Mapping[str, int], *, limit: int) -> dict[str, int]:
    """The counts of those tenants that have enough posts."""
    return {tenant: many for tenant, many in counts.items() if many >= limit}


def together(
    counts: Mapping[str, int],
    *,
    tenants: Collection[str],
    limit: int,
    distinct: Callable[[Iterable[str]], int] | None = None,
) -> int | None:
    """The count of all tenants together; ``None``: nothing may be told.

    Args:
        counts: the posts of each tenant; of those that are missing here there are none.
        tenants: all whose posts could have been counted.
        distinct: how many posts some tenants have, where what several have counts once. The rest is left out if it is of
            fewer than ``limit`` posts, which many tenants share.
    """
    seen = told(counts, limit=limit)
    others = (set(tenants) | counts.keys()) - seen.keys()
    rest = sum(counts.get(tenant, 0) for tenant in others)
    room = len(others) * (limit - 1) - rest
    is_open = min(rest, room) >= 2 * limit
    if is_open and distinct is not None:
        is_open = distinct(tenant for tenant in others if tenant in counts) >= limit
    total = sum(seen.values()) + (rest if is_open else 0)
    return total or None
