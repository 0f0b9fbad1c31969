"""Posts that a person hands in, by a command or on the portal."""

from collections.abc import Sequence
from contextlib import suppress

from flow.errors import Stale
from ingest.collector import Collected
from ingest.intake import Taken
from ingest.post import Mention, Post
from turvakt.wiring import Parts


def hand_in(parts: Parts, post: Post, *, about: Sequence[str]) -> Taken:
    """Take ``post`` in as one about these officials too, as far as they consent at that moment; tells what became of it."""

    def told(post: Post) -> tuple[Mention, ...]:
        named = (parts.officials.get(each) for each in about)
        now = parts.clock.now()
        return tuple(
            Mention(each.id, 0, 0, "submitted") for each in named if each and each.consents_to(post.source, now)
        )

    outcome: list[Taken] = []
    intake = parts.intake(lambda collector, taken: outcome.append(taken), also=told)
    while not outcome:
        with suppress(Stale):  # somebody withdrew meanwhile: match it anew
            intake.take("manual", Collected((post,), None))
    return outcome[0]
