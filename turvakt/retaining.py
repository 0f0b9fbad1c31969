"""Retention, as the settings and the tenants have it: what comes into the index, and what leaves every place each night."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial

from registry.holder import Holder
from registry.retention import Kind, Retention, RetentionReport
from registry.stores.retention import sample_key
from review.retention import PostRetention
from review.sampling import Sample
from turvakt import sections
from turvakt.stores import Stores

REPORTS_KEPT = timedelta(days=3 * 365)


def retention(stores: Stores) -> Retention:
    """How long posts are kept, as of now."""
    tenants = {tenant.id: tenant.retention for tenant in stores.store.tenants() if tenant.retention}
    return Retention(days(stores.settings.retention), tenants)


def days(section: sections.Retention) -> dict[Kind, float]:
    """The days of every kind of post, as the settings have them."""
    return {
        "unflagged": section.unflagged_days,
        "sample": section.sample_days,
        "low": section.low_days,
        "flagged": section.flagged_days,
        "case": section.case_days,
        "open-case": section.open_case_days,
    }


def post_retention(stores: Stores, *, release: Callable[[Collection[str]], object]) -> PostRetention:
    """What keeps the index; ``release`` removes what incidents and outbox hold of posts."""
    officials = stores.officials.get
    return PostRetention(
        index=stores.index,
        retention=partial(retention, stores),
        officials=officials,
        sample=Sample(
            key=lambda: sample_key(stores.database),
            share=stores.settings.retention.sample_share,
            officials=officials,
        ),
        held=stores.holds.held,
        release=release,
        clock=stores.clock,
    )


def is_due(stores: Stores) -> bool:
    """Whether retention has not been enforced today, in UTC."""
    newest = stores.retention_reports.newest()
    return not newest or newest[0].at.date() < stores.clock.now().date()


def enforce(stores: Stores, holders: Iterable[Holder], posts: PostRetention) -> RetentionReport:
    """Remove everywhere what may not be kept any longer; the report of it is kept, too.

    May be called again after an interruption: then the report tells of what was left.
    """
    now, section = stores.clock.now(), stores.settings.retention
    removed = posts.enforce()
    most = retention(stores).longest()
    own = {"log": section.log_days, "outbox": section.flagged_days, "incidents": section.flagged_days}
    records = {holder.name: holder.expire(_before(now, own.get(holder.name, most))) for holder in holders}
    records["index"] += removed.records
    gone = {name: many for name, many in records.items() if many}
    report = RetentionReport(now, {tenant: dict(kinds) for tenant, kinds in removed.posts.items()}, gone, removed.held)
    stores.retention_reports.expire(now - REPORTS_KEPT)
    stores.retention_reports.add(report)
    return report


def clean(stores: Stores) -> int:
    """Between two nights: remove from the index what nothing may be kept for, and the last traces of what was removed."""
    return stores.index.expire(_before(stores.clock.now(), retention(stores).longest()))


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)
