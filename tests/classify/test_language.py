"""Swedish, Finnish or another language, also from little text. Contains abusive test material."""

import time
from itertools import pairwise

import pytest

from classify.language import identify
from classify.reading import MOST, PART, WINDOW, read

SWEDISH = [
    "Jag undrar när simhallen öppnar på lördag",
    "döda dig",
    "Nu e he nog ja kombär ti di i kväll",
    "Tack så mycket för hjälpen",
]
FINNISH = ["Milloin uimahalli aukeaa lauantaina?", "tapan sut", "mä en tajuu miks tää on näin", "Kiitos paljon avusta"]
OTHER = [
    "I will kill you and your family tomorrow",
    "Jeg ved ikke hvad du mener med det, men det er ikke rigtigt",
    "Jeg vet ikke hva dere mener, men det er ikke noe for meg",
    "Ma ei tea, mida sa sellega mõtled, aga see ei ole õige",
    "Ich weiß nicht, was du damit meinst, aber das ist nicht richtig",
    "Я не знаю, что ты имеешь в виду",
]


@pytest.mark.parametrize("text", SWEDISH)
def test_swedish(text: str) -> None:
    assert identify([text])[0].language == "sv"


@pytest.mark.parametrize("text", FINNISH)
def test_finnish(text: str) -> None:
    assert identify([text])[0].language == "fi"


@pytest.mark.parametrize("text", OTHER)
def test_other(text: str) -> None:
    assert identify([text])[0].language == "other"
    assert read([text])[0].unable == "language"


@pytest.mark.parametrize("text", ["", " \n", "👍👍", "@anna https://x.se/jag-ska", "12345", "...", "\x00"])
def test_no_text(text: str) -> None:
    assert read([text])[0].unable == "no-text"


@pytest.mark.parametrize("text", ["ok", "lol", "Hmm haha"])
def test_too_short(text: str) -> None:
    assert read([text])[0].unable == "too-short"


@pytest.mark.parametrize("text", ["dö", "kuole", "vittu", "jävla"])
def test_a_single_listed_word_is_enough(text: str) -> None:
    assert read([text])[0].unable is None


def test_the_larger_part_of_a_mixed_text_counts() -> None:
    swedish = "Jag tycker att kommunen borde salta gångvägen innan någon halkar. Kiitos paljon."
    assert read([swedish])[0].guess.nearest == "sv"
    mixed = "This is so sad and I can not believe that they did this. Jag ska döda dig nu. What is this even about."
    assert read([mixed])[0].unable is None
    assert read([mixed])[0].guess.nearest == "sv"


ENGLISH = (
    "The council met on Tuesday and the budget was debated for three hours, which surprised many people who had hoped "
    "that the roads would finally be repaired before the winter comes. "
)
SWEDES = "Fullmäktige möttes i tisdags och debatterade budgeten i tre timmar utan resultat, vilket förvånade många. "
FINNS = "Kaupunginvaltuusto kokoontui tiistaina ja keskusteli talousarviosta kolme tuntia, eikä tulosta syntynyt. "
THREATS = {
    "sv": ["Jag ska döda dig i natt.", "Du lever inte till valdagen, jag vet var du bor."],
    "fi": ["Tapan sinut ensi yönä.", "Et elä vaalipäivään asti, tiedän missä asut."],
}


@pytest.mark.parametrize(
    "front", [ENGLISH, ENGLISH * 8, "Good day to all of you.\n" * 24], ids=["few", "many", "lines"]
)
@pytest.mark.parametrize("behind", ["", " " + ENGLISH * 8], ids=["at the end", "inside"])
@pytest.mark.parametrize("language", ["sv", "fi"])
def test_what_stands_beside_other_languages_is_judged_by_itself(language: str, front: str, behind: str) -> None:
    for threat in THREATS[language]:
        text = front + threat + behind
        (reading,) = read([text])
        assert reading.unable is None
        assert reading.guess.nearest == language
        assert [window.text.strip() for window in reading.windows] == [threat]
        (window,) = reading.windows
        assert text[window.start :].startswith(window.text)
        assert window.language == language
        assert window.masked == window.normalised.text  # no name, no digit
        assert window in reading.ruled


@pytest.mark.parametrize(("padding", "language", "other"), [(FINNS, "fi", "sv"), (SWEDES, "sv", "fi")])
def test_a_part_in_the_other_language_is_judged_in_it(padding: str, language: str, other: str) -> None:
    for threat in THREATS[other]:
        (reading,) = read([padding * 4 + threat + " " + padding * 2])
        assert reading.guess.language == language
        assert [window.text.strip() for window in reading.windows if window.language == other] == [threat]
        assert len(reading.windows) == len(reading.ruled) + 1


