"""A dry run tells what would have been sent: grouped, step by step, within budgets, if nobody had answered."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from alerts.plans.plan import Budget, Plan, Plans
from alerts.plans.policies import RULE, Policy, Step
from alerts.plans.rules import Rule
from alerts.rehearsal import Rehearsal, rehearse
from classify.verdict import Verdict
from registry.official import Official
from tests.alerts.people import AT, official, verdict
from tests.alerts.test_routing import SOMEBODY
from tests.alerts.world import CHIEF, TEXTS

ANY = Plan((Rule(name="any", severity="low"),))
THREAT = verdict("bluesky:1", severity="critical", labels=("threat",))
ONCE = Policy(name="urgent", steps=(Step(tell=(RULE,)),), last_resort=False)
HERS = "Beredskap Ekvik (email)"


def rehearsed(
    verdicts: Iterable[Verdict], today: Plan, changed: Plan | None = None, *, officials: Iterable[Official] = ()
) -> Rehearsal:
    return rehearse(
        verdicts,
        today=Plans(today),
        changed=Plans(changed or today),
        officials=officials or [official()],
        account=lambda post: post.author.id or "",
        operator=lambda at, severity: (CHIEF,),
    )


def calm(number: int, *, minutes: float = 0, text: str = "", account: str = "1") -> Verdict:
    """A post that nobody has to answer, so many minutes later."""
    at, judged = (
        AT + timedelta(minutes=minutes),
        verdict(f"bluesky:{number}", text=text or TEXTS[number], severity="medium"),
    )
    post = replace(judged.post, author=replace(judged.post.author, id=account), created_at=at, collected_at=at)
    return replace(judged, post=post, judged_at=at)


def test_what_tells_only_once_shows_beside_what_goes_on_until_somebody_answers() -> None:
    once = replace(ANY, policies={"urgent": ONCE}, budget=Budget(per_hour=1))
    found = rehearsed([THREAT], ANY, once)
    assert dict(found.today.by["occasion"]) == {
        f"{HERS} raised 1": 1,
        f"{HERS} reminder 1": 2,
        f"{HERS} reminder 2": 3,
        "Jouren (email) last-resort 2": 1,
    }
    assert dict(found.changed.by["occasion"]) == {f"{HERS} raised 1": 1}
    assert (found.today.total, found.changed.total) == (7, 1)
    assert (found.lost, found.threats, found.won) == ([], 0, [])
    assert len(found.shortened) == 1
    assert found.without_last == found.shortened
    back = rehearsed([THREAT], once, ANY)
    assert (back.today, back.changed) == (found.changed, found.today)
    assert (back.shortened, back.without_last) == ([], [])


def test_who_is_told_no_more_and_who_newly() -> None:
    abuse = calm(2)
    today = Plan((Rule(name="threat", severity="low", labels=("threat",)),))
    changed = Plan((Rule(name="abuse", severity="medium", labels=("harassment",), contacts=(SOMEBODY,)),))
    seen: list[int] = []
    found = rehearse(
        [abuse, THREAT], today=Plans(today), changed=Plans(changed), officials=[official()], told=seen.append
    )
    assert (found.posts, seen[-1], found.changed.total) == (2, 2, 1)
    assert (dict(found.changed.by["contact"]), dict(found.changed.by["severity"])) == (
        {"Somebody (email)": 1},
        {"medium": 1},
    )
    assert (len(found.lost), found.threats, len(found.won), found.shortened) == (1, 1, 1, [])
    elsewhere = rehearse(
        [THREAT], today=Plans(today), changed=Plans(changed), officials=[official()], tenant="elsewhere"
    )
    assert (elsewhere.posts, elsewhere.today.total) == (1, 0)


def test_posts_that_belong_together_are_told_together() -> None:
    found = rehearsed([calm(each, minutes=each, text=TEXTS[0]) for each in range(4)], ANY)
    assert dict(found.today.by["occasion"]) == {f"{HERS} raised 1": 1, f"{HERS} grown 1": 2}
    assert (found.lost, found.won) == ([], []), "whoever hears of the incident has heard of its posts"


def test_what_is_beyond_the_budget_comes_in_a_digest() -> None:
    alone = [calm(each, minutes=11 * each) for each in range(4)]
    found = rehearsed(alone, ANY, replace(ANY, budget=Budget(per_hour=2)))
    assert dict(found.today.by["occasion"]) == {f"{HERS} raised 1": 4}
    assert dict(found.changed.by["occasion"]) == {
        f"{HERS} raised 1": 2,
        f"{HERS} budget 0": 2,  # that it is used up, and an hour later what was held back
        "Jouren (email) budget 0": 1,
    }
    assert found.lost == []


def test_many_posts_from_many_accounts_are_a_campaign() -> None:
    posts = [calm(each, minutes=each / 4, text=f"{TEXTS[each % 8]} {each}", account=str(each)) for each in range(24)]
    assert rehearsed(posts, ANY).today.by["occasion"][f"{HERS} campaign 1"] == 1


def test_what_quiet_hours_hold_back_is_counted_at_their_end() -> None:
    held = Plan((Rule(name="calm", severity="low", contacts=(SOMEBODY,), quiet="13:00-18:00"),))
    assert dict(rehearsed([calm(1)], held).today.by["hour"]) == {"Europe/Stockholm 18": 1}


def test_hours_of_two_countries_are_counted_apart() -> None:
    plan = Plan((Rule(name="any", severity="low", contacts=(SOMEBODY,)),))
    two = [official(), official("aino-koivumaki", country="FI")]
    found = rehearsed([verdict(severity="medium", mentions=tuple(each.id for each in two))], plan, officials=two)
    assert dict(found.today.by["hour"]) == {"Europe/Stockholm 14": 1, "Europe/Helsinki 15": 1}
