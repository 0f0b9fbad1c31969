"""Signs before words hide nothing, hashtags are words, and whom they name stays hidden. Contains abusive test material."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.masking import NAME, hide, mask
from classify.normalise import normalise
from classify.reading import read


def masked(text: str) -> str:
    return mask(text, normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "#jag #ska #döda #dig",
        "@jag @ska @döda @dig",
        "*jag *ska *döda *dig",
        "-jag\n-ska\n-döda\n-dig",
        "🔥jag 🎈ska 🔥döda 🎈dig",
        "#Jag @ska #döda @dig",
        "##jag ##ska ##d0da ##dig",
        "＃jag ＃ska ＃döda ＃dig",
        "jag #ska @döda dig",
        "#jagskadödadig",
        "#JagSkaDödaDig",
        "#JagSkaDodaDig",
        "#JagSkaD0daDig",
        unicodedata.normalize("NFD", "#JagSkaDödaDig"),
        "#Jagskadödadig",
        "#jagskadodadig",
        "#jag_ska_döda_dig",
    ],
)
def test_signs_before_words_hide_nothing(text: str) -> None:
    assert masked(text).split() == ["jag", "ska", "döda", "dig"]
    assert read([text])[0].unable is None
    assert read([text])[0].guess.language == "sv"
    assert normalise(normalise(text).text).text == normalise(text).text


def test_finnish_too() -> None:
    for text in (
        "#minä #tapan #sinut",
        "@minä @tapan @sinut",
        "#minätapansinut",
        "#Minätapansinut",
        "~minä ~tapan ~sinut",
    ):
        assert masked(text).split() == ["minä", "tapan", "sinut"]
        assert read([text])[0].guess.language == "fi"


@pytest.mark.parametrize("text", ["🅻🅰🅿🆂🅴🆂🅸 🅺🆄🅾🅻🅴🆅🅰🆃", "🅛🅐🅟🅢🅔🅢🅘 🅚🅤🅞🅛🅔🅥🅐🅣 🔪", "Ⓛⓐⓟⓢⓔⓢⓘ ⓚⓤⓞⓛⓔⓥⓐⓣ", "🄻🄰🄿🅂🄴🅂🄸 🄺🅄🄾🄻🄴🅅🄰🅃 🔪"])
def test_letters_in_boxes_are_text(text: str) -> None:
    found = read([text])[0]
    assert (found.unable, found.guess.language) == (None, "fi")
    assert masked(text).split()[:2] == ["lapsesi", "kuolevat"]


@pytest.mark.parametrize("tag", ["#AnnaLindqvist", "#MohamedAli", "#SaraEk", "#PekkaVirtanen", "#annalindqvist"])
def test_whom_a_hashtag_names_does_not_matter(tag: str) -> None:
    front, behind = masked(f"{tag} du ljuger, säger de"), masked(f"nu räcker det med {tag}")
    assert front.replace(NAME, "").split() == ["du", "ljuger,", "säger", "de"]
    assert behind.replace(NAME, "").split() == ["nu", "räcker", "det", "med"]
    assert hide(f"{tag} du ljuger").replace(NAME, "") == "# du ljuger"


@pytest.mark.parametrize("name", ["@AnnaLindqvist", "@lindqvist", "@anna", "@Sixtus"])
def test_a_handle_beside_words_with_signs_is_one(name: str) -> None:
    """Most of the words are known, so that the handle could be taken for one, too."""
    for text in (f"{name} @jag @ska @döda @dig", f"@jag @ska {name} @döda @dig"):
        assert masked(text).replace(NAME, "").split() == ["jag", "ska", "döda", "dig"]
        assert name[1:].lower() not in hide(text).lower()


@pytest.mark.parametrize("tag", ["#fanni", "#AnnaKukkonen", "#JariKukkonen", "#AnnaBogren", "#MannePeura", "#Kukkonen"])
def test_a_name_is_no_curse_in_a_hashtag(tag: str) -> None:
    assert masked(f"{tag} du").replace(NAME, "").split() == ["du"]


def test_the_words_beside_a_name_in_a_hashtag_are_read() -> None:
    assert masked("#dödaAnnaLindqvist") == f"döda {NAME * 4} {NAME * 9}"
    assert masked("#HängHenne nu") == "häng henne nu"
    assert masked("#häng_anna_lindqvist") == f"häng anna {NAME * 9}"
    assert masked("#EUval #val2026") == "eu val val0000"


def test_a_place_in_a_hashtag_is_its_place_in_the_text() -> None:
    text = "se #dödaAlla nu"
    normalised = normalise(text)
    start = normalised.text.index("alla")
    assert text[slice(*normalised.span(start, start + 4))] == "Alla"


@pytest.mark.parametrize("text", ["@anna du", "@polisen @kommunen du", "@ek.b: du", "@x.example du", "@a_ska du"])
def test_handles_stay_handles(text: str) -> None:
    assert masked(text).split() == ["du"]


@pytest.mark.parametrize(
    "text", ["nr #1 och c# och a#b", "- hej - hå", "-Nej! -Jo! sa hon", "va?! *suck* nej", "x.se/#döda"]
)
def test_other_signs_stay(text: str) -> None:
    assert normalise(text).text == text.lower()


def test_pages_without_a_scheme_are_links() -> None:
    assert masked("se flashback.org/t123, du") == f"se {NAME * 18}, du"
    for text in ("och/eller", "jag.ska.doda.nu/x", "t.ex./m.m", "kl.sv/fi"):
        assert masked(text) == text


@pytest.mark.parametrize("unit", ["#a ", "#", "@du ", "*a ", "*", "#ab", "#a#", "@", "ab@", "x"])
def test_takes_linear_time(unit: str) -> None:
    text = unit * (40_000 // len(unit))
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 5


@given(
    st.lists(
        st.sampled_from(["#", "@", "*", "ska", "Döda", "anna", " ", "\n", "_", ".", "1", "＃", "x.se/"]), max_size=14
    )
)
def test_reading_again_changes_nothing(parts: list[str]) -> None:
    text = "".join(parts)
    found = normalise(text)
    assert normalise(found.text).text == found.text
    assert len(mask(text, found)) == len(found.text)