def test_a_sentence_without_a_listed_word_is_judged_beside_a_plain_one() -> None:
    (reading,) = read([ENGLISH * 2 + "Tiedän missä asut. Lapsesi kuolevat pian. " + ENGLISH])
    assert [window.text.strip() for window in reading.windows] == ["Tiedän missä asut. Lapsesi kuolevat pian."]


@pytest.mark.parametrize("end", ["… ", '." ', "!) "])
def test_any_end_of_a_sentence_parts_languages(end: str) -> None:
    (reading,) = read([ENGLISH[:-2] + end + "Jag ska döda dig i natt" + end + ENGLISH])
    assert [window.language for window in reading.windows] == ["sv"]


def test_a_part_in_the_other_language_makes_a_text_no_longer() -> None:
    (reading,) = read(["Jag tycker att vägen borde plogas oftare i vinter. Haista vittu, tapan sinut."])
    assert (len(reading.windows), reading.length) == (2, 1)
    assert read([SWEDES * 20])[0].length == len(read([SWEDES * 20])[0].windows)


@pytest.mark.parametrize(
    "said",
    [
        "Du har förstört allt som vi byggt här i byn, och nu säger vi det rakt ut till dig: jag ska döda dig och alla.",
        "Vi vet nog var du bor i byn, och nu är det snart dags: jag ska döda dig din hora.",
    ],
)
@pytest.mark.parametrize("behind", ["", " " + SWEDES * 4], ids=["at the end", "inside"])
def test_no_quotation_is_cut(said: str, behind: str) -> None:
    """Half of one would be read as the writer's own words, and so would one that fills a window."""
    for before in range(0, 300, 3):
        text = "x" * before + " " + SWEDES * 5 + f'Sedan skrev de till henne på hennes telefon: "{said}"' + behind
        for window in read([text])[0].ruled:
            assert "jag ska döda" not in window.masked


def test_a_name_at_the_beginning_of_a_window_is_one() -> None:
    for before in range(150):
        text = "x" * before + " " + SWEDES * 3 + "och nu sade de att Storgrann har fel om allt. " + SWEDES * 4
        for window in read([text])[0].ruled:
            assert "storgrann" not in window.masked


def test_what_is_not_text_does_not_hide_what_comes_after_it() -> None:
    assert read(["x" * 900 + " Jag ska döda dig"])[0].unable is None


def test_a_place_in_a_part_is_its_place_in_the_text() -> None:
    text = ENGLISH * 3 + "Jag ska ｄöｄ\u200bａ dig i natt. " + ENGLISH
    (window,) = read([text])[0].windows
    at = window.normalised.text.index("döda")
    start, end = window.span(at, at + 4)
    assert text[start:end] == "ｄöｄ\u200bａ"


def test_foreign_sentences_are_not_judged_for_a_word_that_looks_swedish() -> None:
    for text in (ENGLISH * 8, "Skat og skole. " + OTHER[1] + ". " + OTHER[2] + ".", ". ".join(OTHER[2:])):
        assert read([text])[0].unable == "language"


def test_a_text_of_thousands_of_sentences_is_read_in_time() -> None:
    began = time.process_time()
    assert read(["the cat. you shit vittu. " * 3000])[0].windows
    assert time.process_time() - began < 10


def test_a_disguised_text_has_a_language() -> None:
    assert read(["ｔａｐａｎ ѕut"])[0].unable is None


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert read(["\udc80 qwx zzyq\udc80 blorf wug zib"])[0].unable is not None


def test_only_beginning_and_end_of_a_huge_text_are_read() -> None:
    text = "ord " * 100_000
    windows = read([text])[0].windows
    assert all(len(window.text) <= PART and text[window.start :].startswith(window.text) for window in windows)
    covered = {place for window in windows for place in range(window.start, window.start + len(window.text))}
    assert covered == set(range(MOST)) | set(range(len(text) - MOST, len(text)))
    assert len(read(["x" * WINDOW])[0].windows) == 1
    assert len(read(["x" * (WINDOW + 1)])[0].windows) == 4


@pytest.mark.parametrize(
    "noise", ["@user1 " * 120, "https://x.example/1 " * 50, "🎉" * 900 + " ", "RT " + "@user1 " * 120, "👍 " * 1000]
)
def test_words_behind_a_window_without_any_are_judged(noise: str) -> None:
    assert read([noise])[0].unable in ("no-text", "too-short")
    for more in range(0, 60, 10):  # wherever windows end
        found = read(["." * more + noise + "Lapsesi kuolevat pian."])[0]
        assert (found.unable, found.guess.language, found.guess.words) == (None, "fi", 3)
    assert read([noise + "The cat sat on the mat and they are all happy about it. " * 5])[0].unable == "language"


def test_windows_overlap_so_that_no_phrase_is_cut() -> None:
    text = "Tack för fikat. " * 300
    windows = read([text])[0].windows
    assert all(before.start + len(before.text) - after.start > 60 for before, after in pairwise(windows))
