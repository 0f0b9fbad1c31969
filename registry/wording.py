"""What officials are shown before they consent, version by version, read from TOML files ``<version>.<language>.toml``."""

import hashlib
import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from flow.errors import BadInput, Broken
from registry.official import Language
from registry.retention import KINDS, Kind

_NAME = re.compile(r"(\d{4}-\d{2}(?:-[a-z0-9]+)?)\.([a-z]{2})\.toml")
_DAYS: dict[str, Kind] = {kind.replace("-", "_"): kind for kind in KINDS}
_KNOWN = {"tenant", *_DAYS}
_SEE = "See config/consent"


SECTIONS = (
    *("purpose", "looked_for", "where", "labels", "told", "text", "evidence", "statistics", "sample"),
    *("kept", "withdraw", "rights"),
)
"""The texts that stand under a heading of their own, in this order, below title and summary."""


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text for each thing that she decides or must know.

    ``summary`` is the sentence that she agrees to; ``kept`` says for how long posts are kept, and ``kept_too`` stands for it
    where those that are not flagged are kept, too. What is called like a field of `registry.official.Consent` is about it.
    """

    title: str
    summary: str
    purpose: str
    looked_for: str
    where: str
    labels: str
    told: str
    text: str
    evidence: str
    statistics: str
    sample: str
    kept: str
    kept_too: str
    withdraw: str
    rights: str
    headings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A wording as an official is shown it.

    Attributes:
        reference: what the consent ledger notes: the version and a digest of exactly these texts.
    """

    reference: str
    language: Language
    texts: Wording

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Heading and text of each section."""
        return [(self.texts.headings[key], getattr(self.texts, key)) for key in SECTIONS]


class Wordings:
    """All versions.

    Args:
        texts: by version and language.
    """

    def __init__(self, texts: Mapping[str, Mapping[Language, Wording]]) -> None:
        self._texts = texts
        self.newest = max(texts)
        """The version that is shown."""

    def shown(self, language: Language, *, tenant: str, days: Mapping[str, float], version: str | None = None) -> Shown:
        """The texts for officials of one tenant.

        Args:
            language: hers.
            tenant: its name.
            days: how long posts of a kind are kept there, see `registry.retention`.
            version: an older one; the newest without it.

        Raises:
            BadInput: there is no such version.
        """
        version = version or self.newest
        if version not in self._texts:
            raise BadInput("no wording of this version is there", place="consent wordings", remedy=_SEE)
        values = {name: f"{days[kind]:g}" for name, kind in _DAYS.items()} | {"tenant": tenant}
        plain = msgspec.structs.asdict(self._texts[version][language])
        if days["unflagged"]:
            plain["kept"] = plain["kept_too"]
        headings = plain.pop("headings")
        texts = Wording(**{key: text.format_map(values) for key, text in plain.items()}, headings=headings)
        digest = hashlib.sha256(msgspec.json.encode(texts)).hexdigest()
        return Shown(f"{version}-{digest[:12]}", language, texts)


def load_wordings(folder: Path) -> Wordings:
    """The wordings in ``folder``.

    Raises:
        Broken: there is none, one cannot be read or is not whole, or a version lacks a language.
    """
    texts: dict[str, dict[Language, Wording]] = {}
    for path in sorted(folder.glob("*.toml")):
        found = _NAME.fullmatch(path.name)
        if found is None or found[2] not in get_args(Language):
            raise Broken("is not called like 2026-11.sv.toml", place=str(path), remedy=_SEE)
        texts.setdefault(found[1], {})[found[2]] = _read(path)  # type: ignore[index]  # it is one of them
    if not texts:
        raise Broken("there is no wording of the consent", place=str(folder), remedy=_SEE)
    for version, there in texts.items():
        for language in get_args(Language):
            if language not in there:
                raise Broken(f"is missing in '{language}'", place=str(folder / version), remedy=_SEE)
    return Wordings(texts)


def _read(path: Path) -> Wording:
    try:
        wording = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Wording)
        if wording.headings.keys() != set(SECTIONS):
            raise ValueError(f"'headings' are not those of {', '.join(SECTIONS)}")
        texts = msgspec.structs.asdict(wording)
        for key, text in [*texts.pop("headings").items(), *texts.items()]:
            _check(key, text)
    except OSError as error:
        raise Broken("cannot be read", place=str(path), remedy=_SEE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        raise Broken(f"is no wording: {error}", place=str(path), remedy=_SEE) from None
    return wording


def _check(key: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"'{key}' is empty")
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is not None and (name not in _KNOWN or form or conversion):
            raise ValueError(f"'{key}' names something else than {', '.join(sorted(_KNOWN))} in braces")
