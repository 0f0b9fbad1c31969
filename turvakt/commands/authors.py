"""turvakt authors: the rights of those who write posts."""

import getpass
from typing import Annotated

import msgspec
import typer

from flow.errors import BadInput
from ingest.collector import AuthorGone, Collected, Deletion
from ingest.objections import Account, Decision, accounts
from review.index import Item, Query, every
from turvakt.commands.noting import note
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, write_json
from turvakt.wiring import Parts

app = typer.Typer(
    no_args_is_help=True,
    help="The rights of those who write posts: what is held of an account, objection, erasure. See docs/authors.md.",
    rich_markup_mode=None,
)
Source = Annotated[str, typer.Argument(help="Source, such as bluesky.", show_default=False)]
Name = Annotated[
    str,
    typer.Argument(help="The account as the source names it: its id (a DID, a number) or handle.", show_default=False),
]
NOT_CHECKED = "Only after you have checked that it is hers who asks: see docs/authors.md"


@app.command()
def find(context: typer.Context, source: Source, account: Name, as_json: AsJson = False) -> None:
    """Tell how many posts of an account are held, and what was decided on an objection. Shows no text."""
    with parts(context) as opened:
        held = _posts(opened, (source, account))
        decision = opened.objections.on((source, account))
        note(opened, "author-looked-up", held, always=True)
    if as_json:
        write_json({"posts": [item.verdict.post.id for item in held], "objection": _plain(decision)})
        return
    screen.print(f"{len(held)} posts are held")
    if decision is not None:
        what = "upheld" if decision.upheld else "refused"
        screen.print(f"An objection was {what} on {decision.at:%Y-%m-%d}", markup=False)


@app.command()
def export(context: typer.Context, source: Source, account: Name) -> None:
    """Write all that is held of an account as JSON: her right of access. Names no official, and nobody who was told."""
    with parts(context) as opened:
        held = _posts(opened, (source, account))
        decision = opened.objections.on((source, account))
        note(opened, "author-exported", held, always=True)
    write_json({"posts": [_about_her(item) for item in held], "objection": _plain(decision)})


@app.command()
def erase(context: typer.Context, source: Source, account: Name, yes: Yes = False) -> None:
    """Erase the posts of an account everywhere, as if their platform had deleted them.

    What is kept for the police stays until its end: see 'turvakt hold list'.
    """
    with parts(context) as opened:
        confirm(f"Erase all posts of this account? {NOT_CHECKED}.", yes=yes)
        held = _posts(opened, (source, account))
        note(opened, "author-erased", held, always=True)
        _erase(opened, (source, account), held)
    screen.print(f"{len(held)} posts are being erased, as the stages reach them")


@app.command("object")
def object_(
    context: typer.Context,
    source: Source,
    account: Name,
    reason: Annotated[str, typer.Option(help="Why it was decided so; names nobody.")],
    uphold: Annotated[
        bool, typer.Option("--uphold/--refuse", help="Leave her alone from now on, or go on for compelling grounds.")
    ],
    by: Annotated[str, typer.Option(help="Who decided. [default: the user of this machine]", show_default=False)] = "",
    yes: Yes = False,
) -> None:
    """Write down the decision on an objection. Upheld, her posts are erased and what she writes is not kept any more.

    Threats of hers are then missed, too: the controller decides, after weighing, and can refuse with a reason.
    """
    with parts(context) as opened:
        question = "Erase all posts of this account, and keep none any more" if uphold else "Refuse the objection"
        confirm(f"{question}? {NOT_CHECKED}.", yes=yes)
        decision = Decision(uphold, reason, by or getpass.getuser(), opened.clock.now())
        held = _posts(opened, (source, account))
        with opened.database.transaction():
            opened.objections.decide((source, account), decision)
            note(opened, "author-objected", held, why=f"{'upheld' if uphold else 'refused'}: {reason}", always=True)
        if uphold:
            note(opened, "author-erased", held, always=True)
            _erase(opened, (source, account), held)
    screen.print(f"Written down; {len(held)} posts are being erased" if uphold else "Written down")


def _posts(opened: Parts, account: Account) -> list[Item]:
    source, name = account
    if not name.strip():
        raise BadInput("is empty", place="account", remedy="Name the account as its source does")
    aside.print("Looking through the index ...")
    return [item for item in every(opened.index, Query(source=source), whole=True) if _is_by(item, account)]


def _is_by(item: Item, account: Account) -> bool:
    source, name = account
    return (source, name.lower()) in {(each, of.lower()) for each, of in accounts(item.verdict.post)}


def _erase(opened: Parts, account: Account, held: list[Item]) -> None:
    now = opened.clock.now()
    ids = {account[1], *(item.verdict.post.author.id or "" for item in held)} - {""}
    # What no stage has read yet is found by the author's id alone, which the sources that stream give.
    gone = [AuthorGone(account[0], each, now) for each in sorted(ids)]
    deleted = [Deletion(item.verdict.post.id, now) for item in held]
    opened.intake(lambda collector, taken: None).take("authors", Collected((*deleted, *gone), None))


def _about_her(item: Item) -> dict[str, object]:
    post = item.verdict.post
    plain = msgspec.to_builtins(post)
    names_others = ("mentions", "accounts", "reply_to", "quote_of")
    return {
        "post": {name: value for name, value in plain.items() if name not in names_others},
        "judgement": msgspec.to_builtins(item.verdict.judgement),
        "judged_at": item.verdict.judged_at.isoformat(),
        "decision": item.decision.outcome if item.decision else None,
    }


def _plain(decision: Decision | None) -> dict[str, object] | None:
    if decision is None:
        return None
    return {"upheld": decision.upheld, "reason": decision.reason, "at": decision.at.isoformat()}
