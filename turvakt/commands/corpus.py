"""turvakt corpus: the labelled posts as a data set, and how far its readers agree."""

from pathlib import Path
from typing import Annotated

import typer

from turvakt.commands.shared import AsJson, aside, screen, settings, table, write_json
from turvakt.folder import faults

app = typer.Typer(
    no_args_is_help=True,
    help="The labelled posts that the classifier learns from, as a data set of its own.",
    rich_markup_mode=None,
)

Corpus = Annotated[
    Path | None,
    typer.Option(help="Folder of the corpus [default: corpus/ in the models folder].", show_default=False),
]


@app.command()
def agreement(
    context: typer.Context,
    corpus: Corpus = None,
    native: Annotated[bool, typer.Option("--native", help="Of the native posts that were labelled by id.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell how far two readings of the corpus agree: kappa for each label and for severity, with intervals over authors."""
    from classify.corpus import read
    from classify.evaluation.agreement import FOLDER, measure, read_readings
    from classify.training.open_corpora import native_posts

    folder = corpus or settings(context).models_dir / "corpus"
    examples = native_posts(folder / "native") if native else read(folder)
    report = measure(read_readings(folder / FOLDER, native=native), examples)
    if as_json:
        write_json(report.as_json())
        return
    first, *rows = report.rows()
    screen.print(table(*first, rows=rows))
    for language, posts in report.posts.items():
        same = report.same[language]
        screen.print(f"{language}: {posts} posts, {same} ({same / posts:.1%}) with the same labels and severity")


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="New folder to write to.")],
    corpus: Corpus = None,
    as_json: AsJson = False,
) -> None:
    """Write the corpus as it is to be published: JSON lines and Parquet by language and split, data card and datasheet.

    The files hold abusive texts about invented people.

    Example: turvakt corpus export --out turvakt-corpus
    """
    from classify.training.publishing import publish

    folder = corpus or settings(context).models_dir / "corpus"
    with faults(out):
        counts = publish(folder, out)
    if as_json:
        write_json({language: dict(splits) for language, splits in counts.items()})
        return
    rows = [(language, *splits.values()) for language, splits in counts.items()]
    screen.print(table("language", *next(iter(counts.values())), rows=rows))
    aside.print("The files hold threats, hate and sexual abuse about invented people: say so wherever you put them.")
