"""Law hints: the file that came along, what raises a hint, and what is wrong in a file is named."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from classify.law import Provision, as_json, hints, load_law
from classify.severity import MOST
from classify.verdict import LABELS, SEVERITIES, Judgement, Label, Score, Severity
from flow.errors import BadInput
from registry.official import Country, Language

SHIPPED = Path(__file__).parents[2] / "config" / "law.toml"
LAW = load_law(SHIPPED)
HONOUR = {"5 kap. 1 och 2 §§ brottsbalken", "5 kap. 3 § brottsbalken", "17 kap. 3 § brottsbalken"} | {
    "24 kap. 9 och 10 § i strafflagen"
}


def judgement(*labels: Label, severity: Severity = "high", language: str = "sv") -> Judgement:
    scores = {label: Score(0.9 if label in labels else 0.1, label in labels) for label in LABELS}
    return Judgement(language, None, severity, scores, (), "linear@1")  # type: ignore[arg-type]


def sections(provisions: Sequence[Provision]) -> list[str]:
    return [each.section.sv for each in provisions]


class TestTheFileThatCameAlong:
    @pytest.mark.parametrize("country", ["SE", "FI"])
    @pytest.mark.parametrize("label", LABELS)
    def test_every_label_has_a_hint_in_both_countries(self, country: Country, label: Label) -> None:
        severity = min("high", MOST[label], key=SEVERITIES.index)
        assert hints(LAW, judgement(label, severity=severity), countries=[country])

    def test_honour_is_never_in_alerts(self) -> None:
        assert {each.section.sv: each.in_alerts for each in LAW if each.section.sv in HONOUR} == dict.fromkeys(
            HONOUR, False
        )

    def test_a_threat_against_an_elected_official(self) -> None:
        swedish, finnish = (hints(LAW, judgement("threat"), countries=[each]) for each in ("SE", "FI"))
        assert sections(swedish)[:3] == [
            "4 kap. 5 § brottsbalken",
            "17 kap. 1 § brottsbalken",
            "29 kap. 2 § 9 brottsbalken",
        ]
        assert [each.mandate for each in swedish[:3]] == [False, True, True]
        assert sections(finnish)[:2] == ["25 kap. 7 § i strafflagen", "25 kap. 9 § i strafflagen"]
        assert [each.mandate for each in finnish[:2]] == [False, True]

    def test_incitement_is_for_the_gravest_alone(self) -> None:
        assert "16 kap. 5 § brottsbalken" not in sections(hints(LAW, judgement("threat")))
        assert "16 kap. 5 § brottsbalken" in sections(hints(LAW, judgement("threat", severity="critical")))

    @pytest.mark.parametrize("provision", LAW, ids=lambda each: each.section.sv)
    def test_its_page_lists_it(self, provision: Provision) -> None:
        section = provision.cited(provision.tongue)[0].replace("rikoslaki ", "").replace(" brottsbalken", "")
        name = f"{provision.name.en} (*{getattr(provision.name, provision.tongue)}*)"
        flags = f"{'yes' if provision.mandate else '-'} | {'yes' if provision.in_alerts else 'no'}"
        row = f"| {section} | {name} | {', '.join(provision.labels)} | {provision.severity} | {flags} |"
        assert row in (SHIPPED.parents[1] / "docs" / "law.md").read_text("utf-8")

    def test_a_rude_post_is_no_hint_at_all(self) -> None:
        assert hints(LAW, judgement("harassment", severity="low")) == []


class TestHints:
    def test_nothing_flagged_hints_at_nothing(self) -> None:
        assert hints(LAW, judgement(severity="none")) == []

    def test_without_a_country_the_language_of_the_text_decides(self) -> None:
        for language, country in (("sv", "SE"), ("fi", "FI")):
            found = hints(LAW, judgement("hate", language=language))
            assert {each.country for each in found} == {country}
        assert hints(LAW, judgement("hate", language="other")) == []

    def test_the_country_of_the_official_goes_before_the_language(self) -> None:
        """Finland-Swedish officials fall under the law of Finland, whatever the language of the post."""
        assert {each.country for each in hints(LAW, judgement("threat"), countries=["FI"])} == {"FI"}
        assert {each.country for each in hints(LAW, judgement("threat"), countries=["SE", "FI"])} == {"SE", "FI"}

    @pytest.mark.parametrize(
        ("country", "language", "cited"),
        [
            ("SE", "sv", ("4 kap. 5 § brottsbalken", "sv")),
            ("SE", "fi", ("4 kap. 5 § brottsbalken", "sv")),
            ("SE", "en", ("4 kap. 5 § brottsbalken", "sv")),
            ("FI", "sv", ("25 kap. 7 § i strafflagen", "sv")),
            ("FI", "fi", ("rikoslaki 25 luku 7 §", "fi")),
            ("FI", "en", ("rikoslaki 25 luku 7 §", "fi")),
        ],
    )
    def test_a_section_is_cited_as_its_lawyers_do(
        self, country: Country, language: Language, cited: tuple[str, str]
    ) -> None:
        assert hints(LAW, judgement("threat"), countries=[country])[0].cited(language) == cited

    def test_for_programs(self) -> None:
        assert as_json(hints(LAW, judgement("threat", language="fi"))[:1]) == [
            {"country": "FI", "section": "rikoslaki 25 luku 7 §", "mandate": False}
        ]
        assert {each.mandate for each in LAW} == {False, True}
        assert [each["mandate"] for each in as_json(LAW)] == [each.mandate for each in LAW]


WHOLE = """
[[provision]]
country = "SE"
section = { sv = "1 kap. 1 § lagen" }
name = { sv = "a", fi = "b", en = "c" }
labels = ["threat"]
severity = "high"
note = { sv = "a", fi = "b", en = "c" }
source = "https://law.example/1"
checked = 2026-11-28
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "my-law.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_file_of_your_own(tmp_path: Path) -> None:
    (provision,) = load_law(write(tmp_path, WHOLE))
    assert (provision.mandate, provision.in_alerts, provision.checked.year) == (False, True, 2026)
    assert load_law(write(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[provision]]", "[[provision", "is not valid TOML"),
        ("[[provision]]", "[[provisions]]", "unknown key 'provisions'"),
        ("[[provision]]", "[provision]", "'provision' is no list"),
        ('country = "SE"', 'country = "NO"', r"provision '1 kap\. 1 § lagen': key 'country'"),
        ('country = "SE"', 'country = "FI"', r"key 'section\.fi': is missing"),
        ('sv = "1 kap. 1 § lagen"', 'sv = "1 §", fi = "1 §"', r"provision '1 §': key 'section\.fi'.*in Swedish only"),
        ('section = { sv = "1 kap. 1 § lagen" }\n', "", "provision number 1: .*`section`"),
        ('sv = "1 kap. 1 § lagen"', 'sv = " "', r"provision number 1: key 'section\.sv': is empty"),
        ('fi = "b", en = "c" }\nlabels', 'en = "c" }\nlabels', "key 'name': .*`fi`"),
        ('en = "c" }\nsource', 'en = "" }\nsource', r"key 'note\.en': is empty"),
        ('["threat"]', '["threats"]', r"key 'labels\[0\]'"),
        ('["threat"]', "[]", "key 'labels': is empty"),
        ('severity = "high"', 'severity = "none"', "key 'severity'"),
        ("https:", "http:", "key 'source'"),
        ("2026-11-28", '"yesterday"', "key 'checked'"),
        ("checked", "mandat = true\nchecked", "`mandat`"),
        ("checked", 'mandate = "yes"\nchecked', "key 'mandate'"),
    ],
)
def test_an_error_names_file_entry_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises(BadInput, match=rf"my-law\.toml.*{message}.*See docs/law\.md"):
        load_law(write(tmp_path, WHOLE.replace(old, new)))


def test_a_section_stands_there_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"provision '1 kap\. 1 § lagen': the section is that of an earlier provision"):
        load_law(write(tmp_path, WHOLE * 2))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.toml: cannot be read\. Check the setting classifier\.law"):
        load_law(tmp_path / "none.toml")
