"""turvakt people: who may sign in."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated, get_args

import msgspec
import typer

from access.audit_entry import Action
from access.checking import check_full_name
from access.invitations import Why
from access.people import People
from access.person import Function, Grant, Person
from access.roles import Roles
from access.tickets import LASTS
from flow.errors import BadInput
from registry.official import Language
from registry.tenant import tenant_of
from turvakt.access import base_url, invitation
from turvakt.commands.shared import AsJson, Yes, aside, confirm, parts, screen, table, write_json
from turvakt.wiring import Parts

app = typer.Typer(
    no_args_is_help=True,
    help="People who sign in, and what each may do. Administrators do the same in the console, for their own tenants.",
    rich_markup_mode=None,
)

PersonId = Annotated[str, typer.Argument(help="The person's id.", show_default=False)]
_WHO = "command"  # as the audit log calls whoever has the command line


@app.command()
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Her e-mail address, by which she signs in.", show_default=False)],
    role: Annotated[
        list[str] | None,
        typer.Option(
            help='"operator", "ROLE:TENANT" or, of an official and her deputies, "ROLE:TENANT:OFFICIAL"; may be repeated.',
            show_default=False,
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Her name; needed for who is new.", show_default=False)] = "",
    language: Annotated[
        str,
        typer.Option(help="Her language: sv, fi or en; left out: that of the tenant's country.", show_default=False),
    ] = "",
    function: Annotated[
        str, typer.Option(help="She is no official but the manager of a function of this name.", show_default=False)
    ] = "",
    form: Annotated[list[str] | None, typer.Option(help="Another name of the function; may be repeated.")] = None,
    handle: Annotated[
        list[str] | None, typer.Option(help='Account of the function: "platform:account"; may be repeated.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody in: prints a link for her alone, good once within seven days, by which she chooses how to sign in.

    Who is known already gets the roles in addition. Without a role she gets a new link, which replaces all that she signs in
    with: for who has lost it.

    A function (a service, a board, a unit) is watched with the consent of the manager who answers for it: she is invited as its
    official, and finds what --function, --form and --handle say when she comes in.

    Example: turvakt people invite berit@ekvik.example --name "Berit Holm" --role administrator:ekvik
    """
    grants = _with_function(tuple(_grant(each) for each in role or ()), function, form or [], handle or [])
    with parts(context) as opened:
        people = opened.accounts.people
        known = people.by_email(email)
        unregistered = [each for each in grants if each.official and not _is_registered(opened, each)]
        for grant in grants:
            _refuse_second(people, known, grant)
        for grant in unregistered:
            if grant.role == "official" and grant.function is None:
                check_full_name(name if known is None else known.name)
        with opened.database.transaction():
            if known is None:
                person = _new(email, name, language or _language(opened, grants), grants)
                people.add(person)
            else:
                with people.changing(known.id) as known:
                    added = tuple(each for each in grants if each not in known.grants)
                    person = replace(known, grants=(*known.grants, *added), active=True)
                    people.put(person)
            names = {tenant.id: tenant.name for tenant in opened.store.tenants()}
            roles, new = Roles(people, opened.letters, opened.audit), grants if known is None else added
            for grant in new:
                roles.tell(person, [grant], by=None, tenant_name=names.get(grant.tenant, grant.tenant))
            why = _why(opened, person, has_new_roles=bool(grants))
            shown = "" if why is None else opened.accounts.invitations.create(person, why=why)
            action: Action = "person-changed" if why is None else "invited"
            for tenant in _tenants(person):
                opened.audit.write(_WHO, action, tenant=tenant, why=f"person {person.id}")
        link = invitation(base_url(opened.settings), shown) if shown else None
        doubtful = [each for each in unregistered if _is_doubtful(opened, each)]
        unknown = sorted({each.tenant for each in grants} - {"", *(each.id for each in opened.store.tenants())})
    for grant in doubtful:
        told = f"No official has the id '{grant.official}' yet: she consents first, by that id and in that tenant; misspelt?"
        aside.print(told, markup=False, highlight=False)
    for tenant in unknown:
        aside.print(f"No official belongs to the tenant '{tenant}' yet; misspelt?", markup=False, highlight=False)
    if as_json:
        write_json({"id": person.id, "link": link})
        return
    screen.print(f"{person.id}: {', '.join(map(_role, person.grants)) or 'no role'}", markup=False, highlight=False)
    if link is None:
        screen.print("She signs in as before.")
        return
    until = opened.clock.now() + LASTS["join"]
    screen.print(f"For her alone, once, until {until:%Y-%m-%d %H:%M} UTC:")
    screen.print(link, markup=False, highlight=False, soft_wrap=True)


