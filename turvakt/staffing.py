"""What the pages of people who sign in need, out of the parts of one Turvakt."""

from collections.abc import Sequence

from access.administration import Administration
from access.break_glass import BreakGlass
from alerts.channels import load_channel
from turvakt.access import invitation, push_key
from turvakt.demo_people import Guest
from turvakt.wiring import Parts
from web.account.notifications import Push
from web.staff import Staff


def staff(parts: Parts, *, base_url: str, guests: Sequence[Guest] = ()) -> Staff:
    """The people of this Turvakt.

    Args:
        base_url: where people reach the pages.
        guests: invented people of a demo, whom links let in.
    """
    accounts = parts.accounts

    def names() -> dict[str, str]:
        return {tenant.id: tenant.name for tenant in parts.store.tenants()}

    administration = Administration(
        accounts.people,
        accounts.sessions,
        accounts.invitations,
        parts.letters,
        parts.audit,
        link=lambda secret: invitation(base_url, secret),
        tenant_name=lambda id: names().get(id, id),
        officials=parts.officials.all,
        clock=parts.clock,
    )
    glass = BreakGlass(
        parts.database, people=accounts.people, letters=parts.letters, audit=parts.audit, clock=parts.clock
    )
    return Staff(
        accounts,
        administration,
        parts.audit,
        tenant_names=names,
        tenant=parts.store.tenant,
        break_glass=glass,
        push=_push(parts),
        oidc=parts.oidc(base_url),
        guests={guest.secret: guest.person for guest in guests},
    )


def _push(parts: Parts) -> Push | None:
    if not parts.settings.webpush.contact:
        return None
    public_key = load_channel("webpush").public_key
    return Push(parts.browsers, public_key=lambda: str(public_key(push_key(parts.settings))))
