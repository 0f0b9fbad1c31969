"""Who is mentioned: names, signs, namesakes."""

from datetime import UTC, datetime

import pytest

from ingest.mentions import Matcher, forms_of
from ingest.post import Author
from registry.official import Consent
from tests.ingest.people import AT, found, official, post, signs

ANNA = official("Anna Lindqvist", forms=("Ankan Lindqvist", "Ekviks järnlady"))
LENA = official("Lena Berg")
JUKKA = official("Jukka Koivumäki", role="kaupunginvaltuutettu", municipality="Mustasalmi", country="FI")
HALLA = official("Jussi Halla-aho", role="kansanedustaja")
KAISA = official("Anna-Kaisa Virtanen", role="kansanedustaja", municipality="Mustasalmi")


@pytest.mark.parametrize(
    ("text", "words", "sign"),
    [
        ("Anna Lindqvist ljuger", "Anna Lindqvist", "full-name"),
        ("anna lindqvists förslag", "anna lindqvists", "full-name"),
        ("ANNA LINDQVIST SKA AVGÅ", "ANNA LINDQVIST", "full-name"),
        ("Kävin Anna Lindqvistin luona", "Anna Lindqvistin", "full-name"),
        ("Kävin Anna Lindqvistinkin luona", "Anna Lindqvistinkin", "full-name"),
        ("Lindqvist, Anna", "Lindqvist, Anna", "full-name"),
        ("Lindqvist Anna var där", "Lindqvist Anna", "full-name"),
        ("Ankan Lindqvist igen", "Ankan Lindqvist", "full-name"),
        ("Ekviks järnlady!", "Ekviks järnlady", "form"),
        ("Anna K. Lindqvist", "Anna K. Lindqvist", "full-name"),
        ("Erik & Anna Lindqvist", "Anna Lindqvist", "full-name"),
        ("Erik och Anna Lindqvist", "Anna Lindqvist", "full-name"),
        ("Anna och Erik Lindqvist", "Anna och Erik Lindqvist", "full-name"),
        ("Anna & Erik Lindqvist", "Anna & Erik Lindqvist", "full-name"),
        ("A\u200bnna Lindqvist", "A\u200bnna Lindqvist", "full-name"),
        ("Tack #AnnaLindqvist", "AnnaLindqvist", "hashtag"),
        ("Tack #annalindqvistille", "annalindqvistille", "hashtag"),
        ("Lindqvist i Ekvik ljuger", "Lindqvist", "municipality"),
        ("Lindqvist ljuger, sa Ekviks kommun", "Lindqvist", "municipality"),
        ("Lindqvist-affären i Ekviksradion", "Lindqvist", "municipality"),
        ("Valehteleeko Lindqvist Ekvikissä?", "Lindqvist", "municipality"),
        ("#Lindqvist #ekvikpol", "Lindqvist", "municipality"),
        ("lindqvist i ekvik är dum", "lindqvist", "municipality"),
        ("kommunalrådet Lindqvist", "Lindqvist", "role"),
        ("KOMMUNALRÅDET LINDQVIST", "LINDQVIST", "role"),
        ("Kommunalrådet Lindqvist", "Lindqvist", "role"),
        ("politikern Lindqvist", "Lindqvist", "role"),
        ("Lindqvist, kommunalråd sen 2022", "Lindqvist", "role"),
        ("Lindqvist (Ekvikspartiet)", "Lindqvist", "party"),
        ("Anna hör du? Det räcker nu Lindqvist.", "Lindqvist", "given-name"),
        ("Ekvik: A. Lindqvist", "Lindqvist", "municipality"),
        ("ex-Lindqvist i Ekvik", "Lindqvist", "municipality"),
        ("Anti-Anna Lindqvist", "Anna Lindqvist", "full-name"),
        ("Nu har EU Lindqvist i Ekvik", "Lindqvist", "municipality"),
        ("Men A Lindqvist i Ekvik", "Lindqvist", "municipality"),
        ("@eva.example Lindqvist i Ekvik", "Lindqvist", "municipality"),
        ("Lindqvist:n puhe Ekvikissä", "Lindqvist:n", "municipality"),
        ("Lindqvist’s talk in Ekvik", "Lindqvist’s", "municipality"),
        ("https://tidning.example/nytt/anna-lindqvist-avgar", "anna-lindqvist", "full-name"),
    ],
)
def test_she_is_found(text: str, words: str, sign: str) -> None:
    assert found(text, ANNA) == [("anna-lindqvist", words, sign)]


