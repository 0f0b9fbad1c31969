"""Who may see the pages, from where, and what every answer carries."""

import asyncio
from typing import Any

import pytest

from flow.errors import Unavailable
from review.index import Item
from review.indexes.memory import MemoryIndex
from tests.review.people import verdict
from tests.web.building import ADDRESS, TOKEN, Browser, World
from web.door import TokenDoor
from web.gate import Gate
from web.reads import Reads
from web.security import Guard, local


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stranger(world: World) -> Browser:
    return world.browser(signed_in=False)


STRANGE = [
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "[broken",
    "evil.example:127.0.0.1",
]
KNOWN = [
    "127.0.0.1",
    "127.0.0.1:8477",
    "localhost:1",
    "LOCALHOST",
    "[::1]:8477",
    "vakt.ekvik.example",
]
PAGES = ["/", "/newer", "/posts/jsonl:a", "/status", "/status.json", "/nothing"]


OPEN = ["/healthz", "/readyz", "/metrics", "/static/console.css", "/language/sv", "/static/nothing"]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_the_token(world: World, stranger: Browser, path: str) -> None:
    world.index.write_verdicts([verdict("a", "om bron", severity="low")])
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert "Sign in" in answer.text
    assert "bron" not in answer.text
    assert "Anna" not in answer.text


def test_a_link_with_the_token_signs_in_and_leaves_no_token_behind(stranger: Browser) -> None:
    answer = stranger.get("/?view=all&token=" + TOKEN + "&q=a%20b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?view=all&q=a+b")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    assert stranger.get("/").status_code == 200
    answer = stranger.get("/posts/a%2Fb?token=" + TOKEN)
    assert answer.headers["location"] == "/posts/a%2Fb"


def test_over_https_the_cookie_is_secure(world: World) -> None:
    browser = world.browser(signed_in=False, base_url="https://vakt.ekvik.example/")
    answer = browser.get("/", params={"token": TOKEN}, headers={"host": "vakt.ekvik.example"})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/a/x", "/voice/x", "/static/console.css"])
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE"])
def test_methods_that_no_page_knows_are_none(stranger: Browser, method: str, path: str) -> None:
    answer = stranger.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("token", ["", "wrong", "å", TOKEN + " ", TOKEN[:-1]])
def test_a_wrong_token_is_refused(stranger: Browser, token: str) -> None:
    assert stranger.get("/", params={"token": token}).status_code == 401
    assert stranger.get("/", headers={"authorization": f"Bearer {token}x".encode()}).status_code == 401
    answer = stranger.submit("/sign-in", token=token + "x", back="/status")
    assert answer.status_code == 401
    assert "The token is wrong" in answer.text
    assert 'value="/status"' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_form_signs_in_and_out(stranger: Browser) -> None:
    assert stranger.get("/sign-in").status_code == 401
    answer = stranger.submit("/sign-in", token=f" {TOKEN} ", back="/status?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/status?x=1")
    assert stranger.get("/status").status_code == 200
    answer = stranger.submit("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert stranger.get("/status").status_code == 401


def test_a_program_sends_the_token_as_bearer(stranger: Browser) -> None:
    headers = {"authorization": f"bearer {TOKEN}"}
    assert stranger.get("/status.json", headers=headers).status_code == 200
    assert stranger.get("/status.json", headers={"authorization": f"Basic {TOKEN}"}).status_code == 401


def test_guessing_is_slowed_down(world: World, stranger: Browser) -> None:
    for _ in range(10):
        assert stranger.get("/", params={"token": "wrong"}).status_code in (401, 429)
    answer = stranger.get("/", params={"token": TOKEN})
    assert answer.status_code == 429
    assert "Wait a minute" in answer.text
    assert stranger.submit("/sign-in", token=TOKEN).status_code == 429
    assert stranger.get("/status.json", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 401
    world.clock.advance(61)
    assert stranger.get("/", params={"token": TOKEN}).status_code == 303


def test_who_is_signed_in_is_not_slowed_down(world: World) -> None:
    browser = world.browser()
    for _ in range(12):
        browser.get("/", params={"token": "wrong"})
    assert browser.get("/").status_code == 200


def test_another_token_ends_every_session(world: World) -> None:
    other = world.browser(token="another", signed_in=False)
    other.cookies.set("turvakt_session", _session(world))
    assert other.get("/").status_code == 401


def test_without_a_token_everybody_may_come_in(world: World) -> None:
    browser = world.browser(token=None)
    assert browser.get("/").status_code == 200
    assert "Sign out" not in browser.get("/").text
    assert browser.get("/?token=x").headers["location"] == "/"


def test_a_link_from_a_mail_is_led_on_until_the_cookie_comes(stranger: Browser) -> None:
    answer = stranger.get("/posts/a%2Fb?x=1", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0">' in answer.text
    assert 'href="/posts/a%2Fb?x=1"' in answer.text
    assert stranger.get("/", headers={"sec-fetch-site": "same-origin"}).status_code == 401


@pytest.mark.parametrize("host", KNOWN)
def test_known_hosts(world: World, host: str) -> None:
    browser = world.browser(base_url="http://vakt.ekvik.example:8477")
    assert browser.get("/sign-in", headers={"host": host}).status_code == 401


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize("path", ["/", "/metrics", "/static/console.css", "/language/sv"])
def test_strange_hosts_are_refused(world: World, host: str, path: str) -> None:
    assert world.browser().get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:9999"},
        {},
        {"origin": ADDRESS, "sec-fetch-site": "cross-site"},
        {"origin": ADDRESS, "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/posts/jsonl:a", "/sign-out", "/sign-in"])
def test_forms_from_elsewhere_are_refused(world: World, headers: dict[str, str], path: str) -> None:
    world.index.write_verdicts([verdict("a", severity="low")])
    browser = world.browser()
    answer = browser.post(path, data={"outcome": "confirmed", "by": "x", "token": TOKEN}, headers=headers)
    assert answer.status_code == 403
    assert "not sent from a page" in answer.text
    assert world.decisions == []
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ADDRESS},
        {"origin": "https://vakt.ekvik.example"},
        {"origin": ADDRESS, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
        {"authorization": f"Bearer {TOKEN}"},
    ],
)
def test_forms_from_here_are_taken(world: World, headers: dict[str, str]) -> None:
    world.index.write_verdicts([verdict("a", severity="low")])
    browser = world.browser(base_url="https://vakt.ekvik.example")
    browser.cookies.set("turvakt_session", _session(world))
    sent = {**browser.hidden("/posts/jsonl:a"), "outcome": "confirmed", "by": "x"}
    answer = browser.post("/posts/jsonl:a", data=sent, headers=headers)
    assert answer.status_code == 303
    assert len(world.decisions) == 1


