"""Pictures of the pages for the docs, with the demo's invented people: python -m scripts.take_screenshots"""

import os
import re
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from alerts.messages.translations import LANGUAGES
from registry.official import Language
from tests.alerts.people import recipient
from tests.alerts.test_messages import CASES, render
from tests.browser.conftest import chromium
from turvakt.commands.watch import DEMO_SECONDS

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
MAIL, GAP = ViewportSize(width=360, height=520), 10
MESSAGES = ("raised-threat", "last-resort", "digest-daily", "operation")
LARGEST = 500_000
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


def take(
    browser: Browser,
    name: str,
    enter: str,
    path: str,
    size: ViewportSize,
    *,
    language: Language = "en",
    go: Callable[[Page], None],
) -> None:
    """Come in by ``enter``, open ``path``, go on from there, and take the picture."""
    context = browser.new_context(viewport=size, locale=language, reduced_motion="reduce", color_scheme="light")
    page = context.new_page()
    page.goto(enter)
    root = "{0.scheme}://{0.netloc}".format(urlsplit(enter))
    page.goto(f"{root}/language/{language}?back={path}")
    go(page)
    save(page, name)
    context.close()


def save(page: Page, name: str, *, full_page: bool = False) -> None:
    """Take the picture of that name."""
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, full_page=full_page)
    if file.stat().st_size > LARGEST:
        raise SystemExit(f"{file} is larger than {LARGEST} bytes: show less")


def stay(page: Page) -> None:
    """The page that was opened is the one to show."""


def first_post(page: Page) -> None:
    """The newest grave post."""
    page.click("h2 a[href^='/posts/']")
    page.wait_for_url("**/posts/*")


def messages(browser: Browser) -> None:
    """Some kinds of message, one below the other, in the three languages side by side; Finnish as by night."""
    shown = []
    for case in MESSAGES:
        for language in LANGUAGES:
            message = render(CASES[case], recipient(language=language, show_text=True))
            page = browser.new_page(viewport=MAIL, color_scheme="dark" if language == "fi" else "light")
            page.set_content(message.html)
            shown.append(f"<img src='data:image/png;base64,{b64encode(page.screenshot()).decode()}'>")
            page.close()
    across = MAIL["width"] * len(LANGUAGES) + GAP * (len(LANGUAGES) - 1)
    page = browser.new_page(viewport=ViewportSize(width=across, height=MAIL["height"]))
    columns = f"display: grid; grid-template-columns: repeat({len(LANGUAGES)}, auto); gap: {GAP}px"
    page.set_content(f"<body style='margin: 0; {columns}'>{''.join(shown)}")
    save(page, "messages", full_page=True)
    page.close()


def main() -> None:
    """Take them all anew."""
    with demo() as (links, data), sync_playwright() as playwright:
        officer, official = links["security officer"], links["elected official"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-lcd-text"])
        take(browser, "console", officer, "/", DESK, go=stay)
        take(browser, "post", officer, "/?severity=high", PHONE, go=first_post)
        take(browser, "trends", officer, "/trends", DESK, go=stay)
        take(browser, "portal", official, "/me", PHONE, go=stay)
        answer = answer_link(data)
        for language in LANGUAGES:
            ending = "" if language == "en" else f".{language}"
            take(browser, f"incidents{ending}", officer, "/incidents", PHONE, language=language, go=stay)
            take(browser, f"answer{ending}", answer, urlsplit(answer).path, PHONE, language=language, go=stay)
        messages(browser)
        browser.close()


if __name__ == "__main__":
    main()
