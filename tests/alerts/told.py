"""One of each kind of thing that people are told. All is invented."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from alerts.alert import Alert, Occasion, Told
from alerts.bulletin import Bulletin, Kind
from alerts.incidents.incident import Incident, State
from classify.verdict import Severity
from tests.alerts.people import AT, alert, verdict

INCIDENT = "3f2a9c77c0ffee"


def told(occasion: Occasion, *, posts: int = 1, accounts: int = 1, minutes: int = 0, **verdicts: Any) -> Alert:
    size = Told(occasion, posts, accounts, minutes, step=1)
    return replace(alert(verdict(**verdicts)), incident=INCIDENT, told=size)


def bulletin(kind: Kind, *, incident: str = INCIDENT, severity: Severity = "high", **values: str) -> Bulletin:
    about = "anna-lindqvist" if kind in ("campaign", "task-overdue") else ""
    return Bulletin(kind, incident, about, "ekvik", severity, False, values, None, AT)


def incident(official: str, state: State) -> Incident:
    """One that a digest lists."""
    about = ("high", False, state, "usual", 1, 0)
    return Incident(INCIDENT, "posts", "ekvik", official, "", *about, None, AT, AT)


LATER = (AT + timedelta(hours=1)).isoformat()
DAY = {"since": "2026-03-02T23:00:00+00:00", "until": "2026-03-03T23:00:00+00:00"}
WEEK = {"since": "2026-02-24T23:00:00+00:00", "until": "2026-03-03T23:00:00+00:00"}
CASES: dict[str, Alert | Bulletin] = {
    "raised-threat": told("raised", severity="critical", labels=("threat", "hate")),
    "raised-doxxing": told("raised", id="mastodon:1", labels=("doxxing",)),
    "raised-abuse": told("raised", id="feed:https://tidning.example/a?b=1", severity="medium"),
    "raised-unlabelled": told("raised", id="jsonl:1", severity="medium", labels=()),
    "raised-deleted": told("raised", text="", labels=("threat",), deleted_at=AT),
    "grown": told("grown", posts=42, accounts=17, minutes=10),
    "graver": told("graver", severity="critical", labels=("threat",), posts=23, accounts=15, minutes=2),
    "reminder": told("reminder", severity="critical", labels=("threat",)),
    "escalated": told("escalated", severity="critical", posts=2, minutes=150),
    "handed-over": told("handed-over", severity="critical", labels=("threat",)),
    "last-resort": told("last-resort", severity="critical", labels=("threat",)),
    "handed-to-last": told("handed-to-last", severity="critical", labels=("threat",)),
    "answered": told("answered", severity="critical", labels=("threat",)),
    "overtaken": told("overtaken", severity="critical", labels=("threat",)),
    "operation": bulletin(
        "operation",
        severity="critical",
        event="begins",
        trouble="channel-failing",
        place="channel:email",
        since=AT.isoformat(),
        **{"detail.left-alone": AT.isoformat(), "detail.tried-again": "14", "detail.failed": "1"},
    ),
    "operation-goes-on": bulletin(
        "operation", event="goes-on", trouble="source-silent", place="collector:bluesky", since=AT.isoformat()
    ),
    "operation-over": bulletin(
        "operation", event="over", trouble="disk-full", place="host", since=AT.isoformat(), **{"detail.free": "9"}
    ),
    "operation-unused": bulletin(
        "operation", event="over", unused="yes", trouble="channel-failing", place="channel:sms", since=AT.isoformat()
    ),
    "operation-plan": bulletin(
        "operation",
        event="begins",
        trouble="plan-broken",
        place="plans",
        since=AT.isoformat(),
        **{"detail.file": "ekvik.toml", "detail.reason": "schedule 'duty': key `every` is missing"},
    ),
    "nobody-left": bulletin(
        "operation",
        severity="critical",
        event="begins",
        trouble="nobody-left",
        place="tenant:ekvik",
        since=AT.isoformat(),
        **{"detail.unanswered": "1", "detail.latest": AT.isoformat()},
    ),
    "nobody-left-over": bulletin(
        "operation", event="over", trouble="nobody-left", place="tenant:ekvik", since=AT.isoformat()
    ),
    "drill": bulletin("drill", severity="none"),
    "digest-daily": bulletin(
        "digest-daily",
        incident="",
        severity="none",
        incidents="3",
        posts="12",
        before="7",
        open="2",
        held="5",
        listed=f"{INCIDENT} critical 7;{INCIDENT[::-1]} medium 1",
        more="3",
        **DAY,
    ),
    "digest-weekly": bulletin(
        "digest-weekly",
        incident="",
        severity="none",
        incidents="9",
        posts="60",
        before="71",
        open="0",
        held="0",
        **WEEK,
    ),
    "budget": bulletin("budget", incident="", severity="low", per_hour="12", held="3", until=LATER),
    "budget-operator": bulletin(
        "budget", incident="", severity="low", per_hour="12", held="3", until=LATER, contact="(a contact)"
    ),
    "budget-collected": bulletin("budget", incident="", severity="low", per_hour="12", held="7", until=AT.isoformat()),
    "budget-untold": bulletin(
        "budget", incident="", severity="low", per_hour="12", held="7", contact="(a contact)", untold="yes"
    ),
    "campaign": bulletin("campaign", posts="230", accounts="85", minutes="10"),
    "task-overdue": bulletin("task-overdue", severity="none", task="(a task of a routine)", due=AT.isoformat()),
    "tasks-overdue": bulletin(
        "task-overdue",
        severity="none",
        tasks="(a task of a routine); (another one)",
        due=AT.isoformat(),
        state="resolved",
    ),
    "campaign-last-resort": bulletin("campaign", posts="230", accounts="85", minutes="10", occasion="last-resort"),
    "closed": bulletin("closed", incident="", severity="none", closed=INCIDENT, more="0"),
    "closed-several": bulletin("closed", incident="", severity="none", closed=f"{INCIDENT} {INCIDENT[::-1]}", more="3"),
    "test": bulletin("test", incident="", severity="none"),
}
