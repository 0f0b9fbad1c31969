"""Accounts, links and threads as mentions."""

import pytest

from ingest.matching import accounts
from ingest.mentions import Matcher
from ingest.post import Author
from tests.ingest.people import AT, found, official, post, signs

WHO = official(
    "Anna Lindqvist",
    handles={
        "bluesky": ("anna.ekvik.example", "did:plc:abc234"),
        "mastodon": ("@anna@social.example",),
        "x": ("AnnaEkvik",),
        "facebook": ("anna.lindqvist",),
        "youtube": ("@annaekvik",),
        "tiktok": ("anna_tt",),
        "linkedin": ("https://www.linkedin.com/in/annaek",),
    },
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hej @anna.ekvik.example!", "@anna.ekvik.example"),
        ("hej @Anna.Ekvik.example.", "@Anna.Ekvik.example"),
        ("anna.ekvik.example är dum", "anna.ekvik.example"),
        ("(@annaekvik)", "@annaekvik"),
        ("@annaekvik:lle", "@annaekvik"),
        ("hej @anna@social.example", "@anna@social.example"),
        ("@anna.lindqvist", "@anna.lindqvist"),
        ("@anna_tt", "@anna_tt"),
    ],
)
def test_handles(text: str, words: str) -> None:
    assert found(text, WHO, source="feed") == [("anna-lindqvist", words, "handle")]


@pytest.mark.parametrize(
    "link",
    [
        "https://bsky.app/profile/anna.ekvik.example",
        "https://bsky.app/profile/did:plc:abc234/post/3k",
        "bsky.app/profile/anna.ekvik.example",
        "https://social.example/@anna",
        "https://social.example/@anna/113",
        "https://social.example/users/anna",
        "https://other.example/@anna@social.example",
        "https://x.com/annaekvik",
        "https://twitter.com/AnnaEkvik/status/1",
        "https://mobile.twitter.com/AnnaEkvik",
        "x.com/annaekvik",
        "https://www.facebook.com/anna.lindqvist?ref=1",
        "https://m.facebook.com/anna.lindqvist",
        "https://youtube.com/@annaekvik",
        "https://www.tiktok.com/@anna_tt",
        "https://linkedin.com/in/annaek",
        "at://did:plc:abc234/app.bsky.feed.post/3k",
        "did:plc:abc234",
    ],
)
def test_links(link: str) -> None:
    assert found(f"se {link}, vad", WHO) == [("anna-lindqvist", link, "link")]


@pytest.mark.parametrize(
    "text",
    [
        "@anna.ekvik.example2",
        "@anna.ekvik",
        "@anna",
        "x@annaekvik.example",
        "@annaekvik2",
        "https://x.com/annaekvik2",
        "https://instagram.com/annaekvik",
        "https://other.example/@anna",
        "https://bsky.app/",
        "https://[broken/annaekvik",
        "annaekvik",
        "@anna@other.example",
        "did:plc:abc2345",
        "www.anna.ekvik.example.com",
    ],
)
def test_other_accounts(text: str) -> None:
    assert found(text, WHO) == []


def test_a_mastodon_name_without_host_is_of_the_posts_own_server() -> None:
    assert signs("@anna", WHO, source="mastodon", url="https://social.example/@eva/1") == ["handle"]
    assert signs("@anna", WHO, source="mastodon", url="https://other.example/@eva/1") == []
    assert signs("", WHO, source="mastodon", url="https://social.example/@eva/1", accounts=("anna",)) == ["handle"]
    assert signs("", WHO, source="mastodon", accounts=("anna",)) == []


@pytest.mark.parametrize(
    "value",
    [
        "anna.ekvik.example",
        "did:plc:abc234",
        "at://did:plc:abc234/app.bsky.feed.post/3k",
        "https://bsky.app/profile/anna.ekvik.example/post/3k",
        "@anna@social.example",
        "https://social.example/@anna/1",
        "acct:anna@social.example",
    ],
)
def test_replies_and_quotes(value: str) -> None:
    assert found("nej", WHO, reply_to=(value,)) == [("anna-lindqvist", "", "reply")]
    assert found("nej", WHO, quote_of=(value,)) == [("anna-lindqvist", "", "quote")]
    assert found("nej", WHO, accounts=(value,)) == [("anna-lindqvist", "", "handle")]
    assert found("nej", WHO, author=Author(id=value), reply_to=(value,)) == []


