"""The index stages over Elasticsearch: what it cannot take is a dead letter, and it alone."""

import logging

import pytest

from classify.verdict import VERDICTS
from flow.clock import ManualClock
from flow.entry import DEAD_LETTERS
from flow.errors import Unavailable
from flow.logs.memory import MemoryLog
from flow.runtimes.embedded import Embedded
from flow.stage import Outcome
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.stage import index_stages
from tests.review.people import at, verdict


class Unmoved:
    """Is told what happens, and does nothing."""

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None: ...

    def waiting(self, place: str, error: Unavailable) -> None: ...


async def test_one_that_it_cannot_take_is_a_dead_letter(
    index: ElasticsearchIndex, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = ManualClock(at(0))
    log = MemoryLog(clock=clock)
    bad = verdict("bad", "zqxtext", author="zqxauthor" * 5000)
    verdicts = [*(verdict(str(number)) for number in range(20)), bad, verdict("last")]
    with log.write() as writer:
        for each in verdicts:
            writer.append("verdicts", each.post.id, VERDICTS.encode(each))
    stages = index_stages(index=index, forget=index.forget, clock=clock)
    await Embedded(log=log, stages=stages, observer=Unmoved()).run(sources={}, services={}, once=True)
    assert index.counts().verdicts == 21
    (entry,) = log.browse("verdicts.dead")
    letter = DEAD_LETTERS.decode(entry.value)
    assert (letter.stage, letter.key) == ("index-verdicts", "jsonl:bad")
    assert "cannot be indexed" in letter.reason
    told = letter.reason + "".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert "zqx" not in told
