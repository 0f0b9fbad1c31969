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
from alerts.plans.planning import read_plans
from alerts.routines.routines import load_routines
from classify.classifier import Classifier
from flow.errors import BadInput, Broken, TurvaktError
from turvakt.commands.probing import left_alone, try_channels
from turvakt.commands.ruling import Warned, look_at_rules, unreachable, ways_of
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

    Ends with 1 if anything is wrong, and says what to do. What should be looked at though it works is a WARNING.
    """
    loaded = settings(context)
    results: list[dict[str, Any]] = []
    rows: list[tuple[str, str, str]] = []
    with Parts(loaded) as opened:
        for name, attempt in _checks(opened).items():
            warnings: list[str] = []
            try:
                said, ok = attempt(), True
            except TurvaktError as error:
                said, ok = str(error), False
            if isinstance(said, Warned):
                warnings = list(said.warnings)
            results.append({"part": name, "ok": ok, "says": str(said), "warnings": warnings})
            rows.append(("ok" if ok else "WRONG", name, said.said if isinstance(said, Warned) else said))
            if warnings:  # behind an "ok" nobody would read them
                rows.append(("WARNING", name, "\n".join(warnings)))
    if as_json:
        for result in results:
            write_json(result)
    else:
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
        from review.indexes.elasticsearch.applying import outdated, plan
        from turvakt.indices import client, names, templates

        called, wanted = names(opened.settings), templates(opened.settings)
        with client(opened.settings) as connected:
            steps, old = plan(connected, called, wanted), outdated(connected, called, wanted)
        if steps:
            remedy = "Run 'turvakt index apply'"
            raise BadInput(_unlike(len(steps)), place="index", remedy=remedy)
        said = counted(opened.index.counts().verdicts, "post", "posts")
        return Warned(
            said, [f"the mapping of {', '.join(old)} is of another version: run 'turvakt reindex'"] if old else []
        )

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
    named = [found for whose, plan in each_plan for found in ways_of(plan, whose)]

    def rules() -> str:
        return look_at_rules(opened, plans, mistakes)

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
        return Warned(lines[0], lines[1:]) if keys else "no mail is encrypted"

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
    candidate = {"shadow": lambda: look_at_model(opened.candidate())} if opened.settings.classifier.shadow else {}
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
        "model": lambda: look_at_model(opened.classifier),
        "law": lambda: counted(len(opened.law), "provision", "provisions"),
        "routines": lambda: counted(len(load_routines(opened.settings.routines_file)), "routine", "routines"),
        **candidate,
        **asked,
        "collectors": lambda: ", ".join(each.name for each in opened.collectors()) or "none: see config/turvakt.toml",
    }


_LACKS = {
    "encoder": "there is no models/encoder: the linear model judges alone and misses more. Put the folder there",
    "blend": "linear/ and encoder/ do not fit each other: they cannot judge as one and miss more. Put a folder back as a whole, "
    "or make them fit with 'turvakt train'",
}


def look_at_model(classifier: Classifier) -> str:
    """The model's name, with a warning for each part that it lacks."""
    return Warned(classifier.model, [_LACKS[part] for part in classifier.lacks])


def _unlike(things: int) -> str:
    return f"{counted(things, 'thing is', 'things are')} not as the settings want"


def _ways(whose: str, contact: Contact) -> Iterator[Named]:
    return (Named(whose, way.channel, way.address) for way in contact.channels)


def _reachable(contacts: Iterable[Named], channels: Mapping[str, Channel], *, place: str) -> None:
    """Look at every address; what is wrong is told by whose it is, never by the address.

    Args:
        place: where the contacts stand.

    Raises:
        BadInput: a channel is not set up, or can never deliver to an address.
    """
    wrong, remedies = unreachable(contacts, channels)
    if wrong:
        raise BadInput("; ".join(wrong), place=place, remedy=". ".join(sorted(remedies)))
