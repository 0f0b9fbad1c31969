"""From one process to a cluster and back, and from a backup of one into the other."""

from pathlib import Path

from tests.cluster.sides import Cluster, Side, differences
from tests.servers.fixtures import Place
from tests.turvakt.archives import ARCHIVES
from tests.turvakt.process import DEMO_POSTS, LINEAR, Program


def test_moves_to_a_cluster_and_back(tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place) -> None:
    old = Side(tmp_path / "old", **LINEAR)
    old.prepare()
    old.start()
    try:
        old.feed(DEMO_POSTS.read_text("utf-8") + '{"source": "web", "id": "broken", "text": "Anna Lindqvist\n')
    finally:
        old.stop()
    old.program.run("officials", "withdraw", "riitta-hakala-tuominen", "--yes")
    expected = old.end()
    assert len(expected["item"]) > 200
    assert len(expected["incident_post"]) > 20
    assert len(expected["dead"]) == len(expected["registry_withdrawal"]) == 1

    cluster = Cluster(tmp_path / "cluster", kafka=kafka, postgres=postgres, elasticsearch=elasticsearch)
    cluster.make()
    to_cluster, to_new = tmp_path / "cluster.toml", tmp_path / "new.toml"
    to_cluster.write_text(cluster.settings(), "utf-8")
    old.program.run("migrate", "--to", str(to_cluster), "--yes")
    assert differences(cluster.end(moved=True), expected) == []
    old.program.run("migrate", "--to", str(to_cluster), "--yes", code=2)  # there is something already

    new = Side(tmp_path / "new")
    to_new.write_text(f'[data]\ndir = "{new.program.folder}"\n', "utf-8")
    cluster.program.run("migrate", "--to", str(to_new), "--yes")
    archive = tmp_path / "archive.gz"
    cluster.program.run("backup", str(archive))
    moved = new.program.json("backup", str(tmp_path / "again.gz"))  # each has one more entry in its audit log now
    assert Program(tmp_path / "restored").json("restore", str(archive), "--yes") == moved
    assert differences(new.end(moved=True), expected) == []


def test_a_backup_of_before_is_restored_into_a_cluster_without_who_withdrew(
    tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place
) -> None:
    archive, withdrawals = str(ARCHIVES / "abusive-0014.jsonl.gz"), str(tmp_path / "withdrawals.gz")
    one = Side(tmp_path / "one")
    one.program.run("restore", archive, "--yes")
    before = one.end(moved=True)
    assert len(before["item"]) == len(before["incident_post"]) == len(before["dead"]) == 1
    one.program.run("officials", "withdraw", "anna-lindqvist", "--yes")
    one.program.run("backup", "--withdrawals", withdrawals)
    cluster = Cluster(tmp_path / "cluster", kafka=kafka, postgres=postgres, elasticsearch=elasticsearch)
    cluster.make()
    cluster.program.run("restore", archive, "--withdrawals", withdrawals)
    # No backup of it, which would wait for stages that do not run: her erasure has left marks before them.
    theirs = cluster.program.json("officials", "list")
    assert theirs == one.program.json("officials", "list")
    assert len(theirs) == len(before["registry_official"]) - 1
    assert cluster.program.json("search") == []
