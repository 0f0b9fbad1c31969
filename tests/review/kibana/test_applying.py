"""turvakt kibana apply against Kibana's interface, and what the roles let their holders do, proven on a real server."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from elasticsearch import ApiError
from elasticsearch import Elasticsearch as Client

from flow.clock import ManualClock
from flow.errors import Broken, Unavailable
from registry.official import Official
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.names import Names
from review.kibana.applying import Step, left_over, plan
from review.kibana.client import Kibana
from review.kibana.objects import saved_objects
from review.kibana.rights import Audience, audiences
from review.trends.trends import Kept, Trends
from tests.review.elastic.conftest import set_up
from tests.review.kibana.facts import OFFICIALS, records
from tests.review.kibana.lens import Lens
from tests.review.kibana.server import FakeKibana
from tests.review.people import START
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import Place, or_skipped

DAYS = 3
NAMES = Names("turvakt")
SPACES = ["turvakt-all-trends", "turvakt-ekvik", "turvakt-habo", "turvakt-mo", "turvakt-tammela"]


@dataclass
class Installation:
    """A cluster with security, with posts in it, and what stands for a Kibana."""

    elastic: Elasticsearch
    client: Client
    fake: FakeKibana
    kibana: Kibana

    def steps(self, officials: Sequence[Official] = tuple(OFFICIALS.values()), *, limit: int = 3) -> list[Step]:
        return plan(self.client, self.kibana, audiences(officials, NAMES), names=NAMES, limit=limit)

    def apply(self, **changes: Any) -> None:
        for step in self.steps(**changes):
            step.do()

    def analyst(self, tenant: str) -> Client:
        """With an API key that has what both roles of the tenant give."""
        password = "an-analyst-s-password"
        roles = [f"turvakt-analyst-{tenant}", f"turvakt-space-{tenant}"]
        self.client.security.put_user(username=tenant, password=password, roles=roles)
        # The key of a user with these roles can never do more than she.
        with connect([self.elastic.address], username=tenant, password=password) as hers:
            self.client.security.put_role(name="keys", cluster=["manage_own_api_key"])
            self.client.security.put_user(username=tenant, password=password, roles=[*roles, "keys"])
            key = hers.security.create_api_key(name=f"{tenant}'s")
        return connect([self.elastic.address], api_key=key["encoded"])


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Elasticsearch, Client]]:
    with or_skipped():
        elastic = Elasticsearch(security=True)
        elastic.start()
    try:
        with connect([elastic.address], username=elastic.user_name, password=elastic.password) as client:
            client.security.put_role(name="some")  # a fresh server answers before it has made the index of its roles
            set_up(client, "turvakt")
            records(300, days=DAYS).write(ElasticsearchIndex(client, prefix="turvakt", officials=OFFICIALS.get))
            Trends(
                client,
                prefix="turvakt",
                officials=lambda: list(OFFICIALS.values()),
                limit=3,
                kept=Kept(timedelta(days=30), timedelta(days=365)),
                clock=ManualClock(START + timedelta(days=DAYS + 3)),
            ).catch_up()
            yield elastic, client
    finally:
        elastic.close()


@pytest.fixture
def there(cluster: tuple[Elasticsearch, Client]) -> Iterator[Installation]:
    elastic, client = cluster
    with FakeKibana(elastic.address, elastic.auth) as fake, Kibana(fake.address, api_key="secret") as kibana:
        yield Installation(elastic, client, fake, kibana)
    for name in client.security.get_role():
        if name.startswith("turvakt-"):
            client.security.delete_role(name=name)


def test_all_is_made_once(there: Installation) -> None:
    steps = there.steps()
    assert [step.name for step in steps if step.what == "space"] == [*SPACES[1:], SPACES[0]]
    assert all(step.change.startswith("new") or step.change.endswith("new") for step in steps)
    assert not there.fake.requests or {each.rpartition("/")[2] for each in there.fake.requests} == {"_export"}
    for step in steps:
        step.do()
    assert sorted(there.fake.spaces) == sorted(["default", *SPACES])
    assert there.steps() == []
    held = {(space, id) for space, kind, id in there.fake.objects if kind == "dashboard"}
    assert ("turvakt-tammela", "turvakt-tammela-fi-dashboard-situation") in held
    assert {id for space, id in held if space == "turvakt-ekvik"} == {
        f"turvakt-ekvik-sv-dashboard-{name}" for name in ("situation", "trends", "handling", "model", "coverage")
    }
    assert {id for space, id in held if space == "turvakt-all-trends"} == {
        f"turvakt-all-trends-{language}-dashboard-trends" for language in ("sv", "fi", "en")
    }


def test_what_was_changed_by_hand_is_told_and_mended(there: Installation) -> None:
    there.apply()
    key = ("turvakt-ekvik", "lens", "turvakt-ekvik-sv-panel-posts")
    mine = there.fake.objects[key]
    there.fake.objects[key] = {**mine, "attributes": {**mine["attributes"], "title": "Annat"}}
    there.fake.spaces["turvakt-mo"] |= {"name": "Annat", "color": "#112233"}
    there.client.security.put_role(
        name="turvakt-analyst-habo", indices=[{"names": ["turvakt-*"], "privileges": ["read", "view_index_metadata"]}]
    )
    there.kibana.put_role(
        "turvakt-space-mo",
        {"elasticsearch": {}, "kibana": [{"base": [], "feature": {"ml": ["all"]}, "spaces": ["turvakt-mo"]}]},
    )
    there.kibana.put_role(
        "turvakt-space-habo", {"elasticsearch": {}, "kibana": [{"base": ["all"], "spaces": ["turvakt-habo"]}]}
    )
    assert {(step.what, step.name) for step in there.steps()} == {
        ("saved objects", "turvakt-ekvik (sv)"),
        ("space", "turvakt-mo"),
        ("role in Elasticsearch", "turvakt-analyst-habo"),
        ("role in Kibana", "turvakt-space-habo"),
        ("role in Kibana", "turvakt-space-mo"),
    }
    there.apply()
    assert there.steps() == []
    assert there.fake.spaces["turvakt-mo"]["color"] == "#112233"
    assert there.fake.objects[key]["attributes"]["title"] == "Inlägg"


def test_another_limit_changes_the_objects(there: Installation) -> None:
    there.apply()
    changed = there.steps(limit=7)
    assert {step.what for step in changed} == {"saved objects"}
    assert {step.change for step in changed} == {"1 changed"}


def test_a_tenant_without_officials_is_left_over(there: Installation) -> None:
    there.apply()
    others = [each for each in OFFICIALS.values() if each.municipality != "Mo"]
    assert left_over(there.kibana, audiences(others, NAMES), NAMES) == ["turvakt-mo"]
    of_another_installation = audiences(OFFICIALS.values(), Names("turvakt-test"))[0]
    there.kibana.make_space(of_another_installation.place)
    assert left_over(there.kibana, audiences(OFFICIALS.values(), NAMES), NAMES) == []


@pytest.mark.parametrize(
    ("down", "error", "says"),
    [
        (503, Unavailable, "busy"),
        (429, Unavailable, "busy"),
        (403, Broken, "refuses us"),
        (400, Broken, "refused a request"),
    ],
)
def test_a_kibana_that_does_not_take_it_is_told(
    there: Installation, down: int, error: type[Exception], says: str
) -> None:
    there.fake.down = down
    with pytest.raises(error, match=says):
        there.steps()


def test_a_wrong_key_an_old_kibana_and_none_at_all_are_told(there: Installation) -> None:
    with Kibana(there.fake.address, api_key="wrong") as kibana, pytest.raises(Broken, match=r"kibana\.api_key"):
        kibana.spaces()
    with Kibana(there.fake.address, username="kibana", password="secret") as kibana:
        assert kibana.spaces()
    there.fake.version = "8.18.4"
    with pytest.raises(Broken, match=r"this is Kibana 8\.18\.4.*8\.19"):
        there.steps()
    with Kibana("http://127.0.0.1:9", api_key="secret") as kibana, pytest.raises(Unavailable, match=r"kibana\.url"):
        kibana.check()
    with pytest.raises(Broken, match=r"kibana\.url"):
        Kibana("http://127.0.0.1:9", certificates="/nowhere")


def test_objects_that_kibana_does_not_take_are_told(there: Installation) -> None:
    there.apply()
    objects = saved_objects("sv", root="turvakt-ekvik")
    with pytest.raises(Broken, match=r"of 48 objects were not taken \(conflict\)"):
        there.kibana.bring("turvakt-habo", objects)
    with pytest.raises(Broken, match="missing_references"):
        there.kibana.bring("turvakt-habo", objects[-1:])


def test_without_security_nothing_is_promised(elasticsearch: Place, there: Installation) -> None:
    with (
        connect([elasticsearch.address]) as client,
        pytest.raises(Broken, match=r"no security.*xpack\.security\.enabled"),
    ):
        plan(client, there.kibana, audiences(OFFICIALS.values(), NAMES), names=NAMES, limit=5)


def test_an_analyst_reads_her_tenant_and_nothing_else(there: Installation) -> None:
    there.apply()
    with there.analyst("habo") as habo:
        allowed = {"turvakt-statistics-habo", "turvakt-trends-habo", "turvakt-all-trends"}
        for name in allowed:
            assert habo.count(index=name)["count"] > 0
        for name in there.client.indices.get(index="turvakt-*", expand_wildcards="all"):
            alias = name.rpartition("-")[0]
            for each in {name, alias} - allowed:
                _refused(habo, each)
        found = {hit["_index"] for hit in habo.search(index="turvakt-*", size=10_000)["hits"]["hits"]}
        assert found == {f"{name}-000001" for name in allowed}
        with pytest.raises(ApiError) as wrote:
            habo.index(index="turvakt-statistics-habo", document={"official": "habo-1"})
        assert wrote.value.status_code == 403
        for read in (habo.security.get_user, habo.cluster.state, lambda: habo.indices.get_alias(name="turvakt-items")):
            with pytest.raises(ApiError) as refused:
                read()
            assert refused.value.status_code in (403, 404)


def test_a_reader_of_all_trends_sees_no_statistics(there: Installation) -> None:
    there.apply()
    with there.analyst("all-trends") as reader:
        assert reader.count(index="turvakt-all-trends")["count"] > 0
        assert reader.count(index="turvakt-trends-habo")["count"] > 0
        for tenant in ("habo", "ekvik"):
            _refused(reader, f"turvakt-statistics-{tenant}")
        _refused(reader, "turvakt-items")


def _refused(client: Client, index: str) -> None:
    for ask in (client.search, client.count, client.field_caps):
        with pytest.raises(ApiError) as refused:
            ask(index=index, **({"fields": "*"} if ask == client.field_caps else {}))
        assert refused.value.status_code == 403


def test_the_same_panels_show_each_tenant_her_own(there: Installation) -> None:
    """A data view's wildcard finds what the role allows: what a panel shows of all is the sum of what it shows of each."""
    there.apply()
    shown = {}
    for tenant, title in (("habo", "Habo"), ("mo", "Mo")):
        (audience,) = (each for each in audiences(OFFICIALS.values(), NAMES) if each.space == f"turvakt-{tenant}")
        objects = [each for (space, _, _), each in there.fake.objects.items() if space == audience.space]
        views = {each["id"]: each for each in objects if each["type"] == "index-pattern"}
        with there.analyst(tenant) as analyst:
            for each in objects:
                if each["type"] == "lens":
                    lens = Lens(each, views)
                    request = lens.request(START, START + timedelta(days=DAYS))
                    rows = lens.rows(analyst.search(index=lens.index, body=request).body)
                    shown[tenant, each["id"].rpartition("-panel-")[2]] = rows
        assert [row["municipality"] for row in shown[tenant, "trend-municipalities"]] == [title]
        assert {row["official"].partition("-")[0] for row in shown[tenant, "officials"]} == {tenant}
    everything = {each["id"]: each for each in saved_objects("sv") if each["type"] == "index-pattern"}
    (posts,) = (each for each in saved_objects("sv") if each["id"].endswith("panel-posts"))
    whole = Lens(posts, everything)
    request = whole.request(START, START + timedelta(days=DAYS))
    many = whole.rows(there.client.search(index=whole.index, body=request).body)[0]["number"]
    assert 0 < shown["habo", "posts"][0]["number"] + shown["mo", "posts"][0]["number"] < many


