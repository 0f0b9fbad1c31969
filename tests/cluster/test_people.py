"""People come in at the console of a cluster: an invitation, consent, an alert, a withdrawal, and nothing is left of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.sides import PATIENCE, Cluster
from tests.servers.fixtures import Place
from tests.servers.process import free_port
from tests.turvakt.process import LINEAR, line, until
from tests.turvakt.test_consent_story import Browser, answers
from tests.web.building import Page

HER, FUNCTION = "zqx-anna", "zqx-services"


@pytest.fixture
def address() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def cluster(tmp_path: Path, kafka: Place, postgres: str, elasticsearch: Place, address: str) -> Iterator[Cluster]:
    cluster = Cluster(
        tmp_path / "cluster",
        kafka=kafka,
        postgres=postgres,
        elasticsearch=elasticsearch,
        TURVAKT_WEB_PORT=address.rpartition(":")[2],
        **LINEAR,
    )
    cluster.prepare()
    cluster.start()
    cluster.start_one(("work", "console"))
    yield cluster
    cluster.stop()


def consent(begin: Page, **names: str) -> dict[str, object]:
    """The form as the page has it, with all that can be agreed to."""
    ticked = [each for each in begin.all("input", type="checkbox") if "checked" in each]
    agreed = {name: [each["value"] for each in ticked if each["name"] == name] for name in ("source", "label")}
    return {
        **agreed,
        **dict.fromkeys(("text", "evidence", "statistics"), "1"),
        "wording": begin.all("input", name="wording")[0]["value"],
        "scope": "all",
        "labels": "all",
        "contact_name": "Beredskap",
        "channel": "outbox",
        "address": "vakt",
        **names,
    }


def test_from_an_invitation_to_the_last_row(cluster: Cluster, address: str, request: pytest.FixtureRequest) -> None:
    program, letters = cluster.program, cluster.program.folder / "outbox"
    admin, her, manager = browsers = [Browser(address) for _ in range(3)]
    for each in browsers:
        request.addfinalizer(each.close)
    until(lambda: answers(address), seconds=PATIENCE)

    def invite(email: str, *options: str) -> str:
        said = program.run("people", "invite", email, *options, "--language", "en")
        (link,) = re.findall(rf"{address}/invitation/\S+", said)
        return str(link)

    admin.join(
        invite("kaj@ekvik.example", "--name", "Kaj Dahl", "--role", "administrator:ekvik", "--role", "analyst:ekvik")
    )
    her.join(invite("zqx@mail.example", "--name", "Zqxanna Zqxberg", "--role", f"official:ekvik:{HER}"))
    names = {"given": "Zqxanna", "family": "Zqxberg", "municipality": "Ekvik", "country": "SE"}
    her.submit("/me/begin", consent(her.page("/me/begin"), **names))
    service = ("--function", "Zqxcentralen", "--form", "Zqxcentralen i Ekvik")
    manager.join(invite("rut@ekvik.example", "--name", "Rut Ek", "--role", f"official:ekvik:{FUNCTION}", *service))
    place = {"municipality": "Ekvik", "country": "SE", "forms": "Zqxcentralen i Ekvik"}
    manager.submit("/me/begin", consent(manager.page("/me/begin"), **place))

    # An alert reaches her page, and she is written to.
    texts = ("Zqxanna Zqxberg, jag ska döda dig i natt.", "Zqxcentralen i Ekvik ska brinna, jag dödar er.")
    cluster.publish("".join(line(number, text) for number, text in enumerate(texts, 1)))
    until(lambda: alerted(her) and alerted(manager), seconds=PATIENCE)
    until(lambda: "zqx@mail.example" in written(letters), seconds=PATIENCE)
    assert "Posts" in admin.page("/trends").words

    # Both withdraw, and nothing of them is held.
    for person in (her, manager):
        # What the other workers are reading at that moment is left to the house, and her page says so.
        assert "<h1>Erased</h1>" in person.submit("/me/erase", {}, status=200).text
    until(lambda: program.json("status")[0]["officials"]["erasures_pending"] == 0, seconds=PATIENCE)
    until(lambda: not any(program.json("status")[0]["lag"].values()), seconds=PATIENCE)
    program.run("audit", "verify")
    # Whole names: three letters stand in any long encoded digest now and then.
    names_of_both = (HER, FUNCTION, "zqxanna", "zqxberg", "zqxcentralen", "zqx@mail.example")
    held = [record for part, record in cluster.records() if any(name in str(record).lower() for name in names_of_both)]
    assert held == []


def alerted(person: Browser) -> bool:
    return any("/me/alerts/" in each for each in person.page("/me/alerts").links())


def written(letters: Path) -> str:
    return "".join(each.read_text("utf-8") for each in letters.glob("*") if each.is_file())
