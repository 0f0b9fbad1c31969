"""The program on a machine whose clock is wrong: ``python -m tests.cluster.elsewhen HOURS ...``, less than 0 if it is behind."""

import sys
from datetime import UTC, datetime, timedelta

from flow.clock import SystemClock
from turvakt.__main__ import main


def shift(by: timedelta) -> None:
    def now(clock: SystemClock) -> datetime:
        return datetime.now(UTC) + by

    SystemClock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    shift(timedelta(hours=int(sys.argv.pop(1))))
    main()
