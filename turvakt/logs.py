"""Log lines on standard error: structured, and without a post's text or a name."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from flow.seldom import Seldom
from turvakt.sections import Logging


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message`` and the type of an exception, if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        # A traceback or a foreign message may quote what was being handled: only the type is told.
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One readable line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        exception = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        return f"{at} {record.levelname.lower():7} {record.name}: {record.getMessage()}{exception}"


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what standard error is now, not to what it was."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """It is always standard error."""


_CHATTY = ("aiokafka", "elastic_transport", "faust", "mode", "opentelemetry")
"""While what they talk to is away these say the same thing thousands of times."""


def _chatter(record: logging.LogRecord) -> str | None:
    """What kind of chatter a line is; ``None``: it is none."""
    return f"{record.name} {record.msg}" if record.name.partition(".")[0] in _CHATTY else None


def configure(settings: Logging) -> None:
    """Send all log lines of the process to standard error in the chosen form."""
    handler = _Stderr()
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    handler.addFilter(Seldom(_chatter))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    # These tell addresses of requests at level info, and addresses carry handles.
    for name in ("httpx", "httpcore", "websockets", "uvicorn", "aiosmtplib", "elastic_transport"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    # They tell of each step of theirs.
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It tells of its plug-ins, at each new file.
    logging.getLogger("alembic").setLevel(logging.WARNING)
