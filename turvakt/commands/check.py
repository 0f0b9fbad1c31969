"""turvakt check: whether the monitor would find all that it needs."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import typer

from alerts.channel import Channel
from alerts.mail.keyring import key_files
from alerts.mail.keys import RENEW, check_time, load_keys
from alerts.plans.contacts import Contact
from alerts.plans.gaps import gaps, of_no_tenant, strangers
from alerts.plans.plan import Plan
from alerts.plans.planning import read_plans
from alerts.plans.rules import To
from alerts.routines.routines import load_routines
from flow.errors import BadInput, Broken, TurvaktError
from ingest.collectors import COLLECTORS
from turvakt.commands.probing import left_alone, try_channels
from turvakt.commands.shared import AsJson, screen, settings, table, write_json
from turvakt.counted import counted
from turvakt.folder import faults, private
from turvakt.watch.drills import Weekly
from turvakt.watch.keys import SOON, key_place
from turvakt.watch.operator import contacts as operator_contacts
from turvakt.watch.operator import zone
from turvakt.watch.pinger import Pinger
from turvakt.watch.trying import Named
from turvakt.wiring import Parts


def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Try everything that the monitor needs, without starting it: settings, folders, database, model, rules, channels,
    registry and everybody's address. Sends nothing, but for an invented text to a remote model, if there is one.

    Ends with 1 if anything is wrong, and says what to do.
    """
    loaded = settings(context)
    results: list[dict[str, Any]] = []
    with Parts(loaded) as opened:
        for name, attempt in _checks(opened).items():
            try:
                results.append({"part": name, "ok": True, "says": attempt()})
            except TurvaktError as error:
                results.append({"part": name, "ok": False, "says": str(error)})
    if as_json:
        for result in results:
            write_json(result)
    else:
        rows = [("ok" if each["ok"] else "WRONG", each["part"], each["says"]) for each in results]
        screen.print(table("", "part", "", rows=rows))
    if not all(each["ok"] for each in results):
        raise typer.Exit(1)


