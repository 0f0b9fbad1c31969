"""What an official settles: names and accounts, who is told, wishes, deputies; posts to hand in, and what she takes along."""

from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from access.checking import folded
from alerts.messages.translations import LANGUAGES
from alerts.routing import may_tell
from flow.errors import BadInput
from ingest.collectors.manual import submission
from registry import proposing
from registry.holder import Part
from registry.official import Consent, Contact, Official
from registry.tenant import tenant_of
from review.naming import NameTaken
from web.console.site import actor_of
from web.portal import describing
from web.portal.desk import Desk
from web.portal.preview import preview
from web.wording import Texts

_TEXTS = Texts()
_SENTENCES = ("full", "genitive", "tag", "role", "place", "alone")
_FILE = {"html": "text/html; charset=utf-8", "json": "application/json"}


def routes(desk: Desk) -> APIRouter:
    """``/me/names``, ``contacts``, ``wishes``, ``deputies``, ``submit`` and ``download``."""
    router = desk.router()
    reads = desk.site.reads

    @router.get("/me/names")
    async def names(request: Request) -> Response:
        """Names and accounts, and what they would find."""
        return await reads(_names, desk, request)

    @router.post("/me/names")
    async def named(request: Request) -> Response:
        """Show what would be found, or save."""
        return await reads(_names, desk, request, await request.form())

    @router.get("/me/contacts")
    async def contacts(request: Request) -> Response:
        """Who is told."""
        return await reads(_contacts, desk, request)

    @router.post("/me/contacts")
    async def contact(request: Request) -> Response:
        """Add somebody, or withdraw that somebody is told."""
        return await reads(_contact, desk, request, await request.form())

    @router.get("/me/wishes")
    async def wishes(request: Request) -> Response:
        """How she wants to be told herself."""
        return await reads(_wishes, desk, request)

    @router.post("/me/wishes")
    async def wished(request: Request) -> Response:
        """Save her wishes."""
        return await reads(_wishes, desk, request, await request.form())

    @router.get("/me/deputies")
    async def deputies(request: Request) -> Response:
        """Who may see this in her place."""
        return await reads(_deputies, desk, request)

    @router.post("/me/deputies")
    async def deputy(request: Request) -> Response:
        """Invite somebody, or end it."""
        return await reads(_deputy, desk, request, await request.form())

    @router.get("/me/submit")
    async def submit(request: Request) -> Response:
        """The form to hand in what no collector can reach."""
        return await reads(_submit, desk, request)

    @router.post("/me/submit")
    async def submitted(request: Request) -> Response:
        """Take it in as a post about her."""
        form = await request.form()
        text, link, source = str(form.get("text", "")), describing.text(form, "link"), describing.text(form, "seen")
        if await reads(desk.official, request) is None:
            return desk.missing(request)
        try:
            post = submission(text=text, link=link or None, source=source, created_at=None, clock=desk.site.clock)
        except BadInput:
            return await reads(_submit, desk, request, form, "no_text")
        await reads(desk.note, request, "text-submitted", post=post.id)
        taken = await desk.portal.submit(post, desk.about(request))
        if not taken:
            return await reads(_submit, desk, request, form, "not_covered")
        return RedirectResponse("/me/submit?done=submitted", 303)

    @router.get("/me/download")
    async def download(request: Request) -> Response:
        """What can be taken along."""
        return await reads(_download, desk, request)

    @router.get("/me/download/{form}")
    async def file(request: Request, form: str) -> Response:
        """Everything that is held because of her, as a file."""
        return await reads(_file, desk, request, form)

    return router


def _names(desk: Desk, request: Request, form: FormData | None = None) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    draft, faults = proposing.written(official), ""
    if form is not None:
        draft = describing.named(draft, form)
    if form is not None and form.get("act") == "save":

        def save(settled: Official) -> None:
            # The place is free text: it never moves her to another tenant.
            with desk.portal.store.changing(official.id) as her:
                settled = replace(settled, consents=her.consents, contacts=her.contacts, wishes=her.wishes)
                desk.portal.store.change(replace(settled, tenant=tenant_of(her)), given=desk.given(request))
            desk.note(request, "official-changed")

        try:
            desk.portal.naming.enter(actor_of(request), official, draft, save)
        except NameTaken:
            faults = "name_taken"
        except BadInput:
            faults = "refused"
        else:
            return RedirectResponse("/me/names?done=saved", 303)
    own = describing.written(form, "own")[:500]
    texts = _sentences(draft) + ([own] if own.strip() else [])
    shown = preview(draft, texts, posts=desk.site.own(request), at=desk.site.clock.now())
    return desk.page(
        request,
        "names",
        draft,
        status=422 if faults else 200,
        preview=shown,
        own=own,
        waiting=proposing.items(official.proposed),
        platforms=describing.PLATFORMS,
        tried=form is not None,
        faults=faults,
    )


def _sentences(official: Official) -> list[str]:
    """Sentences as people write them about her, in her own language; those that say more of her than is known are left out."""
    wording = _TEXTS.wording(official.language)
    given, family = official.given_names[:1], official.family_names
    if not (given and family):
        return [wording.text("me.example.form", form=form) for form in official.forms[:3]]
    values = {
        "given": given[0],
        "family": " ".join(family),
        "tag": "".join((*given, *family)).replace("-", ""),
        "role": official.role,
        "place": official.municipality,
    }
    known = [key for key in _SENTENCES if key not in values or values[key]]
    return [wording.text(f"me.example.{key}", **values) for key in known]


