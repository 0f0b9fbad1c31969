"""A false alarm for all posts of an incident, and what becomes of them once it is taken back."""

import pytest

from review.decision import TAKEN_BACK, Decision, Earlier, false_alarm, taken_back
from tests.review.people import at, decision

POST = "jsonl:a"


def after(*before: Decision) -> Decision:
    """Kim calls it a false alarm at 6, takes it back at 7."""
    false = false_alarm(POST, before, tenant="habo", by="Kim", at=at(6))
    return taken_back(POST, [false], tenant="habo", by="Kim", called_by="Kim", at=at(7))


def test_what_nobody_had_decided_is_undecided_again() -> None:
    assert after() == Decision(POST, TAKEN_BACK, "Kim", at(7), "habo")


@pytest.mark.parametrize("outcome", ["confirmed", "false-alarm"])
def test_what_somebody_had_decided_holds_again_as_hers(outcome: str) -> None:
    before = decision(POST, outcome, tenant="habo")  # type: ignore[arg-type]
    assert after(before) == Decision(POST, before.outcome, "Rut", at(7), "habo")


@pytest.mark.parametrize(
    "before",
    [
        decision(POST, "confirmed", tenant="another"),
        decision(POST, "confirmed"),
        decision(POST, TAKEN_BACK, tenant="habo"),  # type: ignore[arg-type]
        # Her own word by which the incident was closed.
        decision(POST, "false-alarm", tenant="habo", by="Kim"),
    ],
)
def test_what_was_no_earlier_decision_of_this_tenant_does_not_come_back(before: Decision) -> None:
    assert after(before).outcome == TAKEN_BACK


def test_what_was_decided_since_does_not_come_back_as_if_it_had_been_before() -> None:
    since = decision(POST, "confirmed", minutes=8, tenant="habo")
    assert taken_back(POST, [since], tenant="habo", by="Kim", called_by="Kim", at=at(7)) == Decision(
        POST, TAKEN_BACK, "Kim", at(7), "habo"
    )


def test_called_false_and_opened_again_twice_it_is_as_it_was_at_first() -> None:
    first = after(decision(POST, "confirmed", tenant="habo"))
    again = false_alarm(POST, [first], tenant="habo", by="Eva", at=at(8))
    assert again.earlier == Earlier("confirmed", "Rut", at(7))
    assert taken_back(POST, [again], tenant="habo", by="Eva", called_by="Eva", at=at(9)).outcome == "confirmed"


def test_what_somebody_else_had_called_false_holds_again_though_the_index_lags() -> None:
    before = decision(POST, "false-alarm", tenant="habo")
    back = taken_back(POST, [before], tenant="habo", by="Eva", called_by="Kim", at=at(7))
    assert (back.outcome, back.by) == ("false-alarm", "Rut")


def test_it_is_taken_back_though_it_is_not_known_any_more_who_had_called_it_one() -> None:
    false = false_alarm(POST, [decision(POST, "confirmed", tenant="habo")], tenant="habo", by="Kim", at=at(6))
    assert taken_back(POST, [false], tenant="habo", by="Eva", called_by="", at=at(7)).outcome == "confirmed"
