"""Over TLS and a server that asks who we are: the role that comes along is enough for all that Turvakt does, and for no more."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from elasticsearch import Elasticsearch as Client

from flow.clock import ManualClock
from flow.errors import Broken
from review.index import Query
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.reindexing import Reindexing
from review.indexes.elasticsearch.templates import apply, load
from review.trends.trends import Kept, Trends
from tests.review.elastic.conftest import OFFICIALS, set_up
from tests.review.people import START, alert, at, decision, verdict
from tests.servers.certificates import self_signed
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import StartServer

ROLES = Path(__file__).parents[3] / "config" / "containers" / "elasticsearch" / "roles.yml"


class Secured(Elasticsearch):
    """Asks for user or key, over TLS."""

    def __init__(self) -> None:
        super().__init__(security=True)
        self.address = self.address.replace("http:", "https:")

    @property
    def certificate(self) -> Path:
        return self.folder / "config" / "http.crt"

    def prepare(self) -> None:
        super().prepare()
        key = self_signed(self.certificate)
        with (self.folder / "config" / "elasticsearch.yml").open("a") as settings:
            settings.write("xpack.security.http.ssl.enabled: true\n")
            settings.write(
                f"xpack.security.http.ssl.key: {key}\nxpack.security.http.ssl.certificate: {self.certificate}\n"
            )

    def ready(self) -> bool:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        try:
            answer = httpx.get(f"{self.address}/_cluster/health", auth=self.auth, verify=trusted, timeout=5.0)
        except httpx.TransportError:
            return False
        return answer.status_code == 200


@pytest.fixture(scope="module")
def server() -> Iterator[Secured]:
    with ExitStack() as stack:
        yield StartServer(stack)(Secured())


def connected(server: Secured, **proof: str) -> Client:
    return connect([server.address], certificates=str(server.certificate), **proof)


@pytest.fixture(scope="module")
def admin(server: Secured) -> Iterator[Client]:
    with connected(server, username=server.user_name, password=server.password) as client:
        set_up(client, "turvakt")
        yield client


@pytest.fixture
def worker(server: Secured, admin: Client) -> Iterator[Client]:
    """With an API key of the role ``turvakt_worker``."""
    role = yaml.safe_load(ROLES.read_text("utf-8"))["turvakt_worker"]
    key = admin.security.create_api_key(name="worker", role_descriptors={"worker": role})["encoded"]
    with connected(server, api_key=key) as client:
        yield client


def test_a_worker_may_do_all_that_turvakt_does(worker: Client) -> None:
    index = ElasticsearchIndex(worker, prefix="turvakt", officials=OFFICIALS.get, refresh=True)
    first = verdict("a", "om torget")
    index.write_verdicts([first, verdict("b", officials=("bo",)), verdict("c", collected=9)])
    index.write_alerts([alert(first)])
    index.write_decisions([decision("jsonl:a")])
    assert [item.verdict.post.id for item in index.search(Query(text="torget")).items] == ["jsonl:a"]
    assert Trends(
        worker,
        prefix="turvakt",
        officials=OFFICIALS.values,
        limit=1,
        kept=Kept(timedelta(days=30), timedelta(days=365)),
        clock=ManualClock(START + timedelta(days=2)),
    ).catch_up() == [START.date()]
    assert worker.count(index="turvakt-trends-*")["count"] > 0
    assert index.forget(["jsonl:b"]) == 1
    assert index.expire(at(5)) == 3
    assert Reindexing(worker, names=index.names, officials=OFFICIALS.get).run() == 1
    index.generations.roll()
    assert index.erase("anna") == 1
    index.scrub()
    assert index.counts().verdicts == index.count("anna") == 0


def test_and_nothing_else(worker: Client) -> None:
    with pytest.raises(Broken, match="refuses us"):
        ElasticsearchIndex(worker, prefix="others", officials=OFFICIALS.get).write_verdicts([verdict("a")])
    names = Names("turvakt")
    with pytest.raises(Broken, match="refuses us"):
        apply(worker, load(names, shards=1, replicas=0)[0])


@pytest.mark.parametrize(
    "proof", [{"api_key": "bm9uc2Vuc2U6bm9uc2Vuc2U="}, {"username": "turvakt", "password": "wrong"}, {}]
)
def test_who_is_not_known_is_refused(server: Secured, proof: dict[str, str]) -> None:
    with connected(server, **proof) as client:
        index = ElasticsearchIndex(client, prefix="turvakt", officials=OFFICIALS.get)
        for use in (lambda: index.write_verdicts([verdict("a")]), index.counts):
            with pytest.raises(Broken, match="refuses us") as raised:
                use()
            assert "wrong" not in str(raised.value)
