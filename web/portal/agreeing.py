"""What an official agrees to: the first consent, its changes, and the end of it with everything that was held by it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from flow.errors import BadInput, Unavailable
from registry.official import Consent, Official
from web.console.site import actor_of
from web.portal import describing
from web.portal.consenting import given_up, held, is_same, read, to_come, together
from web.portal.desk import Desk, tenant_of_grant

STORES = frozenset(
    {"log", "alerts", "outbox", "index", "trends", "notices", "letters", "registry", "audit", "people", "holds"}
)
"""The holders that have a name for people."""
_NEW = Consent(scope=("*",), since=None)  # type: ignore[arg-type]  # what the form of a first consent proposes


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
        """Change it. What came from a source that is no longer named is erased."""
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
    return _form(desk, request, "begin", draft, form=form, faults=faults, consent=None)


def _begun(desk: Desk, request: Request, form: FormData) -> Response:
    if desk.official(request) is not None:
        return RedirectResponse("/me/consent", 303)
    consent = _read(desk, request, form, None)
    if isinstance(consent, str):
        return _begin(desk, request, form, consent)
    language = desk.site.wording(request).language
    draft = _draft(desk, request, form)
    draft = replace(draft, consents=(consent,), contacts=(describing.contact(form, language=language),))
    try:
        desk.portal.store.add(draft, given=desk.given(request, str(form["wording"])))
    except BadInput:
        return _begin(desk, request, form, "refused")
    desk.note(request, "consent-given")
    return RedirectResponse("/me?done=begun", 303)


def _consent(desk: Desk, request: Request, form: FormData | None = None, faults: str = "") -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    consent = held(official, desk.site.clock.now())
    return _form(desk, request, "consent", official, form=form, faults=faults, consent=consent)


def _changed(desk: Desk, request: Request, form: FormData) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    now = desk.site.clock.now()
    before = held(official, now)
    consent = _read(desk, request, form, before)
    if isinstance(consent, str):
        return _consent(desk, request, form, consent)
    if is_same(before, consent):
        return RedirectResponse("/me/consent?done=same", 303)
    try:
        whole, given = together(before, consent), desk.given(request, str(form["wording"]))
        if not is_same(before, whole):
            desk.portal.store.change(replace(official, consents=(whole, *to_come(official, now))), given=given)
        desk.note(request, "consent-changed")
        gone = given_up(before, consent, sources=desk.portal.sources_of(official.id))
        complete = desk.portal.erasure.withdraw_parts(official.id, gone, given=given)
    except BadInput:
        return _consent(desk, request, form, "refused")
    return RedirectResponse(f"/me/consent?done={'saved' if complete else 'pending'}", 303)


def _erase(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    return desk.missing(request) if official is None else desk.page(request, "erase", official)


def _erased(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    desk.note(request, "consent-withdrawn")
    report = None
    try:
        report = desk.portal.erasure.withdraw(official.id, given=desk.given(request))
    except Unavailable:
        withdrawal = desk.portal.store.withdrawal(official.id)
        if withdrawal is None or withdrawal.erased_at is not None:
            raise  # not even her consent has ended
        # It has; what is left is erased by the monitor as soon as it can be.
    return desk.page(request, "erased", None, report=report, stores=STORES)


def _read(desk: Desk, request: Request, form: FormData, before: Consent | None) -> Consent | str:
    wording = desk.site.wording(request)
    if form.get("wording") != desk.portal.statement(wording.language, _tenant(desk, request)).reference:
        return "wording"  # it was changed while she read
    now = desk.site.clock.now()
    return read(form, before=before, sources=sorted(desk.portal.sources()), at=now, zone=wording.zone)


def _tenant(desk: Desk, request: Request) -> str:
    return tenant_of_grant(actor_of(request), desk.about(request))


def _draft(desk: Desk, request: Request, form: FormData | None) -> Official:
    """She as the form has her, or as far as the invitation tells."""
    actor, id = actor_of(request), desk.about(request)
    tenant = desk.portal.tenant(tenant_of_grant(actor, id))
    given, _, family = actor.person.name.partition(" ")
    draft = Official(
        id=id,
        given_names=(given,),
        family_names=(family,) if family else (),
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
) -> HTMLResponse:
    wording, sources = desk.site.wording(request), sorted(desk.portal.sources())
    shown: Any = consent or _NEW
    if form is not None:
        read_again = read(form, before=consent, sources=sources, at=desk.site.clock.now(), zone=wording.zone)
        shown = shown if isinstance(read_again, str) else read_again
    return desk.page(
        request,
        name,
        official,
        status=422 if faults else 200,
        consent=shown,
        has_consent=consent is not None,
        last_day=shown.until.astimezone(wording.zone).date().isoformat() if shown.until else "",
        statement_shown=desk.portal.statement(wording.language, _tenant(desk, request)),
        ledger=desk.portal.store.ledger(official.id) if consent is not None else [],
        platforms=describing.PLATFORMS,
        sources=sources,
        channels=sorted(desk.portal.channels()),
        contact={each: describing.written(form, each) for each in ("contact_name", "channel", "address")},
        faults=faults,
    )
