"""One step of a stage, the same in every runtime: what to do when it fails."""

import logging
import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from flow.entry import Entry
from flow.errors import Broken, Stale, Unavailable
from flow.stage import Observer, Outcome, Stage

HandOver = Callable[[Sequence[Entry], Outcome], None]
"""Makes safe what came of the entries, in one transaction: all of it or nothing."""

logger = logging.getLogger(__name__)


def advance(
    stage: Stage[Any],
    entries: Sequence[Entry],
    *,
    hand_over: HandOver,
    observer: Observer,
    known: MutableMapping[bytes, Any] | None = None,
) -> int:
    """Let ``stage`` take ``entries``, or, if one of them makes it fail, their first half, down to the culprit alone.

    Args:
        entries: at least one.
        known: see `flow.stage.Stage.step`.

    Returns:
        How many of the entries, from the first one on, are done with.

    Raises:
        Broken: the stage cannot go on.
        Stale: data was erased since the entries were read; nothing was written.
        Unavailable: something is away or full; nothing was written.
    """
    started = time.perf_counter()
    try:
        outcome = stage.step(entries, known=known)
        hand_over(entries, outcome)
    except (Broken, Stale, Unavailable):
        raise
    except OSError as error:
        # It tells of the machine and not of a record: what is taken from a folder or a server that is away would be lost.
        raise Unavailable(f"unexpected {type(error).__name__}", place=f"stage {stage.name}") from error
    except Exception as error:  # noqa: BLE001  whatever a record provokes ends as its dead letter
        if len(entries) > 1:
            half = entries[: len(entries) // 2]
            return advance(stage, half, hand_over=hand_over, observer=observer, known=known)
        logger.error("stage %s could not handle an entry: %s", stage.name, type(error).__name__)
        outcome = stage.reject(entries[0], error)
        hand_over(entries, outcome)
    stage.committed(outcome)
    observer.committed(stage.name, outcome, time.perf_counter() - started)
    return outcome.read
