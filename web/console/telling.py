"""Whether the official was told of an alert: what is on record, and the form by which whoever told her puts it there."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from alerts.notices import Notice
from registry.official import Official
from review.index import Item, Raised
from web.answer.told import chosen
from web.console.site import Site, actor_of
from web.portal.portal import Portal


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one alert: whom it is about, and every notice so far."""

    alert: Raised
    official: Official
    notices: list[Notice]

    @property
    def seen(self) -> int:
        """How many notices of the alert itself there are."""
        return sum(each.alert == self.alert.id for each in self.notices)


class Telling:
    """What the console needs of the portal to tell and ask whether an official was told."""

    def __init__(self, site: Site, portal: Portal) -> None:
        self._site = site
        self._portal = portal

    def person_name(self, id: str) -> str:
        """What a person is called, given her id."""
        return self._portal.person_name(id)

    def told(self, request: Request, item: Item) -> list[Told]:
        """Of each official whom alerts of ``item`` are about and whom the reader may know, the first of her alerts."""
        known = {official.id: official for official in self._site.officials(request)}
        first = {alert.official: alert for alert in reversed(item.alerts) if alert.official in known}
        found = self._portal.notices.about([alert.id for alert in item.alerts])
        return [
            Told(alert, known[id], [each for each in found if each.official == id])
            for id, alert in sorted(first.items())
        ]

    def tell(self, request: Request, alert_id: str, how: str, *, seen: str) -> str | None:
        """Write down that the official was told; returns the post, or ``None`` if she has no such alert in reach.

        Args:
            seen: how many notices of this alert the sender of the form had seen: sent twice, it is written down once.
        """
        reading, actor = self._site.reading(request), actor_of(request)
        post_id = reading.post_of(alert_id)
        item = reading.get(post_id) if post_id is not None else None
        told = next((each for each in self.told(request, item) if each.alert.id == alert_id), None) if item else None
        said = chosen(told.official, how) if told else None
        if item is None or told is None or said is None or not seen.isdecimal():
            return None
        self._site.looked(request, "told-official", [item], post=item.verdict.post.id, official=told.official.id)
        now, wish = self._site.clock.now(), told.official.wishes.notice
        notice = Notice(alert_id, told.official.id, now, said[0], by=actor.person.id, form=said[1], wish=wish)
        self._portal.notices.add_once(notice, seen=int(seen))
        return item.verdict.post.id


def routes(site: Site, telling: Telling) -> APIRouter:
    """``/notices``."""
    router = APIRouter()

    @router.post("/notices")
    async def told(request: Request) -> Response:
        """The official was told of an alert, or was not since she wishes so."""
        sent = await request.form()
        if sent.get("how") == "":
            return site.error(request, "unsaid", status=400)
        alert_id = str(sent.get("alert", ""))
        how, seen = str(sent.get("how", "")), str(sent.get("seen", ""))
        post_id = await site.reads(telling.tell, request, alert_id, how, seen=seen)
        if post_id is None:
            return site.error(request, "missing", status=404)
        return RedirectResponse(f"/posts/{quote(post_id, safe='')}?told=1#told", 303)

    return router
