"""What opens the console and what seals secrets: a setting, or what was made once in the data folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flow.errors import Broken
from turvakt.access import invitation, key, token
from turvakt.settings import Settings, load


def settings(folder: Path, **environment: str) -> Settings:
    return load(file=None, environ={"TURVAKT_DATA_DIR": str(folder / "data"), **environment})


@pytest.mark.parametrize(("ask", "name"), [(token, "console.token"), (key, "console.key")])
def test_it_is_made_once_for_its_owner_alone(tmp_path: Path, ask: Callable[[Settings], str], name: str) -> None:
    made = ask(settings(tmp_path))
    assert len(made) == 32
    assert ask(settings(tmp_path)) == made
    file = tmp_path / "data" / name
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(" \n", "utf-8")
    assert ask(settings(tmp_path)) not in ("", made)


def test_the_two_are_two(tmp_path: Path) -> None:
    assert key(settings(tmp_path)) != token(settings(tmp_path))


def test_a_setting_is_taken_and_nothing_made(tmp_path: Path) -> None:
    given = settings(tmp_path, TURVAKT_WEB_TOKEN="a token", TURVAKT_WEB_KEY="a key")
    assert (token(given), key(given)) == ("a token", "a key")
    assert not (tmp_path / "data").exists()


def test_in_a_cluster_the_key_is_a_setting(tmp_path: Path) -> None:
    cluster = {"TURVAKT_POSTGRES_URL": "postgresql://nowhere/turvakt"}
    with pytest.raises(Broken, match=r"settings: web\.key is not set\. In a cluster all processes"):
        key(settings(tmp_path, **cluster))
    assert key(settings(tmp_path, TURVAKT_WEB_KEY="a key", **cluster)) == "a key"


def test_the_address_of_a_link() -> None:
    assert invitation("https://t.example", "secret") == "https://t.example/invitation/secret"
