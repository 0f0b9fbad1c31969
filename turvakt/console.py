"""Serves the web pages from within the monitor."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

from classify.stage import thresholds_of
from registry.retention import Kind
from review.decision import DECISIONS, Decision
from review.stage import DECISIONS_TOPIC
from turvakt.access import base_url, link, token
from turvakt.answering import answers
from turvakt.demo_people import Guest
from turvakt.portal import portal
from turvakt.retaining import retention
from turvakt.serving import THIS_MACHINE, listen, networks, serve, timed
from turvakt.staffing import staff
from turvakt.status import not_ready, status
from turvakt.wiring import Parts
from web.app import create_app

Step = Callable[..., Awaitable[Any]]
"""`flow.runtimes.embedded.Embedded.step`."""


class Console:
    """The web pages of one Turvakt, on a socket that is bound at once, so that its address is known.

    Args:
        metrics: gives the metrics in Prometheus' text format.
        told: is told of each answer to a person: its status, and how many seconds it took. It must not raise.

    Raises:
        Broken: the address is taken or not this machine's, a proxy's is none, or the token cannot be kept.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        metrics: Callable[[], bytes],
        told: Callable[[int, float], None] = lambda status, seconds: None,
    ) -> None:
        self._parts = parts
        self._told = told
        self._metrics = metrics
        self._token = token(parts.settings)
        self.guests: Sequence[Guest] = ()
        """Invented people of a demo, whom links let in."""
        web = parts.settings.web
        self._proxies = networks(web.proxies or THIS_MACHINE, place="web.proxies")
        self._socket = listen(web.host, web.port, place="console", setting="TURVAKT_WEB_PORT")
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    @property
    def base_url(self) -> str:
        """Where people reach it."""
        return base_url(self._parts.settings, port=self.port)

    @property
    def link(self) -> str:
        """The address to open the console by. Where a token opens it, that comes with it: for the operator's own screen only."""
        if self._parts.settings.web.sign_in == "people":
            return self.base_url
        return link(self.base_url, self._token)

    @property
    def guest_links(self) -> list[tuple[str, str]]:
        """Who each of the `guests` is, and the address that lets her in."""
        return [(guest.what, f"{self.base_url}/guests/{guest.secret}") for guest in self.guests]

    async def serve(self, step: Step) -> None:
        """Serve until cancelled; ``step`` runs what writes in the worker thread."""

        async def decide(decision: Decision) -> None:
            await step(self._append, decision)

        people = self._parts.settings.web.sign_in == "people"
        app = create_app(
            index=self._parts.index,
            officials=self._parts.officials.all,
            decide=decide,
            status=lambda: status(self._parts),
            metrics=self._metrics,
            ready=lambda: not_ready(self._parts),
            token=self._token,
            staff=staff(self._parts, base_url=self.base_url, guests=self.guests) if people else None,
            audit=self._parts.audit,
            portal=portal(self._parts, base_url=self.base_url, step=step) if people else None,
            answers=answers(self._parts, step=step),
            thresholds=partial(thresholds_of, classifier=self._parts.classifier),
            law=self._parts.law,
            kept=self._kept,
            base_url=self._parts.settings.web.base_url or None,
            clock=self._parts.clock,
        )
        await serve(timed(app, self._told), self._socket, proxies=self._proxies)

    def _kept(self, kind: Kind, tenants: Collection[str]) -> float:
        kept = retention(self._parts)
        return min((kept.of(kind, [tenant]) for tenant in tenants), default=kept.of(kind, ()))

    def _append(self, decision: Decision) -> None:
        with self._parts.log.write() as writer:
            writer.append(DECISIONS_TOPIC, decision.post, DECISIONS.encode(decision))
