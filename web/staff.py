"""What the pages need where each signs in as herself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from access.accounts import Accounts
from access.administration import Administration
from access.audit import Audit
from access.break_glass import BreakGlass
from access.oidc import Oidc
from registry.tenant import Tenant
from web.account.notifications import Push


@dataclass(frozen=True, slots=True)
class Staff:
    """
    Attributes:
        tenant: gives the tenant with an id.
        tenant_names: what each tenant is called, by its id.
        push: notifications in browsers; ``None``: there are none.
        oidc: the organisation's own sign-in, if there is one.
        guests: ids of people whom a link alone signs in, by the secret part of the link. For invented ones of a demo.
    """

    accounts: Accounts
    administration: Administration
    audit: Audit
    tenant_names: Callable[[], dict[str, str]]
    tenant: Callable[[str], Tenant]
    break_glass: BreakGlass
    push: Push | None = None
    oidc: Oidc | None = None
    guests: Mapping[str, str] = field(default_factory=dict, repr=False)
