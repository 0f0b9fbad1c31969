"""The posts of the demonstration: everyone whom its key names is found, and nobody else."""

import json
from datetime import UTC, datetime
from pathlib import Path

from ingest.formats.lines import parse_line
from ingest.mentions import Matcher
from ingest.post import Post
from registry.importing import read_officials

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def test_the_demo_is_matched_as_its_key_says() -> None:
    lines = (EXAMPLES / "demo-posts.jsonl").read_bytes().splitlines()
    posts = [post for line in lines if isinstance(post := parse_line(line, now=NOW), Post)]
    key = [json.loads(line) for line in (EXAMPLES / "demo-truth.jsonl").read_text("utf-8").splitlines()]
    meant = {entry["id"]: set(entry["mentions"]) for entry in key}
    found = Matcher(read_officials(EXAMPLES / "officials.toml")).match(posts, at=NOW)
    named = {
        post.id.split(":", 1)[1]: {mention.official for mention in mentions}
        for post, mentions in zip(posts, found, strict=True)
    }
    assert len(posts) >= 500
    assert named == {id: meant[id] for id in named}
    assert {id for id, officials in meant.items() if officials} <= named.keys()