def test_a_name_of_another_platform_counts_only_where_the_platform_is_unknown() -> None:
    assert signs("nej", WHO, source="jsonl", reply_to=("annaekvik",)) == ["reply"]
    assert signs("nej", WHO, source="bluesky", reply_to=("annaekvik",)) == []


def test_an_account_in_text_and_markup_is_one_mention() -> None:
    assert found("@anna.ekvik.example", WHO, accounts=("did:plc:abc234",)) == [
        ("anna-lindqvist", "@anna.ekvik.example", "handle")
    ]
    both = found("@anna.ekvik.example", WHO, accounts=("did:plc:abc234",), reply_to=("did:plc:abc234",))
    assert [sign for _, _, sign in both] == ["reply", "handle"]


def test_an_account_makes_a_surname_sure() -> None:
    assert signs("Lindqvist, hör av dig", WHO, reply_to=("anna.ekvik.example",)) == ["reply", "thread"]
    assert signs("@anna.ekvik.example heter Lindqvist", WHO) == ["handle", "handle"]


def test_reply_to_a_person_without_consent_is_nothing() -> None:
    assert (
        found("nej", official("Eva Sund", consents=(), handles={"x": ("eva",)}), source="jsonl", reply_to=("eva",))
        == []
    )


def test_registered_keys() -> None:
    assert accounts.registered_keys("bluesky", "@Eva") == ["eva.bsky.social"]
    assert accounts.registered_keys("mastodon", "eva") == ["mastodon:eva"]
    assert accounts.registered_keys("Twitter", " Eva ") == ["x:eva", "bare:eva"]
    assert accounts.registered_keys("x", "@") == []
    assert accounts.registered_keys("facebook", "https://facebook.com/profile.php?id=12") == ["facebook:12"]
    assert accounts.registered_keys("web", "https://eva.example/om") == []
    assert accounts.anchor("did:plc:abc") == "abc"
    assert accounts.anchor("eva.example") == "eva"
    assert accounts.host_of(None) is None


def test_an_account_of_odd_letters_is_no_obstacle() -> None:
    assert Matcher([official("Eva Sund", handles={"x": ("___",)})]).match([post("___")], at=AT) == [()]


HERS = official("Anna Lindqvist", handles={"web": ("https://anna.example/blogg", "annaek.example")})


@pytest.mark.parametrize(
    ("name", "url", "hers"),
    [
        ("Anna Lindqvist", "https://anna.example/blogg/2026/hotet", True),
        ("anna  lindqvist", "https://www.annaek.example/om", True),
        ("Anna Lindqvist", "https://anna.example/insandare/1", False),
        ("Anna Lindqvist", "https://annaek.example.forum.example/1", False),
        ("Anna Lindqvist", "https://tidning.example/insandare/1", False),  # anybody can sign with her name
        # Anybody can comment on her site, and call himself by her name there.
        ("Bo Ek", "https://anna.example/blogg/2026/hotet", False),
        (None, "https://anna.example/blogg/2026/hotet", False),
        ("Anna Lindqvist", None, False),
        ("Anna Lindqvist", "https://anna.example/blogg/2026/hotet#comment-7", False),
    ],
)
def test_an_entry_is_her_own_where_she_signed_it_on_her_own_site(name: str | None, url: str | None, hers: bool) -> None:
    author = Author(name=name)
    names = found("De skrev: vi ser dig. Anna Lindqvist, kommunalråd", HERS, source="feed", author=author, url=url)
    assert bool(names) is not hers


def test_only_an_entry_of_a_feed_is_hers_by_its_site() -> None:
    url = "https://anna.example/blogg/2026/hotet"
    assert found("Anna Lindqvist, vi ser dig", HERS, source="jsonl", author=Author(name="Anna Lindqvist"), url=url)
