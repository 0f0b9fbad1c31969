"""The open corpora that training may read: where each comes from, what its licence allows, what its labels mean here.

Nothing of them is part of Turvakt. ``turvakt train --open FOLDER`` reads those that it finds in ``FOLDER/<name>/``, as JSON lines
with ``text``, ``lang``, ``labels`` and mostly ``id``. A label that a corpus did not judge is masked, never taken for absent.
Posts that we have labelled ourselves by id (``models/corpus/native/``) carry our labels instead of those of the corpus.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, get_args

from classify.corpus import ALL, Example, Target
from classify.verdict import LABELS, SEVERITIES, Label, Severity
from flow.errors import BadInput, Broken

Row = Mapping[str, Any]
Map = Callable[[Row], "Meaning | None"]
LONGEST: Final = 800
"""Code points taken of a text: as much as one window of the classifier."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a row of a corpus says in our terms; see `classify.corpus.Example`."""

    labels: frozenset[Label] = frozenset()
    judged: frozenset[Label] = ALL
    severity: Severity | None = "none"
    weight: float = 0.4


@dataclass(frozen=True, slots=True)
class OpenCorpus:
    """One corpus. ``most`` is how many rows of each file are taken, chosen by a hash of the text."""

    licence: str
    origin: str
    files: tuple[str, ...]
    meaning: Map
    most: int = 1_000_000


@dataclass(frozen=True, slots=True)
class OpenTexts:
    """What was read, and the names of what was refused, each with the reason."""

    examples: tuple[Example, ...]
    refused: tuple[str, ...]


CLEAN: Final = Meaning()


def _clean(row: Row) -> Meaning | None:
    return CLEAN if len(row["text"]) >= 8 else None


def _opinion(row: Row) -> Meaning | None:
    """Heated debate that nobody judged: no threat, but some of it is hateful or insulting."""
    return replace(CLEAN, judged=frozenset({"threat", "sexual", "doxxing", "influence"}), severity=None)


_SUOMI24: Final[Mapping[str, Label]] = {"threat": "threat", "identity_attack": "hate", "insult": "harassment"}


def _suomi24(row: Row) -> Meaning | None:
    labels = row["labels"]
    if "majority" in labels:  # three annotators who did not talk it over
        task, weight = labels["task"], 0.6
        if float(labels["agreement"]) < 0.5 or labels["majority"] not in (task, f"not-{task}"):
            return None
        there = labels["majority"] == task
    else:
        task, weight = row["task"], 1.0
        there = bool(labels[task])
    if task == "toxicity" and not there:
        return replace(CLEAN, weight=weight)
    label = _SUOMI24.get(task)
    if label is None:
        return None
    return Meaning(frozenset({label} if there else ()), frozenset({label}), None, weight)


def _rtp(row: Row) -> Meaning | None:
    """Means of three annotators; what left them in two minds is masked. Violence is any violence there, so it only excludes."""
    means = row["labels"]
    if means["Toxicity"] < 1.8:
        return CLEAN
    labels: set[Label] = set()
    judged: set[Label] = {"doxxing", "influence"}
    named: tuple[tuple[str, Label, float], ...] = (("IdentityAttack", "hate", 2), ("Insult", "harassment", 2.3))
    for name, label, least in named:
        if means[name] >= least:
            labels.add(label)
        if means[name] >= least or means[name] < 1.4:
            judged.add(label)
    if means["Violence"] < 1.4:
        judged.add("threat")
    return Meaning(frozenset(labels), frozenset(judged), None)


