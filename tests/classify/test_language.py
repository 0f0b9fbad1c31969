"""Swedish, Finnish or another language, also from little text. Contains abusive test material."""

from itertools import pairwise

import pytest

from classify.language import identify
from classify.reading import MOST, WINDOW, read

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


def test_a_disguised_text_has_a_language() -> None:
    assert read(["ｔａｐａｎ ѕut"])[0].unable is None


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert read(["\udc80 qwx zzyq\udc80 blorf wug zib"])[0].unable is not None


def test_only_beginning_and_end_of_a_huge_text_are_read() -> None:
    text = "ord " * 100_000
    windows = read([text])[0].windows
    assert all(len(window.text) <= WINDOW and text[window.start :].startswith(window.text) for window in windows)
    covered = {place for window in windows for place in range(window.start, window.start + len(window.text))}
    assert covered == set(range(MOST)) | set(range(len(text) - MOST, len(text)))
    assert len(read(["x" * (2 * WINDOW)])[0].windows) == 3


def test_windows_overlap_so_that_no_phrase_is_cut() -> None:
    text = "Tack för fikat. " * 300
    windows = read([text])[0].windows
    assert all(before.start + len(before.text) - after.start > 60 for before, after in pairwise(windows))
