"""Whether the Turvakt in this container is alive, as its exit code: ``python -m turvakt.healthy``, for container engines."""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPException
from urllib.request import urlopen

from flow.errors import TurvaktError
from turvakt.settings import load

_SECONDS = 3.0


def healthy(environ: Mapping[str, str]) -> bool:
    """Ask ``/healthz`` where the settings say that it is: at `metrics.port` or, without one, where the console is.

    Raises:
        TurvaktError: the settings cannot be read.
    """
    settings = load(file=None, environ=environ)
    port = settings.metrics.port or settings.web.port
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    try:
        sys.exit(0 if healthy(os.environ) else 1)
    except TurvaktError as error:
        sys.exit(str(error))
