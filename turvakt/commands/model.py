"""turvakt train, evaluate: the model."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress, TaskID

from flow.clock import SystemClock
from flow.errors import BadInput, Broken
from turvakt.commands.shared import AsJson, aside, parts, settings, write_json

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.corpus import Example
    from classify.training.held_out import Part
    from turvakt.commands.abilities import Measured

_OF_POSTS: Final = ("--all", "--topics", "--apart", "--curve", "--passages", "--corpus", "--open")
_EXCLUDED: Final = {
    "--page": ("--all", "--topics", "--curve", "--passages", "--suite", "--variations", "--groups", "--json"),
    "--suite": _OF_POSTS,
    "--variations": _OF_POSTS,
    "--groups": _OF_POSTS,
    "--all": ("--topics",),
}
"""Options of evaluate, and those that say nothing beside each: a page has a set of measures of its own, and what is measured on
the suite is not measured on posts."""

BEFORE = "before"
"""The folder in that of the models where those lie that training has replaced, each by when."""

Corpus = Annotated[
    Path | None,
    typer.Option(help="Folder of .jsonl files [default: corpus/ in the models folder].", show_default=False),
]

Decided = Annotated[
    Path | None,
    typer.Option("--with-decisions", help="File of 'turvakt decisions export' to learn from, too.", show_default=False),
]

OpenCorpora = Annotated[
    Path | None,
    typer.Option("--open", help="Folder of open corpora to read besides; see docs/training.md.", show_default=False),
]


def train(
    context: typer.Context,
    corpus: Corpus = None,
    open_corpora: OpenCorpora = None,
    with_decisions: Decided = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Train the encoder too: from this base model, a folder or a name on the model hub, or from an encoder's folder.",
            show_default=False,
        ),
    ] = None,
    distil: Annotated[
        bool,
        typer.Option(
            "--distil", help="Let an encoder of half the size learn from it and take its place: faster, weaker."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write linear/ and encoder/ to [default: the models folder, whose own are kept in its before/].",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and texts give the same model.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train the models on labelled posts and write them with their cards. Minutes for the linear model, hours for the encoder.

    Without --base the encoder that lies there, else the one in use, learns nothing, but is calibrated anew beside the new linear
    model. The new ones take the place of those that lie there when all is done; until then, and after any error, the old ones
    stay. Those in the models folder are kept beside the new ones, to go back to. The figures printed are on held-out authors:
    each post was judged by a model that knew nothing by its author.
    """
    from classify.classifiers.linear import Linear
    from classify.corpus import read
    from classify.encoder import artifact
    from classify.training import linear  # scikit-learn takes seconds to load: only who trains waits for it
    from classify.training.decisions import read_decisions
    from classify.training.open_corpora import OpenTexts, read_open
    from classify.training.settling import dev_and_test, settle_anew
    from classify.training.targets import split
    from classify.training.workshop import workshop
    from turvakt.commands import abilities

    if base:
        _check_packages()
    models = settings(context).models_dir
    out = out or models
    folder = corpus or models / "corpus"
    examples = read(folder)
    # What would stop the encoder is told now, not after the linear model has been trained.
    before = Path(base) if base else (out if artifact.lies_in(out / "encoder") else models) / "encoder"
    old = artifact.load(before, to_train=base is not None) if artifact.lies_in(before) or not base else None
    if base or old:
        dev_and_test(examples)
    found = read_open(open_corpora, native=folder / "native") if open_corpora else OpenTexts((), ())
    decided = read_decisions(with_decisions) if with_decisions else []
    others = (*found.examples, *decided)
    for refused in found.refused:
        aside.print(f"Refused: {refused}", markup=False, highlight=False)
    keep = models / BEFORE / f"{SystemClock().now():%Y%m%dT%H%M%SZ}" if out.resolve() == models.resolve() else None
    with workshop(out, keep=keep) as new, _progress() as tell:
        learnt = [example for example in examples if split(example) in ("train", "dev")]
        trained = linear.train(learnt, others=others, out=new / "linear", seed=seed, progress=tell)
        report, scorer, encoder = trained.report, Linear.open(new).scorer, new / "encoder"
        if base:
            from classify.training.encoder import STUDENT
            from classify.training.encoder import train as train_encoder

            report = train_encoder(
                examples,
                others=others,
                base=base,
                out=encoder,
                seed=seed,
                student=STUDENT if distil else None,
                linear=scorer,
                held=trained.scores,
                progress=tell,
            )
        elif old:
            report = settle_anew(old, examples, out=encoder, linear=scorer, held=trained.scores, progress=tell)
    if decided:
        aside.print(f"Learnt from {len(decided)} examples of what reviewers decided. Delete their file now.")
    if keep is not None and keep.is_dir():
        remedy = f"To go back to them set classifier.models to {keep} and restart."
        aside.print(f"The models that lay there are kept. {remedy}", soft_wrap=True, markup=False, highlight=False)
    if as_json:
        write_json(report.as_json())
    else:
        abilities.show({"report": report}, as_json=False)


def _check_packages() -> None:
    """Raise Broken where a package is missing that training the encoder needs: before hours of work, not after some of them."""
    try:
        from classify.training import encoder, network  # noqa: F401
    except ModuleNotFoundError as error:
        raise Broken(
            f"the package '{error.name}' is missing",
            place="turvakt train --base",
            remedy="Install what training the encoder needs with 'make train-setup'",
        ) from error


