"""What an official agrees to: the first consent, its changes, and the end of it with everything that was held by it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from access.audit_entry import SYSTEM
from alerts.audience import Audience
from flow.errors import BadInput, Unavailable
from registry.official import EVERYTHING, Consent, Official
from registry.tenant import tenant_of
from registry.wording import Shown
from review.naming import NameTaken
from web.console.site import actor_of
from web.portal import describing
from web.portal.consenting import changes, each_changed, given_up, held, is_same, read, ticked, to_come, together
from web.portal.desk import Desk, tenant_of_grant

# What the form of a first consent proposes: nothing. Only what she ticks herself is consent.
_NEW = Consent(scope=(), since=None, labels=(), text=False, evidence=False, statistics=False)  # type: ignore[arg-type]


def routes(desk: Desk) -> APIRouter:
    """``/me/begin``, ``/me/consent`` and ``/me/erase``."""
    router = desk.router()
    reads = desk.site.reads

    @router.get("/me/begin")
    async def begin(request: Request) -> Response:
        """The form by which she comes into the registry."""
        return await reads(_begin, desk, request)

    @router.post("/me/begin")
    async def begun(request: Request) -> Response:
        """Take her in: names, a contact and consent, all by her own hand."""
        return await reads(_begun, desk, request, await request.form())

    @router.get("/me/consent")
    async def consent(request: Request) -> Response:
        """What she agreed to, and how to change it."""
        return await reads(_consent, desk, request)

    @router.post("/me/consent")
    async def changed(request: Request) -> Response:
        """Change it. What came from a source that is no longer named is erased: if open alerts rest on it, she is asked."""
        return await reads(_changed, desk, request, await request.form())

    @router.get("/me/erase")
    async def erase(request: Request) -> Response:
        """What is going to happen."""
        return await reads(_erase, desk, request)

    @router.post("/me/erase")
    async def erased(request: Request) -> Response:
        """End all consent and erase everything. The report is shown at once, since she cannot come back for it."""
        return await reads(_erased, desk, request)

    return router


def _begin(desk: Desk, request: Request, form: FormData | None = None, faults: str = "") -> Response:
    if desk.official(request) is not None:
        return RedirectResponse("/me/consent", 303)
    draft = _draft(desk, request, form)
    told = desk.portal.audience(draft)
    return _form(desk, request, "begin", draft, form=form, faults=faults, consent=None, told=told)


def _begun(desk: Desk, request: Request, form: FormData) -> Response:
    if desk.official(request) is not None:
        return RedirectResponse("/me/consent", 303)
    consent = _read(desk, request, form, None, None)
    if isinstance(consent, str):
        return _begin(desk, request, form, consent)
    language = desk.site.wording(request).language
    draft = _draft(desk, request, form)
    try:
        contact = describing.contact(form, desk.portal.channels(), language=language)
    except BadInput:
        return _begin(desk, request, form, "refused")
    draft = replace(draft, consents=(consent,), contacts=(contact,))
    given = desk.given(request, str(form["wording"]))

    def save(official: Official) -> None:
        desk.portal.store.add(official, given=given)
        desk.note(request, "consent-given")

    try:
        desk.portal.naming.enter(actor_of(request), _draft(desk, request, None), draft, save)
    except NameTaken:
        return _begin(desk, request, form, "name_taken")
    except BadInput:
        return _begin(desk, request, form, "refused")
    return RedirectResponse("/me?done=begun", 303)


def _consent(
    desk: Desk,
    request: Request,
    form: FormData | None = None,
    faults: str = "",
    *,
    lost: Sequence[str] = (),
    still_open: int = 0,
) -> Response:
    """The page; it asks first whether to take out the sources ``lost``, from which so many open alerts have posts."""
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    consent = held(official, desk.site.clock.now())
    asks: dict[str, Any] = {"lost": lost, "still_open": still_open}
    return _form(desk, request, "consent", official, form=form, faults=faults, consent=consent, **asks)


def _changed(desk: Desk, request: Request, form: FormData) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    now = desk.site.clock.now()
    before = held(official, now)
    consent = _read(desk, request, form, before, official)
    if isinstance(consent, str):
        return _consent(desk, request, form, consent)
    if is_same(before, consent):
        return RedirectResponse("/me/consent?done=same", 303)
    due = desk.portal.erasure.sources_due(official.id)
    if due and (EVERYTHING in consent.scope or due & set(consent.scope)):
        return _consent(desk, request, form, "source_due")
    gone = given_up(before, consent, sources=desk.portal.sources_of(official.id))
    lost = [part.name for part in gone]
    still_open = len(desk.portal.incidents.open_from(official.id, lost))
    if still_open and not (form.get("sure") and set(lost) <= set(form.getlist("asked"))):
        return _consent(desk, request, form, lost=lost, still_open=still_open)
    try:
        whole, given = together(before, consent, gone), desk.given(request, str(form["wording"]))
        with desk.portal.store.changing(official.id) as her:
            if not is_same(before, whole):
                consents = (whole,) if before is None else each_changed(her, before, whole, now)
                desk.portal.store.change(replace(her, consents=(*consents, *to_come(her, now))), given=given)
            desk.portal.erasure.end_parts(official.id, gone, given=given)
            desk.note(request, "consent-changed")
    except BadInput:
        return _consent(desk, request, form, "refused")
    complete = desk.portal.erasure.erase_parts(official.id, gone)
    return RedirectResponse(f"/me/consent?done={'saved' if complete else 'pending'}", 303)


def _erase(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    still_open = sum(each.is_open for each in desk.portal.incidents.of_official(official.id))
    return desk.page(request, "erase", official, still_open=still_open)


def _erased(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    tenant, report = tenant_of(official), None
    desk.note(request, "consent-withdrawn", why="begun")
    try:
        report = desk.portal.erasure.withdraw(official.id, given=desk.given(request))
    except Unavailable:
        withdrawal = desk.portal.store.withdrawal(official.id)
        if withdrawal is None or withdrawal.erased_at is not None:
            desk.note(request, "consent-withdrawn", why="failed")
            raise  # not even her consent has ended
        # It has; what is left is erased by the monitor as soon as it can be.
    with suppress(Unavailable):  # her report is worth more than this entry, which names nobody
        desk.portal.audit.write(SYSTEM, "erased", tenant=tenant, why="" if report else "pending")
    return desk.page(request, "erased", None, report=report)


def _read(
    desk: Desk, request: Request, form: FormData, before: Consent | None, official: Official | None
) -> Consent | str:
    wording = desk.site.wording(request)
    if form.get("wording") != _statement(desk, request).reference:
        return "wording"  # it was changed while she read
    now = desk.site.clock.now()
    return read(form, before=before, sources=_sources(desk, official), at=now, zone=wording.zone)


def _sources(desk: Desk, official: Official | None) -> list[str]:
    """What there is to choose among: what she does not see she would give up, and lose what came from there.

    Args:
        official: ``None``: she is not in the registry yet.
    """
    return sorted(desk.portal.sources() if official is None else desk.portal.sources_of(official.id))


def _statement(desk: Desk, request: Request) -> Shown:
    language, tenant = desk.site.wording(request).language, tenant_of_grant(actor_of(request), desk.about(request))
    return desk.portal.statement(language, tenant, of_function=desk.is_function(request))


def _draft(desk: Desk, request: Request, form: FormData | None) -> Official:
    """She as the form has her, or as far as the invitation tells."""
    actor, id = actor_of(request), desk.about(request)
    tenant = desk.portal.tenant(tenant_of_grant(actor, id))
    given, _, family = actor.person.name.partition(" ")
    function = desk.function(request)
    draft = Official(
        id=id,
        given_names=(given,) if function is None else (),
        family_names=(family,) if function is None and family else (),
        forms=(),
        language=actor.person.language,
        role="",
        party="",
        municipality=tenant.name,
        country=tenant.country,
        handles={},
        consents=(),
        contacts=(),
        tenant=tenant.id,
    )
    if function is not None:
        forms, responsible = (function.name, *function.forms), actor.person.name
        draft = replace(draft, forms=forms, handles=function.handles, is_function=True, responsible=responsible)
    return draft if form is None else describing.named(draft, form)


def _form(
    desk: Desk,
    request: Request,
    name: str,
    official: Official,
    *,
    form: FormData | None,
    faults: str,
    consent: Consent | None,
    told: Audience | None = None,
    **values: Any,
) -> HTMLResponse:
    wording, sources = desk.site.wording(request), _sources(desk, None if consent is None else official)
    shown: Any = consent or _NEW
    if form is not None:
        read_again = read(form, before=consent, sources=sources, at=desk.site.clock.now(), zone=wording.zone)
        shown = ticked(form, shown) if isinstance(read_again, str) else read_again
    return desk.page(
        request,
        name,
        official,
        status=422 if faults else 200,
        consent=shown,
        has_consent=consent is not None,
        last_day=shown.until.astimezone(wording.zone).date().isoformat() if shown.until else "",
        statement_shown=_statement(desk, request),
        ledger=changes(desk.portal.store.ledger(official.id)) if consent is not None else [],
        platforms=describing.PLATFORMS,
        sources=sources,
        channels=list(desk.portal.channels()),
        told=told,
        contact={each: describing.written(form, each) for each in ("contact_name", "channel", "address")},
        faults=faults,
        **values,
    )
