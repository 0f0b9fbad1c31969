"""Passkeys: what proves nothing is refused, whatever is wrong with it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.passkeys import Passkeys
from flow.clock import ManualClock
from flow.database import Database
from tests.access.authenticator import Authenticator
from tests.access.people import NOW, ORIGIN, person

CHALLENGE, OTHER = b"c" * 32, b"d" * 32


@pytest.fixture
def passkeys(database: Database, clock: ManualClock) -> Passkeys:
    return Passkeys(database, origin=ORIGIN, clock=clock)


@pytest.fixture
def device(passkeys: Passkeys) -> Authenticator:
    """With a passkey of Berit's."""
    made = Authenticator(ORIGIN)
    added(passkeys, made)
    return made


def added(passkeys: Passkeys, device: Authenticator, id: str = "berit-holm", name: str = "phone") -> None:
    new = passkeys.created(CHALLENGE, device.create(passkeys.creation(person(id), CHALLENGE)))
    assert new is not None
    assert passkeys.add(id, new, name=name)


def test_a_passkey_is_added_and_used(passkeys: Passkeys, clock: ManualClock) -> None:
    device = Authenticator(ORIGIN)
    assert passkeys.request("berit-holm", CHALLENGE) == ""
    added(passkeys, device, name=" phone\x1b ")
    (found,) = passkeys.of("berit-holm")
    assert (found.name, found.at, found.used_at) == ("phone", NOW, None)
    assert "phone" not in repr(found)
    clock.advance(60)
    for number in range(2):
        challenge = bytes([number]) * 32
        assert passkeys.use("berit-holm", challenge, device.get(passkeys.request("berit-holm", challenge)))
    assert passkeys.of("berit-holm")[0].used_at == clock.now()


def test_one_that_counts_nothing_is_used_again_and_again(passkeys: Passkeys, device: Authenticator) -> None:
    """Those that are synchronised between devices do not count (WebAuthn, section 6.1.1)."""
    for _ in range(2):
        device.uses = -1
        assert passkeys.use("berit-holm", CHALLENGE, device.get(passkeys.request("berit-holm", CHALLENGE)))


def test_what_the_browser_is_asked(passkeys: Passkeys, device: Authenticator) -> None:
    creation = json.loads(passkeys.creation(person(), CHALLENGE))
    assert creation["rp"] == {"id": "turvakt.ekvik.example", "name": "Turvakt"}
    assert creation["user"]["name"] == "berit-holm@ekvik.example"
    assert "berit" not in base64.urlsafe_b64decode(creation["user"]["id"] + "==").decode("latin-1")
    assert len(creation["excludeCredentials"]) == 1
    assert creation["attestation"] == "none"
    assert json.loads(passkeys.request("berit-holm", CHALLENGE))["rpId"] == "turvakt.ekvik.example"


def stranger(device: Authenticator) -> None:
    device.key = Authenticator(ORIGIN).key


def copied(device: Authenticator) -> None:
    device.uses -= 1


def absent(device: Authenticator) -> None:
    device.flags = 0


def elsewhere(device: Authenticator) -> None:
    device.host = "turvakt.evil.example"


@pytest.mark.parametrize(
    ("change", "client"),
    [
        (stranger, {}),
        (copied, {}),
        (absent, {}),
        (elsewhere, {}),
        (None, {"origin": "https://turvakt.evil.example"}),
        (None, {"origin": "http://turvakt.ekvik.example"}),
        (None, {"origin": "https://turvakt.ekvik.example:8443"}),
        (None, {"type": "webauthn.create"}),
        (None, {"challenge": base64.urlsafe_b64encode(OTHER).decode().rstrip("=")}),
    ],
)
def test_an_answer_that_proves_nothing(
    passkeys: Passkeys, device: Authenticator, change: Callable[[Authenticator], None] | None, client: dict[str, Any]
) -> None:
    assert passkeys.use("berit-holm", CHALLENGE, device.get(passkeys.request("berit-holm", CHALLENGE)))
    if change is not None:
        change(device)
    assert not passkeys.use("berit-holm", CHALLENGE, device.get(passkeys.request("berit-holm", CHALLENGE), **client))