def _contacts(desk: Desk, request: Request, form: FormData | None = None, faults: str = "") -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    told, now = desk.portal.audience(official), desk.site.clock.now()
    return desk.page(
        request,
        "contacts",
        official,
        status=422 if faults else 200,
        own_told=told.own,
        named=[name for name in told.names if may_tell(official, name, now)],
        also_named=told.names,
        channels=list(desk.portal.channels()),
        contact={each: describing.written(form, each) for each in ("contact_name", "channel", "address")},
        faults=faults,
    )


def _contact(desk: Desk, request: Request, form: FormData) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    removed = str(form.get("remove", ""))
    done = "saved"
    try:
        if removed:
            gone = [Part("recipient", removed)]
            complete = desk.portal.erasure.withdraw_parts(official.id, gone, given=desk.given(request))
            done = "removed" if complete else "pending"
        else:
            language = desk.site.wording(request).language
            added = describing.contact(form, desk.portal.channels(), language=language)
            if any(each.name == added.name for each in official.contacts):
                return _contacts(desk, request, form, "same_name")
            part, now = Part("recipient", added.name), desk.site.clock.now()
            with desk.portal.store.changing(official.id) as her:
                begins = now if desk.portal.erasure.partial.withdrawal(official.id, part) is not None else None
                desk.portal.store.change(_told(her, added, now, begins=begins), given=desk.given(request))
    except BadInput:
        return _contacts(desk, request, form, "last_one" if removed else "refused")
    desk.note(request, "consent-changed")
    return RedirectResponse(f"/me/contacts?done={done}", 303)


def _told(official: Official, contact: Contact, at: datetime, *, begins: datetime | None) -> Official:
    """With one contact more, whom all her consents that have not ended let be told.

    Args:
        begins: when the consents in force begin that did not let it be told; ``None``: as before. What was withdrawn once takes a
            consent that was given later.
    """

    def telling(consent: Consent) -> Consent:
        if consent.tells(contact.name) or not consent.is_open(at):
            return consent
        told = consent.telling(contact.name)
        return replace(told, since=begins) if begins is not None and consent.in_force(at) else told

    consents = tuple(map(telling, official.consents))
    return replace(official, contacts=(*official.contacts, contact), consents=consents)


def _wishes(desk: Desk, request: Request, form: FormData | None = None) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    wishes = official.wishes if form is None else describing.wishes(form, official.wishes)
    tellers, faults = _tellers(desk, official), "" if wishes is not None else "quiet"
    if form is not None and wishes is not None and wishes.through:
        called = next((each for each in tellers if folded(each) == folded(wishes.through)), "")
        wishes, faults = replace(wishes, through=called), "" if called else "nobody_of_name"
    if form is not None and wishes is not None and not faults:
        with desk.portal.store.changing(official.id) as her:
            desk.portal.store.change(replace(her, wishes=wishes), given=desk.given(request))
        desk.note(request, "official-changed")
        return RedirectResponse("/me/wishes?done=saved", 303)
    begins, _, ends = official.wishes.quiet.partition("-")
    if form is not None:  # what she typed stays
        begins, ends = describing.written(form, "quiet_from"), describing.written(form, "quiet_to")
        official = replace(official, wishes=describing.told(form, official.wishes))
    status = 422 if faults else 200
    return desk.page(request, "wishes", official, status=status, quiet=(begins, ends), tellers=tellers, faults=faults)


def _tellers(desk: Desk, official: Official) -> list[str]:
    """The names of those who may tell her: whoever else hears of no alert would tell her nothing."""
    told, now = desk.portal.audience(official), desk.site.clock.now()
    own = (contact.name for contact in official.contacts if told.own)
    return [each for each in dict.fromkeys((*own, *told.names)) if may_tell(official, each, now)]


def _deputies(desk: Desk, request: Request, form: FormData | None = None, faults: str = "") -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    return desk.page(
        request,
        "deputies",
        official,
        status=422 if faults else 200,
        deputies=desk.portal.deputies.of(official.id),
        form={each: describing.written(form, each) for each in ("name", "email", "language")},
        faults=faults,
    )


def _deputy(desk: Desk, request: Request, form: FormData) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    removed = str(form.get("remove", ""))
    name, email = describing.text(form, "name"), describing.text(form, "email")
    language = describing.choice(form, "language", LANGUAGES, desk.site.wording(request).language)
    try:
        if removed:
            desk.portal.deputies.remove(official.id, removed)
        else:
            by = actor_of(request).person
            desk.portal.deputies.invite(by, official.id, name=name, email=email, language=language)
    except BadInput:
        return _deputies(desk, request, form, "refused")
    desk.note(request, "person-changed" if removed else "invited")
    return RedirectResponse(f"/me/deputies?done={'removed' if removed else 'invited'}", 303)


def _submit(desk: Desk, request: Request, form: FormData | None = None, faults: str = "") -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    values = {each: describing.written(form, each) for each in ("text", "link", "seen")}
    return desk.page(request, "submit", official, status=422 if faults else 200, form=values, faults=faults)


def _download(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    forms = list(desk.portal.downloads)
    return desk.missing(request) if official is None else desk.page(request, "download", official, forms=forms)


def _file(desk: Desk, request: Request, form: str) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    if form not in desk.portal.downloads:
        return desk.site.error(request, "missing", status=404)
    desk.note(request, "exported")
    content = desk.portal.downloads[form](official.id, desk.site.wording(request).language)
    headers = {"Content-Disposition": f'attachment; filename="turvakt-{official.id}.{form}"'}
    return Response(content, media_type=_FILE[form], headers=headers)
