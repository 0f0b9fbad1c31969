"""Inflection and folding."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.matching.forms import name_forms, title_forms
from ingest.matching.forms.finnish import decline
from ingest.matching.forms.text import fold, fold_batch, spelled_as, spelling
from ingest.matching.forms.words import given_names, ordinary, words
from ingest.matching.lexicon import Lexicon, split, stems

FINNISH = {
    "virtanen": "virtasen virtasta virtaseen virtasella virtaselle virtaseksi virtasena virtasetta virtasten virtasia",
    "mäki": "mäen mäkeä mäkeen mäellä mäessä mäestä mäkenä mäeksi",
    "koivumäki": "koivumäen koivumäkeä koivumäellä koivumäkeen",
    "laine": "laineen lainetta laineeseen laineella laineelta",
    "jukka": "jukan jukkaa jukalle jukkana jukkaan jukasta",
    "pekka": "pekan pekkaa",
    "heikki": "heikin heikkiä heikille heikkiin",
    "matti": "matin mattia matilta",
    "outi": "outin oudin outia outille",
    "satu": "sadun satun satua",
    "koivisto": "koiviston koivistoa koivistoon koivistolla",
    "lahti": "lahden lahtea lahteen lahdelle",
    "järvi": "järven järveä järveen",
    "koski": "kosken koskea koskelle",
    "joki": "joen jokea jokeen joella",
    "ranta": "rannan rantaa rantaan",
    "aho": "ahon aholle ahosta ahoa",
    "salmi": "salmen salmea",
    "lehto": "lehdon lehtoa",
    "niemi": "niemen niemeä niemellä",
    "kuikkaniemi": "kuikkaniemessä kuikkaniemen",
    "saari": "saaren saarta saareen",
    "lumi": "lumen lunta",
    "susi": "suden sutta suteen",
    "suo": "suon suota suohon soita",
    "kuu": "kuun kuuta kuuhun",
    "vesa": "vesan vesaa",
    "kallas": "kallaksen kallasta kallakseen",
    "taivas": "taivaan taivasta taivaaseen",
    "porras": "portaan",
    "hannes": "hanneksen hannesta",
    "ines": "ineksen inestä",
    "markus": "markuksen markusta",
    "uutuus": "uutuuden uutuutta uutuuteen",
    "toivonen": "toivosen toivosta",
    "lindqvist": "lindqvistin lindqvistiä lindqvistille lindqvistissä lindqvistiin",
    "ahmed": "ahmedin ahmedia",
    "ali": "alin alia",
    "orpo": "orpon orvon",
    "kekko": "kekon kekkoa",
    "rinne": "rinteen rinnettä",
    "ville": "villen villeä",
    "kai": "kain kaita kaihin",
    "andré": "andrén andréta andréhen",
    "kallio": "kallion kalliota kallioon",
    "marin": "marinin marinia",
    "avain": "avaimen avainta",
    "ilmatar": "ilmattaren",
    "valtuutettu": "valtuutetun valtuutetulle valtuutettua",
    "kansanedustaja": "kansanedustajan kansanedustajaa kansanedustajalle",
    "puku": "puvun pukua",
    "jälki": "jäljen jälkeä",
    "aalto": "aallon",
    "helsinki": "helsingin helsingissä helsinkiin",
}


@pytest.mark.parametrize("word", FINNISH)
def test_finnish_cases(word: str) -> None:
    assert set(FINNISH[word].split()) - decline(word) == set()
    assert word in decline(word)


@pytest.mark.parametrize(("word", "form"), [("mäki", "mäkinen"), ("virta", "virtanen"), ("salo", "salonen")])
def test_no_form_of_one_name_is_another_name(word: str, form: str) -> None:
    assert form not in name_forms(word)


def test_swedish_genitive() -> None:
    assert {"lindqvist", "lindqvists"} <= name_forms("Lindqvist")
    assert "hedenäss" not in name_forms("Hedenäs")
    assert "bordeauxs" not in name_forms("Bordeaux")


def test_titles() -> None:
    assert {"kommunalrådet", "kommunalrådets", "kommunalråden"} <= title_forms("kommunalråd")
    assert {"ordföranden", "ordförandens"} <= title_forms("ordförande")
    assert {"ministern", "ministerns"} <= title_forms("minister")
    assert {"puheenjohtajan", "puheenjohtajalle"} <= title_forms("puheenjohtaja")


def test_a_word_of_one_letter_has_no_cases() -> None:
    assert decline("å") == {"å"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Lindström", "lindstrom"),
        ("LINDSTRÖM", "lindstrom"),
        ("Ｌｉｎｄ", "lind"),
        ("Søren Æ", "soren a"),
        ("Sa\u200bra", "sara"),
        ("Åsa-Lo", "asa lo"),
        ("日本", "??"),
        ("Šarić", "saric"),
        ("𝐀nna", "anna"),
        ("\U00030000", "?"),
        ("😀", " "),
    ],
)
def test_folding(text: str, plain: str) -> None:
    assert fold(text) == plain


@given(st.text())
def test_every_folded_byte_knows_its_place(text: str) -> None:
    folded, kept = fold_batch(text)
    assert len(folded) == (len(text) if kept is None else len(kept))
    assert fold_batch(unicodedata.normalize("NFC", text))[0].isascii()


@given(st.text(alphabet="abcåäöéüÅÄÖ -", min_size=1))
def test_both_ways_of_folding_agree(text: str) -> None:
    assert fold(text) == fold_batch(text)[0].decode()
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


def test_diacritics_may_be_left_out_but_not_put_in() -> None:
    assert spelled_as("lindstrom", "lindström")
    assert spelled_as("lindström", "lindström")
    assert not spelled_as("läine", "laine")
    assert not spelled_as("håll", "häll")
    assert spelling("Sørenꞏ\u200d") == spelling("Sörenꞏ")


def test_word_lists_are_small_letters() -> None:
    assert all(name == name.lower() for name in given_names())
    assert all(word == word.lower() for word in ordinary())
    assert {"berg", "laine", "mäki", "salo"} <= ordinary()
    assert given_names()["anna"]
    assert not given_names()["erik"]
    assert words().roles


NAMES = st.sampled_from([*FINNISH, "berg", "ek", "li", "hedenäs", "österback", "haddadi", "o’brien", "li", "bo"])


@given(NAMES)
def test_a_lexicon_finds_every_form_and_nothing_longer(name: str) -> None:
    lexicon = Lexicon([(name, 1), ("nyström", 2)])
    last = split(name)[-1]
    for form in name_forms(last):
        assert (last, True) in lexicon.lasts(form), form
        assert lexicon.begun(fold(form))
        assert lexicon.lasts(form + "xq") == ()


@given(NAMES)
def test_every_form_begins_with_a_stem(name: str) -> None:
    forms = name_forms(split(name)[-1])
    begin = tuple(stems(forms))
    assert all((fold(form) + " ").startswith(begin) for form in forms)


def test_clitics_and_caches() -> None:
    lexicon = Lexicon([("Virtanen", 1), ("Virtanen", 1), ("", 2)])
    assert len(lexicon) == 1
    assert lexicon.lasts("virtasenkin") == (("virtanen", True),)
    assert lexicon.lasts("virtasellekään") == (("virtanen", True),)
    assert not lexicon.lasts("virtasenkiin")
    for number in range(21_000):
        lexicon.lasts(f"virtasen{number}")
    assert lexicon.lasts("virtasen") == (("virtanen", True),)
