"""Which consents somebody must be asked about."""

from datetime import timedelta

import pytest

from registry.expiry import AHEAD, Ending, ending
from registry.official import Consent

from .people import NOW, START, official

DAY = timedelta(days=1)
SOON = NOW + 10 * DAY


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ((Consent(("*",), START),), []),
        ((Consent(("*",), START, NOW),), []),
        ((Consent(("*",), NOW + DAY, SOON),), []),
        ((Consent(("*",), START, NOW + AHEAD),), [(NOW + AHEAD, ("*",))]),
        ((Consent(("*",), START, NOW + AHEAD + DAY),), []),
        ((Consent(("*",), START, SOON), Consent(("*",), SOON)), []),
        ((Consent(("*",), START, SOON), Consent(("*",), SOON + DAY)), [(SOON, ("*",))]),
        ((Consent(("feed",), START, SOON), Consent(("*",), START)), []),
        ((Consent(("*",), START, SOON), Consent(("feed",), START)), [(SOON, ("*",))]),
        ((Consent(("feed", "bluesky"), START, SOON), Consent(("feed",), SOON)), [(SOON, ("bluesky",))]),
        ((Consent(("*",), START, SOON), Consent(("*",), START, NOW + 20 * DAY)), [(NOW + 20 * DAY, ("*",))]),
    ],
)
def test_what_ends_soon_and_is_followed_by_nothing(
    consents: tuple[Consent, ...], expected: list[tuple[object, tuple[str, ...]]]
) -> None:
    found = ending([official(consents=consents)], NOW)
    assert [(each.until, each.sources) for each in found] == expected


def test_the_next_end_comes_first() -> None:
    officials = [
        official("a", consents=(Consent(("*",), START, SOON),)),
        official("b", consents=(Consent(("*",), START, SOON - DAY),)),
    ]
    assert ending(officials, NOW) == [Ending("b", SOON - DAY, ("*",)), Ending("a", SOON, ("*",))]