@pytest.mark.parametrize(
    ("change", "client"),
    [
        (absent, {}),
        (elsewhere, {}),
        (None, {"origin": "https://turvakt.evil.example"}),
        (None, {"type": "webauthn.get"}),
        (None, {"challenge": base64.urlsafe_b64encode(OTHER).decode().rstrip("=")}),
    ],
)
def test_a_new_one_that_proves_nothing(
    passkeys: Passkeys, change: Callable[[Authenticator], None] | None, client: dict[str, Any]
) -> None:
    device = Authenticator(ORIGIN)
    if change is not None:
        change(device)
    assert passkeys.created(CHALLENGE, device.create(passkeys.creation(person(), CHALLENGE), **client)) is None


def test_an_answer_is_good_once_where_uses_are_counted(passkeys: Passkeys, device: Authenticator) -> None:
    answer = device.get(passkeys.request("berit-holm", CHALLENGE))
    assert passkeys.use("berit-holm", CHALLENGE, answer)
    assert not passkeys.use("berit-holm", CHALLENGE, answer)


def test_a_passkey_is_one_persons(passkeys: Passkeys, device: Authenticator) -> None:
    added(passkeys, Authenticator(ORIGIN), "bo")
    answer = device.get(passkeys.request("berit-holm", CHALLENGE))
    assert not passkeys.use("bo", CHALLENGE, answer)
    new = passkeys.created(CHALLENGE, device.create(passkeys.creation(person("bo"), CHALLENGE)))
    assert new is not None
    assert not passkeys.add("bo", new, name="hers")
    assert passkeys.use("berit-holm", CHALLENGE, answer)


def test_a_passkey_is_removed_by_whose_it_is(passkeys: Passkeys, device: Authenticator) -> None:
    added(passkeys, Authenticator(ORIGIN), "bo")
    (hers,) = passkeys.of("berit-holm")
    assert passkeys.remove("bo", hers.id) == 0
    request = passkeys.request("berit-holm", CHALLENGE)
    assert passkeys.remove("berit-holm", hers.id) == 1
    assert not passkeys.use("berit-holm", CHALLENGE, device.get(request))
    assert len(passkeys.of("bo")) == 1


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8477", "https://192.0.2.1", "https://[::1]", "http://turvakt.example"]
)
def test_where_browsers_allow_none(database: Database, clock: ManualClock, origin: str) -> None:
    nowhere = Passkeys(database, origin=origin, clock=clock)
    assert not nowhere.possible
    assert nowhere.creation(person(), CHALLENGE) == "" == nowhere.request("berit-holm", CHALLENGE)
    assert nowhere.created(CHALLENGE, "{}") is None
    assert not nowhere.use("berit-holm", CHALLENGE, "{}")


def test_on_ones_own_machine(database: Database, clock: ManualClock) -> None:
    here = Passkeys(database, origin="http://localhost:8477/", clock=clock)
    device = Authenticator("http://localhost:8477")
    added(here, device)
    assert here.use("berit-holm", CHALLENGE, device.get(here.request("berit-holm", CHALLENGE)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("id", "rawId", "type", "clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=3), cut=st.integers(0, 400))
def test_no_nonsense_does_more_than_be_refused(
    passkeys: Passkeys, device: Authenticator, changes: dict[str, Any], cut: int
) -> None:
    for answer, proves in (
        (device.get(passkeys.request("berit-holm", CHALLENGE)), passkeys.use),
        (device.create(passkeys.creation(person("bo"), CHALLENGE)), None),
    ):
        parsed = json.loads(answer)
        for name, value in changes.items():
            (parsed if name in parsed else parsed["response"])[name] = value
        for wrong in (json.dumps(parsed), answer[:cut], "[" * 100_000, "null"):
            if proves is None:
                found = passkeys.created(CHALLENGE, wrong)
                assert found is None or set(changes) <= {"authenticatorData", "signature", "userHandle"}
            else:
                was = proves("berit-holm", CHALLENGE, wrong)
                assert not was or set(changes) <= {"attestationObject", "userHandle"}