def _session(world: World) -> str:
    return str(world.browser().cookies["turvakt_session"])


@pytest.mark.parametrize("path", [*PAGES, *OPEN])
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_carries_the_headers(world: World, path: str, signed_in: bool) -> None:
    headers = world.browser(signed_in=signed_in).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_pages_ask_nobody_else_for_anything(world: World) -> None:
    world.index.write_verdicts([verdict("a", severity="low", labels=("hate",), url="https://social.example/")])
    browser = world.browser()
    for path in ("/", "/posts/jsonl:a", "/status", "/sign-in"):
        page = browser.page(path) if path != "/sign-in" else None
        if page is None:
            continue
        loaded = [
            each.get("src") or each.get("href") for tag, each in page.tags if tag in ("script", "img", "link", "iframe")
        ]
        assert all(str(address).startswith("/static/") for address in loaded)
        assert all(browser.get(str(address)).status_code == 200 for address in loaded)
    for name in ("console.css", "turvakt.svg"):
        assert "url(" not in browser.get(f"/static/{name}").text


def test_probes_and_metrics_need_no_token_on_this_machine(world: World, stranger: Browser) -> None:
    assert stranger.get("/healthz", headers={"host": "10.0.0.7:8477"}).text == "ok\n"
    assert stranger.get("/readyz").text == "ok\n"
    world.reasons.append("3 deliveries are late")
    answer = stranger.get("/readyz", headers={"host": "10.0.0.7:8477"})
    assert (answer.status_code, answer.text) == (503, "3 deliveries are late\n")
    answer = stranger.get("/metrics")
    assert (answer.status_code, answer.content) == (200, b"turvakt_posts_total 3\n")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_metrics_from_another_machine_need_the_token(world: World) -> None:
    app = world.browser(signed_in=False).app
    away = Browser(app, client="10.0.0.9")
    assert away.get("/metrics").status_code == 401
    assert away.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/status?a=b", "/status?a=b"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\n/evil", "/"),
        ("", "/"),
    ],
)
def test_redirects_stay_here(stranger: Browser, address: str, expected: str) -> None:
    assert local(address) == expected
    assert stranger.get("/language/fi", params={"back": address}).headers["location"] == expected
    assert stranger.submit("/sign-in", token=TOKEN, back=address).headers["location"] == expected


def test_other_ways_of_asking(world: World) -> None:
    browser = world.browser()
    assert browser.submit("/status").status_code == 405
    assert browser.get("/nothing").status_code == 404
    assert browser.get("/docs").status_code == browser.get("/openapi.json").status_code == 404
    assert browser.request("HEAD", "/").status_code == 405


@pytest.mark.parametrize("length", ["16385", "999999999999999999999", "x", "-1", "²"])
def test_long_forms_are_not_read(world: World, length: str) -> None:
    answer = world.browser().post(
        "/sign-in", content=b"", headers={"content-length": length.encode(), "origin": ADDRESS}
    )
    assert answer.status_code == 413


class _Failing(MemoryIndex):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, post: str) -> Item | None:
        raise self._error


@pytest.mark.parametrize(("error", "status"), [(Unavailable("locked"), 503), (ValueError("om bron"), 500)])
def test_faults_show_a_page_and_no_text_in_the_log(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = World(index=_Failing(error)).browser().get("/posts/jsonl:a")
    assert answer.status_code == status
    assert "Nothing is lost" in answer.text
    assert type(error).__name__ in caplog.text
    assert "bron" not in caplog.text
    assert "bron" not in answer.text


def test_other_than_http_goes_through(world: World) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    gate = Gate(None, clock=world.clock)
    guard = Guard(
        app,
        gate=gate,
        door=TokenDoor(gate, list),
        links=True,
        reads=Reads(),
        base_url=None,
        page=lambda scope, reason: None,  # type: ignore[arg-type,return-value]
        countries=lambda actor: frozenset(),
    )
    asyncio.run(guard({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_the_brake_remembers_only_so_many_addresses(world: World) -> None:
    gate = Gate(TOKEN, clock=world.clock)
    for _ in range(10):
        gate.admits("wrong", client="first")
    assert gate.throttled("first")
    for number in range(1000):
        gate.admits("wrong", client=str(number))
    assert not gate.throttled("first")
