"""turvakt decisions: what reviewers decided, for training."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from classify.corpus import line
from flow.errors import BadInput
from review.index import Item
from review.lessons import Left, lessons
from turvakt.commands.noting import note
from turvakt.commands.shared import AsJson, aside, parts, screen, write_json
from turvakt.folder import write

app = typer.Typer(
    no_args_is_help=True,
    help="What reviewers decided in the console: the classifier can learn from it.",
    rich_markup_mode=None,
)

REMARK = (
    "# Personal data: texts of real posts, some of them abusive, with reviewers' decisions. For 'turvakt train --with-decisions' "
    "only. Keep it to yourself and delete it after training: no erasure and no retention reaches it.\n"
)


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write, for its owner alone; one that is there is replaced.")],
    as_json: AsJson = False,
) -> None:
    """Write the newest decision on each post as a labelled text to train on, most names hidden.

    Hidden are handles, links, digits, names inside a sentence and those of registered officials; other names at the beginning of
    a sentence or in small letters stay. Only posts that are still held and mention an official whose consent is in force. A long
    post is written once for each part in which something was flagged.
    The file holds personal data: delete it after training. Ends with 1 if there is nothing to write.

    Example: turvakt decisions export --out decisions.jsonl
    """
    if out.is_dir():
        raise BadInput("is a folder", place=str(out), remedy="Name a file with --out FILE")
    left = Left()
    with parts(context) as opened:
        # The salt is thrown away: the same author has one hash in one file, and nobody can go from it to her, or to another file.
        salt = secrets.token_bytes(32)
        used: list[Item] = []
        found = lessons(
            opened.index, allowed=opened.allowed, names=opened.names, salt=salt, left=left, used=used.append
        )
        lines = sorted(map(line, found))  # by the hash of the post: the order tells nothing of when
        note(opened, "exported", used, why="decisions")
    if lines:
        write(out, REMARK + "\n".join(lines) + "\n")
    if as_json:
        write_json(
            {"written": len(lines), "left_out": {"consent": left.consent, "later": left.later, "unable": left.unable}}
        )
    else:
        screen.print(f"{len(lines)} examples written" + (f" to {out}" if lines else ""), markup=False, highlight=False)
        _explain(left)
        if lines:
            aside.print("The file holds personal data: delete it after training.")
    if not lines:
        raise typer.Exit(1)


def _explain(left: Left) -> None:
    reasons = {
        "no consent that covers the post is in force": left.consent,
        "the post was judged again after the decision": left.later,
        "the post has no text or language that can be judged": left.unable,
    }
    for reason, many in reasons.items():
        if many:
            aside.print(f"{many} left out: {reason}")
