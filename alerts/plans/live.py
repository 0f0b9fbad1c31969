"""Plans that follow their files: a swap of duties holds within seconds, without a restart."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.plans.plan import Plan, Plans
from alerts.plans.planning import load_plans, plan_files
from flow.clock import Clock
from flow.errors import Broken

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)
"""How often the files are looked at, at most."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why changed files are not in force.

    Attributes:
        since: when it was noticed.
        file: the name of the file that is wrong, without its folder.
        reason: where in it, and what is wrong, in English.
    """

    since: datetime
    file: str
    reason: str


class LivePlans(Plans):
    """The plans in ``file`` and ``folder``, as `alerts.plans.planning.load_plans` reads them.

    When a file changes, they are read anew. If something in them is wrong then, the log and `fault` say what, and the plans
    before stay in force until it is mended. A tenant's file that is gone is wrong, too: others would be told in silence. Of that
    one alone the plan from before stays.

    Raises:
        Broken: something is wrong at the start.
    """

    def __init__(self, file: Path, folder: Path | None, *, clock: Clock) -> None:
        self._file = file
        self._folder = folder
        self._clock = clock
        self._seen = self._state()
        self._looked = clock.now()
        self._read = load_plans(file, folder)
        self._fault: Fault | None = None

    @property
    def fault(self) -> Fault | None:
        """Why changed files are not in force; ``None``: they are."""
        self._now()
        return self._fault

    @property
    def default(self) -> Plan:
        return self._now().default

    @property
    def tenants(self) -> Mapping[str, Plan]:
        return self._now().tenants

    def _now(self) -> Plans:
        now = self._clock.now()
        # The clock may have been put back since.
        if abs(now - self._looked) < EVERY:
            return self._read
        self._looked = now
        state = self._state()
        if state == self._seen:
            return self._read
        self._seen = state
        try:
            self._read_anew()
        except Broken as error:
            logger.error("where changed rules cannot be used, those from before stay in force: %s", error)
            found = _fault(error, now)
            self._fault = replace(found, since=self._fault.since) if self._fault else found
        else:
            self._fault = None
            logger.info("changed rules are in force")
        return self._read

    def _read_anew(self) -> None:
        plans, before = load_plans(self._file, self._folder), self._read.tenants
        self._read = Plans(plans.default, {**before, **plans.tenants})
        gone = sorted(before.keys() - plans.tenants.keys())
        if gone:
            raise Broken("is gone. Put it back, or restart Turvakt to do without it", place=f"{gone[0]}.toml")

    def _state(self) -> Mapping[Path, tuple[int, int, int]]:
        """When each file and its rights were changed, and its size: a change of any is one of the file."""
        state = {}
        for each in (self._file, *plan_files(self._folder, [])):
            try:
                found = each.stat()
            except OSError:
                continue  # reading it will say so
            state[each] = (found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        return state


def _fault(error: Broken, now: datetime) -> Fault:
    path, _, table = error.place.partition(", ")
    return Fault(now, Path(path).name, f"{table}: {error.reason}" if table else error.reason)
