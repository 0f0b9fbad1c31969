"""A remote model that cannot be asked is refused at the start, and trying it out tells what is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from classify.classifiers.remote import EXAMPLE, Remote
from classify.remote.labelling import pairs
from classify.remote.service import Service
from flow.clock import ManualClock
from flow.errors import BadInput, Broken, Unavailable
from tests.classify.asking import LOCAL
from tests.classify.servers import said


@pytest.mark.parametrize("url", ["", "http://modell.example/x", "ftp://127.0.0.1/", "https://[", "https://a\x00"])
def test_texts_go_nowhere_unencrypted(clock: ManualClock, url: str) -> None:
    with pytest.raises(Broken, match=r"remote\.url: .*https"):
        Remote(LOCAL, Service(url=url, kind="chat", model="tiny"), clock=clock)


def test_a_token_that_cannot_be_sent(clock: ManualClock) -> None:
    with pytest.raises(Broken, match=r"remote\.token") as caught:
        Remote(LOCAL, Service(url="https://m.example", kind="chat", model="tiny", token="hush\n"), clock=clock)
    assert "hush" not in str(caught.value)


def test_a_model_without_a_name(clock: ManualClock) -> None:
    with pytest.raises(Broken, match=r"remote\.model: is empty"):
        Remote(LOCAL, Service(url="https://m.example", kind="chat", model=""), clock=clock)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "labels"},
        {"ask_from": 0.1},
        {"threshold": 0.6},
        {"lowers": "high"},
        {"labels": {"X": "hate"}},
    ],
)
def test_who_is_asked_otherwise_has_another_name(clock: ManualClock, other: dict[str, Any]) -> None:
    service = Service(url="https://m.example", kind="chat", model="tiny")
    same = replace(service, url="https://n.example", token="t", seconds=1.0, most=1)
    assert Remote(LOCAL, same, clock=clock).model == Remote(LOCAL, service, clock=clock).model
    assert Remote(LOCAL, replace(service, **other), clock=clock).model != Remote(LOCAL, service, clock=clock).model


@pytest.mark.parametrize("written", ["threat", "=threat", "X=anger", "X=none"])
def test_labels_that_are_none(written: str) -> None:
    with pytest.raises(Broken, match=r"remote\.labels"):
        pairs([written])
    with pytest.raises(Broken, match=r"remote\.labels"):
        pairs(["X=hate", "X=threat"])


def test_trying_it_out(serving: Any, remote: Any) -> None:
    server = serving(lambda text: said())
    assert remote(server).try_out() == "tiny"
    assert server.texts == [EXAMPLE]
    with pytest.raises(Unavailable, match=r"remote model: the server answers 401\. Check"):
        remote(serving(lambda text: (401, b""))).try_out()
    with pytest.raises(BadInput, match="calls a harmless text threat"):
        remote(serving(lambda text: said("high", threat=0.9))).try_out()
    with pytest.raises(Unavailable, match="no answer"):
        remote(serving(lambda text: None), seconds=0.1).try_out()