def _checks(opened: Parts) -> dict[str, Callable[[], str]]:
    def database() -> str:
        opened.database.check()
        return opened.database.place

    def topics() -> str:
        from flow.logs.kafka.topics import found, plan
        from turvakt.topics import cluster, topics

        wanted = topics(opened.settings)
        with closing(cluster(opened.settings)) as brokers:
            changes = plan(found(brokers), wanted)
        if changes:
            remedy = "Run 'turvakt topics apply'"
            raise BadInput(_unlike(len(changes)), place="topics", remedy=remedy)
        return counted(len(wanted), "topic", "topics")

    def index() -> str:
        from review.indexes.elasticsearch.applying import plan
        from turvakt.indices import client, names, templates

        with client(opened.settings) as connected:
            steps = plan(connected, names(opened.settings), templates(opened.settings))
        if steps:
            remedy = "Run 'turvakt index apply'"
            raise BadInput(_unlike(len(steps)), place="index", remedy=remedy)
        return counted(opened.index.counts().verdicts, "post", "posts")

    def registry() -> str:
        now = opened.clock.now()
        officials = opened.store.officials()
        consenting = sum(any(consent.in_force(now) for consent in each.consents) for each in officials)
        if not consenting:
            remedy = "Add them with: turvakt officials import FILE"
            raise BadInput("nobody is matched: no official has a consent in force", place="registry", remedy=remedy)
        return f"{counted(len(officials), 'official', 'officials')}, {consenting} with a consent in force"

    def folders() -> str:
        folder = opened.settings.data_dir
        for each in (folder, folder / "outbox"):
            with faults(private(each)), tempfile.TemporaryFile(dir=each) as file:
                file.write(b"Turvakt was here")
                file.flush()
        return str(folder)

    plans, mistakes = read_plans(opened.settings.rules_file, opened.settings.plans_dir)
    each_plan = [("", plans.default), *((f"tenant {tenant}, ", plan) for tenant, plan in plans.tenants.items())]
    named = [found for whose, plan in each_plan for found in _named(plan, whose)]

    def rules() -> str:
        if mistakes:
            raise BadInput("\n".join(map(str, mistakes)), place="rules", remedy="See docs/alerts.md")
        if misnamed := list(of_no_tenant(plans, opened.store.tenants())):
            remedy = "Rename the file; for a tenant without officials yet: turvakt tenants set"
            raise BadInput("\n".join(misnamed), place="alerts.tenants", remedy=remedy)
        _reachable(named, opened.channels, place="rules")
        now, officials = opened.clock.now(), opened.store.officials()
        left_open = [
            f"{whose}{each}"
            for whose, plan in each_plan
            for each in (*gaps(plan, now), *strangers(plan, officials, COLLECTORS))
        ]
        many = counted(sum(len(plan.rules) for _, plan in each_plan), "rule", "rules")
        if plans.tenants:
            many += f", {counted(len(plans.tenants), 'tenant has rules of its own', 'tenants have rules of their own')}"
        return "\n".join([many, *left_open])

    def channels() -> str:
        ways = [*named, *of_operator(), *of_officials()]
        return try_channels(opened.channels, ways, wrong=left_alone(lambda: opened.database, ways))

    def keys() -> str:
        if mistakes:
            return "not looked at before the rules are right"
        files, now = list(key_files(plans)), opened.clock.now()
        keys = load_keys(files)
        wrong, lines = [], [f"mail to {counted(len(keys), 'address', 'addresses')} is encrypted"]
        for file, key in {file: keys[address.casefold()] for address, file in files}.items():
            try:
                check_time(key, file, now=now)
            except Broken as error:
                wrong.append(f"{error} ({key_place(file)})")
            if key.ends is not None and timedelta(0) < key.ends - now < SOON:
                lines.append(f"{file}: the key ends on {key.ends:%Y-%m-%d}. {RENEW} ({key_place(file)})")
        if wrong:
            raise BadInput("\n".join([*wrong, *lines[1:]]), place="keys")
        return "\n".join(lines) if keys else "no mail is encrypted"

    def of_officials() -> list[Named]:
        officials = opened.store.officials()
        return [Named(f"official {one.id}", each.channel, each.address) for one in officials for each in one.contacts]

    def of_operator() -> list[Named]:
        told = enumerate(operator_contacts(opened.settings.operator), 1)
        return [way for number, each in told for way in _ways(f"contact of the operator number {number}", each)]

    def contacts() -> str:
        whose = of_officials()
        _reachable(whose, opened.channels, place="registry")
        of_plans = len({(way.channel, way.address) for way in named})
        many = ((len(whose), "of officials' contacts"), (0 if mistakes else of_plans, "of those whom the rules name"))
        told = [f"{counted(number, 'address', 'addresses')} {of}" for number, of in many if number]
        if mistakes:
            told.append("those of the rules are not looked at before these are right")
        if not told:
            remedy = "Name contacts in the rules, or add them to officials in the registry: see docs/alerts.md"
            raise BadInput("nobody can be told", place="contacts", remedy=remedy)
        return ", ".join(told)

    def operator() -> str:
        settings = opened.settings.operator
        told = operator_contacts(settings)
        _reachable(of_operator(), opened.channels, place="operator.contacts")
        if settings.drill:
            Weekly.read(settings.drill, zone(settings))
            drill = f"a drill each week ({settings.drill})"
        else:
            drill = "no weekly drill"
        if settings.ping_url:
            Pinger(settings.ping_url)
        outside = "a watcher outside" if settings.ping_url else "no watcher outside"
        many = counted(len(told), "contact is", "contacts are") if told else "nobody is"
        return f"{many} told of troubles, {outside}, {drill}: see docs/watch.md"

    def remote() -> str:
        # It comes with all that a classifier needs, which takes a second to load.
        from classify.classifiers.remote import Remote

        judges = opened.classifier if opened.settings.classifier.name == "remote" else opened.candidate()
        return f"{judges.try_out()} answers" if isinstance(judges, Remote) else "is not asked"

    chosen = (opened.settings.classifier.name, opened.settings.classifier.shadow)
    asked = {"remote": remote} if "remote" in chosen else {}
    candidate = {"shadow": lambda: opened.candidate().model} if opened.settings.classifier.shadow else {}
    return {
        "folders": folders,
        "database": database,
        **({"topics": topics} if opened.is_cluster else {}),
        **({"index": index} if opened.settings.elasticsearch.urls else {}),
        "registry": registry,
        "rules": rules,
        "channels": channels,
        "keys": keys,
        "contacts": contacts,
        "operator": operator,
        "model": lambda: opened.classifier.model,
        "law": lambda: counted(len(opened.law), "provision", "provisions"),
        "routines": lambda: counted(len(load_routines(opened.settings.routines_file)), "routine", "routines"),
        **candidate,
        **asked,
        "collectors": lambda: ", ".join(each.name for each in opened.collectors()) or "none: see config/turvakt.toml",
    }


def _unlike(things: int) -> str:
    return f"{counted(things, 'thing is', 'things are')} not as the settings want"


def _named(plan: Plan, whose: str) -> Iterator[Named]:
    """Every way to somebody whom a plan names, and where it stands."""
    for rule in plan.rules:
        told = (each for each in rule.tell if isinstance(each, To))
        yield from (Named(f"{whose}rule '{rule.name}'", each.channel, each.address) for each in told)
    for number, contact in enumerate(plan.contacts.values(), 1):
        yield from _ways(f"{whose}contact number {number}", contact)


def _ways(whose: str, contact: Contact) -> Iterator[Named]:
    return (Named(whose, way.channel, way.address) for way in contact.channels)


def _reachable(contacts: Iterable[Named], channels: Mapping[str, Channel], *, place: str) -> None:
    """Look at every address; what is wrong is told by whose it is, never by the address.

    Args:
        place: where the contacts stand.

    Raises:
        BadInput: a channel is not set up, or can never deliver to an address.
    """
    wrong, remedies = [], set()
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
    if wrong:
        raise BadInput("; ".join(dict.fromkeys(wrong)), place=place, remedy=". ".join(sorted(remedies)))
