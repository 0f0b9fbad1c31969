"""Ids that a replay gives again, and records that stay when somebody else is erased."""

from alerts.alert import Delivery, alert_id, delivery_id
from tests.alerts.people import AT, alert, verdict


def test_ids_tell_apart_what_differs() -> None:
    first = alert_id(rule="a", official="b", post="c")
    assert first == alert_id(rule="a", official="b", post="c")
    assert len({first, alert_id(rule="ab", official="", post="c"), alert_id(rule="a", official="c", post="b")}) == 3
    deliveries = {
        delivery_id(about=first, channel=channel, address="x", key=grade)
        for channel in ("email", "webhook")
        for grade in ("", "high", "high+threat")
    }
    assert len(deliveries) == 6


def test_an_alert_goes_with_the_one_it_is_about_and_stays_without_others() -> None:
    both = alert(verdict(mentions=("anna-lindqvist", "aino")))
    assert both.officials == {"anna-lindqvist", "aino"}
    assert both.without("anna-lindqvist") is None
    left = both.without("aino")
    assert left is not None
    assert left.officials == {"anna-lindqvist"}


def test_a_delivery_goes_with_the_one_it_is_about() -> None:
    delivery = Delivery("d", "a", "bluesky:1", "anna-lindqvist", "email", "waiting", 0, AT, AT)
    assert delivery.officials == {"anna-lindqvist"}
    assert delivery.without("anna-lindqvist") is None
    assert delivery.without("aino") is delivery
