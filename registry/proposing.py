"""Names and accounts that an official has proposed, one by one, until somebody confirms or declines each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from registry.official import Official, Proposed

Kind = Literal["name", "form", "handle"]


@dataclass(frozen=True, slots=True)
class Item:
    """A name, another form of one, or an account on a ``platform``."""

    kind: Kind
    value: str = field(repr=False)
    platform: str = ""

    @property
    def key(self) -> str:
        """By what a form on a page names it."""
        return f"{self.kind}:{self.platform}:{self.value}"


def items(proposed: Proposed) -> list[Item]:
    """All that waits."""
    return list(_items(proposed))


def written(official: Official) -> Official:
    """The official as she wrote it: with what she proposed, as if it were confirmed already."""
    for item in items(official.proposed):
        official = confirmed(official, item)
    return official


def confirmed(official: Official, item: Item) -> Official:
    """With what she proposed, which waits no longer."""
    official, proposed = declined(official, item), official.proposed
    if item.kind == "name":
        return replace(official, given_names=proposed.given_names, family_names=proposed.family_names)
    if item.kind == "form":
        return replace(official, forms=(*official.forms, item.value))
    hers = official.handles.get(item.platform, ())
    return replace(official, handles=official.handles | {item.platform: (*hers, item.value)})


def declined(official: Official, item: Item) -> Official:
    """Without what she proposed."""
    proposed = official.proposed
    if item.kind == "name":
        return replace(official, proposed=replace(proposed, given_names=(), family_names=()))
    if item.kind == "form":
        forms = tuple(each for each in proposed.forms if each != item.value)
        return replace(official, proposed=replace(proposed, forms=forms))
    handles = {
        platform: left
        for platform, values in proposed.handles.items()
        if (left := tuple(each for each in values if (platform, each) != (item.platform, item.value)))
    }
    return replace(official, proposed=replace(proposed, handles=handles))


def still_proposed(official: Official, proposed: Proposed) -> Official:
    """The official, with what of ``proposed`` she has not been given meanwhile."""
    official = replace(official, proposed=proposed)
    for item in items(proposed):
        if item in (Item("name", official.name), *entered(official)):
            official = declined(official, item)
    return official


def entered(official: Official) -> list[Item]:
    """Her forms and accounts that wait for nobody."""
    return [
        *(Item("form", each) for each in official.forms),
        *(Item("handle", each, platform) for platform, values in official.handles.items() for each in values),
    ]


def _items(proposed: Proposed) -> Iterator[Item]:
    if proposed.given_names or proposed.family_names:
        yield Item("name", " ".join((*proposed.given_names, *proposed.family_names)))
    yield from (Item("form", each) for each in proposed.forms)
    for platform, values in proposed.handles.items():
        yield from (Item("handle", each, platform) for each in values)
