"""The statistics hold what a consent lets analysts count, also after it was changed."""

from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from classify.verdict import Verdict
from registry.official import Consent, Official
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.names import document_id
from review.indexes.elasticsearch.uncounting import uncount
from tests.review.elastic.conftest import OFFICIALS, set_up
from tests.review.elastic.statistics import statistics
from tests.review.people import at, decision, verdict
from tests.servers.fixtures import Place

VERDICTS = [
    verdict("a", officials=("anna",), source="feed", collected=1),
    verdict("b", officials=("anna", "bo"), source="bluesky", collected=2),
    verdict("c", officials=("anna",), source="bluesky", collected=5),
]


class Site:
    """An index, and officials who may change."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self.officials = dict(OFFICIALS)
        self.index = ElasticsearchIndex(
            client, prefix=prefix, officials=lambda id: self.officials.get(id), refresh=True
        )

    def consents(self, *consents: Consent) -> Official:
        self.officials["anna"] = replace(OFFICIALS["anna"], consents=consents)
        return self.officials["anna"]

    def counted(self) -> list[tuple[str, str]]:
        names = {document_id("post", "haabo", each.post.id): each.post.id for each in VERDICTS}
        names |= {document_id("post", "habo", each.post.id): each.post.id for each in VERDICTS}
        return sorted((each["official"], names[each["id"]]) for each in statistics(self.index).values())

    def expected(self, verdicts: list[Verdict] = VERDICTS) -> list[tuple[str, str]]:
        return sorted(
            (id, each.post.id)
            for each in verdicts
            for id in each.officials
            if self.officials[id].counts(each.post.source, each.post.collected_at)
        )


@pytest.fixture
def site(client: Elasticsearch, elasticsearch: Place) -> Site:
    set_up(client, elasticsearch.prefix)
    return Site(client, elasticsearch.prefix)


CHANGES = [
    ((Consent(("*",), at(-9)),), 4),
    ((Consent(("*",), at(-9), statistics=False),), 1),
    ((Consent(("feed",), at(-9)), Consent(("bluesky",), at(-9), statistics=False)), 2),
    ((Consent(("*",), at(-9), at(5)), Consent(("*",), at(5), statistics=False)), 3),
    ((Consent(("*",), at(-9), at(2), statistics=False), Consent(("*",), at(2))), 3),
]


@pytest.mark.parametrize(("consents", "many"), CHANGES)
def test_only_what_a_consent_allows_is_counted(site: Site, consents: tuple[Consent, ...], many: int) -> None:
    site.consents(*consents)
    site.index.write_verdicts(VERDICTS)
    assert site.counted() == site.expected()
    assert len(site.counted()) == many


@pytest.mark.parametrize(("consents", "many"), CHANGES)
def test_what_a_changed_consent_does_not_allow_is_taken_out(
    site: Site, consents: tuple[Consent, ...], many: int
) -> None:
    site.index.write_verdicts(VERDICTS)
    assert len(site.counted()) == 4
    her = site.consents(*consents)
    assert uncount(site.index.client, site.index.names, [her, OFFICIALS["bo"]]) == 4 - many
    assert site.counted() == site.expected()
    site.index.write_decisions([decision(each.post.id) for each in VERDICTS])
    assert site.counted() == site.expected(), "nor does writing anew bring it back"
