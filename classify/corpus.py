"""The labelled corpus: JSON lines, one post each (see ``models/corpus/README.md``)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from classify.verdict import LABELS, SEVERITIES, Label, Severity
from flow.errors import BadInput, Broken

Target = Literal["person", "group", "none", "unknown"]
_SEE = "The format is described in models/corpus/README.md"

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

ALL: Final = frozenset(LABELS)
DECISIONS: Final = "decisions"
"""The `source` of an example that a reviewer's decision made."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled post. ``author`` is its writer: examples of one author never stand on both sides of a split.

    ``target`` is whom its abuse is aimed at, ``unknown`` where nobody judged that.
    Of a text from elsewhere not everything was judged: ``judged`` are the labels that were, ``severity`` is None if it was not,
    and the least that it can be where a label is there and others were not judged. Where it was not judged it may be known to be
    ``below`` one. ``weight`` is what it counts in training beside a post of our own corpus.
    """

    id: str
    lang: str
    text: str = field(repr=False)
    labels: frozenset[Label]
    severity: Severity | None
    author: str
    target: Target = "none"
    topic: str = ""
    register: str = ""
    contrast: str | None = None
    source: str = "turvakt"
    judged: frozenset[Label] = ALL
    below: Severity | None = None
    weight: float = 1.0


def read(corpus: Path) -> list[Example]:
    """All examples in the ``*.jsonl`` files of a folder, or in one file, in the order of file names and lines.

    A line that begins with ``#`` is a remark.

    Raises:
        BadInput: a line is wrong; the message names file, line and field.
        Broken: there is nothing to read.
    """
    paths = sorted(corpus.glob("*.jsonl")) if corpus.is_dir() else [corpus]
    found: dict[str, Example] = {}
    for path in paths:
        for place, example in _read(path):
            if example.id in found:
                raise BadInput("field 'id' is that of an earlier example", place=place, remedy=_SEE)
            found[example.id] = example
    if not found:
        raise Broken("no labelled posts there", place=str(corpus), remedy="Name a folder that holds *.jsonl files")
    return list(found.values())


def line(example: Example) -> str:
    """The line of JSON from which `read` makes ``example``, but for its weight."""
    return json.dumps(row(example), ensure_ascii=False)


def row(example: Example) -> dict[str, Any]:
    """The fields of its `line`, in their order; ``judged`` and ``below`` only where not all was judged."""
    fields = {
        "id": example.id,
        "lang": example.lang,
        "text": example.text,
        "labels": [label for label in LABELS if label in example.labels],
        "severity": example.severity,
        "target": example.target,
        "author": example.author,
        "topic": example.topic or None,
        "register": example.register or None,
        "contrast": example.contrast,
        "source": example.source,
    }
    if example.judged != ALL:
        fields["judged"] = [label for label in LABELS if label in example.judged]
    if example.below is not None:
        fields["below"] = example.below
    return fields


def _read(path: Path) -> Iterator[tuple[str, Example]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise Broken(
            "the corpus cannot be read", place=str(path), remedy="Check the path and its permissions"
        ) from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith(b"#"):
            place = f"{path.name}, line {number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BadInput("not valid JSON", place=place, remedy=_SEE) from error
            if not isinstance(row, dict):
                raise BadInput("not a JSON object", place=place, remedy=_SEE)
            yield place, _example(row, place)


def _example(row: dict[str, Any], place: str) -> Example:
    def wrong(name: str, want: str) -> BadInput:
        return BadInput(f"field '{name}' must be {want}", place=place, remedy=_SEE)

    for name in ("id", "text", "author"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise wrong(name, "a text that is not empty")
    for name in ("topic", "register", "contrast", "source"):
        if not isinstance(row.get(name), str | None):
            raise wrong(name, "a text or null")
    for name, value in row.items():  # JSON can hold half a surrogate pair, which can be neither hashed nor written
        if isinstance(value, str) and _SURROGATE.search(value):
            raise wrong(name, "a text without half a surrogate pair")
    below, severity = row.get("below"), row.get("severity")
    if below is not None and below not in SEVERITIES[1:]:
        raise wrong("below", "one of " + ", ".join(SEVERITIES[1:]))
    for name, allowed in (("lang", ("sv", "fi")), ("severity", SEVERITIES)):
        if row.get(name) not in allowed and not (name == "severity" and severity is None and below):
            raise wrong(name, "one of " + ", ".join(allowed))
    labels: Any = row.get("labels")
    judged: Any = row.get("judged", list(LABELS))
    for name, given in (("labels", labels), ("judged", judged)):
        if not isinstance(given, list) or not all(label in LABELS for label in given):
            raise wrong(name, "a list of " + ", ".join(LABELS))
    if not set(labels) <= set(judged):
        raise wrong("judged", "a list in which all labels of the text are")
    if bool(labels) != (severity not in ("none", None)) or (below and severity is not None):
        raise wrong(
            "severity", "none without labels, above none with them, and null where 'below' says what is known of it"
        )
    if row.get("target", "none") not in get_args(Target):
        raise wrong("target", "one of " + ", ".join(get_args(Target)))
    return Example(
        id=row["id"],
        lang=row["lang"],
        text=row["text"],
        labels=frozenset(labels),
        severity=severity,
        author=row["author"],
        target=row.get("target", "none"),
        topic=row.get("topic") or "",
        register=row.get("register") or "",
        contrast=row.get("contrast"),
        source=row.get("source") or "turvakt",
        judged=frozenset(judged),
        below=below,
    )
