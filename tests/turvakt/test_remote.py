"""A remote model in the whole program: what reaches it, what is counted, what check says. Contains abusive test material."""

import re
from pathlib import Path

import msgspec
import pytest

from flow.errors import Broken
from registry.importing import read_officials
from tests.classify.servers import CHAT, PREDICT, TOKEN, ModelServer, Reply, said, scored
from tests.turvakt.process import OFFICIALS, Program, line
from turvakt.asked import everything
from turvakt.metrics import Metrics
from turvakt.names import Names
from turvakt.settings import ROOT, Settings
from turvakt.wiring import Parts

VEILED = "Anna Lindqvist, din hund heter väl Bosse? Synd om något hände honom. Ring 070-123 45 67"
HARMLESS = "Anna Lindqvist, i parken sprang en hund lös i går. Kan kommunen sätta upp en skylt?"


def program(folder: Path, url: str, *, role: str = "NAME", **more: str) -> Program:
    remote = {"URL": url, "MODEL": "tiny", "TOKEN": TOKEN, "ASK_FROM": "0", "TIMEOUT": "20", **more}
    variables = {f"TURVAKT_REMOTE_{key}": value for key, value in remote.items()}
    return Program(folder, **{f"TURVAKT_CLASSIFIER_{role}": "remote", **variables})


def alarmed(text: str) -> Reply:
    """Fears for dogs."""
    return said("high", threat=0.9) if "hund" in text else said()


def says(program: Program) -> tuple[bool, str]:
    """What check says of the remote model."""
    found = [msgspec.json.decode(each) for each in program.finish("check", "--json").stdout.splitlines()]
    (part,) = (each for each in found if each["part"] == "remote")
    return part["ok"], part["says"]


def test_a_post_is_judged_by_both_and_no_name_leaves(tmp_path: Path) -> None:
    with ModelServer(alarmed) as server:
        watching = program(tmp_path, server.url(CHAT))
        watching.run("officials", "import", str(OFFICIALS))
        (counted,) = watching.json("run", "--once", "--posts", "-", given=line(1, VEILED))
        (found,) = watching.json("search")
    assert server.faults == []
    assert server.texts == ["[…], din hund heter väl […]? Synd om något hände honom. Ring 000-000 00 00"]
    assert counted["alerts"] >= 1
    judgement = found["verdict"]["judgement"]
    assert judgement["severity"] == "high"
    assert re.match(r"remote:tiny@[0-9a-f]{8}\+cascade@", judgement["model"])


def test_check_tries_it(tmp_path: Path) -> None:
    with ModelServer(lambda text: said()) as server:
        assert says(program(tmp_path, server.url(CHAT))) == (True, "tiny answers")
        assert says(program(tmp_path, server.url(CHAT), TOKEN="wrong")) == (
            False,
            "remote model: the server answers 418. Check remote.url and remote.token",
        )
    assert says(program(tmp_path, server.url(CHAT)))[1].startswith("remote model: no answer (ConnectError)")
    with ModelServer(lambda text: scored(LABEL_0=0.1)) as server:
        url = server.url(PREDICT)
        assert says(program(tmp_path, url, KIND="labels", LABELS="LABEL_0=threat")) == (True, "tiny answers")
        ok, why = says(program(tmp_path, url, KIND="labels"))
        assert not ok
        assert "remote.labels" in why


def test_as_a_candidate_in_the_shadow(tmp_path: Path) -> None:
    with ModelServer(alarmed) as server:
        watching = program(tmp_path, server.url(CHAT), role="SHADOW")
        watching.run("officials", "import", str(OFFICIALS))
        watching.json("run", "--once", "--posts", "-", given=line(1, HARMLESS))
        (counts,) = watching.json("shadow")
        assert (counts["judged"], counts["alerts"]["added"] >= 1) == (1, True)
        assert re.match(r"remote:tiny@[0-9a-f]{8}\+cascade@", counts["candidate"])
        assert says(watching) == (True, "tiny answers")


def test_what_became_of_posts_is_counted(tmp_path: Path) -> None:
    with ModelServer(lambda text: said()) as server:
        remote = {"url": server.url(CHAT), "model": "tiny", "token": TOKEN, "ask_from": 0, "most": 1, "timeout": 20}
        given = {"data": {"dir": str(tmp_path)}, "classifier": {"name": "remote"}, "remote": remote}
        with Parts(msgspec.convert(given, Settings)) as parts:
            metrics = Metrics(everything(parts))
            judge = parts.classifier
            parts.remote_told = metrics.remote
            judge.classify(["Tack för fikat i parken igår", "Vi ses på mötet i morgon kväll"])
            shown = metrics.exposition().decode()
    assert 'turvakt_remote_posts_total{outcome="answered"} 1.0' in shown
    assert 'turvakt_remote_posts_total{outcome="skipped"} 1.0' in shown


def test_the_page_names_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "remote.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([^|`]+)`? \|", page, re.M))
    remote = Settings().remote
    defaults = {key: getattr(remote, key) for key in remote.__struct_fields__}
    assert rows == {key: "none" if value in ("", []) else str(value) for key, value in defaults.items()}


@pytest.mark.parametrize("remote", [{}, {"url": "http://modell.example/"}, {"url": "https://modell.example/"}])
def test_half_a_setting_is_refused(tmp_path: Path, remote: dict[str, str]) -> None:
    given = {"data": {"dir": str(tmp_path)}, "classifier": {"name": "remote"}, "remote": remote}
    with Parts(msgspec.convert(given, Settings)) as parts, pytest.raises(Broken, match=r"settings, remote\."):
        assert parts.classifier


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Anna Lindqvist har fel", ["Anna", "Lindqvist"]),
        ("anna lindqvistille terveisiä", ["anna", "lindqvistille"]),
        ("VEM ÄR LINDQVIST", ["LINDQVIST"]),
        ("Karin Bergdahl-Nyström ljuger", ["Karin", "Bergdahl", "Nyström"]),
        ("vi såg ett berg, bo vid det", []),
        ("lena bergs hus", ["lena", "bergs"]),
        ("lindqvist måste bort", ["lindqvist"]),
        ("anna nu koivumäen puhua", ["koivumäen"]),
        ("nystrom ljuger", ["nystrom"]),
        ("L1ndqvist, lіndqvіst och ｌｉｎｄｑｖｉｓｔ", ["L1ndqvist", "lіndqvіst", "ｌｉｎｄｑｖｉｓｔ"]),
        ("lind\u200bqvist och l-i-n-d-q-v-i-s-t", ["lind\u200bqvist", "l-i-n-d-q-v-i-s-t"]),
        ("", []),
    ],
)
def test_names_of_officials_are_found_in_any_form(text: str, hidden: list[str]) -> None:
    officials = list(read_officials(OFFICIALS))
    names = Names(lambda: list(officials))
    assert [text[start:end] for start, end in names(text)] == hidden
    officials.clear()
    assert list(names(text)) == []
