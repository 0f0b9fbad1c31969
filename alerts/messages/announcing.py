"""What bulletins say: alarms to the operator, drills, digests, budgets, campaigns, tasks and tests."""

from collections.abc import Callable
from datetime import tzinfo

from alerts.bulletin import Bulletin
from alerts.incidents.incident import State
from alerts.listing import Listed, read
from alerts.messages.layout import Layout, Section
from alerts.messages.message import clean
from alerts.messages.words import REFERENCE_LETTERS, Words, read_moment
from registry.official import Official

_MOMENTS = frozenset({"since", "until", "due"})
_FACTS: dict[str, tuple[str, ...]] = {
    "operation": ("trouble", "place", "since", "detail"),
    "operation-over": ("trouble", "place", "since"),
    "operation-unused": ("trouble", "place", "since"),
    "digest-daily": ("period", "incidents", "posts", "before", "open", "held"),
    "digest-weekly": ("period", "incidents", "posts", "before", "open", "held"),
    "budget": ("contact", "held", "until"),
    "budget-collected": (),
    "budget-untold": ("contact",),
    "campaign": ("official", "size"),
    "task-overdue": ("official", "incident_severity", "task", "due"),
    "tasks-overdue": ("official", "incident_severity", "tasks", "due_first"),
    "closed": ("closed",),
    "closed-several": ("closed",),
}
"""What stands in the list of facts, where the bulletin tells it."""
_NOTHING_HELD = ("held", "0")
_OVER = ("operation-over", "operation-unused", "nobody-left-over")
_UNANSWERED = ("triggered", "escalated")
_DETAIL = "detail."
_INCIDENTS = "/incidents"
_WHERE = {"digest-daily": _INCIDENTS, "digest-weekly": _INCIDENTS, "budget": _INCIDENTS, "operation": "/status"}
"""Pages of the console to which bulletins lead that need no answer, or whose incident cannot be answered."""


def lay_out(
    bulletin: Bulletin,
    words: Words,
    *,
    zone: tzinfo,
    official: str,
    answer: str,
    base_url: str,
    link_to: Callable[[str], str] = lambda incident: "",
    standing: Callable[[str], tuple[Official, State] | None] = lambda incident: None,
) -> Layout:
    """The bulletin laid out.

    Args:
        zone: in which its moments are told.
        official: the name of the official whom it is about; empty: nobody.
        answer: the address at which it is answered; empty: it cannot be.
        link_to: the address at which an incident is answered that it lists.
        standing: the official whom such an incident is about, and its state; ``None``: it, or she, is there no more.
    """
    form = _form(bulletin)
    values = _values(bulletin, words, zone) | {"official": official}
    severity = words.severity(bulletin.severity)
    link = answer or _page(bulletin, base_url)
    calm = form in _OVER or bulletin.asks_nothing
    asks = bool(answer) and not calm and values.get("state") != "resolved"
    return Layout(
        language=words.language,
        title=words.text(f"{form}.title", severity=severity, held=values.get("held", "")),
        severity="none" if calm else bulletin.severity,
        lead=_lead(form, values, words),
        answer=words.text("answer") if asks else "",
        button=words.text("button" if asks else _button(link, base_url)),
        link=link,
        first=None if calm else _first(form, words, values),
        facts=tuple(
            (words.text(f"fact.{name}"), values[name])
            for name in _FACTS.get(form, _FACTS.get(bulletin.kind, ()))
            if values.get(name) and (name, values[name]) != _NOTHING_HELD
        ),
        sections=_listed(bulletin, words, link_to, standing),
        notes=(words.text("closed.note"),) if bulletin.kind == "closed" else words.reference(bulletin.incident),
    )


def referred(bulletin: Bulletin, words: Words) -> str:
    """What it is about, by references alone; empty: no incident."""
    if bulletin.kind != "closed":
        return bulletin.incident[:REFERENCE_LETTERS]
    references = ", ".join(each[:REFERENCE_LETTERS] for each in _closed(bulletin))
    more = _number(bulletin.values.get("more", ""))
    return words.text("closed.more", reference=references, number=more) if more else references


def _form(bulletin: Bulletin) -> str:
    if bulletin.kind == "budget" and bulletin.values.get("untold"):
        return "budget-untold"
    until = read_moment(bulletin.values.get("until", ""))
    if bulletin.kind == "budget" and until is not None and until <= bulletin.at:
        return "budget-collected"
    event = bulletin.values.get("event", "")
    if bulletin.kind == "task-overdue" and bulletin.values.get("tasks"):
        return "tasks-overdue"
    if bulletin.kind == "closed" and len(_closed(bulletin)) > 1:
        return "closed-several"
    if event == "over" and bulletin.values.get("unused"):
        return "operation-unused"
    # Of this one Turvakt itself is not to blame.
    form = "nobody-left" if bulletin.values.get("trouble") == "nobody-left" else str(bulletin.kind)
    return f"{form}-{event}" if bulletin.kind == "operation" and event in ("goes-on", "over") else form