def test_names_of_tenants_cannot_be_mistaken() -> None:
    """A role by the names of indices is as good as these names."""
    one = next(iter(OFFICIALS.values()))
    towns = ("Mo", "Mo i Rana", "Mo-000001", "All", "all trends", "", "Håbo", "Habo", "*", "Ekvik*")
    found = audiences([replace(one, id=str(n), municipality=town) for n, town in enumerate(towns)], NAMES)
    names = [name for each in found[:-1] for name in each.indices if name != NAMES.all_trends]
    assert len(set(names)) == len(names)
    assert len({each.space for each in found} | {each.reader for each in found}) == 2 * len(found)
    assert not any(set(name) & set("*?/") for name in names)


def test_keys_and_users_get_no_more_by_the_role_of_the_space(there: Installation) -> None:
    there.apply()
    there.client.security.put_user(username="visitor", password="a-visitor-s-password", roles=["turvakt-space-habo"])
    basic = base64.b64encode(b"visitor:a-visitor-s-password").decode()
    answer = httpx.get(
        f"{there.elastic.address}/turvakt-statistics-habo/_search", headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 403


def _audience(found: Sequence[Audience], space: str) -> Audience:
    return next(each for each in found if each.space == space)


def test_a_space_speaks_the_languages_of_its_officials() -> None:
    one = next(iter(OFFICIALS.values()))
    finns = replace(one, id="x", municipality="Vasa", country="FI", language="sv")
    english = replace(one, id="y", municipality="Vasa", country="FI", language="en")
    found = audiences([one, finns, english], NAMES)
    assert _audience(found, "turvakt-vasa").languages == ("sv", "fi", "en")
    assert _audience(found, "turvakt-ekvik").languages == ("sv",)
    assert audiences([], NAMES) == []
