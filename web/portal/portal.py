"""What the portal can do; the composition root gives it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from access.audit import Audit
from access.deputies import Deputies
from alerts.notices import Notices
from ingest.post import Post
from registry.holder import Part
from registry.official import Language
from registry.store import Store
from registry.withdrawal import Report

Form = Literal["html", "json"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What an official agrees to, in words.

    Attributes:
        version: of the text; it stands in the consent ledger.
        sections: heading and text of each, in the order in which they are shown.
    """

    version: str
    sections: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """
    Attributes:
        withdraw: ends all consent of an official, or that to a part, and erases what was held by it, see
            `registry.withdrawal.Erasure.withdraw`.
        submit: takes a post in as one about the official with this id; whether it is new and her consent covers it.
        download: everything that is held because of an official.
        sources: all sources there are.
        channels: those by which contacts can be told, with an address that people can give.
        statement: the text of the consent that holds now.
        tenant_name: what a tenant is called, given its id.
        person_name: what a person is called, given her id; the id itself, if nobody knows her any more.
    """

    store: Store
    audit: Audit
    notices: Notices
    deputies: Deputies
    withdraw: Callable[[str, Part | None], Report]
    submit: Callable[[Post, str], Awaitable[bool]]
    download: Callable[[str, Form, Language], bytes]
    sources: Callable[[], Collection[str]]
    channels: Callable[[], Collection[str]]
    statement: Callable[[Language], Statement]
    tenant_name: Callable[[str], str]
    person_name: Callable[[str], str]
