"""The model sees no names, handles, links and numbers, and quoted words as quoted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.masking import NAME, cover, hide, mask
from classify.normalise import normalise


def masked(text: str) -> str:
    return mask(text, normalise(text))


def test_masks_names_in_a_sentence_and_their_places() -> None:
    assert masked("det var Storgrann som sa") == f"det var {NAME * 9} som sa"
    assert masked("Storgrann sa det") == "storgrann sa det"
    assert masked("🔪 till Storgrann") == f" emojiknife  till {NAME * 9}"


@pytest.mark.parametrize(
    "name", ["Ｓｔｏｒｇｒａｎｎ", "𝐒𝐭𝐨𝐫𝐠𝐫𝐚𝐧𝐧", "S\u0332t\u0332orgrann", "St\u200borg\u200brann", "Stоrgrаnn"]
)
def test_a_name_in_other_letters_is_one(name: str) -> None:
    assert masked(f"det var {name} som sa") == f"det var {NAME * 9} som sa"


def test_a_common_word_is_no_name_by_its_capital_alone() -> None:
    assert masked("nu räcker det Jag kommer hem till Dig") == "nu räcker det jag kommer hem till dig"
    assert masked("de ska Inte Röra Mig") == "de ska inte röra mig"
    assert masked("det var Anna Berg som sa") == f"det var {NAME * 4} {NAME * 4} som sa"
    assert masked("siitä puhui Ville") == f"siitä puhui {NAME * 5}"


@pytest.mark.parametrize("word", ["Döda", "Doda", "D0da", unicodedata.normalize("NFD", "Döda")])
def test_a_capital_hides_no_word_however_it_is_written(word: str) -> None:
    assert masked(f"jag ska {word} dig") == "jag ska döda dig"
    assert masked(f"det var Anna {word} nu") == f"det var {NAME * 4} döda nu"
    assert masked("det var Manne Berg igår") == f"det var {NAME * 5} {NAME * 4} igår"


def test_capitals_on_some_words_show_no_name() -> None:
    text = "det är klart att Kommunen, Polisen, Nämnden och Politikerna lyssnar på Karin Lindqvist"
    assert masked(text).endswith(f" lyssnar på {NAME * 5} {NAME * 9}")
    assert "Lindqvist" not in hide(text)


def test_capitals_on_all_words_are_no_names_and_a_list_of_names_is() -> None:
    assert masked("Vi Ses På Torget Imorgon Kväll") == "vi ses på torget imorgon kväll"
    names = masked("där satt Anna Berg, Storgrann, Virtanen och Ek")
    assert names.split(" ")[2:] == [NAME * 4, f"{NAME * 4},", f"{NAME * 9},", NAME * 8, "och", NAME * 2]


def test_what_is_repeated_on_and_on_counts_a_few_times() -> None:
    assert masked("tack 🙂🎉🙂🎉🙂🎉 hej").split() == ["tack", "🙂🎉🙂", "hej"]
    assert masked("= = = = = vi ses").split() == ["=", "=", "=", "vi", "ses"]
    assert masked("nej nej, nej nej nej nu").split() == ["nej", "nu"]
    assert masked("nej nej nej nu") == "nej nej nej nu"


def test_a_shouting_text_has_no_names() -> None:
    assert masked("a DET VAR STORGRANN SOM SA DET") == "a det var storgrann som sa det"


def test_masks_handles_links_and_digits() -> None:
    assert masked("mer @anna@x.se se https://x.se/1 kl 18") == f"mer {NAME * 10} se {NAME * 14} kl 00"
    assert masked("@anna") == NAME * 5
    assert masked("skriv till a.b@c.se") == f"skriv till {NAME * 8}"
    assert masked("skriv till ada@jag-och-du.example.") == f"skriv till {NAME * 22}."


@pytest.mark.parametrize("front", ["@ek.sofia ", "@a_b @c@x.se: ", " .@Ek-1, ", "@anna\n"])
def test_handles_at_the_beginning_leave_no_trace(front: str) -> None:
    for text in ("du ska dö Storgrann", "Hiltunen ja Virtanen", "NU RÄCKER DET Storgrann", "🔪 d0da"):
        assert masked(front + text).split() == masked(text).split()
        assert masked(hide(front + text)) == masked(front + text)


def test_a_run_of_marks_is_one() -> None:
    assert masked("kom nu!!! va?! jaha....") == "kom nu!   va?  jaha.   "
    assert masked("du!! ska?? dö.. nu!! hör du!!") == "du   ska   dö   nu   hör du! "


def test_quoted_words_stand_apart() -> None:
    assert masked('hon sa "kom hit" igen') == 'hon sa "KOM HIT" igen'
    assert masked("fick ’straße nu då’ i dag") == "fick ’straße nu då’ i dag"
    assert masked('hon sa "kom hit @anna" igen') == f'hon sa "KOM HIT {NAME * 5}" igen'


def test_a_text_all_in_quotation_marks_is_no_quotation() -> None:
    assert masked('"kom hit nu"') == " kom hit nu "
    assert masked('@anna "kom hit, nu" 🙂').split() == ["kom", "hit,", "nu", "🙂"]
    assert masked('"kom hit nu" sa hon') == '"KOM HIT NU" sa hon'


def test_a_headline_and_what_an_official_says_are_quotations() -> None:
    assert masked('"Vi ses i natt" https://x.example/1').startswith('"VI SES I NATT" ')
    assert masked('"Vi ses i natt" @anna').split() == ["vi", "ses", "i", "natt", NAME * 5]
    assert masked(cover('Anna Ek: "vi ses i natt"', [(0, 7)])) == f'{NAME * 4} {NAME * 2}: "VI SES I NATT"'


def test_the_letter_that_covers_names_covers_nothing_in_other_hands() -> None:
    assert cover("Anna, taƿan sinut, ǷASKA", [(0, 4)]) == f"{NAME * 4}, tapan sinut, PASKA"


def test_hiding_keeps_the_writing() -> None:
    assert (
        hide('Hon sa "Kom hit" till Storgrann kl 18.30, d0da!') == f'Hon sa "Kom hit" till {NAME * 9} kl 00.00, d0da!'
    )
    assert hide("ANNA BERG SA DET", [(0, 9)]) == f"{NAME * 4} {NAME * 4} SA DET"


WORDS = [
    "Storgrann",
    "Ådal,",
    "hon",
    "sa:",
    '"kom',
    'hit"',
    "🔪",
    "d0da",
    "t a p a n",
    "@anna",
    "@m4rta",
    "@ek.b:",
    "nu!!",
    "https://x.se/1",
    "18.30",
]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join))
def test_what_is_hidden_is_masked_to_the_same(text: str) -> None:
    assert masked(hide(text)) == masked(text)
