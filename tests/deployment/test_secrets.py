"""scripts/make_secrets.py: passwords and tokens for docker-compose.yml."""

import base64
import hashlib
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from alerts.channels.webpush import WebPush
from scripts.make_secrets import make
from turvakt.settings import ROOT


def read(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make_secrets.py"), str(tmp_path / "secrets")]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    made = read(tmp_path / "secrets")
    assert f"Made {len(made)} files" in first.stderr
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Nothing was missing" in second.stderr
    assert read(tmp_path / "secrets") == made
    assert not any(secret.strip() in first.stdout + first.stderr for secret in made.values())


def test_every_password_is_its_own_and_long(tmp_path: Path) -> None:
    make(tmp_path)
    again = tmp_path / "again"
    make(again)
    passwords = [(file.name, file.read_text().strip()) for folder in (tmp_path, again) for file in folder.glob("*_*")]
    random = ("_password", "_key", "console_token", "pager_token", "heartbeat_token")
    plain = [value for name, value in passwords if name.endswith(random)]
    assert len(set(plain)) == len(plain) == 2 * 14
    pushing = {value for name, value in passwords if name == "webpush_key"}
    assert all(len(bytes.fromhex(value)) == 24 for value in plain if value not in pushing)
    assert all(len(base64.urlsafe_b64decode(WebPush.public_key(value) + "=")) == 65 for value in pushing)


def test_the_folder_keeps_others_out_and_containers_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o644}


def test_what_is_derived_follows_its_source_and_nothing_else_changes(tmp_path: Path) -> None:
    make(tmp_path)
    before = read(tmp_path)
    sources = {
        "postgres_turvakt_password": {"postgres_url"},
        "elasticsearch_admin_password": {"elasticsearch_users"},
        "kibana_password": {"elasticsearch_service_tokens", "kibana_token"},
        "kafka_password": set(),
    }
    for source, derived in sources.items():
        (tmp_path / source).unlink()
        assert set(make(tmp_path)) == {source} | derived
        after = read(tmp_path)
        assert {name for name in after if after[name] != before[name]} == {source} | derived
        before = after


def test_a_password_of_ones_own_is_taken(tmp_path: Path) -> None:
    (tmp_path / "postgres_turvakt_password").write_text("chosen\n")
    make(tmp_path)
    assert urlsplit((tmp_path / "postgres_url").read_text().strip()).password == "chosen"


def test_elasticsearch_gets_hashes_that_fit(tmp_path: Path) -> None:
    make(tmp_path)
    users = dict(line.split(":", 1) for line in (tmp_path / "elasticsearch_users").read_text().split())
    told = (ROOT / "config" / "containers" / "elasticsearch" / "users_roles").read_text().split()
    assert users.keys() == {line.partition(":")[2] for line in told}
    for user, hashed in users.items():
        assert fits(hashed, (tmp_path / f"elasticsearch_{user}_password").read_text().strip())
    account, hashed = (tmp_path / "elasticsearch_service_tokens").read_text().strip().split(":")
    token = base64.b64decode((tmp_path / "kibana_token").read_text())
    name, _, secret = token.removeprefix(b"\x00\x01\x00\x01").decode().partition(":")
    assert name == account
    assert fits(hashed, secret)


def fits(hashed: str, password: str) -> bool:
    rounds, salt, derived = hashed.removeprefix("{PBKDF2}").split("$")
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(rounds), dklen=32)
    return made == base64.b64decode(derived)
