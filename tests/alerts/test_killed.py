"""A delivery to a real SMTP server is killed between every two steps: it arrives, and at most twice."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

from tests.alerts.servers import SmtpServer


async def test_killed_at_any_step_it_arrives_and_at_most_twice(tmp_path: Path) -> None:
    async with SmtpServer() as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.alerts.killed", str(tmp_path), str(server.port)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    steps = int(out)
    assert steps >= 26
    arrived = Counter(address for _, addresses in server.envelopes for address in addresses)
    assert arrived.keys() == {f"step{number}@ekvik.example" for number in range(1, steps + 2)}
    assert set(arrived.values()) == {1, 2}, "none is lost, and none comes more than twice"
    subjects = {
        (addresses, mail["Subject"]) for (_, addresses), mail in zip(server.envelopes, server.mails, strict=True)
    }
    assert len(subjects) == len(arrived), "the second time it carries the same key"
