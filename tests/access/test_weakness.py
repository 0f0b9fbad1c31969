"""Passwords that are easily guessed are refused; long ones that nobody else chooses are not."""

import pytest

from access.weakness import weakness
from tests.access.people import PASSWORD, person

BERIT = person(name="Berit Holmström", email="berit.ek@ekvik.example")


@pytest.mark.parametrize(
    "common",
    [
        "password1234",
        "P4ssw0rd!!!!",
        "lösenord12345",
        "Sommar2026!!",
        "sommarsommar",
        "Syksy2026!!!",
        "salasana1234",
        "Tervetuloa2026",
        "123456789012",
        "qwertyuiop12",
        "asdfghjklöä1",
        "zyxwvutsrqpo",
        "aaaaaaaaaaab",
        "2026-11-28 16:00",
        "Turvakt2026!!",
    ],
)
def test_common(common: str) -> None:
    assert weakness(common, BERIT) == "common"


@pytest.mark.parametrize("own", ["holmström2026!", "Holmstrom-i-Ekvik", "BERIT och kaffet", "min katt heter Berit"])
def test_own(own: str) -> None:
    assert weakness(own, BERIT) == "own"


@pytest.mark.parametrize(
    "good", [PASSWORD, "rätt häst batteri klammer", "sommar vinter höst vår", "k8#fQz!2pLw9", "kaksitoista sukkaa"]
)
def test_good(good: str) -> None:
    assert weakness(good, BERIT) is None


def test_length() -> None:
    assert weakness("k8#fQz!2pLw", BERIT) == "short"
    assert weakness("k8#fQz!2pLw9" * 90, BERIT) == "long"
