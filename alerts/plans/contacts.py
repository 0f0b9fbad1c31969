"""Contacts that a plan names, and how a message comes to one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Literal

import msgspec

from alerts.alert import RINGS, Recipient
from alerts.plans.hours import ZONES, hours, quiet_end, zone
from alerts.urgency import breaks_through
from classify.verdict import Severity, at_least
from registry.official import Contact as Registered
from registry.official import Language, Official

Digest = Literal["daily", "weekly"]


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to a contact; ``severity`` is the least for which it is used, such as for telephone calls."""

    channel: str
    address: str
    severity: Severity = "none"

    def __post_init__(self) -> None:
        refuse(
            (not self.channel.strip(), "key 'channel': is empty"),
            (not self.address.strip(), "key 'address': is empty"),
        )


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person or desk that is told, with its channels in the order in which they are tried.

    Attributes:
        second_factor: pages behind links ask to sign in first; ``None``: as the plan says.
        key: file of the contact's public key (OpenPGP or a certificate): e-mail is encrypted for it.
        quiet: hours like ``22:00-07:00`` in which nothing comes but threats and what is critical.
        timezone: of those hours; ``None``: that of the official's country.
        digests: which summaries the contact gets.
        drill: whether the weekly drill is for this contact, too.
    """

    name: str
    language: Language
    channels: tuple[Way, ...]
    second_factor: bool | None = None
    key: str | None = None
    quiet: str | None = None
    timezone: str | None = None
    digests: tuple[Digest, ...] = ()
    drill: bool = True

    def __post_init__(self) -> None:
        refuse(
            (not self.name.strip(), "key 'name': is empty"),
            (not self.channels, "key 'channels': is empty, so the contact cannot be told"),
            *((True, fault) for fault in wrong_times(quiet=self.quiet, timezone=self.timezone)),
        )

    @property
    def addresses(self) -> frozenset[tuple[str, str]]:
        """Channel and address of each way to it."""
        return frozenset((way.channel, way.address) for way in self.channels)

    def recipients(
        self, *, at: datetime, severity: Severity, threat: bool, every: bool, show_text: bool, timezone: str
    ) -> tuple[Recipient, ...]:
        """How the contact is told: on all channels at once (``every``), or on the first, with the others instead of it; by those
        that ring only of what breaks through, if the contact has another.

        Args:
            timezone: of the contact's quiet hours, if the plan does not say.
        """
        silent = tuple(way for way in self.channels if way.channel != RINGS)
        # Nobody is rung up for less: a call would fail.
        those = self.channels if breaks_through(severity, threat=threat) else silent or self.channels
        ways = [way for way in those if at_least(severity, way.severity)] or list(those)
        until = self.held_until(at, severity=severity, threat=threat, timezone=timezone)
        chosen = ways if every else ways[:1]
        instead = () if every else tuple((way.channel, way.address) for way in ways[1:])
        return tuple(
            Recipient(self.name, way.channel, way.address, self.language, show_text, until, instead) for way in chosen
        )

    def held_until(self, at: datetime, *, severity: Severity, threat: bool, timezone: str) -> datetime | None:
        """When the contact's quiet hours end that hold back what is so grave; ``None``: it comes at once."""
        if self.quiet is None or breaks_through(severity, threat=threat):
            return None
        return quiet_end(at, quiet=self.quiet, timezone=self.timezone or timezone)

    def first(self, at: datetime) -> Recipient:
        """How the contact is told of what can wait and shows nothing."""
        zone = self.timezone or ZONES["SE"]
        return self.recipients(at=at, severity="low", threat=False, every=False, show_text=False, timezone=zone)[0]


def contacts_of(official: Official) -> tuple[Contact, ...]:
    """The official's contacts in the registry; those of the same name are one, with several channels in that order."""
    return _named(official.contacts)


@lru_cache(maxsize=1)  # rules ask for the same official's one after another
def _named(contacts: Sequence[Registered]) -> tuple[Contact, ...]:
    ways: dict[str, list[Way]] = {}
    for each in contacts:
        ways.setdefault(each.name, []).append(Way(channel=each.channel, address=each.address))
    languages = {each.name: each.language for each in reversed(contacts)}
    return tuple(Contact(name=name, language=languages[name], channels=tuple(each)) for name, each in ways.items())


def at_present(recipient: Recipient, contacts: Iterable[Contact]) -> Recipient | None:
    """The recipient at an address that she has, or by the name that she has now, if a single one of ``contacts`` has her address;
    ``None``: she is none of them any more. Where none of them of her name has the address at which she was to be told, it may be
    somebody else's by now: then by the same channel, or else by the first one that rings nobody up.
    """
    to, contacts = (recipient.channel, recipient.address), list(contacts)
    named = [each for each in contacts if each.name == recipient.name]
    if not named:
        names = {each.name for each in contacts if to in each.addresses}
        return replace(recipient, name=names.pop()) if len(names) == 1 else None
    if any(to in each.addresses for each in named):
        return recipient
    ways = [(way.channel, way.address) for way in named[0].channels]
    channel, address = min(ways, key=lambda way: (way[0] != recipient.channel, way[0] == RINGS))
    others = {channel for channel, _ in recipient.instead}
    instead = tuple(way for way in ways if way != (channel, address) and way[0] in others)
    return replace(recipient, channel=channel, address=address, instead=instead)


def wrong_times(**given: str | None) -> Iterable[str]:
    """What is wrong with hours and time zones that a file gives, by key."""
    for key, text in given.items():
        try:
            if text is not None:
                zone(text) if key == "timezone" else hours(text)
        except ValueError as error:
            yield f"key '{key}': {error}"


def refuse(*checks: tuple[bool, str]) -> None:
    """Raise `ValueError` with every text, each on a line of its own, whose condition holds."""
    wrong = [text for holds, text in checks if holds]
    if wrong:
        raise ValueError("\n".join(wrong))
