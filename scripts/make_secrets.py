#!/usr/bin/env python3
"""Make the passwords and tokens of a cluster: one file each in secrets/, for docker-compose.yml. What is there stays.

The folder is its owner's alone, and that keeps others on the machine out. The files in it can be read by anybody who gets there,
since a container gets single files of it and reads them as its own user, who is no one on the machine.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

KIBANA = "elastic/kibana/turvakt"
"""Its service account in Elasticsearch, and the name of the token."""


class Folder:
    """A folder of secrets.

    Attributes:
        written: the names of the files that were missing.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        self.path = path
        self.written: list[str] = []

    def secret(self, name: str, new: Callable[[], str] = lambda: secrets.token_hex(24)) -> str:
        """The secret in the file ``name``, which is made if it is missing."""
        # 192 bits, of characters that need no quoting anywhere: in a URL, in SQL, in the options of Kafka.
        return self._kept(name) or self._write(name, new())

    def derived(self, name: str, value: str, *, of: set[str]) -> None:
        """Write what follows from the secrets ``of``, unless it is there and they are no newer."""
        if not self._kept(name) or of & set(self.written):
            self._write(name, value)

    def _kept(self, name: str) -> str:
        file = self.path / name
        return file.read_text(encoding="ascii").strip() if file.exists() else ""

    def _write(self, name: str, value: str) -> str:
        # As a whole or not at all: half a secret would be kept for ever.
        unfinished = self.path / f".{name}"
        unfinished.write_text(value + "\n", encoding="ascii")
        unfinished.chmod(0o644)
        unfinished.replace(self.path / name)
        self.written.append(name)
        return value


def make(path: Path) -> list[str]:
    """Write what is missing in the folder ``path``, and return the names of the files written."""
    folder = Folder(path)
    for name in (
        "kafka_password",
        "postgres_password",
        "console_token",
        "console_key",
        "grafana_password",
        "kibana_key",
    ):
        folder.secret(name)

    # 32 bytes in Base64url: a private key on the curve P-256, as which all but one in 2^32 of such numbers do.
    folder.secret("webpush_key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode())

    # Others say what these are: the files are there to be replaced (docs/running.md).
    for name in ("alertmanager_smtp_password", "alertmanager_pager_token", "alertmanager_heartbeat_token"):
        folder.secret(name)

    password = folder.secret("postgres_turvakt_password")
    url = f"postgresql://turvakt:{password}@postgres/turvakt"
    folder.derived("postgres_url", url, of={"postgres_turvakt_password"})

    # config/containers/elasticsearch/users_roles says what each may do.
    names = {user: f"elasticsearch_{user}_password" for user in ("turvakt", "admin")}
    users = [f"{user}:{hashed(folder.secret(name))}" for user, name in names.items()]
    folder.derived("elasticsearch_users", "\n".join(users), of=set(names.values()))

    password = folder.secret("kibana_password")
    folder.derived("elasticsearch_service_tokens", f"{KIBANA}:{hashed(password)}", of={"kibana_password"})
    token = base64.b64encode(b"\x00\x01\x00\x01" + f"{KIBANA}:{password}".encode()).decode()
    folder.derived("kibana_token", token, of={"kibana_password"})
    return folder.written


def hashed(password: str) -> str:
    """As Elasticsearch's own files of users and service accounts want it."""
    rounds, salt = 10_000, secrets.token_bytes(32)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, dklen=32)
    return f"{{PBKDF2}}{rounds}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "secrets"
    made = make(where)
    sys.stderr.write(f"Made {len(made)} files in {where}.\n" if made else f"Nothing was missing in {where}.\n")
