"""Pictures of the pages for the docs, with the demo's invented people: python -m scripts.take_screenshots"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.conftest import chromium
from turvakt.commands.watch import DEMO_SECONDS

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
LARGEST = 200_000
"""Bytes of a picture."""

Links = dict[str, str]


@contextmanager
def demo() -> Iterator[tuple[Links, Path]]:
    """A demo that has told all it has to tell: the links of its people by what they are, and its data folder."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w", encoding="utf-8") as said:
        data = Path(folder) / "data"
        environment = os.environ | {"TURVAKT_DATA_DIR": str(data)}
        process = subprocess.Popen(
            [sys.executable, "-m", "turvakt", "demo"], stdout=said, stderr=said, env=environment, cwd=ROOT
        )
        try:
            time.sleep(DEMO_SECONDS + 30)
            written = Path(said.name).read_text("utf-8")
            if process.poll() is not None:
                raise SystemExit(f"the demo ended:\n{written}")
            yield {what.strip(): link for what, link in re.findall(r"([a-z ]+): (http\S+/guests/\S+)", written)}, data
        finally:
            process.terminate()
            process.wait(60)


def answer_link(data: Path) -> str:
    """The link of the newest message that asks for an answer."""
    found = sorted(
        (each.stat().st_mtime, each) for each in data.rglob("*") if "outbox" in each.parts and each.is_file()
    )
    for _, message in reversed(found):
        link = re.search(r"http://[\w.:]+/a/[\w.~-]+", message.read_text("utf-8").replace("=\n", ""))
        if link:
            return link[0]
    raise SystemExit("no message of the demo holds a link to answer by")


def take(browser: Browser, name: str, enter: str, path: str, size: ViewportSize, *, go: Callable[[Page], None]) -> None:
    """Come in by ``enter``, open ``path`` in English, go on from there, and take the picture."""
    context = browser.new_context(viewport=size, locale="en", reduced_motion="reduce", color_scheme="light")
    page = context.new_page()
    page.goto(enter)
    root = "{0.scheme}://{0.netloc}".format(urlsplit(enter))
    page.goto(f"{root}/language/en?back={path}")
    go(page)
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > LARGEST:
        raise SystemExit(f"{file} is larger than {LARGEST} bytes: show less")
    context.close()


def stay(page: Page) -> None:
    """The page that was opened is the one to show."""


def first_post(page: Page) -> None:
    """The newest grave post."""
    page.click("h2 a[href^='/posts/']")
    page.wait_for_url("**/posts/*")


def main() -> None:
    """Take them all anew."""
    with demo() as (links, data), sync_playwright() as playwright:
        officer, official = links["security officer"], links["elected official"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        take(browser, "console", officer, "/", DESK, go=stay)
        take(browser, "post", officer, "/?severity=high", PHONE, go=first_post)
        take(browser, "trends", officer, "/trends", DESK, go=stay)
        take(browser, "portal", official, "/me", PHONE, go=stay)
        take(browser, "incidents", officer, "/incidents", PHONE, go=stay)
        answer = answer_link(data)
        take(browser, "answer", answer, urlsplit(answer).path, PHONE, go=stay)
        browser.close()


if __name__ == "__main__":
    main()