@pytest.mark.parametrize(
    "text",
    [
        "Lindqvist ljuger",
        "Anna ljuger i Ekvik",
        "Erik Lindqvist i Ekvik",
        "erik lindqvist i ekvik",
        "Igår sa Xerxes Lindqvist i Ekvik",
        "Maria Karlsson-Lindqvist i Ekvik",
        "Anna Lindqvist-Karlsson",
        "anna lindqvist-karlsson i ekvik",
        "maria karlsson-lindqvist i ekvik",
        "Anna-Karin Lindqvist i Ekvik",
        "Maria Anna Lindqvist",
        "E. Lindqvist i Ekvik",
        "Erik af Lindqvist, Ekvik",
        "Lindqvist Erik i Ekvik",
        "Anna Karlsson mötte Lindqvist",
        "anna karlsson mötte lindqvist",
        "Lindqvist Bygg AB i Ekvik",
        "Lindqvist & Söner i Ekvik",
        "Lindqvistska i Ekvik",
        "Ny-Lindqvistare i Ekvik",
        "Erik Lindqvist avgår. Lindqvist bor i Ekvik.",
        "kommunalrådet sa nej till allt. I går åkte Lindqvist hem",
        "riksdagsledamoten Lindqvist",
        "en anti-Anna Karin Lindqvist i Ekvik",
        "annalindqvist",
        "https://bsky.app/profile/anna-lindqvist.other.example",
        "@anna-lindqvist.other.example ljuger",
        "info@anna-lindqvist.example",
        "https://x.com/anna_lindqvist_2",
        "https://anna-lindqvist.example/",
        "https://tidning.example/lindqvist/ekvik",
        "",
    ],
)
def test_a_namesake_or_nobody_is_not_matched(text: str) -> None:
    assert found(text, ANNA) == []


