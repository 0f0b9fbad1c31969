"""From the page behind a link into the console: only for whom that shows the incident."""

from pathlib import Path

import pytest

from tests.web.answering import Answerable
from tests.web.building import Page


@pytest.mark.parametrize(("tenant", "leads"), [("", True), ("ekvik", True), ("mustasalmi", False)])
def test_the_page_leads_into_the_console_whom_that_shows_the_incident(tmp_path: Path, tenant: str, leads: bool) -> None:
    world = Answerable(tmp_path / "data")
    incident = world.raised()
    browser = world.browser(world.person(tenant=tenant) if tenant else None)
    links = [each["href"] for each in browser.page(world.link(incident)).all("a")]
    assert (f"/incidents/{incident.id}" in links) == leads
    if tenant:
        answer = browser.get(f"/incidents/{incident.id}")
        assert answer.status_code == (200 if leads else 404)
        assert ("another municipality" in Page(answer.text).words) != leads
