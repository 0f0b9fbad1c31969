"""The console of a cluster shows what is in the index, whatever else is away."""

from pathlib import Path

import httpx

from tests.cluster.sides import PATIENCE, Cluster
from tests.review.people import verdict
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka
from tests.servers.process import free_port
from tests.turvakt.process import until
from turvakt.settings import load
from turvakt.wiring import Parts

TOKEN = "a-token-for-tests"


def test_pages_come_while_the_brokers_hang(
    start_server: StartServer, postgres: str, elasticsearch: Place, tmp_path: Path
) -> None:
    brokers, port = start_server(Kafka()), str(free_port())
    cluster = Cluster(
        tmp_path / "cluster",
        kafka=Place(brokers.address, "t-"),
        postgres=postgres,
        elasticsearch=elasticsearch,
        TURVAKT_WEB_PORT=port,
        TURVAKT_WEB_SIGN_IN="token",
        TURVAKT_WEB_TOKEN=TOKEN,
    )
    cluster.prepare()
    (tmp_path / "turvakt.toml").write_text(cluster.settings(), "utf-8")
    with Parts(load(file=tmp_path / "turvakt.toml", environ={})) as parts:
        parts.index.write_verdicts([verdict("1", "Akta dig vid bron")])
    cluster.start_one(("work", "console"))
    english = {"accept-language": "en"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=english, timeout=PATIENCE) as reviewer:
            until(lambda: reachable(reviewer), seconds=PATIENCE)
            assert reviewer.get("/", params={"token": TOKEN}).status_code == 303
            until(lambda: "Akta dig" in reviewer.get("/?view=all").text)
            brokers.pause()
            for path in ("/?view=all", "/posts/jsonl:1") * 3:
                answer = reviewer.get(path)
                assert answer.status_code == 200
                assert "Akta dig" in answer.text
            until(lambda: "the log gives no answer" in reviewer.get("/readyz").text)
            until(lambda: "not keeping up" in reviewer.get("/").text)
    finally:
        brokers.resume()
        cluster.stop()


def reachable(reviewer: httpx.Client) -> bool:
    try:
        return reviewer.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False