@app.command("list")
def list_(
    context: typer.Context,
    tenant: Annotated[str, typer.Option(help="Only who has a role in this tenant.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List who may sign in, and as what."""
    with parts(context) as opened:
        accounts = opened.accounts
        people = accounts.people.all(tenant or None)
        waiting = {each.person for each in accounts.invitations.pending()}
        states = {each.id: _state(opened, each, is_invited=each.id in waiting) for each in people}
    if as_json:
        for person in people:
            write_json(msgspec.to_builtins(person) | {"state": states[person.id]})
        return
    rows = [(each.id, each.name, each.email, ", ".join(map(_role, each.grants)), states[each.id]) for each in people]
    screen.print(table("id", "name", "e-mail", "roles", "state", rows=rows))
    if not people:
        aside.print("Nobody may sign in. Try: turvakt people invite", markup=False)


@app.command()
def sessions(context: typer.Context, id: PersonId, as_json: AsJson = False) -> None:
    """List where a person is signed in, the last used first."""
    with parts(context) as opened:
        person = opened.accounts.people.get(id)
        found = opened.accounts.sessions.of(person.id)
    if as_json:
        for session in found:
            write_json(msgspec.to_builtins(session))
        return
    rows = [(each.id, each.client, each.method, f"{each.at:%Y-%m-%d %H:%M}", f"{each.seen:%H:%M}") for each in found]
    screen.print(table("session", "where", "by", "since (UTC)", "seen", rows=rows))
    if not found:
        aside.print("She is not signed in.")


@app.command()
def end(
    context: typer.Context,
    id: PersonId,
    session: Annotated[str, typer.Option(help="Only this one of her sessions.", show_default=False)] = "",
) -> None:
    """Sign a person out, everywhere or of one session. Ends with 1 if there was nothing to end.

    Everywhere means also that a link, or a sign-in that was begun, leads no further.
    """
    with parts(context) as opened:
        accounts = opened.accounts
        person = accounts.people.get(id)
        with opened.database.transaction():
            ended = int(accounts.sessions.end(session, person=id)) if session else accounts.sessions.end_all(id)
            dropped = 0 if session else accounts.tickets.drop(id)
            for tenant in _tenants(person) if ended or dropped else ():
                opened.audit.write(_WHO, "session-ended", tenant=tenant, why=f"person {id}")
    screen.print(f"{ended} sessions ended")
    if dropped:
        screen.print("Links and sign-ins that were begun are worthless")
    if not ended and not dropped:
        raise typer.Exit(1)


@app.command()
def remove(context: typer.Context, id: PersonId, yes: Yes = False) -> None:
    """Remove a person and all that she signs in with. What she did stays in the audit log.

    Of an official, her consent and what is held because of it stay: see 'turvakt officials withdraw'.
    """
    with parts(context) as opened:
        person = opened.accounts.people.get(id)
        confirm(f"Remove {id} and sign her out everywhere?", yes=yes)
        with opened.database.transaction():
            opened.accounts.people.remove(id)
            for tenant in _tenants(person):
                opened.audit.write(_WHO, "person-removed", tenant=tenant, why=f"person {id}")
        opened.scrub()
    screen.print(f"{id} removed")


def _new(email: str, name: str, language: str, grants: tuple[Grant, ...]) -> Person:
    place = "turvakt people invite"
    if not grants:
        raise BadInput("nobody has this address", place=place, remedy="Give who is new a --role and a --name")
    if not name:
        raise BadInput("who is new needs a name", place=place, remedy="Add --name")
    spoken: Language | None = next((each for each in get_args(Language) if each == language), None)
    if spoken is None:
        raise BadInput("is no language of Turvakt", place="--language", remedy="Choose sv, fi or en")
    return Person(f"p-{secrets.token_hex(6)}", name.strip(), email.strip(), spoken, grants)


def _language(opened: Parts, grants: tuple[Grant, ...]) -> Language:
    """That of the country of her tenants; Swedish where no official tells the country yet."""
    own = {grant.tenant for grant in grants}
    countries = {tenant.country for tenant in opened.store.tenants() if tenant.id in own}
    return "fi" if countries == {"FI"} else "sv"


def _is_registered(opened: Parts, grant: Grant) -> bool:
    """Whether the official of a role is in the registry.

    Raises:
        BadInput: she is, in another tenant.
    """
    try:
        tenant = tenant_of(opened.store.get(grant.official))
    except BadInput:
        return False
    if tenant != grant.tenant:
        remedy = f"Write {grant.role}:{tenant}:{grant.official}"
        raise BadInput("the official belongs to another tenant", place="--role", remedy=remedy)
    return True


def _is_doubtful(opened: Parts, grant: Grant) -> bool:
    """Whether an id that nobody has may be a mistake: a deputy's, or one that resembles another official's."""
    return grant.role == "deputy" or bool(
        get_close_matches(grant.official, [each.id for each in opened.store.officials()])
    )


def _refuse_second(people: People, known: Person | None, grant: Grant) -> None:
    """
    Raises:
        BadInput: somebody else is the official already.
    """
    if grant.role != "official":
        return
    for person in people.of_official(grant.official):
        if (known is None or person.id != known.id) and any(
            each.role == "official" and each.official == grant.official for each in person.grants
        ):
            remedy = f"See 'turvakt people list': {person.id} is she. Who stands in for her is a deputy"
            raise BadInput("somebody else is this official already", place="--role", remedy=remedy)


def _why(opened: Parts, person: Person, *, has_new_roles: bool) -> Why | None:
    """What link she needs: who has joined needs none for more roles."""
    if not opened.accounts.factors.of(person.id).comes_in:
        return "join"
    return None if has_new_roles else "reset"


def _state(opened: Parts, person: Person, *, is_invited: bool) -> str:
    if not person.active:
        return "shut out"
    if opened.accounts.factors.of(person.id).comes_in:
        signed_in = len(opened.accounts.sessions.of(person.id))
        return f"signed in ({signed_in})" if signed_in else "joined"
    return "invited" if is_invited else "no link"


def _grant(text: str) -> Grant:
    role, _, rest = text.partition(":")
    tenant, _, official = rest.partition(":")
    if role in ("official", "deputy") and not (tenant and official):
        remedy = f"Write {role}:TENANT:ID, with the official's id, which you choose if she is not registered yet"
        raise BadInput(f"the role '{role}' is that of one official in one tenant", place="--role", remedy=remedy)
    return Grant(role, tenant, official)  # type: ignore[arg-type]  # the store refuses what is no role


def _with_function(
    grants: tuple[Grant, ...], name: str, forms: Sequence[str], accounts: Sequence[str]
) -> tuple[Grant, ...]:
    """
    Raises:
        BadInput: there is no function, or not one official that it could be.
    """
    if not name and not forms and not accounts:
        return grants
    if not name or [grant.role for grant in grants] != ["official"]:
        remedy = "Give --function and one --role official:TENANT:OFFICIAL, with an id of your choice"
        raise BadInput("a function needs a name and the role of its official", place="--function", remedy=remedy)
    handles: dict[str, tuple[str, ...]] = {}
    for platform, _, account in (each.partition(":") for each in accounts):
        handles[platform] = (*handles.get(platform, ()), account)
    return (replace(grants[0], function=Function(name.strip(), tuple(forms), handles)),)


def _role(grant: Grant) -> str:
    return ":".join(part for part in (grant.role, grant.tenant, grant.official) if part)


def _tenants(person: Person) -> list[str]:
    """The tenants whose administrators are told; the empty one for who serves the whole installation."""
    return sorted({grant.tenant for grant in person.grants}) or [""]
