"""Which posts come into the index, and when they leave it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from classify.verdict import Verdict
from flow.clock import Clock
from ingest.post import Post
from registry.official import Official
from registry.retention import Kind, Retention
from registry.tenant import tenant_of
from review.decision import decided_for
from review.index import Age, Index, Item, is_flagged
from review.sampling import Sample


@dataclass(frozen=True, slots=True)
class Removed:
    """What `PostRetention.enforce` did.

    Attributes:
        posts: how many went, by tenant and kind; a post about officials of two tenants counts for both.
        records: how many records went from the index.
        held: how many posts stay since somebody holds them as evidence.
    """

    posts: Mapping[str, Mapping[str, int]]
    records: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRetention:
    """Keeps posts in ``index`` no longer than they may be.

    Attributes:
        retention: days by kind, as the settings and the tenants say now.
        officials: the registry.
        sample: draws unflagged posts.
        held: those of the given posts that somebody holds as evidence: they stay in the index, too.
        release: removes these posts from where they are kept beside the index; called before they leave it.
    """

    index: Index
    retention: Callable[[], Retention]
    officials: Callable[[str], Official | None]
    sample: Sample
    held: Callable[[Collection[str]], Collection[str]]
    release: Callable[[Collection[str]], object]
    clock: Clock

    def stored(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Those of ``verdicts`` that come into the index.

        An unflagged post does not where its kind has no days, unless it is in the sample, or takes the place of what the
        index holds about it: of a post that was edited, or judged anew.
        """
        if all(map(is_flagged, verdicts)):
            return list(verdicts)
        retention, now = self.retention(), self.clock.now()
        kept = {each.post.id for each in verdicts if self._is_kept(each, retention, now)}
        kept |= self.index.held({each.post.id for each in verdicts} - kept)
        return [each for each in verdicts if each.post.id in kept]

    def _is_kept(self, verdict: Verdict, retention: Retention, now: datetime) -> bool:
        return is_flagged(verdict) or self._days("unflagged", verdict.post, retention, now)[1] > 0

    def enforce(self) -> Removed:
        """Remove the posts whose time is over; call it again after an interruption."""
        retention, now = self.retention(), self.clock.now()
        posts: dict[str, Counter[str]] = {}
        records, held = 0, 0
        for age in get_args(Age):
            for page in self.index.old(age, _before(now, self._shortest(age, retention))):
                over = dict(self._over(age, page, retention, now))
                kept = set(self.held(over))
                gone = {post: each for post, each in over.items() if post not in kept}
                self.release(list(gone))
                records += self.index.forget(list(gone))
                held += len(kept)
                for kind, tenants in gone.values():
                    for tenant in tenants:
                        posts.setdefault(tenant, Counter())[kind] += 1
        return Removed(posts, records, held)

    def _shortest(self, age: Age, retention: Retention) -> float:
        # A case may be open still for one of its tenants.
        also: dict[Age, tuple[Kind, ...]] = {"unflagged": ("sample",), "case": ("open-case",)}
        return min(map(retention.shortest, (age, *also.get(age, ()))))

    def _over(
        self, age: Age, page: Sequence[Item], retention: Retention, now: datetime
    ) -> Iterator[tuple[str, tuple[Kind, frozenset[str]]]]:
        """The posts of ``page`` whose time is over, each with its kind and the tenants that it is about."""
        for item in page:
            post = item.verdict.post
            kind, days = self._days(age, post, retention, now)
            over = post.collected_at < _before(now, days)
            if self._is_closed(item, retention, now) if age == "case" else over:
                yield post.id, (kind, self._tenants(post.officials))

    def _is_closed(self, item: Item, retention: Retention, now: datetime) -> bool:
        """Whether the time of a case is over for each tenant; it is open for one that was alerted and has not decided."""
        alerted = self._tenants(alert.official for alert in item.alerts)
        for tenant in self._tenants(item.verdict.post.officials) or {""}:
            decision = decided_for(item.decisions, tenant) or (None if tenant in alerted else item.decision)
            kind: Kind = "open-case" if decision is None else "case"
            since = item.verdict.post.collected_at if decision is None else decision.at
            if since >= _before(now, retention.of(kind, {tenant} if tenant else set())):
                return False
        return True

    def _days(self, age: Age, post: Post, retention: Retention, now: datetime) -> tuple[Kind, float]:
        """By which kind a post is kept, and how long."""
        tenants = self._tenants(post.officials)
        days = retention.of(age, tenants)
        if age == "unflagged" and self.sample.takes(post, now):
            sampled = retention.of("sample", tenants)
            return ("sample", sampled) if sampled > days else (age, days)
        return age, days

    def _tenants(self, officials: Iterable[str]) -> frozenset[str]:
        known = map(self.officials, officials)
        return frozenset(tenant_of(official) for official in known if official is not None)


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)
