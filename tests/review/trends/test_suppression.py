"""No count that is left out can be computed from those that are told."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.trends.suppression import together, told

Counts = tuple[int, ...]
"""The posts of each tenant."""


def by_name(counts: Counts) -> Mapping[str, int]:
    return {str(tenant): many for tenant, many in enumerate(counts)}


Rule = Callable[[Counts, int], bool]
"""Whether the rest may be told, of the counts of the others and the limit."""

WEAKER: dict[str, Rule] = {
    "always": lambda others, limit: True,
    "not small": lambda others, limit: sum(others) >= limit,
    "not small without the greatest": lambda others, limit: sum(others) - max(others, default=0) >= limit,
}


def seen(counts: Counts, limit: int, rule: Rule | None = None) -> tuple[object, ...]:
    """All that is stored of a cell."""
    named = by_name(counts)
    apart = told(named, limit=limit)
    if rule is None:
        return tuple(apart.items()), together(named, tenants=named, limit=limit)
    others = tuple(many for many in counts if many < limit)
    return tuple(apart.items()), sum(apart.values()) + (sum(others) if rule(others, limit) else 0)


def leaks(tenants: int, limit: int, most: int, rule: Rule | None = None) -> bool:
    """Whether somebody who sees all that is told, and knows one tenant's posts or nobody's, can compute a small count.

    Every possible world is looked at: those that look alike to her must leave each small count open.
    """
    alike: defaultdict[tuple[object, ...], list[Counts]] = defaultdict(list)
    for world in product(range(most + 1), repeat=tenants):
        for insider in (None, *range(tenants)):
            known = None if insider is None else world[insider]
            alike[seen(world, limit, rule), insider, known].append(world)
    for (_, insider, _), possible in alike.items():
        for other in set(range(tenants)) - {insider}:
            values = {world[other] for world in possible}
            if len(values) == 1 and 0 < values.pop() < limit:
                return True
    return False


@pytest.mark.parametrize(
    ("tenants", "limit", "most"), [(1, 3, 9), (2, 3, 7), (3, 3, 6), (6, 3, 4), (8, 2, 2), (9, 3, 2)]
)
def test_no_small_count_can_be_computed(tenants: int, limit: int, most: int) -> None:
    assert not leaks(tenants, limit, most)


@pytest.mark.parametrize("rule", WEAKER.values(), ids=WEAKER)
def test_weaker_rules_give_small_counts_away(rule: Rule) -> None:
    """So the test before finds what there is to find."""
    assert leaks(6, 3, 4, rule)


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=30).map(tuple), limit=st.integers(2, 7))
def test_without_any_one_tenant_what_is_told_of_the_others_is_no_small_sum(counts: Counts, limit: int) -> None:
    apart, all_together = seen(counts, limit)
    rest = (all_together or 0) - sum(many for _, many in apart)  # type: ignore[attr-defined,operator]
    small = [many for many in counts if many < limit]
    assert rest == 0 or all(rest - many >= limit for many in small)


def test_the_rest_is_told_where_it_is_large() -> None:
    """The test before would also pass if nothing were ever told."""
    many = dict.fromkeys(map(str, range(40)), 1)
    assert together(many, tenants=many, limit=5) == 40
    assert together({"0": 5, "1": 4}, tenants=("0", "1", "2"), limit=5) == 5
    assert together({"1": 4}, tenants=("0", "1", "2"), limit=5) is None
    assert together(dict.fromkeys("abcdef", 4), tenants="abcdef", limit=5) is None


@given(
    counts=st.dictionaries(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.integers(1, 9)), limit=st.integers(2, 7)
)
def test_all_together_are_never_more_than_there_are_and_never_fewer_than_is_told_of_each(
    counts: dict[str, int], limit: int
) -> None:
    most, least = sum(counts.values()), sum(told(counts, limit=limit).values())
    many = together(counts, tenants="abcdefghijklmnopqrstuvwxyz", limit=limit)
    assert many is None or (limit <= many and least <= many <= most)
    assert many is not None or not least


def test_one_post_about_many_tenants_is_one_post() -> None:
    counts = dict.fromkeys(map(str, range(40)), 1)
    assert together(counts, tenants=counts, limit=5, distinct=lambda tenants: 4) is None
    assert together(counts, tenants=counts, limit=5, distinct=lambda tenants: 5) == 40