@pytest.mark.parametrize(
    "text",
    [
        "ett högt berg i Ekvik",
        "Berg i Ekvik är höga",
        "berg i ekvik",
        "BERG I EKVIK",
        "Jag älskar BERG i Ekvik",
        "Berg, skog och sjö i Ekvik",
        "Ekvikspartiet vill spränga ett berg",
    ],
)
def test_an_everyday_word_is_no_surname(text: str) -> None:
    assert found(text, LENA) == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Nu ljuger Berg i Ekvik", "municipality"),
        ("kommunalrådet berg", "role"),
        ("KOMMUNALRÅDET BERG", "role"),
        ("lena berg", "full-name"),
        ("Berg, du är dum. Ekvik", "municipality"),
        ("Berg och co i Ekvik", "municipality"),
        ("Berg ljuger om Ekvik, säger Ekvikspartiet", "municipality"),
        ("berg. ekvik. du vet vad som väntar", "municipality"),
    ],
)
def test_an_everyday_word_as_a_surname(text: str, sign: str) -> None:
    assert signs(text, LENA) == [sign]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Koivumäen Jukka on hullu", JUKKA),
        ("Jukka Koivumäelle potkut", JUKKA),
        ("kuulin Jukka Koivumaesta", JUKKA),
        ("Mustasalmen Koivumäki valehtelee", JUKKA),
        ("valtuutettu Koivumäen puhe", JUKKA),
        ("Jussi Halla-ahon puhe", HALLA),
        ("Jussi Halla\u2011aholle", HALLA),
        ("Jussi Halla aho", HALLA),
        ("kansanedustaja Halla-aho", HALLA),
        ("Anna-Kaisa Virtasen", KAISA),
        ("Anna Kaisa Virtanen", KAISA),
        ("Annakaisa Virtaselle", KAISA),
        ("Virtasen Anna-Kaisa", KAISA),
        ("A-K. Virtanen, Mustasalmi", KAISA),
        ("Jukka Koivuma\u0308ki", JUKKA),
    ],
)
def test_finnish_names(text: str, who: object) -> None:
    assert len(found(text, who)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Virtasen Erkki Mustasalmelta", "Anna Virtanen", "Kaisa Virtanen Mustasalmella"])
def test_finnish_namesakes(text: str) -> None:
    assert found(text, KAISA) == []


def test_mäki_is_not_in_mäkinen() -> None:
    assert found("Matti Mäkinen, Matti Mäkelä, Matti Jokimäki", official("Matti Mäki")) == []


def test_offsets_are_code_points_of_the_original() -> None:
    text = "😀 \u200b Ma\u0308ki, sa Matti Ma\u0308ki 😀"
    assert [words for _, words, _ in found(text, official("Matti Mäki"))] == ["Matti Ma\u0308ki"]
    assert [words for _, words, _ in found("Eva Ga\u030a", official("Eva Gå"))] == ["Eva Ga\u030a"]


def test_a_second_given_name_is_neither_sign_nor_namesake() -> None:
    who = official("Anna Maria Lindqvist")
    assert signs("Maria Lindqvist", who) == []
    assert signs("Maria Lindqvist i Ekvik", who) == ["municipality"]
    assert signs("Anna Maria Lindqvist", who) == ["full-name"]
    assert signs("Anna Lindqvist", who) == ["full-name"]
    assert signs("Eva-Maria Lindqvist i Ekvik", who) == []


def test_spellings_of_foreign_letters() -> None:
    who = official("Jürgen Müller")
    assert signs("Jurgen Muller", who) == ["full-name"]
    assert signs("Jürgen Mueller", who) == ["full-name"]
    assert signs("Eva Saether", official("Eva Sæther")) == ["full-name"]
    assert signs("André Mñller", who) == []
    assert signs("Søren Sæther", official("Sören Säther")) == ["full-name"]


def test_exact_spelling_wins_over_missing_diacritics() -> None:
    hall, häll = official("Eva Hall"), official("Eva Häll")
    assert [who for who, _, _ in found("Eva Hall", hall, häll)] == ["eva-hall"]
    assert [who for who, _, _ in found("Eva Häll", hall, häll)] == ["eva-häll"]
    assert [who for who, _, _ in found("Eva Hall", häll)] == ["eva-häll"]


def test_two_family_names() -> None:
    who = official("Anna Lindqvist", family_names=("Berg", "Lindqvist"))
    assert found("Anna Berg Lindqvist", who) == [("anna-lindqvist", "Anna Berg Lindqvist", "full-name")]
    assert signs("Anna Lindqvist", who) == ["full-name"]


def test_officials_of_one_surname_need_each_her_own_sign() -> None:
    eva = official("Eva Lindqvist", municipality="Storhed", role="ledamot", party="Nya Stigen")
    assert [who for who, _, _ in found("Lindqvist i Storhed", ANNA, eva)] == ["eva-lindqvist"]
    assert [who for who, _, _ in found("Eva Lindqvist", ANNA, eva)] == ["eva-lindqvist"]
    assert [who for who, _, _ in found("Anna och Eva Lindqvist", ANNA, eva)] == ["anna-lindqvist", "eva-lindqvist"]
    assert found("Lindqvist", ANNA, eva) == []


def test_officials_of_one_name_are_told_apart_by_what_else_is_said() -> None:
    other = official("Anna Lindqvist", id="other", municipality="Storhed")
    assert {who for who, _, _ in found("Anna Lindqvist", ANNA, other)} == {"anna-lindqvist", "other"}
    assert {who for who, _, _ in found("Anna Lindqvist i Storhed", ANNA, other)} == {"other"}
    assert {who for who, _, _ in found("kommunalråd Lindqvist i Storhed", ANNA, other)} == {"other"}


def test_an_everyday_word_as_a_form_needs_a_second_sign() -> None:
    who = official("Eva Sund", forms=("Räv", "Hillan"))
    assert signs("Räv", who) == []
    assert signs("en räv i Ekvik", who) == []
    assert signs("Nu är Hillan här", who) == ["form"]
    assert signs("Hillan-Karlsson", who) == []


def test_names_that_are_not_whole() -> None:
    nobody = official("Anna Lindqvist", given_names=(), family_names=(), forms=("Kim", "-"))
    assert signs("Kim", nobody) == ["form"]
    assert signs("Lindqvist i Ekvik", official("Anna Lindqvist", given_names=())) == ["municipality"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hej socialtjänsten i Ekvik, nu räcker det", "socialtjänsten i Ekvik"),
        ("Socialtjänsten i Ekviks beslut", "Socialtjänsten i Ekviks"),
        ("Ekvikin sosiaalilautakunnalle kiitos", "Ekvikin sosiaalilautakunnalle"),
        ("Ekviks socialtjänst igen", "Ekviks socialtjänst"),
        ("@soc.ekvik.example svarar inte", "@soc.ekvik.example"),
        ("Socialtjänsten i Storhed", ""),
        ("Berit Ekman i Ekvik", ""),
    ],
)
def test_a_function_is_found_by_its_forms_and_accounts_alone(text: str, words: str) -> None:
    service = official(
        "Ekvik Social",
        given_names=(),
        family_names=(),
        forms=("Socialtjänsten i Ekvik", "Ekviks socialtjänst", "Ekvikin sosiaalilautakunta"),
        handles={"bluesky": ("soc.ekvik.example",)},
        is_function=True,
        responsible="Berit Ekman",
    )
    assert [found_words for _, found_words, _ in found(text, service)] == ([words] if words else [])