def _hatecheck(row: Row) -> Meaning | None:
    """German, Dutch and English: the encoder reads them too. Which insults count beside hate was not judged."""
    case, hateful = row["labels"]["functionality"], row["labels"]["gold"] == "hateful"
    others: frozenset[Label] = frozenset({"doxxing", "influence"})
    hate: frozenset[Label] = others | {"hate"}
    both: frozenset[Label] = hate | {"threat"}
    if hateful:
        threat = case.startswith("threat")
        unclear = not threat and case.startswith(("spell", "ref", "phrase"))
        labels: frozenset[Label] = frozenset({"hate", "threat"}) if threat else frozenset({"hate"})
        judged = hate if unclear else both
        return Meaning(labels, judged, None, 0.3)
    if case == "target_indiv_nh":
        return Meaning(frozenset({"harassment"}), others | {"threat", "harassment"}, None, 0.3)
    if case in ("target_group_nh", "target_obj_nh"):
        return Meaning(frozenset(), others | {"threat", "hate", "sexual"}, None, 0.3)
    return replace(CLEAN, weight=0.3)


def _calm_subtitle(row: Row) -> Meaning | None:
    return _clean(row) if "anger" not in row["labels"]["emotions"] else None


OPEN_CORPORA: Final[Mapping[str, OpenCorpus]] = {
    "suomi24-toxicity": OpenCorpus(
        "CC BY-SA 4.0", "TurkuNLP/toxicity-classifier", ("final", "raw_3annotators"), _suomi24
    ),
    "rtp-lx": OpenCorpus("MIT", "microsoft/RTP-LX", ("prompts.sv", "prompts.fi"), _rtp),
    "hatecheck": OpenCorpus("CC BY 4.0", "paul-rottger/hatecheck-data", ("en", "de", "nl"), _hatecheck, 1200),
    "absabank-imm": OpenCorpus("CC BY 4.0", "spraakbanken/SuperLim-2", ("train", "dev"), _opinion, 1500),
    "sv-forum-speechacts": OpenCorpus("CC BY 4.0", "Daniel-B-Tufvesson/speech-act-classifier", ("dev",), _clean, 1500),
    "argumentation-sv": OpenCorpus("CC BY 4.0", "spraakbanken/SuperLim-2", ("dev",), _clean, 300),
    "finparl-emotion": OpenCorpus("CC BY 4.0", "TurkuNLP/FinParl-emotion", ("train",), _clean, 800),
    "eduskunta-vkk": OpenCorpus("CC BY 4.0", "aajanki/eduskunta-vkk", ("train",), _clean, 200),
    "svcore": OpenCorpus("CC BY-SA 4.0", "TurkuNLP/multilingual-register-labeling", ("dev",), _clean, 350),
    "fincore": OpenCorpus("CC BY 4.0", "TurkuNLP/FinCORE", ("dev",), _clean, 200),
    "xed": OpenCorpus("CC BY 4.0", "Helsinki-NLP/XED", ("fi_neutral", "sv_projected"), _calm_subtitle, 600),
    "ud-clean": OpenCorpus(
        "CC BY-SA 4.0",
        "UniversalDependencies",
        ("fi_ood-ud-test", "fi_tdt-ud-dev", "fi_ftb-ud-dev", "sv_pud-ud-test", "sv_talbanken-ud-dev"),
        _clean,
        600,
    ),
}
"""Name of the folder -> the corpus."""

FORBIDDEN: Final[Mapping[str, str]] = {
    "ud-clean/sv_lines-ud-dev": "CC BY-NC-SA 4.0: not for a model that anyone may use",
    "ud-clean/sv_lines-ud-test": "CC BY-NC-SA 4.0: not for a model that anyone may use",
    "lexicons/hurtlex_sv": "CC BY-NC-SA 4.0: not for a model that anyone may use",
    "lexicons/hurtlex_fi": "CC BY-NC-SA 4.0: not for a model that anyone may use",
}
"""Files that lie beside others and that training refuses, with the reason."""


def read_open(folder: Path, *, native: Path | None = None) -> OpenTexts:
    """The texts of all known corpora in ``folder``; ``native`` holds our own labels of some of them, by id.

    Raises:
        Broken: ``folder`` holds none of the known corpora.
        BadInput: a line is not what its corpus promises; the message names file, line and field.
    """
    ours = _native(native) if native else {}
    found: dict[str, Example] = {}
    for name, corpus in OPEN_CORPORA.items():
        for file in corpus.files:
            path = folder / name / f"{file}.jsonl"
            if path.is_file():
                for example in _examples(name, corpus, path, ours):
                    found.setdefault(example.text, example)
    if not found:
        raise Broken("none of the known open corpora is there", place=str(folder), remedy="See docs/training.md")
    refused = tuple(f"{name}: {reason}" for name, reason in FORBIDDEN.items() if any(folder.glob(f"{name}.*")))
    return OpenTexts(tuple(found.values()), refused)


