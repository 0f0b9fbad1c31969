"""What a word finds besides itself: its inflected forms, and compounds that end with it, in Swedish and Finnish."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.index import Index, Query
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.memory import MemoryIndex
from tests.review.people import at, verdict

WORDS: dict[str, list[dict[str, Any]]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))


def found(index: Index, text: str) -> set[str]:
    return {item.verdict.post.id for item in index.search(Query(text=text, limit=500)).items}


@pytest.mark.parametrize(("language", "right", "wrong"), [("sv", 72, 7), ("fi", 46, 1)])
def test_words_are_found_inflected_and_at_the_end_of_compounds(
    index: ElasticsearchIndex, language: str, right: int, wrong: int
) -> None:
    """As many of the 97 Swedish and 95 Finnish forms as when it was measured, and no more of the wrong ones."""
    words = {word for entry in WORDS[language] for word in (*entry["finds"], *entry["not"])}
    posts = [verdict(word, f"om {word} här", language=language) for word in sorted(words)]
    index.write_verdicts(posts)
    seen = {entry["word"]: found(index, entry["word"]) for entry in WORDS[language]}
    for word, ids in seen.items():
        places = [[(3, 3 + len(each.post.text) - 7)] if each.post.id in ids else [] for each in posts]
        assert list(map(list, index.highlight(word, posts))) == places

    def hits(kind: str) -> list[str]:
        pairs = [(entry["word"], word) for entry in WORDS[language] for word in entry[kind]]
        return [f"{word}: {other}" for word, other in pairs if f"jsonl:{other}" in seen[word]]

    assert len(hits("finds")) >= right
    assert len(hits("not")) <= wrong, hits("not")


def test_what_is_in_doubt_is_searched_in_both_languages(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("sv", "två skolor", language="other"), verdict("fi", "uusi talo", language="other")])
    index.write_verdicts([verdict("only-fi", "skolor", language="fi")])
    assert found(index, "skola") == {"jsonl:sv"}
    assert found(index, "taloja") == {"jsonl:fi"}
    assert found(index, "skolor") == {"jsonl:sv", "jsonl:only-fi"}
    texts = [verdict("sv", "två skolor", language="other"), verdict("only-fi", "två skolor", language="fi")]
    assert index.highlight("skola", texts) == [((4, 10),), ()]


def test_letters_with_a_mark_of_their_own_are_found_by_whole_ones(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("a", "om va\u030agen", language="sv")])
    assert found(index, "vågen") == found(index, "va\u030agen") == {"jsonl:a"}
    assert found(index, "vagen") == set()
    assert index.highlight("vågen", [verdict("a", "om va\u030agen!", language="sv")]) == [((3, 9),)]


def test_a_beginning_finds_more_words_than_elasticsearch_looks_up_by_default(index: ElasticsearchIndex) -> None:
    """Both alone and at the end of a phrase, and also where the beginning is longer than those held ready."""
    beginning = "kommunfullmäktige"
    index.write_verdicts([verdict(str(each), f"i {beginning}{each:03}", judged=each) for each in range(300)])
    for text in (f"{beginning}*", f'"i {beginning}"*', "k*", '"i k"*'):
        assert len(found(index, text)) == 300


TEXTS = st.text(
    st.sampled_from(["a", "å", "b", "ö", "K", "É", "ß", "1", "_", "-", ".", "'", '"', "*", " ", " ", "\u030a", "😀"])
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=30), st.lists(TEXTS, min_size=1, max_size=20))
def test_it_finds_at_least_what_the_other_indexes_find(
    index: ElasticsearchIndex, texts: list[str], queries: list[str]
) -> None:
    index.expire(at(10**6))
    memory = MemoryIndex()
    for each in (index, memory):
        each.write_verdicts([verdict(str(number), text) for number, text in enumerate(texts)])
    for query in [*queries, *texts, *(f'"{text}"*' for text in texts)]:
        assert found(index, query) >= found(memory, query)
