"""A real browser, and pages served to it."""

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from registry.official import Language
from tests.web.building import TOKEN, World
from turvakt.serving import listen, serve

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
Look = tuple[Language, dict[str, int], bool]
LOOKS: list[Look] = [("sv", PHONE, False), ("fi", DESKTOP, True), ("en", PHONE, True)]
LOOK_NAMES = ["phone", "dark", "dark-phone"]
AXE = Axe()

Serve = Callable[[Any], str]
Open = Callable[..., Page]


def chromium() -> str | None:
    """The browser of this machine."""
    named = os.environ.get("TURVAKT_TEST_CHROMIUM")
    found = (shutil.which(name) for name in NAMES)
    installed = (path for path in APPLICATIONS if sys.platform == "darwin" and Path(path).exists())
    return named or next((path for path in (*found, *installed) if path), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all these tests, and no longer: as long as it is there an event loop runs, and others could not run theirs."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install it (Debian: chromium), or set TURVAKT_TEST_CHROMIUM to its path")
    with sync_playwright() as playwright:
        # Without its sandbox: in a container it has none, and what it shows are our own pages.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture
def served() -> Iterator[Serve]:
    """Serves an application as long as the test lasts; gives its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve ``app`` from a thread of its own."""
    listening = listen("127.0.0.1", 0, place="test", setting="none")
    try:
        with running(lambda: serve(app, listening)):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


@contextmanager
def running(begin: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[None]:
    """Run what serves until it is cancelled, in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    tasks: list[asyncio.Task[None]] = []

    def run() -> None:
        asyncio.set_event_loop(loop)
        tasks.append(loop.create_task(begin()))
        loop.call_soon(ready.set)
        try:
            loop.run_until_complete(tasks[0])
        except asyncio.CancelledError:
            pass
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a page in a browser of its own: ``open_page(address, language=..., dark=..., viewport=..., scripts=...)``."""
    with ExitStack() as stack:

        def opened(
            address: str, *, language: str = "en", dark: bool = False, viewport: Any = DESKTOP, scripts: bool = True
        ) -> Page:
            context = browser.new_context(
                locale=language,
                color_scheme="dark" if dark else "light",
                viewport=viewport,
                reduced_motion="reduce",
                java_script_enabled=scripts,
            )
            stack.callback(context.close)
            page = context.new_page()
            page.goto(address)
            return page

        yield opened


def sign_in(page: Page) -> None:
    """By the token that one shared door has."""
    page.fill("#token", TOKEN)
    page.press("#token", "Enter")
    page.wait_for_selector("main")


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page: its rule, and where."""
    found = AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def world() -> World:
    return World()
