"""Elasticsearch 8.19: one node."""

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import httpx

from scripts.make_secrets import hashed
from tests.servers.installing import Missing, from_maven, java
from tests.servers.process import free_port
from tests.servers.server import Server

_NOT_NEEDED = (
    "counted-keyword",
    "ingest-otel",
    "logsdb",
    "old-lucene-versions",
    "rank-vectors",
    "streams",
    "x-pack-apm-data",
    "x-pack-inference",
    "x-pack-migrate",
    "x-pack-otel-data",
    "x-pack-redact",
)
"""Modules that slow the start."""


class Elasticsearch(Server):
    """A node that answers to everybody or, with ``security``, to ``user_name`` with ``password`` (a superuser) and to API keys.

    Args:
        heap: megabytes of Java heap.
        settings: lines for ``elasticsearch.yml`` that go before those below.
    """

    name: ClassVar[str] = "elasticsearch"
    user: ClassVar[str | None] = "nobody"
    user_name: ClassVar[str] = "turvakt"

    def __init__(self, *, security: bool = False, heap: int = 512, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._heap = heap
        self._settings = dict(settings or {})
        self.security = security
        self.address = f"http://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)

    def prepare(self) -> None:
        home = _home()
        if self.as_user is not None:
            _readable(home)
        for name in ("config/jvm.options.d", "data", "logs", "snapshots", "tmp"):
            (self.folder / name).mkdir(parents=True)
        config = self.folder / "config"
        settings = {
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "path.repo": str(self.folder / "snapshots"),
            "network.host": "127.0.0.1",
            "http.port": str(self.port),
            "transport.port": str(free_port()),
            "discovery.type": "single-node",
            "xpack.security.enabled": str(self.security).lower(),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **self._settings,
        }
        (config / "elasticsearch.yml").write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
        options = [f"-Xms{self._heap}m", f"-Xmx{self._heap}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        options += [f"-Djava.io.tmpdir={self.folder / 'tmp'}", "-XX:+ExitOnOutOfMemoryError"]
        (config / "jvm.options").write_text("\n".join([*options, ""]))
        shutil.copy(home / "config" / "log4j2.properties", config)
        if self.security:
            (config / "users").write_text(f"{self.user_name}:{hashed(self.password)}\n")
            (config / "users_roles").write_text(f"superuser:{self.user_name}\n")
            (config / "roles.yml").write_text("")

    def command(self) -> Sequence[str]:
        # The distribution leaves out bin/elasticsearch; this is what it would run.
        home = _home()
        properties = {
            "cli.name": "server",
            "cli.script": str(home / "bin" / "elasticsearch"),
            "cli.libs": "lib/tools/server-cli",
            "es.path.home": str(home),
            "es.path.conf": str(self.folder / "config"),
            "es.distribution.type": "zip",
            "es.java.type": "ES_JAVA_HOME",
        }
        options = ["-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        options += [f"-D{name}={value}" for name, value in properties.items()]
        path = f"{home}/lib/*{os.pathsep}{home}/lib/cli-launcher/*"
        return [java(), *options, "-cp", path, "org.elasticsearch.launcher.CliToolLauncher"]

    def environment(self) -> Mapping[str, str]:
        return {"ES_TMPDIR": str(self.folder / "tmp"), "HOME": str(self.folder)}

    @property
    def working_folder(self) -> Path:
        return _home()

    def ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.address}/_cluster/health", auth=self.auth, timeout=5.0)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["status"] in ("green", "yellow")

    @property
    def auth(self) -> tuple[str, str] | None:
        """Name and password, where the node asks for them."""
        return (self.user_name, self.password) if self.security else None


def _home() -> Path:
    return from_maven("elasticsearch", _finish) / "elasticsearch"


def _finish(folder: Path) -> None:
    (bundled,) = folder.glob("sonarqube-*/elasticsearch")
    bundled.rename(folder / "elasticsearch")
    for name in _NOT_NEEDED:
        shutil.rmtree(folder / "elasticsearch" / "modules" / name)
    (folder / "elasticsearch" / "plugins").mkdir(exist_ok=True)
    (folder / "elasticsearch" / "logs").mkdir(exist_ok=True)


def _readable(home: Path) -> None:
    closed = [folder for folder in (home, *home.parents) if not folder.stat().st_mode & 0o001]
    if closed:
        raise Missing(
            f"Elasticsearch refuses to run as root, and {closed[-1]} keeps other users out: set TURVAKT_TEST_CACHE to a "
            "folder that all users may read"
        )
