"""In whose time a page writes: of the official whom it is about, else of the reader's tenants, else where her language is spoken.

Messages go by the official's country, too, so that a message and the page behind its link say the same time.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from access.permissions import Actor
from registry.official import Country, Language, Official
from registry.tenant import tenant_of

if TYPE_CHECKING:
    from fastapi import Request  # takes half a second to load, and commands that show no page use these zones, too

USUAL: dict[Language, Country] = {"sv": "SE", "fi": "FI", "en": "SE"}


def about(request: "Request", official: Official | None) -> None:
    """From now on the page is about this official; ``None``: about nobody."""
    request.state.country = None if official is None else official.country


def country_of(request: "Request", language: Language) -> Country:
    """The country in whose time the page writes."""
    hers: Country | None = getattr(request.state, "country", None)
    readers: frozenset[Country] = getattr(request.state, "countries", frozenset())
    usual = USUAL[language]
    return hers or (usual if usual in readers or not readers else min(readers))


def countries_of(actor: Actor, officials: Iterable[Official]) -> frozenset[Country]:
    """The countries of the tenants that somebody who has come in belongs to, as far as they have officials."""
    tenants = {grant.tenant for grant in (*actor.person.grants, *actor.lent)} - {""}
    found: dict[str, Country] = {}
    for official in officials:
        if tenants <= found.keys():
            break
        if (tenant := tenant_of(official)) in tenants:
            found.setdefault(tenant, official.country)
    return frozenset(found.values())
