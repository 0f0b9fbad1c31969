"""A post whose platform deletes it, and that is there again, is alerted about anew and holds up no other."""

import json
from pathlib import Path

from tests.turvakt.abusive_flood import NAME
from tests.turvakt.process import OFFICIALS, Program, line


def test_it_is_told_again_and_what_follows_is_told_too(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    deleted = json.dumps({"source": "web", "id": "1", "deleted": True}) + "\n"
    first, other = (line(number, f"{NAME}, jag ska döda dig i kväll. Nummer {number}") for number in (1, 2))
    told = []
    for number, text in enumerate((first, deleted, first, other)):
        posts = tmp_path / f"{number}.jsonl"
        posts.write_text(text, "utf-8")
        program.run("run", "--once", "--posts", str(posts))
        told.append(len(list((tmp_path / "data" / "outbox").glob("*"))))
    assert told == [1, 0, 1, 2]
