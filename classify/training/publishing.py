"""The corpus as a data set to publish: JSON lines and Parquet by language and split, with card, datasheet and warning.

The name of every file with texts says ``abusive``, which loaders carry along; each Parquet file has the warning in its metadata.
A ``warning`` in each row would only be a column that somebody trains on, and a remark in a first line breaks loaders.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from classify.calibration import LANGUAGES
from classify.corpus import Example, line, read, row
from classify.training.targets import split
from flow.errors import BadInput, Broken

WARNING: Final = """\
Warning: these files contain threats, hate, slurs, sexual abuse and invented private data. They exist so that such posts can be
found. All people in them are invented. Do not show them to anybody who did not ask.

Varning: filerna innehåller hot, hat, skällsord, sexuella kränkningar och påhittade personuppgifter. De finns till för att sådana
inlägg ska kunna upptäckas. Alla personer är påhittade. Visa dem inte för någon som inte har bett om det.

Varoitus: tiedostoissa on uhkauksia, vihapuhetta, haukkumasanoja, seksuaalista häirintää ja keksittyjä yksityistietoja. Ne on
tehty, jotta tällaiset viestit tunnistettaisiin. Kaikki henkilöt ovat keksittyjä. Älä näytä niitä kenellekään, joka ei ole niitä
pyytänyt.
"""
SPLITS: Final = ("train", "dev", "test", "topics")
"""``topics`` holds posts by authors of ``train`` on the topics that are never trained on."""
_HUB: Final = {"dev": "validation"}
"""What the Hugging Face hub calls a split, where it is not our name."""
_HEAD: Final = """\
---
pretty_name: Turvakt, online harassment of elected officials in Swedish and Finnish
language: [sv, fi]
license: cc-by-4.0
task_categories: [text-classification]
task_ids: [multi-label-classification, hate-speech-detection]
language_creators: [machine-generated]
multilinguality: [multilingual]
source_datasets: [original]
size_categories: [10K<n<100K]
tags: [synthetic, threats, hate-speech, harassment, doxxing, not-for-all-audiences]
configs:
{configs}---

"""


def publish(corpus: Path, out: Path) -> dict[str, dict[str, int]]:
    """Write the data set of the folder ``corpus`` to ``out``; returns how many posts each language has in each split.

    Raises:
        BadInput: ``out`` holds something already, or a line of the corpus is wrong.
        Broken: PyArrow is missing, or something of the corpus is.
        OSError: ``out`` cannot be written.
    """
    _arrow()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput("is there already", place=str(out), remedy="Name a new or an empty folder with --out")
    examples = read(corpus)
    card, datasheet = (_text(corpus / name) for name in ("README.md", "DATASHEET.md"))
    out.mkdir(parents=True, exist_ok=True)
    (out / "WARNING.txt").write_text(WARNING, "utf-8")
    (out / "README.md").write_text(_HEAD.format(configs=_configs()) + card, "utf-8")
    (out / "DATASHEET.md").write_text(datasheet, "utf-8")
    for name in ("readings", "native"):  # labels by id, without texts
        if (corpus / name).is_dir():
            shutil.copytree(corpus / name, out / name)
    counts: dict[str, dict[str, int]] = {}
    for language in LANGUAGES:
        (out / language).mkdir()
        counts[language] = {}
        for part in SPLITS:
            held = [each for each in examples if each.lang == language and (split(each) or "topics") == part]
            counts[language][part] = len(held)
            (out / language / f"abusive_{part}.jsonl").write_text("".join(f"{line(each)}\n" for each in held), "utf-8")
            _write_parquet(held, out / language / f"abusive_{part}.parquet")
    return counts


def _write_parquet(examples: Sequence[Example], path: Path) -> None:
    """All columns that the JSON lines have, in their order."""
    arrow, parquet = _arrow()
    text = arrow.string()
    kinds: Mapping[str, Any] = {"labels": arrow.list_(text)}
    columns = list(row(Example("", "sv", "", frozenset(), "none", "")))
    schema = arrow.schema(
        [(name, kinds.get(name, text)) for name in columns], metadata={"warning": WARNING, "licence": "CC BY 4.0"}
    )
    parquet.write_table(arrow.Table.from_pylist([row(each) for each in examples], schema), path, compression="zstd")


def _configs() -> str:
    """Both languages and each of them, in the form of the hub: Parquet alone, for a data set has one format there."""
    shown = ""
    for name, folder in (("all", "*"), *((language, language) for language in LANGUAGES)):
        shown += f"  - config_name: {name}\n" + ("    default: true\n" if name == "all" else "") + "    data_files:\n"
        for part in SPLITS:
            shown += f'      - split: {_HUB.get(part, part)}\n        path: "{folder}/abusive_{part}.parquet"\n'
    return shown


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise Broken(
            f"the package '{error.name}' is missing",
            place="turvakt corpus export",
            remedy="Install it with '.venv/bin/uv pip install pyarrow'; 'make test' and 'make train-setup' do so too",
        ) from error
    return pyarrow, parquet


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise Broken("the page cannot be read", place=str(path), remedy="Export a whole corpus folder") from error
