"""turvakt train, evaluate: the model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID

from turvakt.commands.shared import AsJson, aside, parts, screen, settings, table, write_json

if TYPE_CHECKING:
    from classify.evaluate import Report

Corpus = Annotated[
    Path | None,
    typer.Option(help="Folder of .jsonl files [default: corpus/ in the models folder].", show_default=False),
]


def train(
    context: typer.Context,
    corpus: Corpus = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to [default: linear/ in the models folder].", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and corpus give the same model.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train the linear model on the corpus and write it with its card. Takes some minutes.

    The figures printed are on held-out authors: each post was judged by a model that knew nothing by its author.
    """
    from classify.train import train as train_on  # scikit-learn takes seconds to load: only who trains waits for it

    models = settings(context).models_dir
    with _progress() as tell:
        report = train_on(corpus=corpus or models / "corpus", out=out or models / "linear", seed=seed, progress=tell)
    _print(report, as_json=as_json)


def evaluate(context: typer.Context, corpus: Corpus = None, as_json: AsJson = False) -> None:
    """Judge every post of a corpus with the model in use and compare with its labels.

    On the corpus that the model was trained on this flatters it; models/linear/card.md has the figures on held-out authors.
    """
    from classify.evaluate import evaluate as evaluate_on

    with parts(context) as opened, _progress() as tell:
        folder = corpus or opened.settings.models_dir / "corpus"
        report = evaluate_on(classifier=opened.classifier, corpus=folder, progress=tell)
    _print(report, as_json=as_json)


@contextmanager
def _progress() -> Iterator["_Bars"]:
    with Progress(console=aside, transient=True) as progress:
        yield _Bars(progress)


class _Bars:
    """One bar for each step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, of: int) -> None:
        if step not in self._bars:
            self._bars[step] = self._progress.add_task(step, total=of)
        self._progress.update(self._bars[step], completed=done)


def _print(report: "Report", *, as_json: bool) -> None:
    if as_json:
        write_json(report.as_json())
        return
    first, *rows = report.rows()
    screen.print(table(*first, rows=rows))
