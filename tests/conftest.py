"""In CI a skipped test is a failure: it would hide a missing installation."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("turvakt", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("turvakt")

pytest_plugins = ["tests.servers.fixtures"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