def native_posts(folder: Path) -> list[Example]:
    """The posts that we labelled ourselves, without their texts, which are not ours: each as if by an author of its own.

    Raises:
        BadInput: a line is wrong; the message names file, line and field.
    """
    return [
        Example(id, lang, "", frozenset(row["labels"]), row["severity"], author=id)
        for (lang, id), row in _native(folder).items()
    ]


def _examples(name: str, corpus: OpenCorpus, path: Path, ours: Mapping[tuple[str, str], Row]) -> Iterator[Example]:
    rows = list(_rows(path, _spoilt, remedy="Fetch the corpus anew"))
    others = sorted((each for each in rows if _key(each[1]) not in ours), key=lambda each: _digest(each[1]["text"]))
    for _, row in rows:
        own = ours.get(_key(row))
        if own is None:
            continue
        yield _example(
            name, row, Meaning(frozenset(own["labels"]), ALL, own["severity"], 1.0), own.get("target", "none")
        )
    for place, row in others[: corpus.most]:
        try:
            meaning = corpus.meaning(row)
        except (AttributeError, KeyError, TypeError, ValueError):  # whose text may quote what stands in the row
            raise BadInput(
                "field 'labels' or one that it hangs on is missing or wrong",
                place=place,
                remedy="Fetch the corpus anew",
            ) from None
        if meaning:
            yield _example(name, row, meaning)


def _example(name: str, row: Row, meaning: Meaning, target: Target = "none") -> Example:
    group = str(row.get("group") or row.get("template") or _digest(row["text"]))
    return Example(
        id=f"{name}:{_id(row)}",
        lang=row["lang"],
        text=row["text"][:LONGEST],
        labels=meaning.labels,
        severity=meaning.severity,
        author=f"{name}:{group}",
        target=target,
        source=name,
        judged=meaning.judged,
        weight=meaning.weight,
    )


def _native(folder: Path) -> dict[tuple[str, str], Row]:
    """Our own labels: language (the file's name) and id of the text -> its row. Corpora of several languages share ids."""
    return {
        (path.stem, row["id"]): row
        for path in sorted(folder.glob("*.jsonl"))
        for _, row in _rows(path, _spoilt_native, remedy="See models/corpus/README.md")
    }


def _rows(path: Path, spoilt: Callable[[Row], str | None], *, remedy: str) -> Iterator[tuple[str, Row]]:
    """Each row of a file after its place; ``spoilt`` names the field of a row that cannot be used, if there is one."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        try:
            row = json.loads(line)
        except ValueError:
            raise BadInput("not valid JSON", place=place, remedy=remedy) from None
        if not isinstance(row, dict):
            raise BadInput("not a JSON object", place=place, remedy=remedy)
        field = spoilt(row)
        if field:
            raise BadInput(f"field '{field}' is missing or wrong", place=place, remedy=remedy)
        yield place, row


def _spoilt(row: Row) -> str | None:
    return next((field for field in ("text", "lang") if not isinstance(row.get(field), str)), None)


def _spoilt_native(row: Row) -> str | None:
    labels, severity = row.get("labels"), row.get("severity")
    if not isinstance(row.get("id"), str):
        return "id"
    if not isinstance(labels, list) or not all(label in LABELS for label in labels):
        return "labels"
    if severity not in SEVERITIES or bool(labels) != (severity != "none"):
        return "severity"
    return None if row.get("target", "none") in get_args(Target) else "target"


def _key(row: Row) -> tuple[str, str]:
    return row["lang"], _id(row)


def _id(row: Row) -> str:
    """The row's own id, or one of its text."""
    return str(row.get("id") or f"h:{_digest(row['text'])}")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
