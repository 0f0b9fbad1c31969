"""What must hold for every text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.matching.forms import name_forms
from ingest.matching.forms.text import fold
from ingest.mentions import MOST_READ, Matcher
from tests.ingest.people import AT, official, post

PEOPLE = [
    official("Anna Lindqvist", handles={"bluesky": ("anna.ekvik.example",), "x": ("annaekvik",)}),
    official("Lena Berg", forms=("Bergan",)),
    official("Jukka Koivumäki", municipality="Mustasalmi", role="kaupunginvaltuutettu"),
    official("Matti Mäki", municipality="Mustasalmi", role="kansanedustaja"),
    official("Eva Li", municipality="Storhed", role="ledamot"),
]
MATCHER = Matcher(PEOPLE)
SOME = (
    "Anna Lindqvist lindqvists Erik Karlsson Berg berg BERG i Ekvik Ekviks kommunalrådet Koivumäen Jukka Mäki Mäkinen Li "
    "@annaekvik @anna.ekvik.example #AnnaLindqvist https://x.com/annaekvik 😀 \u200b och & - . , ( ) A. Ma\u0308ki \n 日本 "
    "valtuutettu Mustasalmella"
)
PIECES = SOME.split(" ")
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map(" ".join)
TIGHT = st.lists(st.sampled_from(PIECES) | st.sampled_from(" -'.’:"), max_size=14).map("".join)


@given(st.lists(TEXTS | TIGHT | st.text(), max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_batch_is_its_posts(texts: list[str]) -> None:
    posts = [post(text) for text in texts]
    assert MATCHER.match(posts, at=AT) == [MATCHER.match([one], at=AT)[0] for one in posts]


@given(TEXTS | TIGHT)
@settings(max_examples=150, deadline=None)
def test_mentions_are_whole_words_in_order(text: str) -> None:
    mentions = MATCHER.match([post(text)], at=AT)[0]
    assert list(mentions) == sorted(mentions, key=lambda mention: mention.start)
    assert len({(mention.official, mention.start) for mention in mentions}) == len(mentions)
    for mention in mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        if mention.sign not in ("handle", "link"):
            assert fold(text[: mention.start])[-1:] in ("", " ")
            assert fold(text[mention.end :])[:1] in ("", " ")


NAMES = [(who, form) for who in PEOPLE for form in sorted(name_forms(who.family_names[0]))]


@given(st.sampled_from(NAMES), st.sampled_from([str, str.upper, str.lower, str.title]))
@settings(max_examples=300, deadline=None)
def test_every_form_is_found_in_any_case(name: tuple[object, str], change: object) -> None:
    who, form = name
    given_name = who.given_names[0]  # type: ignore[attr-defined]
    text = change(f"nu har {given_name} {form} gjort det igen")  # type: ignore[operator]
    assert [mention.official for mention in MATCHER.match([post(text)], at=AT)[0]] == [who.id]  # type: ignore[attr-defined]


@given(st.sampled_from(NAMES), st.sampled_from(["x{}", "{}x", "å{}", "{}ö9", "2{}", "{}日"]))
@settings(max_examples=300, deadline=None)
def test_a_name_inside_a_word_is_none(name: tuple[object, str], shape: str) -> None:
    who, form = name
    longer = shape.format(form)
    if longer in {other for _, other in NAMES}:
        return
    text = f"{who.given_names[0]} {longer} i Ekvik, Mustasalmi, Storhed"  # type: ignore[attr-defined]
    assert MATCHER.match([post(text)], at=AT) == [()]


FEW = [
    official("Anna Lindqvist"),
    official("Erik Karin Lindqvist", municipality="Storhed", party="S", role="ledamot"),
    official("Stina Lindqvist", municipality="Mustasalmi", party="Arkiliitto", role="kansanedustaja"),
]
NAMESAKES = [
    official(f"{given} Lindqvist", municipality="Fjärrköping", party="Nya Stigen", role="borgmästare")
    for given in ["Gun", "Lars", "Sven", "Ulla", "Rolf", "Kurt", "Bo", "Tove", "Ebba", "Nils"]
]
AMONG = "Anna anna Erik Karin Maria Lindqvist Lindqvists lindqvist LINDQVIST och , . ( ) - & A. E. i Ekvik Storhed ledamoten S"
SHARED = st.lists(st.sampled_from(AMONG.split(" ")), max_size=9).map(" ".join)
AMONG_FEW, AMONG_MANY = Matcher(FEW), Matcher([*FEW, *NAMESAKES])


@given(SHARED)
@settings(max_examples=300, deadline=None)
def test_namesakes_whom_the_text_says_nothing_of_change_nothing(text: str) -> None:
    assert AMONG_FEW.match([post(text)], at=AT) == AMONG_MANY.match([post(text)], at=AT)


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    text = "a" * (MOST_READ - 20) + " Anna Lindqvist " + "b" * 100 + " Lena Berg " + "c@" * 1000
    assert [mention.official for mention in MATCHER.match([post(text)], at=AT)[0]] == ["anna-lindqvist"]


def test_no_text_takes_long() -> None:
    for hard in ("a.", "@a", "a-", "did:a:", "www.", "a" * 50 + "@", "Anna ", "-", "x.com/", "A. "):
        text = (hard * MOST_READ)[: MOST_READ // 4] + " Anna Lindqvist"
        MATCHER.match([post(text)], at=AT)
    for hard in ("Lindqvist kommunalrådet ", "#Lindqvist ", "Lindqvist, "):
        MATCHER.match([post(hard * (MOST_READ // len(hard) // 4))], at=AT)


def test_no_word_takes_long() -> None:
    for hard in ("a", "ekviks", "#annalindqvist", "lindqvist", "ö", "…"):
        MATCHER.match([post(f"Lindqvist {hard * (MOST_READ // len(hard))} Anna Lindqvist")], at=AT)
