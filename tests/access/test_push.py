"""Browsers of people: what is taken in, and when it goes."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import update

from access.people import People
from access.push import MOST, Browser, Subscriptions
from access.tables import PUSH
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput
from tests.access.people import person

POINT = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def said(endpoint: str = "https://updates.push.services.mozilla.com/wpush/v2/abc", **keys: str) -> str:
    given = {"p256dh": base64.urlsafe_b64encode(POINT).rstrip(b"=").decode(), "auth": "A" * 22} | keys
    return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": given})


@pytest.fixture
def browsers(database: Database, clock: ManualClock) -> Subscriptions:
    return Subscriptions(database, clock=clock)


def test_a_browser_is_kept_once_and_goes_when_it_wants_nothing_more(browsers: Subscriptions) -> None:
    browsers.add("anna", said())
    browsers.add("bo", said())  # the same browser, by somebody else
    (found,) = browsers.of("bo")
    assert (found.key, len(found.secret), browsers.of("anna")) == (POINT, 16, [])
    browsers.remove(found.endpoint)
    assert browsers.count("bo") == 0


def test_of_too_many_browsers_the_oldest_goes(browsers: Subscriptions, clock: ManualClock) -> None:
    for number in range(MOST + 1):
        browsers.add("anna", said(f"https://fcm.googleapis.com/fcm/send/{number}"))
        clock.advance(1)
    assert [each.endpoint[-2:].strip("/") for each in browsers.of("anna")] == [str(n) for n in range(1, MOST + 1)]
    assert browsers.remove_all("anna") == MOST


def test_she_is_shown_hers_and_lets_go_of_her_own_alone(browsers: Subscriptions, clock: ManualClock) -> None:
    endpoint = "https://web.push.apple.com/abc"
    browsers.add("anna", said(endpoint))
    (shown,) = browsers.browsers("anna")
    assert shown == Browser(hashlib.sha256(endpoint.encode()).hexdigest(), "Safari", clock.now())
    assert not any(browsers.remove_one(*which) for which in (("bo", shown.id), ("anna", "00"), ("anna", "none")))
    assert browsers.remove_one("anna", shown.id)
    assert browsers.browsers("anna") == []


def test_what_was_taken_in_before_and_is_of_no_browser_is_called_no_more(
    browsers: Subscriptions, database: Database
) -> None:
    browsers.add("anna", said())
    database.execute(update(PUSH).values(endpoint="http://127.0.0.1:9200/_all/_close"))
    assert browsers.of("anna") == []
    assert browsers.count("anna") == 1, "she lets go of it as of any"


def test_they_go_with_the_person(browsers: Subscriptions, database: Database) -> None:
    People(database).add(person("anna"))
    browsers.add("anna", said())
    assert People(database).remove("anna")
    assert browsers.of("anna") == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        said("https://intranet.ekvik.example/"),
        said("https://notpush.apple.com.example/"),
        said("http://fcm.googleapis.com/"),
        said("http://127.0.0.1:9200/_all/_close"),
        said("https://localhost:6443/"),
        said("http://[::1]:8686/"),
        said("https://fcm.googleapis.com@127.0.0.1/"),
        said("https://[fcm.googleapis.com/"),
        said(auth="AAAA"),
        said(p256dh="A" * 87),
        said("https://fcm.googleapis.com/" + "x" * 2000),
    ],
)
def test_what_no_browser_in_use_says_is_refused(browsers: Subscriptions, value: str) -> None:
    with pytest.raises(BadInput) as caught:
        browsers.add("anna", value)
    assert "googleapis" not in str(caught.value)
    assert browsers.count("anna") == 0
