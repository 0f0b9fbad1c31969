"""What services that carried a message tell us: that it arrived, or which key somebody has pressed on the telephone.

They come without a session and from no page of ours. What they bring is the secret part of the link in the message that they
carried, so they can say no more than whoever got it.
"""

from datetime import timedelta
from itertools import dropwhile

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from alerts.incidents.history import BEGUN_AGAIN, Event
from alerts.incidents.links import Link
from web.answer.answers import Answers
from web.answer.pace import Pace
from web.answer.reading import is_told
from web.console.site import Site
from web.security import client_of

_ARRIVED: dict[str, Event] = {"delivered": "received", "success": "received", "failed": "failed", "busy": "failed"}
_CHANNELS = ("sms", "sms-gateway", "voice")
_WRONG_MOST, _WITHIN = 60, timedelta(minutes=15)
_HEARD = {"play": "sound/beep"}
_NOTHING: dict[str, str] = {"hangup": "reject"}


def routes(site: Site, answers: Answers) -> APIRouter:
    """``/receipts/CHANNEL/TOKEN`` and ``/voice/TOKEN``."""
    router = APIRouter()
    wrong = Pace(site.clock, most=_WRONG_MOST, within=_WITHIN)

    def found(request: Request, token: str) -> Link | Response:
        delivery = answers.signer.delivery(token)
        link = None if delivery is None else answers.links.find(delivery)
        if link is not None and not answers.links.expired(link):
            official = answers.official(link.official)
            if is_told(link, official=official, clock=site.clock):
                return link
        status = 404 if wrong.lets(client_of(request.scope)) else 429
        return PlainTextResponse("", status)

    def heard(link: Link) -> str | None:
        """What somebody has seen who was called; ``None``: she may not answer so, or the call said less than there is now."""
        incident = answers.incidents.get(link.incident)
        if incident is None or not answers.is_contact(incident, link.contact):
            return None
        official = answers.official(link.official)
        signs_in = answers.plan(incident.tenant).needs_second_factor(link.contact, official)
        if signs_in and incident.kind != "drill":
            return None
        told = dropwhile(lambda each: each.delivery != link.delivery, answers.history.of(link.incident))
        begun_again = any(each.event in BEGUN_AGAIN for each in told)
        return None if begun_again else answers.answering.seen(incident)

    def went_by(link: Link, channel: str) -> bool:
        """Whether the message of the link went by this channel: only the service that carried it knows what came of it."""
        return any(each.channel == channel for each in answers.history.of_delivery(link.delivery))

    @router.post("/receipts/{channel}/{token}")
    async def receipt(request: Request, channel: str, token: str) -> Response:
        """What came of a message: ``status`` or, of a call, ``state``; what is none of ours changes nothing."""
        link = await site.reads(found, request, token)
        if isinstance(link, Response):
            return link
        form = await request.form()
        status = str(form.get("status") or form.get("state") or "")
        if channel in _CHANNELS and status in _ARRIVED and await site.reads(went_by, link, channel):
            await answers.step(answers.receipts.note, link, _ARRIVED[status], channel=channel)
        return Response(status_code=204)

    @router.post("/voice/{token}")
    async def pressed(request: Request, token: str) -> Response:
        """1 acknowledges, unless the tenant wants its people to sign in first, or it has become graver since they were called.

        The answer is what the call does next.
        """
        link = await site.reads(found, request, token)
        if isinstance(link, Response):
            return link
        digit = str((await request.form()).get("result", ""))
        seen = await site.reads(heard, link) if digit == "1" else None
        if seen is None:
            return JSONResponse(_NOTHING)
        said = await answers.answer(link.incident, "acknowledge", by=link.contact, seen=seen)
        # Where somebody else has answered just now there is nothing more to do.
        heard_it = said is not None and (said.done or said.refusal == "outdated")
        return JSONResponse(_HEARD if heard_it else _NOTHING)

    return router
