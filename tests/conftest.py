"""In CI a skipped test is a failure: it would hide a missing installation. A failure is told at once: a run may be broken off."""

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


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(ToldAtOnce(config))


class ToldAtOnce:
    """Names a failed test as soon as it has failed: the summary comes last, and not at all if the run is broken off."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.write_line(f"\n{report.outcome}: {report.nodeid} ({report.when})")
