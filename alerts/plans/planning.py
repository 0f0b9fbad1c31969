"""Plans from their files: one for all, and one for each tenant that has its own."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.plans.contacts import Contact
from alerts.plans.plan import Budget, Plan, Plans
from alerts.plans.policies import BUILT_IN, CONTACT, OFFICIAL, RULE, SCHEDULE, Policy
from alerts.plans.rules import Rule
from alerts.plans.schedules import Schedule
from alerts.plans.toml import Mistake, read_table, read_toml
from alerts.plans.ways import wrong_ways
from flow.errors import Broken
from registry.checking import is_actor
from registry.tenant import is_tenant_id

_TABLES: dict[str, type[Any]] = {"rule": Rule, "contact": Contact, "schedule": Schedule, "policy": Policy}
_KEYS = (*_TABLES, "budget", "last_resort", "second_factor", "phone")
_OWN = ("inherits",)
_WAYS = {"rule": "contacts", "contact": "channels"}
"""Which key of a table holds channels and addresses."""
_PHONE = re.compile(r"\+?[0-9][0-9 -]{1,24}")


def load_plans(file: Path, folder: Path | None = None) -> Plans:
    """The plan in ``file``, and those in ``folder``, where ``<tenant's id>.toml`` is the one of that tenant.

    Raises:
        Broken: a file cannot be read, or something in one is wrong; the message names file, table and key.
    """
    plans, mistakes = read_plans(file, folder)
    if mistakes:
        more = f"; {len(mistakes) - 1} more, which 'turvakt check' shows" if len(mistakes) > 1 else ""
        raise Broken(f"{mistakes[0].says}{more}", place=mistakes[0].place, remedy=_SEE)
    return plans


def changed_plans(plans: Plans, file: Path, *, tenant: str = "") -> Plans:
    """``plans`` with what ``file`` says in place of the tenant's own plan or, without a tenant, of that for all.

    Raises:
        Broken: something in it is wrong; the message names everything.
    """
    mistakes: list[Mistake] = []
    changed = read_plan(file, mistakes=mistakes, above=plans.default if tenant else None)
    if mistakes:
        raise Broken("\n".join(map(str, mistakes)), remedy=_SEE)
    return Plans(plans.default, {**plans.tenants, tenant: changed}) if tenant else Plans(changed, plans.tenants)


_SEE = "See docs/alerts.md"


def read_plans(file: Path, folder: Path | None = None) -> tuple[Plans, list[Mistake]]:
    """As `load_plans`, with everything that is wrong; if something is, the plans are not to be used."""
    mistakes: list[Mistake] = []
    default = read_plan(file, mistakes=mistakes)
    tenants = {}
    for each in plan_files(folder, mistakes):
        if not is_tenant_id(each.stem):
            mistakes.append(Mistake(str(each), "is not called like a tenant. 'turvakt tenants list' shows the ids"))
        tenants[each.stem] = read_plan(each, mistakes=mistakes, above=default)
    return Plans(default, tenants), mistakes


def plan_files(folder: Path | None, mistakes: list[Mistake]) -> Sequence[Path]:
    """The files in ``folder``, if there is one."""
    if folder is None:
        return ()
    try:
        return sorted(each for each in folder.iterdir() if each.suffix == ".toml")
    except (FileNotFoundError, NotADirectoryError):
        mistakes.append(Mistake(str(folder), "is not a folder. Check the setting alerts.tenants"))
    except OSError as error:
        mistakes.append(Mistake(str(folder), f"cannot be read: {error.strerror}. Check its rights and where it lies"))
    return ()


def read_plan(path: Path, *, mistakes: list[Mistake], above: Plan | None = None) -> Plan:
    """The plan in the TOML file ``path``; what is wrong is added to ``mistakes``.

    Args:
        above: the plan for all. With ``inherits = true`` it says what the file does not: contacts, schedules and policies one by
            one, the rules all together.
    """
    before = len(mistakes)
    document = read_toml(path, setting="alerts.rules" if above is None else "alerts.tenants", mistakes=mistakes)
    if len(mistakes) > before:
        return Plan(())
    known = _KEYS if above is None else (*_KEYS, *_OWN)
    mistakes += [Mistake(str(path), f"unknown key '{key}'") for key in sorted(document.keys() - set(known))]
    if not _is(document, "inherits", bool, path, mistakes):
        return Plan(())
    inherited = above if above is not None and document.get("inherits", False) else None
    tables = {key: _tables(document.get(key, []), key, path, mistakes) for key in _TABLES}
    budget = read_table(Budget, document.get("budget", {}), place=f"{path}, budget", mistakes=mistakes)
    plan = Plan(
        rules=tuple(tables["rule"].values()) or (inherited.rules if inherited else ()),
        contacts={**(inherited.contacts if inherited else {}), **tables["contact"]},
        schedules={**(inherited.schedules if inherited else {}), **tables["schedule"]},
        policies={**(inherited.policies if inherited else {}), **tables["policy"]},
        budget=inherited.budget if inherited and "budget" not in document else budget or Budget(),
        last_resort=_last_resort(document, inherited, path, mistakes),
        second_factor=_flag(document, "second_factor", inherited.second_factor if inherited else False, path, mistakes),
        phone=_phone(document, inherited, path, mistakes),
    )
    if not plan.rules and not document.get("rule"):
        mistakes.append(Mistake(str(path), "there is no [[rule]], so nobody would be told"))
    mistakes += [*_ids(document, path), *_unknown_names(document, plan, path)]
    return plan


def _tables(given: Any, key: str, path: Path, mistakes: list[Mistake]) -> dict[str, Any]:
    """The tables of one kind by name, in order."""
    if not isinstance(given, list):
        mistakes.append(Mistake(str(path), f"there is no [[{key}]]: it is not a list of tables"))
        return {}
    read: dict[str, Any] = {}
    for number, table in enumerate(given, 1):
        before = len(mistakes)
        place = f"{path}, {key} {_called(key, table, number)}"
        made = read_table(_TABLES[key], table, place=place, mistakes=mistakes)
        if key in _WAYS and isinstance(table, Mapping):
            mistakes += wrong_ways(table.get(_WAYS[key]), key=_WAYS[key], place=place)
        if key == "contact" and isinstance(table, Mapping):
            mistakes[before:] = [replace(each, whose=str(table.get("name", ""))) for each in mistakes[before:]]
        if made is not None and made.name in read:
            says = f"{key} {_called(key, table, number)} has the name of an earlier one. Rename one of them"
            mistakes.append(Mistake(str(path), says))
        if made is not None:
            read[made.name] = made
    return read


def _called(key: str, table: Any, number: int) -> str:
    # Contacts by number: what is wrong is logged, and logs name nobody.
    name = table.get("name") if isinstance(table, Mapping) and key != "contact" else None
    return f"'{name}'" if isinstance(name, str) and name else f"number {number}"


def _is(document: Mapping[str, Any], key: str, kind: type, path: Path, mistakes: list[Mistake]) -> bool:
    if isinstance(document.get(key, kind()), kind):
        return True
    mistakes.append(Mistake(str(path), f"key '{key}': {'is not true or false' if kind is bool else 'is not a list'}"))
    return False


def _flag(document: Mapping[str, Any], key: str, otherwise: bool, path: Path, mistakes: list[Mistake]) -> bool:
    return bool(document.get(key, otherwise)) if _is(document, key, bool, path, mistakes) else otherwise


def _phone(document: Mapping[str, Any], inherited: Plan | None, path: Path, mistakes: list[Mistake]) -> str:
    given = document.get("phone", inherited.phone if inherited else "")
    if isinstance(given, str) and (not given or _PHONE.fullmatch(given)):
        return given
    mistakes.append(Mistake(str(path), "key 'phone': is no telephone number like \"+46 8 123 456\""))
    return ""


def _last_resort(
    document: Mapping[str, Any], inherited: Plan | None, path: Path, mistakes: list[Mistake]
) -> tuple[str, ...]:
    if "last_resort" not in document:
        return inherited.last_resort if inherited else ()
    given = document["last_resort"]
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        mistakes.append(Mistake(str(path), "key 'last_resort': is not a list like [\"contact:NAME\"]"))
        return ()
    return tuple(given)


def _ids(document: Mapping[str, Any], path: Path) -> Iterable[Mistake]:
    """Contacts that would answer as somebody else."""
    says = "has the form of an id. Give what people call this contact"
    for number, contact in _each(document.get("contact")):
        if _is_id(contact.get("name")):
            yield Mistake(f"{path}, contact number {number}", f"key 'name': {says}")
    for number, rule in _each(document.get("rule")):
        for turn, to in _each(rule.get("contacts")):
            if _is_id(to.get("name")):
                place = f"{path}, rule {_called('rule', rule, number)}"
                yield Mistake(place, f"key 'contacts[{turn - 1}].name': {says}")


def _is_id(name: Any) -> bool:
    return isinstance(name, str) and is_actor(name)


def _unknown_names(document: Mapping[str, Any], plan: Plan, path: Path) -> Iterable[Mistake]:
    """What refers to something that is not there. A table that is wrong itself is there, and what it refers to is looked at, too.

    Args:
        plan: what the document means, with what it inherits.
    """
    kinds: dict[str, Mapping[str, Any]] = {
        "contact": plan.contacts,
        "schedule": plan.schedules,
        "policy": plan.policies,
    }
    known = {kind: {*there, *_names(document.get(kind))} for kind, there in kinds.items()}
    known["policy"] |= BUILT_IN.keys()
    for number, table in _each(document.get("rule")):
        place = f"{path}, rule {_called('rule', table, number)}"
        yield from _unknown_words(table.get("contacts"), known, place, "contacts", besides=(OFFICIAL,))
        policy = table.get("policy")
        if isinstance(policy, str) and policy not in known["policy"]:
            there = ", ".join(sorted(known["policy"]))
            yield Mistake(place, f"key 'policy': there is no policy '{policy}'. There are {there}")
    for number, table in _each(document.get("policy")):
        place = f"{path}, policy {_called('policy', table, number)}"
        for step, told in _each(table.get("step")):
            yield from _unknown_words(
                told.get("tell"), known, place, f"step[{step - 1}].tell", besides=(OFFICIAL, RULE)
            )
    for number, table in _each(document.get("schedule")):
        place = f"{path}, schedule {_called('schedule', table, number)}"
        rotation = table.get("rotation")
        named = [
            (f"rotation[{turn}]", each) for turn, each in enumerate(rotation if isinstance(rotation, list) else ())
        ]
        named += [
            (f"overrides[{turn - 1}].contact", each.get("contact")) for turn, each in _each(table.get("overrides"))
        ]
        for key in (key for key, name in named if isinstance(name, str) and name not in known["contact"]):
            yield Mistake(place, f"key '{key}': there is no [[contact]] of that name. Add it")
    yield from _unknown_words(
        document.get("last_resort"), known, f"{path}, the top", "last_resort", besides=(OFFICIAL,)
    )


def _each(tables: Any) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """The tables in what should be a list of tables, from 1."""
    listed = enumerate(tables, 1) if isinstance(tables, list) else ()
    return [(number, each) for number, each in listed if isinstance(each, Mapping)]


def _names(tables: Any) -> set[str]:
    return {name for _, each in _each(tables) if isinstance(name := each.get("name"), str)}


def _unknown_words(
    words: Any, known: Mapping[str, Collection[str]], place: str, key: str, *, besides: tuple[str, ...]
) -> Iterable[Mistake]:
    begins = {CONTACT: known["contact"], SCHEDULE: known["schedule"]}
    for number, word in enumerate(words if isinstance(words, list) else ()):
        if not isinstance(word, str):
            continue
        begin = next((each for each in begins if word.startswith(each)), None)
        if begin is not None and word.removeprefix(begin) not in begins[begin]:
            yield Mistake(place, f"key '{key}[{number}]': there is no [[{begin.strip(':')}]] of that name. Add it")
        elif begin is None and word not in besides:
            ways = [f"'{each}'" for each in (*besides, "contact:NAME", "schedule:NAME")]
            yield Mistake(place, f"key '{key}[{number}]': is none of {', '.join(ways)}")
