"""What turvakt evaluate shows: reports as tables, as JSON or on a page; and the measures of what the classifier can do."""

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from classify.classifier import Classifier
from classify.evaluation.report import Table, markdown
from flow.errors import BadInput, Broken, TurvaktError
from turvakt.commands.shared import screen, table, write_json

BEGIN: Final = '<!-- figures: written by "make evaluation" -->'
END: Final = "<!-- end of figures -->"
READING: Final = """\
*Clean* posts were judged for all labels and have none. *Recall at 1 in 1,000 clean* is the share found with the threshold that
flags one clean post in a thousand; with fewer than 1,000 of them, the share that stands above every one. *Critical* has a
threshold of its own: it can be reached where high is not, and counts then. Where all say the same the interval is Wilson's,
over authors. Intervals of *recall at 1 in 1,000 clean* and of *calibration error* lean upwards: one draw in three lacks the
loudest clean post, and chance adds to an error that is never below zero. On held-out topics intervals are drawn over topics.
*Share true* and means have beside them where 95 % of bootstrap draws over authors lie. *Marked passages*: how far the
probability of a flagged label falls on average without the words that are marked for it, and without as many others; what a
written rule has flagged is left out. {sources}"""
"""How the figures are to be read; it changes with them, not with the page."""
_OWN: Final = "No open corpus was measured: `make evaluation OPEN=FOLDER` measures them, too, source by source."
_OPEN: Final = "Sources other than `turvakt` are open corpora ([which](training.md))."
Tell = Callable[[str, int, int], None]


class Measured(Protocol):
    """A report of one of the measures."""

    @property
    def model(self) -> str: ...

    def as_json(self) -> dict[str, Any]: ...

    def tables(self) -> dict[str, Table]: ...


def measure(classifier: Classifier, folder: Path, tell: Tell, *, names: frozenset[str]) -> dict[str, Measured]:
    """The reports of those of "suite", "variations" and "groups" that are among ``names``.

    Raises:
        BadInput: something in ``folder``, which holds the suite, is wrong.
        Broken: something is missing there.
    """
    from classify.evaluation import groups, suite, variations  # only who measures waits for them

    found: dict[str, Measured] = {}
    if names & {"suite", "variations"}:
        cases = suite.read_suite(folder)
        if "suite" in names:
            found["suite"] = suite.run(classifier, cases)
        if "variations" in names:
            found["variations"] = variations.run(classifier, cases, progress=tell)
    if "groups" in names:
        found["groups"] = groups.run(classifier, groups.read_groups(folder / groups.FILE))
    return found


def show(found: Mapping[str, Measured], *, as_json: bool) -> None:
    """Print the reports, as tables or as one JSON object by name."""
    if as_json:
        write_json({name: measured.as_json() for name, measured in found.items()})
        return
    for measured in found.values():
        for title, (first, *rows) in measured.tables().items():
            screen.print(table(*first, rows=rows, title=title))
            screen.print()


def check(page: Path) -> None:
    """See that figures can be written into ``page``, before hours are spent on them: it is written as it is.

    Raises:
        BadInput: it cannot be read, or has no place for them.
        Broken: it cannot be written.
    """
    _write(page, _text(page))


def write(found: Mapping[str, Measured], page: Path, *, with_open: bool) -> None:
    """Put the tables of the reports between the marks of ``page``, as Markdown, in place of what stands there.

    ``with_open``: posts of open corpora are among those measured. After an error the page is as it was, and the tables
    are printed.

    Raises:
        BadInput: it cannot be read, or has no place for them.
        Broken: it cannot be written.
    """
    models = dict.fromkeys(f"`{measured.model}`" for measured in found.values())
    tables = [
        f"### {title}\n\n{markdown(rows)}" for measured in found.values() for title, rows in measured.tables().items()
    ]
    reading = READING.format(sources=_OPEN if with_open else _OWN)
    try:
        before, rest = _text(page).split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        _write(page, "\n\n".join((before + BEGIN, f"Of {', '.join(models)}.", reading, *tables, END + after)))
    except TurvaktError:
        show(found, as_json=False)  # hours of work are in them
        raise


def _write(page: Path, text: str) -> None:
    """Write ``text`` beside the page and put it in its place: there as a whole or not at all, with the old rights."""
    page = page.resolve()  # a link stays one
    temporary = page.with_name(f".{page.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, "utf-8")
        shutil.copymode(page, temporary)
        temporary.replace(page)
    except OSError as error:
        reason = f"the page cannot be written ({error.strerror})"
        remedy = "Check the rights of its folder, or free some space"
        raise Broken(reason, place=str(page), remedy=remedy) from error
    finally:
        with contextlib.suppress(OSError):  # the first error counts; there is nothing to remove after a success
            temporary.unlink()


def _text(page: Path) -> str:
    """The page, which has a place for figures."""
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "the page cannot be read", place=str(page), remedy="Name a page like docs/evaluation.md"
        ) from error
    if END not in text.partition(BEGIN)[2]:
        raise BadInput("no place for figures", place=str(page), remedy=f"Put {BEGIN} and {END} where they should stand")
    return text
