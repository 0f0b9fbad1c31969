"""From what stands in a consent form to a `Consent`, and what is withdrawn by it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Literal

from starlette.datastructures import FormData

from classify.verdict import LABELS
from registry.holder import Part
from registry.ledger import LedgerEntry
from registry.official import EVERYTHING, Consent, Official
from web.wording import LAST_SECOND

Fault = Literal["no_source", "first_source", "no_label", "unclear", "until"]

_UNCLEAR = ("",)
_YES_OR_NO = ("text", "evidence", "statistics", "sample")


def held(official: Official, at: datetime) -> Consent | None:
    """All consents in force, as one, to be shown; ``None`` if there is none. It ends with the last of them.

    It may allow more than they do, each for its own sources and recipients, and takes the place of none: see `each_changed`.
    """
    open_ = [each for each in official.consents if each.in_force(at)]
    if not open_:
        return None
    ends = [each.until for each in open_ if each.until is not None]
    return replace(
        open_[-1],
        scope=_union(each.scope for each in open_),
        labels=_union(each.labels for each in open_),
        recipients=_union(each.recipients for each in open_),
        since=min(each.since for each in open_),
        until=max(ends) if len(ends) == len(open_) else None,
        text=any(each.text for each in open_),
        evidence=any(each.evidence for each in open_),
        statistics=any(each.statistics for each in open_),
        sample=any(each.sample for each in open_),
    )


def to_come(official: Official, at: datetime) -> tuple[Consent, ...]:
    """The consents that have not begun: the form neither shows nor changes them."""
    return tuple(each for each in official.consents if each.since > at)


def read(
    form: FormData, *, before: Consent | None, sources: Collection[str], at: datetime, zone: tzinfo
) -> Consent | Fault:
    """What the form says, from ``at`` on; of who may be told it says nothing. A last day is included, in ``zone``.

    The day on which the consent ``before`` ends already means the moment at which it does.
    """
    scope = _chosen(form, "scope", "source", sources, first=before is None)
    labels = _chosen(form, "labels", "label", LABELS, first=before is None)
    if not scope:
        return "first_source" if before is None else "no_source"
    if not labels:
        return "no_label"
    if scope == _UNCLEAR or labels == _UNCLEAR:
        return "unclear"
    until = None
    if form.get("until"):
        try:
            day = date.fromisoformat(str(form["until"]))
        except ValueError:
            return "until"
        until = datetime.combine(day, LAST_SECOND, zone)
        if before is not None and before.until is not None and before.until.astimezone(zone).date() == day:
            until = before.until
        if until <= at:
            return "until"
    return replace(
        before or Consent(scope, at),
        scope=scope,
        since=at,
        until=until,
        labels=labels,
        text="text" in form,
        evidence="evidence" in form,
        statistics="statistics" in form,
        sample="sample" in form,
    )


def ticked(form: FormData, shown: Consent) -> Consent:
    """``shown`` with what is ticked in a form that has a fault, so that she need not do it again."""
    return replace(
        shown,
        scope=_as_ticked(form, "scope", "source"),
        labels=_as_ticked(form, "labels", "label"),
        text="text" in form,
        evidence="evidence" in form,
        statistics="statistics" in form,
        sample="sample" in form,
    )


def _as_ticked(form: FormData, all_of: str, each: str) -> tuple[str, ...]:
    return (EVERYTHING,) if form.get(all_of) == "all" else tuple(str(value) for value in form.getlist(each))


def each_changed(official: Official, before: Consent, after: Consent, at: datetime) -> list[Consent]:
    """Each of the consents in force that are ``before`` together, with what ``after`` changes of them, and nothing else out of
    the others: who may be told stays as it was. One of which nothing is left has ended.
    """
    new = [_changed_by(each, before, after) for each in official.consents if each.in_force(at)]
    return [each for each in new if each.scope and each.labels]


def _changed_by(consent: Consent, before: Consent, after: Consent) -> Consent:
    differing = {each: getattr(after, each) for each in _YES_OR_NO if getattr(after, each) != getattr(before, each)}
    new = replace(
        consent,
        scope=_differing(consent.scope, before.scope, after.scope),
        labels=_differing(consent.labels, before.labels, after.labels),
        until=_earlier(consent.until, after.until) if consent.until != before.until else after.until,
        **differing,
    )
    return consent if new == consent else replace(new, since=after.since)


def _differing(own: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """``own``, some of those ``before``, without what is not there ``after``, and with what is new."""
    if set(own) == set(before):
        return own if set(after) == set(before) else after
    if EVERYTHING in after:
        return own if EVERYTHING in before else after
    new = () if EVERYTHING in before else (each for each in after if each not in before)
    return (*(after if EVERYTHING in own else (each for each in own if each in after)), *new)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)


def is_same(one: Consent | None, other: Consent) -> bool:
    """Whether both say the same, whenever they began."""
    return one is not None and replace(one, since=other.since, extra=other.extra) == other


def given_up(before: Consent | None, after: Consent, *, sources: Collection[str]) -> list[Part]:
    """The sources that ``before`` covered and ``after`` does not: what came from them is to be erased."""
    if before is None:
        return []
    return [Part("source", each) for each in sorted(sources) if covers(before, each) and not covers(after, each)]


def together(before: Consent | None, after: Consent, gone: Collection[Part]) -> Consent:
    """``after`` in the sources of both, as those that are ``gone`` are withdrawn from it, one after another.

    Where none is, it is ``after``: whoever names all sources there are does not mean those to come.
    """
    return replace(after, scope=_union((before.scope, after.scope))) if before is not None and gone else after


def changes(ledger: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, list[str]]]:
    """Each entry, the newest first, with what it changed of what was consented to before: fields of `Consent`."""
    return [(after, _changed(before, after)) for before, after in zip([None, *ledger], ledger, strict=False)][::-1]


def _changed(before: LedgerEntry | None, after: LedgerEntry) -> list[str]:
    if before is None or not before.consents or not after.consents:
        return []
    fields = [
        each
        for each in ("scope", "labels", "text", "evidence", "statistics", "sample", "until")
        if [getattr(consent, each) for consent in before.consents]
        != [getattr(consent, each) for consent in after.consents]
    ]
    return [*fields, "recipients"] if set(before.recipients) != set(after.recipients) else fields


def covers(consent: Consent, source: str) -> bool:
    """Whether it names the source, or all."""
    return EVERYTHING in consent.scope or source in consent.scope


def _chosen(form: FormData, all_of: str, each: str, known: Collection[str], *, first: bool) -> tuple[str, ...]:
    """What was chosen. Who says "all" and leaves a box empty may have meant either: she is asked, and nothing is guessed.

    In the form of a first consent no box is ticked before: there "all" alone is clear.
    """
    boxes = {str(value) for value in form.getlist(each)}
    if form.get(all_of) == "all":
        return (EVERYTHING,) if boxes.issuperset(known) or (first and not boxes) else _UNCLEAR
    return tuple(name for name in known if name in boxes)


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for group in groups for name in group))
    return (EVERYTHING,) if EVERYTHING in names else names