@pytest.mark.parametrize(
    ("party", "text", "sure"),
    [
        ("S", "Lindqvist (S)", True),
        ("Socialdemokraterna", "S-Lindqvist", True),
        ("Socialdemokraterna", "sossen Lindqvist", True),
        ("S", "Jag s Lindqvist", False),
        ("KD", "KD och Lindqvist", True),
        ("KD", "kd och Lindqvist", False),
        ("Nya Stigen", "Nya Stigens Lindqvist", True),
        ("Arkiliitto", "Arkiliiton Lindqvist", True),
        ("Svenska folkpartiet (RKP)", "Lindqvist, RKP", True),
    ],
)
def test_parties(party: str, text: str, sure: bool) -> None:
    assert signs(text, official("Anna Lindqvist", party=party)) == (["party"] if sure else [])


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("Dag Lång", "en dag lång natt", []),
        ("Dag Lång", "dag lång från ekvik", ["full-name"]),
        ("Dag Lång", "Dag Lång", ["full-name"]),
        ("Bo Ek", "att bo i ek", []),
        ("Bo Ek", "Bo Eks hus", ["full-name"]),
        ("Bo Ek", "Ek i Ekvik växer", []),
        ("Anna Virtanen", "Virtaset Ekvikissä", []),
        ("Anna Virtanen", "Kimmo Virtanen Ekvikissä", []),
        ("Ali Hassan", "Mohamed Ali Hassan i Ekvik", []),
        ("Ali Hassan", "Hassanin Ali", ["full-name"]),
        ("Mark Ek", "Marko Ek", []),
        ("Kari Sund", "Karin Sund", []),
        ("Kari Sund", "Karille sanoi Anna, että Sund", ["given-name"]),
    ],
)
def test_names_that_look_like_other_words(name: str, text: str, sign: list[str]) -> None:
    assert signs(text, official(name)) == sign


def test_consent_decides() -> None:
    lasting = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    who = official("Anna Lindqvist", consents=(Consent(("bluesky",), *lasting),))
    matcher = Matcher([who])
    texts = [post("Anna Lindqvist"), post("Anna Lindqvist", source="feed")]
    assert [len(mentions) for mentions in matcher.match(texts, at=AT)] == [1, 0]
    assert matcher.match(texts, at=lasting[1]) == [(), ()]
    assert Matcher([official("Anna Lindqvist", consents=())]).match(texts, at=AT) == [(), ()]


def test_refresh_takes_consents_without_building() -> None:
    eva = official("Eva Sund")
    matcher = Matcher([ANNA, eva])
    texts = [post("Anna Lindqvist och Eva Sund")]
    assert len(matcher.match(texts, at=AT)[0]) == 2
    assert matcher.refresh([eva, official("Anna Lindqvist", forms=ANNA.forms, consents=())])
    assert [mention.official for mention in matcher.match(texts, at=AT)[0]] == ["eva-sund"]
    assert not matcher.refresh([official("Eva Sund"), official("Ny Person")])
    assert not matcher.refresh([official("Eva Sund", municipality="Storhed")])
    assert matcher.match(texts, at=AT) == [()]


def test_a_deletion_mentions_nobody() -> None:
    assert found("Anna Lindqvist", ANNA, deleted_at=AT) == []


def test_her_own_posts_mention_only_others() -> None:
    who = official("Anna Lindqvist", handles={"bluesky": ("anna.example", "did:plc:abc")})
    assert found("Anna Lindqvist", who, author=Author(id="did:plc:abc")) == []
    assert found("Anna Lindqvist", who, author=Author(handle="anna.example")) == []
    assert signs("Anna Lindqvist", who, author=Author(handle="eva.example")) == ["full-name"]


def test_everything_in_the_preview_is_found() -> None:
    who = official(
        "Anna-Kaisa Koivumäki",
        forms=("Kaisu Koivumäki", "Hillan", "räv"),
        handles={"bluesky": ("anna.example", "did:plc:abc"), "x": ("ak_k",), "web": ("https://www.facebook.com/akk",)},
    )
    forms = forms_of(who)
    assert {"Anna-Kaisa Koivumäen", "#AnnaKaisaKoivumäkeä", "@ak_k", "Kaisu Koivumäellä", "Hillanin"} <= set(forms)
    matcher = Matcher([who])
    for text, mentions in zip(forms, matcher.match([post(f"Hej {form} hej") for form in forms], at=AT), strict=True):
        assert [(one.start, one.end) for one in mentions] in ([(4, 4 + len(text))], [(5, 4 + len(text))]), text


def test_a_name_with_a_ligature_is_read_beside_another_name() -> None:
    text = "Lena Berg och Eva So\ufb01n"
    assert [who for who, _, _ in found(text, LENA, official("Eva Sofin"))] == ["lena-berg", "eva-sofin"]
