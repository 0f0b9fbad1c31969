"""The labelled corpus: JSON lines, one post each (see ``models/corpus/README.md``)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from classify.verdict import LABELS, SEVERITIES, Label, Severity
from flow.errors import BadInput, Broken

Target = Literal["person", "group", "none", "unknown"]
_SEE = "The format is described in models/corpus/README.md"

ALL: Final = frozenset(LABELS)
DECISIONS: Final = "decisions"
"""The `source` of an example that a reviewer's decision made."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled post. ``author`` is its writer: examples of one author never stand on both sides of a split.

    ``target`` is whom its abuse is aimed at, ``unknown`` where nobody judged that.
    Of a text from elsewhere not everything was judged: ``judged`` are the labels that were, ``severity`` is None if it was not.
    ``weight`` is what it counts in training beside a post of our own corpus.
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
    """The line of JSON from which `read` makes ``example``, but for its weight; all its labels must have been judged."""
    return json.dumps(row(example), ensure_ascii=False)


def row(example: Example) -> dict[str, Any]:
    """The fields of its `line`, in their order."""
    return {
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
    for name, allowed in (("lang", ("sv", "fi")), ("severity", SEVERITIES)):
        if row.get(name) not in allowed:
            raise wrong(name, "one of " + ", ".join(allowed))
    labels = row.get("labels")
    if not isinstance(labels, list) or not all(label in LABELS for label in labels):
        raise wrong("labels", "a list of " + ", ".join(LABELS))
    if bool(labels) != (row["severity"] != "none"):
        raise wrong("severity", "none without labels, and above none with them")
    if row.get("target", "none") not in get_args(Target):
        raise wrong("target", "one of " + ", ".join(get_args(Target)))
    return Example(
        id=row["id"],
        lang=row["lang"],
        text=row["text"],
        labels=frozenset(labels),
        severity=row["severity"],
        author=row["author"],
        target=row.get("target", "none"),
        topic=str(row.get("topic") or ""),
        register=str(row.get("register") or ""),
        contrast=row.get("contrast"),
        source=str(row.get("source") or "turvakt"),
    )
