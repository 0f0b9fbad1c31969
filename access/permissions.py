"""What each role may do. Whatever is not named here is forbidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from access.person import Grant, Person, Role

Permission = Literal[
    "see-texts",  # posts about the tenant's officials, with their texts
    "decide",  # say whether an alert was right; tell an official; keep a post for the police
    "see-statistics",  # numbers only
    "manage-officials",  # invite officials; never consent in their place
    "manage-people",  # roles, invitations, sessions of others; break-glass accesses
    "read-audit",  # who did what in the tenant
    "see-own",  # posts, alerts and accesses about oneself
    "consent",  # give, change and withdraw consent; erase
    "operate",  # how the installation stands, without any text or name
]

MAY: dict[Role, frozenset[Permission]] = {
    "official": frozenset({"see-own", "consent"}),
    "deputy": frozenset({"see-own"}),
    "officer": frozenset({"see-texts", "decide", "see-statistics"}),
    "reviewer": frozenset({"see-texts", "decide"}),
    "analyst": frozenset({"see-statistics"}),
    "administrator": frozenset({"see-statistics", "manage-officials", "manage-people", "read-audit"}),
    "operator": frozenset({"operate"}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who has signed in.

    Attributes:
        session: names her session in the audit log, and opens nothing.
        lent: what she may be besides, for a while: see `access.break_glass`.
    """

    person: Person
    session: str
    lent: tuple[Grant, ...] = ()

    def tenants(self, permission: Permission) -> frozenset[str]:
        """The tenants for which she has a permission that a whole tenant is given for."""
        return frozenset(grant.tenant for grant in self._grants(permission) if not grant.official)

    def officials(self, permission: Permission) -> frozenset[str]:
        """The officials for whom alone she has a permission: herself, or whom she is a deputy of."""
        return frozenset(grant.official for grant in self._grants(permission) if grant.official)

    def may(self, permission: Permission, *, tenant: str | None = None, official: str | None = None) -> bool:
        """Whether she has the permission: for this tenant or this official if one is named, or else for any."""
        return any(
            (tenant is None or (grant.tenant == tenant and not grant.official))
            and (official is None or grant.official == official)
            for grant in self._grants(permission)
        )

    def only_lent(self, permission: Permission, tenant: str) -> bool:
        """Whether she has the permission for the tenant for a while, and not by a role of her own."""
        return self.may(permission, tenant=tenant) and not Actor(self.person, "").may(permission, tenant=tenant)

    def _grants(self, permission: Permission) -> Iterator[Grant]:
        grants = (*self.person.grants, *self.lent) if self.person.active else ()
        return (grant for grant in grants if permission in MAY[grant.role])
