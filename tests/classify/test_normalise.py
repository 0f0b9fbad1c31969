"""What hides a word is undone, and the place of every letter is kept. Contains abusive test material."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.lexicon import resolve, undisguise
from classify.masking import mask
from classify.normalise import normalise

WORDS = [
    "tap",
    "an",
    "dö",
    "da",
    "dö-da",
    "do",
    "doda",
    "ska",
    "pa",
    "d🔥ö🔥d",
    "d🔪ö🔪d",
    "ta\u0308nk",
    "d0d4",
    "h*ra",
    "x",
    "nu!!",
    "jag",
    "döda",
    "dig",
    "tapansinut",
]
TRICKY = "aåäöéeodtpnsuv 🔥0143@$!|*#_.-·\n🔪⚰ТарНѕ\u0308\u030a\u0301\u200b\ufe0fＡİǅ\udc80\x00ﬁ𝐝"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("DÖDA dig", "döda dig"),
        ("d0d4 h3nn3", "döda henne"),
        ("t4p4n sut", "tapan sut"),
        ("h0r4", "hora"),
        ("du är en h@ra. m@rda, d@da! t@pan", "du är en hora. mörda, döda! tapan"),
        ("jag ska d ö d a dig", "jag ska döda dig"),
        ("ska d ö d a i kväll", "ska döda i kväll"),
        ("d.ö.d", "död"),
        ("d-ö-d-a", "döda"),
        ("t 4 p 4 n", "tapan"),
        ("h*ra och m#rda", "hora och mörda"),
        ("q*zz", "q*zz"),
        ("f***", "f***"),
        ("dööööda", "döda"),
        ("neeeej", "nej"),
        ("huuuh", "huuh"),
        ("тapан ѕut", "tapan sut"),
        ("ｔａｐａｎ 𝐝ö𝐝𝐚", "tapan döda"),
        ("d\u200böda", "döda"),
        ("do\u0308da a\u030a", "döda å"),
        ("d̷̛ö̶d̸a̷", "döda"),
        ("🔪 dig", " emojiknife  dig"),
        ("⚰️", " emojigrave "),
        ("россия", "россия"),
        ("D🔥Ö🔥D🔥A dig", "döda dig"),
        ("t🔪a🔪p🔪a❤️n sut 🔪", "tapan sut  emojiknife "),
        ("dö-da och tap an", "döda och tapan"),
        ("jag ska doda dig pa torget", "jag ska döda dig på torget"),
        ("på torget ska jag doda", "på torget ska jag döda"),
        ("imorg0n 0ch h3lt", "imorgon och helt"),
        ("🅹🅰🅶 🆂🅺🅰 🅳🅾🅳🅰 🅳🅸🅶", "jag ska döda dig"),
        ("🅣🅐🅟🅐🅝 ⓢⓘⓝⓤⓣ", "tapan sinut"),
        ("d🅾d🅰 dig", "döda dig"),
        ("jag\u3164ska\u115fdöda\uffa0dig\u2800", "jag ska döda dig "),
        ("Ꭲapan ꜱinut", "tapan sinut"),
        ("ʜäɴɢ ʙᴏʟʟᴇɴ", "häng bollen"),
        ("hej \u202egid adöd aks gaJ\u202c nu", "hej jag ska döda dig nu"),
        ("\u202egid\nja", "dig\nja"),
        ("\u202e", ""),
        ("im*rgon", "imorgon"),
        ("JagSkaDödaDig, nu", "jag ska döda dig, nu"),
        ("#minätapansinut", "minä tapan sinut"),
        ("jag vet att tapansinut!", "jag vet att tapan sinut!"),
        ("Jag,ska,döda,dig", "jag ska döda dig"),
        ("minä-tapan-sinut", "minä tapan sinut"),
        ("jag|ska|döda|dig.", "jag ska döda dig."),
        ("ska döda_dig", "ska döda dig"),
        (
            'Hej!\n(jagskadödadig) "minätapansinut" nu,dödadig',
            'hej!\n(jag ska döda dig) "minä tapan sinut" nu,döda dig',
        ),
        ("hej\tjagskadödadig", "hej jag ska döda dig"),
        ("jag-kommer-hem-till-dig-kråkström", "jag kommer hem till dig kråkström"),
        ("a\x00b\udc80c", "a b c"),
        ("", ""),
    ],
)
def test_undoes(text: str, plain: str) -> None:
    assert normalise(text).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "4-0 mot b12, e4an 10kpl 5g covid19 mp3 kl 18.30 den 24.12.",
        "t.ex. m.m. bl.a.",
        "i e å va",
        "@user_name99 foo@bar.se http://x.y/z_1?a=1",
        "foo@jag-och-du.example, ada@vi-ska.example.",
        "tel 0 4 0 1 2 3",
        "text* och **",
        "1 2 3 4 5",
        "hej🔥kom nu 🔥🔥 bra😂jobbat",
        "i dag och i kväll, dö-ende",
        "vaara ohi",
        "perinteisiä toimittajien mittauksia, digerdöden, helteisinä, kansanedustajaehdokas",
        "han/hon, om/oss/kontakt, mina-dina-våra, kissa-koira-hiiri, example.org/du/och/jag, alladig",
        "https://podd.example/och-jag-ska-doda-dig och https://x.example/?q=nu+jag+ska+döda+dig",
        "svt.example/nyheter/jag-ska-döda-dig-skrev-mannen",
        "jag,ska," + "du/jag/du/jag,ska," * 9,
        "vi hatar dig.döda linjer ritas om",
        "neekerin kallo on iso, hoito on hyvä, fatima ali n. sanoi",
        "på for och over",
        "🇸🇪 och 🇫🇮",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert normalise(text).text == text


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(
        st.text(alphabet=TRICKY, max_size=40),
        st.text(st.characters(), max_size=40),
        st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
        st.lists(st.sampled_from(WORDS), max_size=5).map("".join),
        st.lists(st.sampled_from([*WORDS, "\n", "\t", ",", "-", "(", '"', "\udc80", "🔪"]), max_size=8).map("".join),
    )
)
def test_is_a_fixed_point_with_valid_places(text: str) -> None:
    found = normalise(text)
    assert normalise(found.text).text == found.text
    if found.starts:
        assert len(found.starts) == len(found.ends) == len(found.text)
        assert all(0 <= start < end <= len(text) for start, end in zip(found.starts, found.ends, strict=True))
        assert list(found.starts) == sorted(found.starts)
    else:
        assert not found.text or len(found.text) == len(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=TRICKY + "ABC \"'”,", max_size=60))
def test_a_masked_text_keeps_its_length(text: str) -> None:
    found = normalise(text)
    assert len(mask(text, found)) == len(found.text)


def test_a_span_points_into_the_original() -> None:
    text = "Ska d.ö.d.a dig"
    found = normalise(text)
    start = found.text.index("döda")
    first, last = found.span(start, start + 4)
    assert text[first:last] == "d.ö.d.a"
    assert normalise("plain").span(1, 3) == (1, 3)


def test_a_letter_of_what_is_shown_turned_stands_for_all_of_it() -> None:
    text = "ja \u202eadöd\u202c d0da"
    found = normalise(text)
    assert found.text == "ja döda döda"
    assert [text[slice(*found.span(place, place + 4))] for place in (3, 8)] == ["\u202eadöd\u202c", "d0da"]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a b ",
        "*",
        "1a",
        "a.a.",
        "🔪",
        "h*ra ",
        "@$",
        "å\u0308",
        "dö-",
        "ta pan ",
        "doda ",
        "d🔥ö🔥",
        "d🔪",
        "dig/du/jag,ska,",
        "jag-ska-döda-dig ",
        "dödadig",
    ],
)
def test_takes_linear_time(unit: str) -> None:
    text = unit * (40_000 // len(unit))
    began = time.perf_counter()
    normalise(text)
    assert time.perf_counter() - began < 5


def test_resolves_only_what_it_can_know() -> None:
    assert resolve("h*ra") == "hora"
    assert resolve("f***") is None
    assert resolve("xq*") is None
    assert undisguise("doda") == "döda"
    assert undisguise("qatt") is None
