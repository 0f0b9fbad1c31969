"""From what stands in a form to an official's names, accounts, contacts and wishes."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from starlette.datastructures import FormData

from alerts.channel import Channel
from flow.errors import BadInput
from registry.official import Contact, Country, Language, Notice, Official, Wishes

PLATFORMS = ("bluesky", "mastodon", "x", "facebook", "instagram", "threads", "tiktok", "youtube", "linkedin")
_QUIET = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def named(official: Official, form: FormData) -> Official:
    """With the names and accounts of the form; accounts on platforms that it does not ask for stay."""
    handles = {name: values for name, values in official.handles.items() if name not in PLATFORMS}
    for platform in PLATFORMS:
        values = tuple(text(form, f"handle_{platform}").split())
        if values:
            handles[platform] = values
    return replace(
        official,
        given_names=() if official.is_function else tuple(text(form, "given").split()),
        family_names=() if official.is_function else tuple(text(form, "family").split()),
        forms=lines(form, "forms"),
        role=official.role if official.is_function else text(form, "role"),
        party=official.party if official.is_function else text(form, "party"),
        municipality=text(form, "municipality"),
        country=choice(form, "country", get_args(Country), official.country),
        handles=handles,
    )


def contact(form: FormData, channels: Mapping[str, Channel], *, language: Language) -> Contact:
    """The contact of the form.

    Raises:
        BadInput: its channel is none of ``channels``, or the channel knows no such address.
    """
    language = choice(form, "contact_language", get_args(Language), language)
    channel, address = text(form, "channel"), text(form, "address")
    if channel not in channels:
        raise BadInput("is not offered", place="channel", remedy="Choose another one")
    channels[channel].check(address)
    return Contact(text(form, "contact_name"), channel, address, language)


def wishes(form: FormData, before: Wishes) -> Wishes | None:
    """The wishes of the form; ``None`` if only one of the quiet hours is given, or is no time."""
    begins, ends = text(form, "quiet_from"), text(form, "quiet_to")
    if (begins or ends) and not (_QUIET.fullmatch(begins) and _QUIET.fullmatch(ends) and begins != ends):
        return None
    return replace(told(form, before), quiet=f"{begins}-{ends}" if begins else "")


def told(form: FormData, before: Wishes) -> Wishes:
    """When, what and by whom she wants to be told, as the form has it; the quiet hours stay as they were."""
    return replace(
        before,
        notice=choice(form, "notice", get_args(Notice), before.notice),
        text="text" in form,
        through=text(form, "through"),
    )


def text(form: FormData, name: str) -> str:
    """One line: composed letters, and no more spaces than words need."""
    return " ".join(unicodedata.normalize("NFC", str(form.get(name, ""))).split())


def written(form: FormData | None, name: str) -> str:
    """What stands in a field, to be shown again; empty where no form was sent."""
    return "" if form is None else str(form.get(name, ""))


def lines(form: FormData, name: str) -> tuple[str, ...]:
    """One text a line, without empty lines and repetitions."""
    given = unicodedata.normalize("NFC", str(form.get(name, ""))).splitlines()
    return tuple(dict.fromkeys(" ".join(line.split()) for line in given if line.strip()))


def choice(form: FormData, name: str, known: tuple[Any, ...], default: Any) -> Any:
    """One of ``known``."""
    value = form.get(name)
    return value if value in known else default
