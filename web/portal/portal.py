"""What the portal can do; the composition root gives it."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from access.audit import Audit
from access.deputies import Deputies
from alerts.audience import Audience
from alerts.channel import Channel
from alerts.delivery.standing import Standings
from alerts.incidents.history import History
from alerts.incidents.reading import IncidentReader
from alerts.notices import Notices
from ingest.post import Post
from registry.official import Language, Official
from registry.store import Store
from registry.tenant import Tenant
from registry.withdrawal import Erasure
from registry.wording import Shown
from review.holds import Holds
from review.naming import Naming


class Statement(Protocol):
    """Gives the texts that stand before a consent."""

    def __call__(self, language: Language, tenant: str, *, of_function: bool) -> Shown:
        """In this language, for an official of this tenant or for the manager of a function."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """
    Attributes:
        erasure: ends all consent of an official, or that to a part, and erases what was held by it.
        submit: takes a post in as one about the official with this id; whether it is new and her consent covers it.
        downloads: everything that is held because of an official, by the form of the file: ``html`` to read, ``json``.
        sources: all sources there are.
        sources_of: these, those of whatever is held about the official with this id, as JSON lines may name any other, and those
            that she has taken out, so that she can take them in again.
        channels: those by which contacts can be told, with an address that people can give, by name.
        audience: whom the plan in force may tell of an official, before consent is asked.
        statement: what officials of the tenant with this id, or managers of its functions, are shown now before they consent.
        tenant: a tenant, given its id; also one of which nobody has consented yet.
        naming: saves the names that an official enters herself.
        person_name: what a person is called, given her id; the id itself, if nobody knows her any more.
    """

    store: Store
    audit: Audit
    notices: Notices
    holds: Holds
    standings: Standings
    incidents: IncidentReader
    history: History
    deputies: Deputies
    erasure: Erasure
    submit: Callable[[Post, str], Awaitable[bool]]
    downloads: Mapping[str, Callable[[str, Language], bytes]]
    sources: Callable[[], Collection[str]]
    sources_of: Callable[[str], Collection[str]]
    channels: Callable[[], Mapping[str, Channel]]
    audience: Callable[[Official], Audience]
    statement: Statement
    tenant: Callable[[str], Tenant]
    naming: Naming
    person_name: Callable[[str], str]