def _closed(bulletin: Bulletin) -> list[str]:
    return bulletin.values.get("closed", "").split()


def _button(link: str, base_url: str) -> str:
    return "open_list" if link == f"{base_url}{_INCIDENTS}" else "open"


def _lead(form: str, values: dict[str, str], words: Words) -> str:
    # Whom tasks are told of an incident that nobody has answered: they need not be hers, and it is what matters more.
    unanswered = "_unanswered" if values.get("state") in _UNANSWERED else ""
    lead = words.text(f"{form}.lead{unanswered}", size=values["size"], per_hour=values["per_hour"])
    again = values.get("occasion") in (
        "reminder",
        "escalated",
        "handed-over",
        "handed-to-last",
        "last-resort",
        "overtaken",
    )
    return f"{words.text('lead.' + values['occasion'])} {lead}" if again else lead


def _listed(
    bulletin: Bulletin,
    words: Words,
    link_to: Callable[[str], str],
    standing: Callable[[str], tuple[Official, State] | None],
) -> tuple[Section, ...]:
    """The incidents that it lists, the gravest first."""
    incidents = list(read(bulletin.values.get("listed", "")))
    if not incidents:
        return ()
    items = tuple(_item(each, words, standing(each.incident)) for each in incidents)
    links = tuple(link_to(each.incident) for each in incidents)
    more = _number(bulletin.values.get("more", ""))
    remark = f"listed.remark{'_more' if more else ''}{'_one' if more == 1 else ''}"
    given = links if all(links) else ()
    return (Section(words.text("listed.heading"), items, words.text(remark, number=more), given),)


def _item(listed: Listed, words: Words, standing: tuple[Official, State] | None) -> str:
    form = "" if standing is None else "_unanswered" if standing[1] in _UNANSWERED else "_answered"
    return words.text(
        f"listed.item{form}",
        name=clean(standing[0].name) if standing is not None else "",
        severity=words.severity(listed.severity),
        posts=words.posts(listed.posts),
        reference=listed.incident[:REFERENCE_LETTERS],
    )


def _first(form: str, words: Words, values: dict[str, str]) -> tuple[str, str] | None:
    if form in ("digest-daily", "digest-weekly", "closed", "closed-several", "test"):
        return None
    whose = "_operator" if values.get("contact") else "_closed" if values.get("state") == "resolved" else ""
    return words.text("first"), words.text(f"{form}.first{whose}", remedy=values.get("remedy", ""))


def _page(bulletin: Bulletin, base_url: str) -> str:
    if bulletin.incident and bulletin.kind != "operation":
        return f"{base_url}/incidents/{bulletin.incident}"
    # Incidents are no matter of the operator, who is told whose budget it is.
    where = "/status" if bulletin.values.get("contact") else _WHERE.get(bulletin.kind)
    return f"{base_url}{where}" if where else ""


def _values(bulletin: Bulletin, words: Words, zone: tzinfo) -> dict[str, str]:
    """The values as people read them; a value that is not there is empty, as no message may fail for want of one."""
    values = {"size": "", "per_hour": "", **{name: clean(value) for name, value in bulletin.values.items()}}
    for name in _MOMENTS & bulletin.values.keys():
        at = read_moment(values[name])
        values[name] = words.moment(at, zone) if at else values[name]
    if "since" in values and "until" in values:
        values["period"] = f"{values['since']} – {values['until']}"
    if "trouble" in values:
        values["remedy"] = words.name("remedy", values["trouble"])
        values["trouble"] = words.name("trouble", values["trouble"])
        details = {name[len(_DETAIL) :]: value for name, value in values.items() if name.startswith(_DETAIL)}
        values["detail"] = words.details(details, zone)
    values["incident_severity"] = words.name("severity", values.get("incident_severity", ""))
    values["due_first"] = values.get("due", "")
    if bulletin.kind == "closed":
        values["closed"] = referred(bulletin, words)
    if bulletin.kind == "campaign":
        posts, accounts, minutes = (_number(values.get(name, "")) for name in ("posts", "accounts", "minutes"))
        values["size"] = words.size(posts=posts, accounts=accounts, minutes=minutes)
    return values


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0
