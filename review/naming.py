"""Who confirms the names and accounts that officials enter themselves: an administrator of the tenant, one by one."""

from collections.abc import Callable, Sequence

from access.audit import Audit
from access.audit_entry import Action
from access.letter import LetterKind
from access.letters import Letters
from access.people import People
from access.permissions import Actor
from access.roles import administrators
from flow.clock import Clock
from flow.database import Database
from flow.errors import BadInput
from ingest.naming import settled, taken
from registry.checking import checked
from registry.ledger import Given
from registry.official import Official
from registry.proposing import Item, confirmed, declined, entered, items
from registry.store import Store
from registry.tenant import tenant_of


class NameTaken(BadInput):
    """A name or an account is somebody else's. It does not say whose: that is nobody's business."""


class Naming:
    """Nothing is looked for by a name that is not plainly an official's own before somebody has confirmed it.

    Otherwise whoever signs in could have posts about anybody collected.

    Args:
        tenant_name: what a tenant is called, given its id.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        *,
        people: People,
        letters: Letters,
        audit: Audit,
        tenant_name: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._people = people
        self._letters = letters
        self._audit = audit
        self._tenant_name = tenant_name
        self._clock = clock

    def enter(self, actor: Actor, before: Official, wanted: Official, save: Callable[[Official], None]) -> Official:
        """Save what an official enters of herself; what has to be confirmed is told to her administrators in the same step.

        Args:
            before: what she has, or what she was invited with: that is confirmed. A function that is not there yet may not be
                invited with what is a person's, whose administrators are others.
            save: stores it.

        Raises:
            NameTaken: a name or an account is somebody else's. Nothing was saved; the administrators know.
            BadInput: something is wrong with it, or ``save`` refuses it.
        """
        official = settled(before, checked(wanted, "registry"))
        waiting = items(official.proposed)
        new = [each for each in waiting if each not in items(before.proposed)]
        others = self._store.officials()
        if taken(new, official.id, others) or _of_persons(before, others):
            with self._database.transaction():
                self._tell("names-refused", official, f"{official.id} {self._clock.now():%Y-%m-%d}")
                self._audit.write(actor, "names-refused", tenant=tenant_of(official), official=official.id)
            raise NameTaken("a name or an account cannot be used as it is", place=f"official {official.id}")
        with self._database.transaction():
            save(official)
            if new:
                self._tell("names-waiting", official, f"{official.id} {sorted(each.key for each in waiting)}")
        return official

    def waiting(self, actor: Actor) -> list[tuple[Official, Sequence[Item]]]:
        """What waits in the actor's tenants, by official; ordered by their names."""
        tenants = actor.tenants("manage-officials")
        found = [(each, items(each.proposed)) for each in self._store.officials() if tenant_of(each) in tenants]
        return sorted((each for each in found if each[1]), key=lambda each: each[0].name.casefold())

    def decide(self, actor: Actor, official_id: str, key: str, *, confirm: bool) -> None:
        """Confirm or decline one that waits. She is written to.

        Raises:
            NameTaken: it has become somebody else's meanwhile.
            BadInput: it does not wait any more, or is not for the actor to decide.
        """
        if all(each.id != official_id for each, _ in self.waiting(actor)):
            raise _gone()
        if official_id in actor.officials("see-own"):
            remedy = "Ask another administrator, or who runs Turvakt for 'turvakt officials confirm'"
            raise BadInput("nobody confirms her own names", place="names", remedy=remedy)
        self.settle(actor, official_id, key, confirm=confirm)

    def settle(self, who: Actor | str, official_id: str, key: str, *, confirm: bool, why: str = "") -> None:
        """As `decide`, for whoever may do so in all tenants.

        Args:
            who: an actor who may, or ``command``.
            why: the reason, for the audit log.

        Raises:
            NameTaken, BadInput: as for `decide`.
        """
        official = next((each for each in self._store.officials() if each.id == official_id), None)
        item = next((each for each in items(official.proposed) if each.key == key), None) if official else None
        if official is None or item is None:
            remedy = "See 'turvakt officials names', or load the page again"
            raise BadInput("nothing of this kind waits", place="names", remedy=remedy)
        if confirm and taken([item], official_id, self._store.officials()):
            raise NameTaken("the name or the account is somebody else's now", place=f"official {official_id}")
        with self._store.changing(official_id) as official:  # what she changed meanwhile stays, her consent above all
            if item not in items(official.proposed):
                raise _gone()
            after = confirmed(official, item) if confirm else declined(official, item)
            self._store.change(after, given=Given("command", by="" if isinstance(who, str) else who.person.id))
            for person in self._people.of_official(official_id):
                if any(each.role == "official" and each.official == official_id for each in person.grants):
                    self._letters.add(person, "names-answered", {}, official=official_id)
            action: Action = "names-confirmed" if confirm else "names-declined"
            self._audit.write(who, action, tenant=tenant_of(official), official=official_id, why=why)

    def _tell(self, kind: LetterKind, official: Official, once: str) -> None:
        tenant = tenant_of(official)
        for person in administrators(self._people, tenant):
            self._letters.add(person, kind, {"tenant": self._tenant_name(tenant)}, once=once, official=official.id)


def _gone() -> BadInput:
    return BadInput("nothing of this kind waits in your tenants", place="names", remedy="Load the page again")


def _of_persons(invited: Official, others: Sequence[Official]) -> list[Item]:
    """By which names and accounts of a function that is not there yet a person is found. Services may share a name."""
    if not invited.is_function or any(each.id == invited.id for each in others):
        return []
    return taken(entered(invited), invited.id, [each for each in others if not each.is_function])
