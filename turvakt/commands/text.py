"""turvakt classify, submit: texts by hand."""

import codecs
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from access.audit_entry import Act
from classify.law import Provision
from classify.stage import as_json as judgement_as_json
from classify.verdict import Judgement
from flow.errors import BadInput
from ingest.collectors.manual import submission
from ingest.formats.tail import Line, Splitter
from turvakt.commands.noting import COMMAND, tenant_of_id
from turvakt.commands.shared import AsJson, aside, parts, printable, screen, write_json
from turvakt.handing_in import hand_in

BATCH = 256
LONGEST = 10_000_000
"""Bytes of a line."""


def classify(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="File to read; none: standard input.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Judge texts, one a line: plain text, or JSON objects with "id" and "text". Nothing is stored.

    With --json one JSON object a line comes out, in the order of the input: id, language, unable, severity, labels with
    probability and flagged, spans, aimed_at, law, model. A line that cannot be read gives an object with "error", and the
    end is 1. "law" names provisions that a human may want to consider, of Sweden for Swedish texts and of Finland for
    Finnish ones: a hint, never a verdict on anybody.

    Example: echo "Tack för allt du gör!" | turvakt classify
    """
    wrong = 0
    with parts(context) as opened:
        classifier, law = opened.classifier, opened.law if as_json else ()
        for batch in _batches(file):
            good = [line for line in batch if isinstance(line, _Text)]
            judgements = iter(classifier.classify([line.text for line in good]))
            for line in batch:
                if isinstance(line, _Text):
                    _write(line, next(judgements), law=law, as_json=as_json)
                    continue
                wrong += 1
                if as_json:
                    write_json({"id": None, "error": str(line)})
                aside.print(printable(str(line)), markup=False, highlight=False)
    if wrong:
        raise typer.Exit(1)


class _Text(msgspec.Struct):
    """One line of the input."""

    id: str | int
    text: str


def _write(line: _Text, judgement: Judgement, *, law: Sequence[Provision], as_json: bool) -> None:
    if as_json:
        write_json(judgement_as_json(line.id, judgement, law=law))
        return
    labels = ", ".join(f"{name} {judgement.labels[name].probability:.2f}" for name in judgement.flagged)
    verdict = f"unable: {judgement.unable}" if judgement.unable else judgement.severity
    screen.print(
        f"{verdict:9} {judgement.language:5} {labels or '-':30}  {printable(line.text)}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _batches(file: Path | None) -> Iterator[list[_Text | BadInput]]:
    if file is None:
        yield from _read(sys.stdin.buffer, "standard input")
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise BadInput("the file cannot be read", place=str(file), remedy="Check path and rights") from error
    with stream:
        yield from _read(stream, str(file))


def _read(stream: BinaryIO, place: str) -> Iterator[list[_Text | BadInput]]:
    """Whatever has arrived is judged at once, so that a program at the other end of a pipe gets its answers."""
    splitter = Splitter(longest=LONGEST)
    while True:
        chunk: bytes = stream.read1(1 << 18)  # type: ignore[attr-defined]  # buffered readers have it
        lines = splitter.feed(chunk) if chunk else splitter.finish()
        read = [_parsed(line, place) for line in lines if line.raw is None or line.raw.strip()]
        for start in range(0, len(read), BATCH):
            yield read[start : start + BATCH]
        if not chunk:
            return


def _parsed(line: Line, place: str) -> _Text | BadInput:
    here = f"{place} line {line.number}"
    if line.raw is None:
        return BadInput(f"longer than {LONGEST} bytes", place=here, remedy="Put each text on a line of its own")
    raw = line.raw.removeprefix(codecs.BOM_UTF8) if line.number == 1 else line.raw
    if not raw.lstrip().startswith(b"{"):
        return _Text(line.number, raw.decode("utf-8", "replace").strip())
    try:
        # Not msgspec's own parser: it refuses half a surrogate pair, as a program writes that cuts a text within an emoji.
        found = msgspec.convert(json.loads(raw), type=_Text)
        if isinstance(found.id, str):
            found.id = found.id.encode("utf-8", "replace").decode()  # half a pair could not be written back
        return found
    except msgspec.ValidationError as error:
        return BadInput(str(error), place=here, remedy='Write {"id": "1", "text": "..."}')
    except (ValueError, RecursionError):
        return BadInput("not valid JSON", place=here, remedy='Write {"id": "1", "text": "..."}')


def submit(
    context: typer.Context,
    text: Annotated[
        str, typer.Argument(help='What was written; "-": read it from standard input.', show_default=False)
    ],
    source: Annotated[str, typer.Option(help='Where it was seen: "letter", "closed group" ...')] = "",
    link: Annotated[str | None, typer.Option(help="Where it can be seen, if anywhere.")] = None,
    created_at: Annotated[str | None, typer.Option(help="When it was written, such as 2026-09-14T06:20Z.")] = None,
    official: Annotated[list[str] | None, typer.Option(help="Whom it is about, if the text does not name her.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hand in a text that no collector can reach. It goes the same way as every other post.

    Read it from a file or a pipe, as below: what stands on the command line itself, others on the machine can see.

    Example: turvakt submit - --source letter --official anna-lindqvist < letter.txt
    """
    with parts(context) as opened:
        post = submission(
            text=sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text,
            link=link,
            source=source,
            created_at=_moment(created_at),
            clock=opened.clock,
        )
        for each in official or []:
            opened.store.get(each)
        about = [Act(COMMAND, "text-submitted", tenant_of_id(opened, each), each, post.id) for each in official or ()]
        opened.audit.write_all(about or [Act(COMMAND, "text-submitted", post=post.id)])
        taken = hand_in(opened, post, about=official or ())
    if not taken.matched and not taken.duplicates and official:
        raise BadInput(
            "none of them has a consent in force that covers submissions by hand",
            place=", ".join(official),
            remedy="See: turvakt officials list",
        )
    if not taken.matched and not taken.duplicates:
        raise BadInput(
            "the text names no official whose consent covers submissions by hand",
            place="submission",
            remedy="Name her with --official ID; see: turvakt officials list",
        )
    result: dict[str, Any] = {"id": post.id, "new": bool(taken.matched)}
    if as_json:
        write_json(result)
    else:
        screen.print(f"{post.id} {'handed in' if taken.matched else 'was handed in before'}", soft_wrap=True)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput("is no time", place="--created-at", remedy="Write it like 2026-09-14T06:20Z") from error
