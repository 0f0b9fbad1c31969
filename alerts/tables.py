"""The tables of incidents, of the outbox, and of who was told."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, text

from flow.databases.append_only import append_only
from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

_WAITING = text("state = 'waiting'")
_REPLACED = text("state = 'withdrawn' AND reason = 'replaced' AND contact <> ''")

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("slot", NAME, nullable=False),
    Column("alert_id", NAME, nullable=False),
    Column("post", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("channel", NAME, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("threat", Integer, nullable=False),
    Column("state", NAME, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_due", MOMENT, nullable=False),
    Column("due", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("collected_at", MOMENT, nullable=False),
    Column("reason", NAME),
    Column("alert", LargeBinary),
    Column("incident", NAME, nullable=False, server_default=""),
    Column("thread", NAME, nullable=False, server_default=""),
    Column("contact", NAME, nullable=False, server_default=""),
    Column("step", Integer, nullable=False, server_default="0"),
    Index("outbox_slot", "slot"),
    Index("outbox_thread", "thread"),
    Index("outbox_official", "official"),
    Index("outbox_post", "post"),
    Index(
        "outbox_due",
        "channel",
        text("threat DESC"),
        text("severity DESC"),
        "due",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index("outbox_replaced", "at", sqlite_where=_REPLACED, postgresql_where=_REPLACED),
    sqlite_with_rowid=False,
)
"""``slot`` is one address' view of one post about one official, ``thread`` that of one incident. ``alert`` holds an alert or a
bulletin and is NULL once the delivery has ended, as ``contact``, the recipient's name, is then empty; of one that a newer message
replaced the name stays until that is written down."""

_OPEN = text("next_at IS NOT NULL")

INCIDENT = Table(
    "incident",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("kind", NAME, nullable=False),
    Column("tenant", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("threat", Integer, nullable=False),
    Column("exposes", Integer, nullable=False, server_default="0"),
    Column("state", NAME, nullable=False),
    Column("policy", NAME, nullable=False),
    Column("step", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("next_at", MOMENT),
    Column("opened_at", MOMENT, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("owner", NAME, nullable=False),
    Column("series", Integer, nullable=False),
    Column("told_posts", Integer, nullable=False),
    Column("last_post_at", MOMENT, nullable=False),
    Column("escalate_at", MOMENT),
    Column("grow_at", MOMENT),
    Column("content", LargeBinary),
    Index("incident_official", "official", "state"),
    Index("incident_state", "state", "severity"),
    Index("incident_next", "next_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_with_rowid=False,
)
"""``next_at`` is the earliest of ``escalate_at``, ``grow_at`` and its expiry. ``series`` counts how often it began anew at step
1. ``content`` is the alert or bulletin that is told again; once it is closed, without what came from the platform."""

INCIDENT_POST = Table(
    "incident_post",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("alert", NAME, nullable=False),
    Column("incident", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("post", NAME, nullable=False),
    Column("account", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("posted_at", MOMENT, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("threat", Integer, nullable=False),
    Column("exposes", Integer, nullable=False, server_default="0"),
    Column("signature", LargeBinary, nullable=False),
    Column("told", Integer, nullable=False, server_default="1"),
    Index("incident_post_alert", "alert", unique=True),
    Index("incident_post_incident", "incident", "account"),
    Index("incident_post_official", "official", "at"),
    Index("incident_post_post", "post"),
)
"""The alerts of an incident, and their grades (`alerts.incidents.grade`).

``account`` is a keyed digest of who wrote the post; by ``signature`` near-duplicates are known. ``told``:
somebody was told of it by itself, and not only of how the incident has grown."""

INCIDENT_EVENT = Table(
    "incident_event",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("incident", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("event", NAME, nullable=False),
    Column("contact", NAME, nullable=False),
    Column("channel", NAME, nullable=False),
    Column("result", NAME, nullable=False),
    Column("step", Integer, nullable=False),
    Column("delivery", NAME, nullable=False),
    Index("incident_event_incident", "incident", "number"),
    Index("incident_event_official", "official"),
    Index("incident_event_delivery", "delivery"),
    Index("incident_event_at", "at"),
)
"""Rows are added, and removed by erasure and retention; the database itself refuses to change one."""
append_only(INCIDENT_EVENT, "the history of an incident")

INCIDENT_LINK = Table(
    "incident_link",
    METADATA,
    Column("delivery", NAME, primary_key=True),
    Column("incident", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("contact", NAME, nullable=False),
    Column("language", NAME, nullable=False),
    Column("show_text", Boolean, nullable=False),
    Column("expires", MOMENT, nullable=False),
    Index("incident_link_incident", "incident"),
    Index("incident_link_official", "official"),
    sqlite_with_rowid=False,
)
"""Where the link in a delivery's message leads, and for whom it is."""

INCIDENT_TASK = Table(
    "incident_task",
    METADATA,
    Column("incident", NAME, primary_key=True),
    Column("task", NAME, primary_key=True),
    Column("official", NAME, nullable=False),
    Column("owner", NAME, nullable=False),
    Column("due", MOMENT, nullable=False),
    Column("done_at", MOMENT),
    Column("done_by", NAME, nullable=False),
    Column("reminded_at", MOMENT),
    Index("incident_task_official", "official"),
    Index("incident_task_due", "due"),
    sqlite_with_rowid=False,
)
"""What is to be done about an incident, by whom and until when."""

DIGEST_ENTRY = Table(
    "digest_entry",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("contact", NAME, nullable=False),
    Column("incident", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("post", NAME, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("label", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("name", NAME, nullable=False, server_default=""),
    Index("digest_entry_contact", "contact", "at"),
    Index("digest_entry_official", "official"),
    Index("digest_entry_incident", "incident"),
)
"""What was held back for a contact's next digest; ``contact`` is a digest of her channel and address, ``name`` hers."""

BUDGET = Table(
    "alert_budget",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("contact", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Index("alert_budget_contact", "contact", "at"),
)
"""When an address had, or is to have, a message that counts against its budget; ``contact`` as in `DIGEST_ENTRY`."""

NOTICE = Table(
    "alert_notice",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("alert", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("how", NAME, nullable=False),
    Column("by", NAME, nullable=False),
    Column("form", NAME, nullable=False),
    Column("wish", NAME, nullable=False),
    Index("alert_notice_alert", "alert"),
    Index("alert_notice_official", "official"),
)
"""Rows are added, and removed by erasure and retention; the database itself refuses to change one."""
append_only(NOTICE, "the record of notices")
