"""Where in a text stands what a search found.

Elasticsearch's own highlighter needs the text in each document a second time, in ``_source`` or in a store. Instead it is asked
for the stems of the words, by the analyzers of the search; what then counts as found is what `querying` asks for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from elasticsearch import Elasticsearch

from classify.verdict import Verdict
from review.fulltext import Place, Term, highlighted, parse, tokens
from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.documents import LANGUAGES, composed
from review.indexes.elasticsearch.generations import Generations

_ANALYZERS = {"sv": "swedish", "fi": "finnish"}
_AT_ONCE = 4000
"""Words, each of which gives two tokens at most: Elasticsearch gives no more than 10,000."""
_LONGEST = 255
"""Units of UTF-16 of a word: Elasticsearch cuts longer ones."""
_COMPOUND, _END = 6, range(3, 21)
"""Letters of a compound, and of what it may end with, as in config/elasticsearch/text.json."""

Stems = Mapping[str, frozenset[str]]


def highlight(
    client: Elasticsearch, generations: Generations, text: str, verdicts: Sequence[Verdict]
) -> list[tuple[Place, ...]]:
    """See `review.index.Index.highlight`."""
    terms = parse(text)
    stems: dict[str, Stems] = {}
    asked = {term.words[0] for term in terms if _is_inflected(term)}
    for language in LANGUAGES if asked else ():
        texts = [verdict.post.text for verdict in verdicts if _is_searched_in(verdict, language)]
        words = {word for each in texts for word in tokens(each)}
        if words:
            index = generations.current()[-1]
            stems[language] = dict(_stems(client, index, _ANALYZERS[language], asked | words))

    def marked(verdict: Verdict) -> tuple[Place, ...]:
        languages = [stems[each] for each in LANGUAGES if each in stems and _is_searched_in(verdict, each)]

        def alike(asked: str, word: str) -> bool:
            return asked == word or any(_inflected(known[asked], known[word]) for known in languages)

        return highlighted(verdict.post.text, terms, alike=alike)

    return [marked(verdict) for verdict in verdicts]


def _is_inflected(term: Term) -> bool:
    return len(term.words) == 1 and not term.prefix


def _is_searched_in(verdict: Verdict, language: str) -> bool:
    return verdict.judgement.language in (language, "other")


def _inflected(asked: frozenset[str], word: frozenset[str]) -> bool:
    if asked & word:
        return True
    ends = tuple(each for each in asked if len(each) in _END)
    return any(len(each) >= _COMPOUND and each.endswith(ends) for each in word)


def _stems(
    client: Elasticsearch, index: str, analyzer: str, words: Iterable[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Each word with what the analyzer makes of it: itself and its stem."""
    rest = iter(words)
    while some := list(islice(rest, _AT_ONCE)):
        sent = [
            word if len(word.encode("utf-16-le", "replace")) <= 2 * _LONGEST else "-" for word in map(composed, some)
        ]
        with faults(index):
            answer = client.indices.analyze(index=index, analyzer=analyzer, text=" ".join(sent))
        found: list[set[str]] = [set() for _ in some]
        for token in answer["tokens"]:
            found[token["position"]].add(token["token"])
        yield from zip(some, map(frozenset, found), strict=True)
