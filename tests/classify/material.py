"""Reads the abusive test material that lies beside the tests."""

import json
import shutil
import zlib
from atexit import register
from dataclasses import asdict, replace
from functools import cache
from itertools import count, cycle, islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from classify.calibration import Calibration
from classify.classifier import Classifier
from classify.classifiers import make_classifier
from classify.corpus import line, read
from classify.encoder.artifact import Together, save
from classify.linear.artifact import load as load_linear
from classify.remote.service import Service
from classify.training.card import Taught
from classify.training.targets import split
from classify.verdict import SEVERITIES
from flow.clock import SystemClock
from tests.classify.servers import CHAT, TOKEN, ZEROS, ModelServer, Reply, said

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "models"
TRAINING = HERE / "abusive_training.jsonl"


@cache
def corpus_of_all_sides() -> Path:
    """A file of the texts of `TRAINING`, once as authors to train on wrote them, once as each kind that is held out did."""
    texts = [replace(example, topic=None, contrast=None) for example in read(TRAINING)]
    lines = []
    for side in ("train", "dev", "test"):
        names = (name for name in map("author-{}".format, count()) if split(replace(texts[0], author=name)) == side)
        authors = cycle(islice(names, 10))
        lines += [line(replace(each, id=f"{side}-{each.id}", author=next(authors))) for each in texts]
    folder = Path(mkdtemp())
    register(shutil.rmtree, folder)
    file = folder / "corpus.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


def phrases() -> list[dict[str, Any]]:
    """Texts that a rule must find: ``lang``, ``text``, ``label``, ``severity``."""
    return [json.loads(line) for line in (HERE / "abusive_phrases.jsonl").read_text("utf-8").splitlines()]


def english() -> list[str]:
    """Threats in English, all of which a rule must find."""
    return (HERE / "abusive_english.txt").read_text("utf-8").splitlines()[1:]


def lawful_twins() -> list[str]:
    """Texts with the same words that no rule may find."""
    return (HERE / "abusive_lawful_twins.txt").read_text("utf-8").splitlines()[1:]


@cache
def shipped(name: str) -> Classifier:
    """One of the classifiers over the model in the repository; the encoder is the tiny one beside the tests.

    Remote is asked a server whose answers mean nothing, but are always the same for the same text.
    """
    if name == "remote":
        server = ModelServer(_by_chance).__enter__()
        register(server.__exit__)
        url, most = server.url(CHAT), 10_000
        service = Service(
            url=url, kind="chat", model="chance", token=TOKEN, seconds=60, most=most, ask_from=0, lowers="high"
        )
        return make_classifier(name, models=MODELS, wants={name: {"service": service, "clock": SystemClock()}})
    return make_classifier(name, models=with_encoder() if name == "encoder" else MODELS)


def _by_chance(text: str) -> Reply:
    draw = zlib.crc32(text.encode())
    chances = {label: (draw >> 4 * place & 15) / 15 for place, label in enumerate(ZEROS)}
    return said(SEVERITIES[draw % len(SEVERITIES)], **chances)


@cache
def with_encoder(*, linear: str | None = None) -> Path:
    """A models folder that holds the linear model of the repository and a tiny encoder, which knows a dozen violent words.

    The encoder was made to judge together with the linear model of version ``linear``; None: with that of the repository.
    """
    folder = Path(mkdtemp())
    register(shutil.rmtree, folder)
    (folder / "linear").symlink_to(MODELS / "linear")
    shutil.copytree(HERE / "tiny_encoder", folder / "encoder")
    tiny = json.loads((HERE / "tiny_encoder" / "model.json").read_text("utf-8"))
    calibration = Calibration.of_json(tiny["calibration"])
    version = linear or load_linear(MODELS / "linear").version
    save(
        folder / "encoder",
        bias=tiny["bias"],
        calibration=calibration,
        together=Together(version, 0.25, calibration),
        about={"taught": asdict(Taught.of((), ()))},
    )
    return folder
