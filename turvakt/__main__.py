"""``turvakt`` and ``python -m turvakt``."""

import atexit
import gc
import os
import signal


def main() -> None:
    """Load the command line and run it."""
    # Loading takes a moment in which there is nothing to end in order yet: Ctrl-C just ends it, without a traceback.
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from turvakt.cli import main as command_line

    signal.signal(signal.SIGINT, before)
    # Nothing need look for circles among all that was loaded at the end: the system takes it back as a whole.
    atexit.register(gc.freeze)
    command_line()


if __name__ == "__main__":
    main()
