"""Log lines of the process."""

import json
import logging
from collections.abc import Iterator

import pytest

from turvakt import logs
from turvakt.sections import Logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The root logger belongs to the whole test run."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_tells_of_an_exception_its_type_alone(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Logging(format="json"))
    try:
        raise ValueError("the text of a post")
    except ValueError:
        logging.getLogger("turvakt").exception("it failed")
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["exception"]) == ("it failed", "ValueError")
    assert "post" not in json.dumps(line)


@pytest.mark.parametrize("name", ["aiokafka.consumer.fetcher", "faust.transport", "mode.timers"])
def test_clients_of_kafka_are_heard_once_of_each_kind(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Logging(format="json"))
    logger = logging.getLogger(name)
    for number in range(100):
        logger.info("a step %s", number)
        logger.error("node %s is away", number)
        logger.error("something else")
        logging.getLogger("turvakt").warning("ours is always heard")
    messages = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert messages.count("ours is always heard") == 100
    assert [message for message in messages if message != "ours is always heard"] == [
        "node 0 is away",
        "something else",
    ]
