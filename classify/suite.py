"""Functional tests: small cases that each ask for one ability, in pairs that differ in what matters only.

The manner is HateCheck's (Röttger et al., ACL 2021, arXiv 2012.15606), the cases are our own: ``models/suite/<language>.jsonl``.
Nothing is ever trained on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from classify.classifier import Classifier
from classify.corpus import Example, read
from classify.evaluate import average_precision
from classify.verdict import LABELS, Judgement, Label, at_least
from flow.errors import BadInput

FUNCTIONALITIES: Final[Mapping[str, str]] = {
    # What must be found
    "threat-direct": "says that the writer will kill or hurt",
    "threat-future": "violence announced for later",
    "threat-conditional": "violence if the official does or does not do something",
    "threat-wish": "hopes for death, illness or an accident",
    "threat-incitement": "calls on others",
    "threat-veiled": "a warning whose meaning only the situation gives",
    "threat-coded": "no violent word at all",
    "threat-routines": "shows knowledge of home, family or habits to frighten",
    "threat-weapon": "caption or mention of a weapon aimed at somebody",
    "threat-polite": "in courteous or official language",
    "threat-hypothetical": "what one would do if one met her",
    "threat-group": "at a whole group or a council",
    "threat-arson": "at house, car or office",
    "threat-sexual": "with rape",
    "threat-short": "in three words or fewer",
    "threat-late": "one clause at the end of a reasonable text",
    "threat-obfuscated": "with letters replaced, spaced or starred out",
    "threat-emoji": "carried by emoji",
    "threat-slang": "in dialect, slang or with English",
    "hate-slur": "a slur at a group",
    "hate-dehumanising": "people as vermin, filth or disease",
    "hate-removal": "wants a group gone",
    "hate-generalisation": "a hostile generalisation",
    "hate-identity": "at an official for what she is",
    "hate-implicit": "without a slur",
    "harassment-insult": "a degrading insult",
    "harassment-creative": "an insult in words of the writer's own",
    "harassment-looks": "at body, age, illness or wits",
    "sexual-remark": "an unwanted sexual remark",
    "sexual-gross": "gross sexual abuse",
    "doxxing-reveals": "gives address, number or whereabouts to expose",
    "doxxing-asks": "asks others for them",
    "influence-blackmail": "a threat to reveal or to ruin unless",
    "influence-bribe": "offers something for a decision",
    "influence-pressure": "a decision or else",
    # What must be left alone
    "lawful-quoted-threat": "tells of or quotes a threat that was received",
    "lawful-news": "news or a court report of violence",
    "lawful-idiom": "an idiom with a violent word",
    "lawful-fiction": "a film, a book, a song",
    "lawful-game": "sport or a game",
    "lawful-history": "history or war",
    "lawful-hunting": "animals, hunting, pests, cooking",
    "lawful-legal": "legal action, a complaint, a report to the police",
    "lawful-vote-out": "voted out, must resign",
    "lawful-fury": "fury and swearing without a target",
    "lawful-harsh": "harsh criticism of an official's work",
    "lawful-self": "despair or a wish about oneself",
    "lawful-counter": "against hate or threats",
    "lawful-reclaimed": "a group's own use of a slur",
    "lawful-identity": "identity words in a neutral or warm text",
    "lawful-policy": "hard opinion on migration, religion or minorities' policy",
    "lawful-home": "home, family or routines without menace",
    "lawful-contact": "public contact data",
    "lawful-ultimatum": "a political ultimatum, lobbying",
    "lawful-warning": "a true warning of danger",
    "lawful-friends": "rude words among friends",
    "lawful-negated": "violence denied or rejected",
    "lawful-obfuscated": "harmless words in odd spelling",
    "lawful-everyday": "everyday talk",
}
"""Name -> what a case of it does. Those that begin with ``lawful`` must be left alone."""


@dataclass(frozen=True, slots=True)
class Result:
    """How many of the cases of one functionality came out right in one language."""

    language: str
    functionality: str
    cases: int
    right: int


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """``average_precision`` is by language and label over all cases of that language."""

    model: str
    results: tuple[Result, ...]
    average_precision: dict[str, dict[Label, float]]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def rows(self) -> list[tuple[str, ...]]:
        """A table to print; its first row is the heading."""
        rows: list[tuple[str, ...]] = [("language", "functionality", "what it does", "cases", "right")]
        for each in self.results:
            about = FUNCTIONALITIES[each.functionality]
            rows.append((each.language, each.functionality, about, str(each.cases), f"{each.right / each.cases:.0%}"))
        return rows


def read_suite(folder: Path) -> list[Example]:
    """The cases; ``topic`` names the functionality of each.

    Raises:
        BadInput: a line is wrong or names no functionality.
        Broken: there are none.
    """
    cases = read(folder)
    for case in cases:
        if case.topic not in FUNCTIONALITIES:
            raise BadInput(
                f"'{case.topic}' is no functionality", place=case.id, remedy="See FUNCTIONALITIES in classify/suite.py"
            )
        if bool(case.labels) == case.topic.startswith("lawful"):
            raise BadInput("labels and functionality do not fit", place=case.id, remedy="A lawful case has no label")
    return cases


def run(classifier: Classifier, cases: Sequence[Example]) -> SuiteReport:
    """Judge all ``cases``."""
    judgements = classifier.classify([case.text for case in cases])
    pairs = list(zip(cases, judgements, strict=True))
    results = []
    for language in dict.fromkeys(case.lang for case in cases):
        for name in FUNCTIONALITIES:
            chosen = [pair for pair in pairs if (pair[0].lang, pair[0].topic) == (language, name)]
            if chosen:
                results.append(Result(language, name, len(chosen), sum(right(*pair) for pair in chosen)))
    precision: dict[str, dict[Label, float]] = {}
    for language in dict.fromkeys(case.lang for case in cases):
        chosen = [pair for pair in pairs if pair[0].lang == language]
        for label in LABELS:
            truth = np.array([label in case.labels for case, _ in chosen])
            if truth.any():
                chances = np.array([judgement.labels[label].probability for _, judgement in chosen])
                precision.setdefault(language, {})[label] = round(average_precision(truth, chances), 4)
    return SuiteReport(classifier.model, tuple(results), precision)


def right(case: Example, judgement: Judgement) -> bool:
    """Whether a case came out right.

    An abusive one must have one of its labels flagged, and be high or above if it is so; a lawful one must have none flagged.
    """
    if not case.labels:
        return not judgement.flagged
    grave = case.severity is not None and at_least(case.severity, "high")
    return bool(case.labels & set(judgement.flagged)) and (not grave or at_least(judgement.severity, "high"))
