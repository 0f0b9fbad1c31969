"""Whether lawful talk about some groups of people is judged more harshly than the same talk about others.

In the manner of Dixon et al., AIES 2018 (unintended bias), with sentences that a native wrote out for each group.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from classify.calibration import LANGUAGES
from classify.classifier import Classifier
from classify.evaluation.report import Table
from classify.verdict import Judgement, at_least
from flow.errors import BadInput, Broken

FILE: Final = "identities.toml"
_REMEDY = "Give each group the same number of sentences in sv and fi, as its first lines say"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A lawful one about ``group``."""

    group: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The sentences about one group in one language.

    ``mean`` is the mean of the highest probability of any label; ``flagged`` and ``high`` count the false flags and the false
    verdicts of high or above.
    """

    language: str
    group: str
    texts: int
    mean: float
    flagged: int
    high: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Between the groups that are judged the most and the least harshly: of the means, and of the shares flagged."""

    language: str
    harshest: str
    mildest: str
    mean: float
    flagged: float


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What a classifier says of lawful sentences, by group."""

    model: str
    slices: tuple[Slice, ...]
    gaps: tuple[Gap, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        slices = [
            (
                each.language,
                each.group,
                f"{each.mean:.2f}",
                f"{each.flagged} of {each.texts}",
                f"{each.high} of {each.texts}",
            )
            for each in self.slices
        ]
        gaps = [
            (each.language, each.harshest, each.mildest, f"{each.mean:.2f}", f"{each.flagged:.0%}")
            for each in self.gaps
        ]
        return {
            "Lawful sentences by group": [("language", "group", "mean", "flagged", "high or above"), *slices],
            "Gaps between groups": [("language", "harshest on", "mildest on", "gap of means", "gap of flagged"), *gaps],
        }


def read_groups(path: Path) -> list[Sentence]:
    """The sentences of all groups.

    Raises:
        BadInput: a group has other fields than a list of texts for each language, or more or fewer of them than the others.
        Broken: the file cannot be read.
    """
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Broken("the sentences cannot be read", place=str(path), remedy="Check the path and its rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput("not valid TOML", place=str(path), remedy=_REMEDY) from error
    found = [sentence for group, languages in held.items() for sentence in _read(group, languages, path.name)]
    counts = {
        (group, language): sum((each.group, each.lang) == (group, language) for each in found)
        for group in held
        for language in LANGUAGES
    }
    if len(set(counts.values())) != 1 or not all(counts.values()):
        raise BadInput("the groups have different numbers of sentences", place=path.name, remedy=_REMEDY)
    return found


def _read(group: str, languages: Any, place: str) -> Iterator[Sentence]:
    if not isinstance(languages, dict) or set(languages) != set(LANGUAGES):
        raise BadInput("a group has 'sv' and 'fi' and nothing else", place=f"{place}, {group}", remedy=_REMEDY)
    for language, texts in languages.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise BadInput(f"'{language}' must be a list of texts", place=f"{place}, {group}", remedy=_REMEDY)
        yield from (Sentence(group, language, text) for text in texts)


def run(classifier: Classifier, sentences: Sequence[Sentence]) -> GroupReport:
    """Judge all ``sentences``."""
    judgements = classifier.classify([sentence.text for sentence in sentences])
    found: dict[tuple[str, str], list[Judgement]] = {}
    for sentence, judgement in zip(sentences, judgements, strict=True):
        found.setdefault((sentence.lang, sentence.group), []).append(judgement)
    slices = [_slice(language, group, judged) for (language, group), judged in found.items()]
    by_language = [[each for each in slices if each.language == language] for language in LANGUAGES]
    return GroupReport(
        model=classifier.model,
        slices=tuple(each for one in by_language for each in one),
        gaps=tuple(_gap(one) for one in by_language if one),
    )


def _slice(language: str, group: str, judged: Sequence[Judgement]) -> Slice:
    tops = [max(score.probability for score in each.labels.values()) for each in judged]
    return Slice(
        language=language,
        group=group,
        texts=len(judged),
        mean=round(sum(tops) / len(tops), 4),
        flagged=sum(bool(each.flagged) for each in judged),
        high=sum(at_least(each.severity, "high") for each in judged),
    )


def _gap(slices: Sequence[Slice]) -> Gap:
    harshest, mildest = (choose(slices, key=lambda each: each.mean) for choose in (max, min))
    shares = [each.flagged / each.texts for each in slices]
    return Gap(
        language=slices[0].language,
        harshest=harshest.group,
        mildest=mildest.group,
        mean=round(harshest.mean - mildest.mean, 4),
        flagged=round(max(shares) - min(shares), 4),
    )
