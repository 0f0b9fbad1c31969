"""What the portal of officials does, out of the parts of one Turvakt."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from access.audit_entry import CONTACT
from access.deputies import Deputies
from alerts.audience import audience
from alerts.channel import Channel
from alerts.delivery.standing import Standings
from flow.errors import BadInput
from ingest.post import Post
from registry.official import Language
from registry.tenant import Tenant
from registry.tenant import tenant_of as tenant_id_of
from registry.wording import Shown
from review.subject_access.gathering import gathered
from turvakt.handing_in import hand_in
from turvakt.wiring import Parts
from web.portal.portal import Portal

_OFFERED = ("email", "sms", "sms-gateway", "webpush", "ntfy", "matrix")
"""Channels with an address that anybody can give. Not those whose addresses hold keys, nor calls, which are for what is critical
alone: these are for the file of rules."""


def portal(parts: Parts, *, base_url: str, step: Callable[..., Awaitable[Any]]) -> Portal:
    """The portal of this Turvakt.

    Args:
        base_url: where people reach it.
        step: runs what must not run beside the collectors, see `flow.runtimes.embedded.Embedded.step`.
    """
    accounts = parts.accounts

    def tenant_of(id: str) -> Tenant:
        try:
            return parts.store.tenant(id)
        except BadInput:  # nobody of it has consented yet: it is most likely where the others are
            countries = [each.country for each in parts.store.tenants()]
            return Tenant(id, "municipality", id, max(countries, key=countries.count, default="SE"))

    def person_name(id: str) -> str:
        try:
            return accounts.people.get(id).name
        except BadInput:
            return id.removeprefix(CONTACT)

    def statement(language: Language, tenant: str, *, of_function: bool) -> Shown:
        return parts.shown(tenant_of(tenant), language, of_function=of_function)

    def sources_of(official: str) -> frozenset[str]:
        return parts.sources() | parts.held_from(official) | parts.partial.sources(official)

    async def submit(post: Post, official: str) -> bool:
        taken = await step(hand_in, parts, post, about=[official])
        return bool(taken.matched)

    def held_on(official: str) -> dict[str, list[dict[str, Any]]]:
        return gathered(official, tenant=tenant_id_of(parts.store.get(official)), holders=parts.holders)

    def as_json(official: str, language: Language) -> bytes:
        return msgspec.json.format(msgspec.json.encode(held_on(official)), indent=2)

    def as_page(official: str, language: Language) -> bytes:
        from review.subject_access.page import page  # what it is written with takes time to load

        held, country = held_on(official), parts.store.get(official).country
        at = parts.clock.now()
        return page(held, official=official, language=language, country=country, at=at).encode()

    return Portal(
        store=parts.store,
        audit=parts.audit,
        notices=parts.notices,
        holds=parts.holds,
        standings=Standings(parts.database, clock=parts.clock),
        incidents=parts.incidents,
        history=parts.incidents.history,
        deputies=Deputies(
            accounts.people,
            accounts.invitations,
            parts.letters,
            parts.audit,
            link=lambda secret: f"{base_url}/invitation/{secret}",
            tenant_name=lambda id: tenant_of(id).name,
            clock=parts.clock,
        ),
        erasure=parts.erasure,
        submit=submit,
        downloads={"html": as_page, "json": as_json},
        sources=parts.sources,
        sources_of=sources_of,
        channels=lambda: _offered(parts.channels),
        audience=lambda official: audience(parts.plans.of(tenant_id_of(official)), official),
        statement=statement,
        tenant=tenant_of,
        naming=parts.naming,
        person_name=person_name,
    )


def _offered(channels: Mapping[str, Channel]) -> dict[str, Channel]:
    """Where nothing is set up, as in a trial, the folder: it reaches nobody by itself."""
    return {name: channels[name] for name in _OFFERED if name in channels} or {"outbox": channels["outbox"]}