def evaluate(
    context: typer.Context,
    corpus: Corpus = None,
    open_corpora: OpenCorpora = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the texts that training saw: that flatters the model.")
    ] = False,
    topics: Annotated[
        bool,
        typer.Option(
            "--topics",
            help="Instead: texts on topics that neither training nor calibration sees, by authors whom it sees.",
        ),
    ] = False,
    apart: Annotated[
        bool, typer.Option("--apart", help="Leave out texts that training saw a twin of, by another author.")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also how many texts of each tenth of probability have the label.")
    ] = False,
    passages: Annotated[
        bool, typer.Option("--passages", help="Also how far a probability falls without the words that are marked.")
    ] = False,
    suite: Annotated[bool, typer.Option("--suite", help="Instead: small cases that each ask for one ability.")] = False,
    variations: Annotated[
        bool, typer.Option("--variations", help="Instead: the same cases with typos, other names, disguised words ...")
    ] = False,
    groups: Annotated[bool, typer.Option("--groups", help="Instead: lawful sentences about groups of people.")] = False,
    page: Annotated[
        Path | None,
        typer.Option(help="Instead: all of these, written into this page; see docs/evaluation.md.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge labelled posts with the model in use and compare, per language, source and label, with intervals.

    Without --all or --topics only the authors whom no training sees are judged. --suite, --variations and --groups, alone or
    together, measure on models/suite/ what the model can do, what moves it and whom it judges otherwise; see docs/evaluation.md.
    """
    from turvakt.commands import abilities

    of_posts = (everything, topics, apart, curve, passages, corpus, open_corpora)
    measures = {"suite": suite, "variations": variations, "groups": groups}
    options = dict(zip(_OF_POSTS, of_posts, strict=True)) | {f"--{name}": wanted for name, wanted in measures.items()}
    options |= {"--page": page, "--json": as_json}
    _check_options([name for name, given in options.items() if given])
    names = frozenset(name for name, wanted in measures.items() if wanted or page)
    if page:
        abilities.check(page)
    with parts(context) as opened, _progress() as tell:
        models, classifier = opened.settings.models_dir, opened.classifier
        found: dict[str, Measured] = {}
        if page or not names:
            folder = corpus or models / "corpus"
            examples = _texts(folder, open_corpora)
            alone: Part = "all" if everything else "topics" if topics else "authors"
            both: tuple[Part, ...] = ("authors", "topics")
            # All are chosen before any is judged: that there are none is told before hours of work.
            chosen = {part: _held_out(examples, part, folder, apart=apart) for part in (both if page else (alone,))}
            for part, posts in chosen.items():
                also = {"curve": curve, "passages": passages}
                wanted = frozenset(name for name, there in also.items() if there or (page and part == "authors"))
                found |= _on_posts(classifier, posts, part, tell, of=_of(part, apart=apart), also=wanted)
        if names:
            found |= abilities.measure(classifier, models / "suite", tell, names=names)
    if page:
        abilities.write(found, page, with_open=open_corpora is not None)
    else:
        abilities.show(found, as_json=as_json)


def _check_options(given: Collection[str]) -> None:
    """Raise BadInput for an option that would be dropped without a word beside another."""
    for one, others in _EXCLUDED.items():
        for other in others:
            if one in given and other in given:
                reason, remedy = f"{one} and {other} exclude each other", "Leave one of them out"
                raise BadInput(reason, place="turvakt evaluate", remedy=remedy)


def _texts(folder: Path, open_corpora: Path | None) -> "list[Example]":
    from classify.calibration import LANGUAGES
    from classify.corpus import read
    from classify.training.open_corpora import read_open

    examples = read(folder)
    if open_corpora:
        examples += read_open(open_corpora, native=folder / "native").examples
    return [example for example in examples if example.lang in LANGUAGES]


def _of(part: "Part", *, apart: bool) -> str:
    of = {"authors": "held-out authors", "topics": "held-out topics", "all": "all authors"}[part]
    return f"{of}, without twins" if apart else of


def _held_out(examples: "list[Example]", part: "Part", folder: Path, *, apart: bool) -> "list[Example]":
    """Those of ``examples``, which are from ``folder``, that are in ``part``.

    Raises:
        Broken: there are none, so that nothing could be measured.
    """
    from classify.training.held_out import held_out

    posts = held_out(examples, part, apart=apart)
    if not posts:
        raise Broken(
            f"no posts of {_of(part, apart=apart)} there",
            place=str(folder),
            remedy="Name a corpus of more authors and topics, or judge all of it: --all without --apart",
        )
    return posts


def _on_posts(
    classifier: "Classifier",
    posts: "list[Example]",
    part: "Part",
    tell: "_Bars",
    *,
    of: str,
    also: frozenset[str],
) -> "dict[str, Measured]":
    """The report on ``posts``, by the name of their part, and "curve" and "passages" if ``also`` has them."""
    from classify.evaluation import faithfulness
    from classify.evaluation.curves import curves
    from classify.evaluation.report import judge, report
    from classify.evaluation.verdicts import by_author, by_topic

    judgements = judge(classifier, posts, progress=tell)
    owner = by_topic if part == "topics" else by_author
    found: dict[str, Measured] = {part: report(posts, judgements, model=classifier.model, of=of, owner=owner)}
    if "curve" in also:
        found["curve"] = curves(posts, judgements, model=classifier.model, of=of)
    if "passages" in also:
        found["passages"] = faithfulness.run(classifier, posts, judgements, of=of, progress=tell)
    return found


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
