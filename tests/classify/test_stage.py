"""Posts in, verdicts out; severity agrees with labels. Contains abusive test material."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from classify.classifiers.cascade import Cascade
from classify.classifiers.linear import Linear
from classify.law import load_law
from classify.rules.matching import CERTAIN
from classify.severity import settle
from classify.stage import as_json, classify_posts, thresholds_of
from classify.verdict import LABELS, VERDICTS, Label, Score
from flow.clock import ManualClock
from ingest.post import Mention, Post
from tests.classify.material import MODELS, shipped
from tests.classify.watchword import Watchword

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def post(number: int, text: str, deleted: bool = False) -> Post:
    return Post(f"jsonl:{number}", "jsonl", text, NOW, NOW, deleted_at=NOW if deleted else None)


def test_one_verdict_per_post_in_order() -> None:
    posts = [post(1, "Jag ska döda dig"), post(2, "", deleted=True), post(3, "Tack för fikat i parken igår")]
    verdicts = classify_posts(posts, classifier=shipped("cascade"), clock=ManualClock(NOW))
    assert [verdict.post for verdict in verdicts] == posts
    assert [verdict.judgement.severity for verdict in verdicts] == ["critical", "none", "none"]
    assert verdicts[1].judgement.unable == "no-text"
    assert all(verdict.judged_at == NOW for verdict in verdicts)
    assert [VERDICTS.decode(VERDICTS.encode(verdict)) for verdict in verdicts] == verdicts


def test_no_verdict_hangs_on_who_is_named() -> None:
    judgements = set()
    for name in ("lindqvist", "Åsa Ek", "bengt-åke von sydow"):
        text = f"hörni {name} borde hängas för skolan i byn"
        mention = Mention("o", 6, 6 + len(name), "full-name")
        (verdict,) = classify_posts(
            [Post("jsonl:1", "jsonl", text, NOW, NOW, mentions=(mention,))],
            classifier=shipped("linear"),
            clock=ManualClock(NOW),
        )
        judgements.add(tuple(score.probability for score in verdict.judgement.labels.values()))
    assert len(judgements) == 1  # to the last digit


class Asked(Watchword):
    """Its thresholds hang on whether a name is in the text."""

    def thresholds(self, text: str) -> Mapping[Label, float]:
        return {"threat": 0.3 if "lindqvist" in text else 0.6}


def test_thresholds_are_those_of_the_text_that_was_judged() -> None:
    about = replace(post(1, "anna lindqvist borde gå"), mentions=(Mention("o", 0, 14, "full-name"),))
    (verdict,) = classify_posts([about], classifier=Asked(), clock=ManualClock(NOW))
    assert Asked().thresholds(about.text) == {"threat": 0.3}
    assert thresholds_of(verdict, classifier=Asked()) == {"threat": 0.6}
    replaced = replace(verdict, judgement=replace(verdict.judgement, model="linear@0"))
    assert thresholds_of(replaced, classifier=Asked()) == {}


def test_the_plain_json_form() -> None:
    text = "Jag ska döda dig"
    alone = Cascade(Linear.open(MODELS), None)  # an encoder would have its say, too
    found = as_json("x", alone.classify([text])[0], law=load_law(MODELS.parent / "config" / "law.toml"))
    assert list(found) == ["id", "language", "unable", "severity", "labels", "spans", "aimed_at", "law", "model"]
    assert found["labels"]["threat"] == {"probability": CERTAIN, "flagged": True}
    assert found["aimed_at"] == "person"
    assert found["law"][0] == {"country": "SE", "section": "4 kap. 5 § brottsbalken", "mandate": False}
    assert any(text[span["start"] : span["end"]] == text and span["label"] == "threat" for span in found["spans"])


@pytest.mark.parametrize(
    ("flagged", "reached", "severity"),
    [
        ((), ("low", "critical"), "none"),
        (("harassment",), (), "low"),
        (("harassment",), ("low", "medium", "high", "critical"), "medium"),
        (("hate",), (), "medium"),
        (("hate",), ("low", "medium", "high", "critical"), "high"),
        (("threat",), (), "high"),
        (("threat", "harassment"), ("critical",), "critical"),
        (("doxxing",), (), "high"),
        (("influence",), ("low",), "medium"),
    ],
)
def test_severity_agrees_with_labels(flagged: tuple[Label, ...], reached: tuple[str, ...], severity: str) -> None:
    assert settle({label: Score(0.5, label in flagged) for label in LABELS}, reached) == severity
