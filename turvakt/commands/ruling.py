"""What `turvakt check` says of the files of rules: all mistakes at once, and what they leave open though nothing is wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from access.people import People
from access.permissions import Actor
from access.person import Person
from alerts.channel import Channel
from alerts.plans.contacts import Contact, contacts_of
from alerts.plans.gaps import gaps, of_no_tenant, strangers
from alerts.plans.plan import Plan, Plans
from alerts.plans.toml import Mistake
from alerts.plans.ways import wrong_way
from flow.errors import BadInput, TurvaktError
from ingest.collectors import COLLECTORS
from registry.official import Official
from registry.tenant import Tenant, tenant_of
from turvakt.counted import counted
from turvakt.watch.trying import Named
from turvakt.wiring import Parts

_NAMED_MOST = 10


class Warned(str):
    """What a part of the check says that is in order, with ``warnings``: what a human should know of it all the same."""

    said: str
    warnings: tuple[str, ...]

    def __new__(cls, said: str, warnings: Iterable[str]) -> "Warned":
        those = tuple(warnings)
        whole = super().__new__(cls, "\n".join([said, *those]))
        whole.said, whole.warnings = said, those
        return whole


def look_at_rules(opened: Parts, plans: Plans, mistakes: Sequence[Mistake]) -> Warned:
    """How many rules there are, and what they leave open.

    Raises:
        BadInput: something is wrong; the message names everything, by file, table and key.
    """
    settings = opened.settings
    files = {"": settings.rules_file}
    if settings.plans_dir is not None:
        files |= {tenant: settings.plans_dir / f"{tenant}.toml" for tenant in plans.tenants}
    each_plan = [("", plans.default), *plans.tenants.items()]
    named = [way for tenant, plan in each_plan for way in ways_of(plan, f"{files[tenant]}, ", names=True)]
    wrong, remedies = unreachable((way for way in named if not wrong_way(way.channel, way.address)), opened.channels)
    tenants: Sequence[Tenant] = ()
    try:
        tenants = opened.store.tenants()
        misnamed = list(of_no_tenant(plans, tenants))
    except TurvaktError:
        if not mistakes:
            raise
        misnamed = []  # what is wrong with the database, others say
    if misnamed:
        remedies.add("Rename the file; for a tenant without officials yet: turvakt tenants set")
    lines = [*map(_shown, mistakes), *(f"alerts.tenants: {each}" for each in misnamed), *wrong]
    if lines:
        raise BadInput("\n".join(lines), place="rules", remedy=". ".join(["See docs/alerts.md", *sorted(remedies)]))
    now, officials = opened.clock.now(), opened.store.officials()
    left_open = [
        f"{f'tenant {tenant}, ' if tenant else ''}{each}"
        for tenant, plan in each_plan
        for each in (*gaps(plan, now), *strangers(plan, officials, COLLECTORS))
    ]
    if settings.web.sign_in == "people":  # who has the token may see everything
        people = People(opened.database)
        joined = [each for each in people.all() if people.has_joined(each.id)]
        left_open += cannot_sign_in(plans, tenants, officials, joined)
    many = counted(sum(len(plan.rules) for _, plan in each_plan), "rule", "rules")
    if plans.tenants:
        many += f", {counted(len(plans.tenants), 'tenant has rules of its own', 'tenants have rules of their own')}"
    return Warned(many, left_open)


def _shown(mistake: Mistake) -> str:
    return f"{mistake} ({mistake.whose})" if mistake.whose else str(mistake)


def ways_of(plan: Plan, whose: str = "", *, names: bool = False) -> Iterator[Named]:
    """Every way to somebody whom a plan names, and where it stands after ``whose``; with the ``names`` of contacts or without."""
    for rule in plan.rules:
        for each in rule.named:
            yield Named(f"{whose}rule '{rule.name}'", each.channel, each.address)
    for number, contact in enumerate(plan.contacts.values(), 1):
        called = f"{whose}contact number {number}{f' ({contact.name})' if names else ''}"
        yield from (Named(called, way.channel, way.address) for way in contact.channels)


def unreachable(contacts: Iterable[Named], channels: Mapping[str, Channel]) -> tuple[list[str], set[str]]:
    """Whose channel is not set up, or can never deliver to an address; and what to do. Addresses are not told."""
    wrong, remedies = list[str](), set[str]()
    for whose, name, address in contacts:
        channel = channels.get(name)
        if channel is None:
            wrong.append(f"{whose}: the channel {name} is not set up")
            remedies.add("Set the channel up in the settings, as docs/channels.md tells")
            continue
        try:
            channel.check(address)
        except BadInput as error:
            wrong.append(f"{whose}: {error.reason}, channel {name}")
            remedies.add(error.remedy or "Mend the contact")
    return list(dict.fromkeys(wrong)), remedies


def cannot_sign_in(
    plans: Plans, tenants: Iterable[Tenant], officials: Sequence[Official], people: Sequence[Person]
) -> Iterator[str]:
    """Of whom links ask to sign in first though no account is theirs by name or address that may answer; a sentence for a tenant.

    Args:
        people: those who can sign in.
    """
    for tenant in tenants:
        plan = plans.of(tenant.id)
        hers = [each for each in officials if tenant_of(each) == tenant.id]
        asked = [*_of_plan(plan), *((one, each) for one in hers for each in contacts_of(one))]
        asked = [(one, each) for one, each in asked if plan.needs_second_factor(each.name, one)]
        may = [each for each in people if Actor(each, "").may("decide", tenant=tenant.id)]
        if not asked:
            continue
        if not may:
            yield (
                f"tenant {tenant.id}: links ask to sign in first (second_factor), and nobody has an account with a role that may "
                f"answer there; invite them with turvakt people invite, see docs/people.md"
            )
            continue
        without = [
            f"{each.name} (official {one.id})" if one else each.name
            for one, each in asked
            if not any(_is(person, each) and (person in may or _is_about(person, one)) for person in people)
        ]
        if without:
            those = list(dict.fromkeys(without))
            more = f" and {len(those) - _NAMED_MOST} more" if len(those) > _NAMED_MOST else ""
            yield (
                f"tenant {tenant.id}: links ask to sign in first (second_factor), and these have no account, by name or e-mail "
                f"address, that may answer there: {', '.join(those[:_NAMED_MOST])}{more}"
            )


def _of_plan(plan: Plan) -> Iterator[tuple[Official | None, Contact]]:
    return ((None, each) for each in plan.all_contacts)


def _is(person: Person, contact: Contact) -> bool:
    own = {("email", person.email.casefold()), ("webpush", person.id)}
    ways = {(channel, address.casefold()) for channel, address in contact.addresses}
    return person.name.casefold() == contact.name.casefold() or bool(own & ways)


def _is_about(person: Person, official: Official | None) -> bool:
    return official is not None and Actor(person, "").may("see-own", official=official.id)
