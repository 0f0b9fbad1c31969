"""Incidents: what people are told of together, who was told, and what they answered."""

from alembic import op
from sqlalchemy import Boolean, Column, Integer, LargeBinary, text

from flow.databases.columns import MOMENT, NAME

revision = "0006"
down_revision = "0005"

# See v0001.
_PERSONAL = {
    "outbox": ("contact",),
    "incident": ("official", "owner", "content"),
    "incident_post": ("official", "post", "account", "signature"),
    "incident_event": ("official", "actor", "contact"),
    "incident_link": ("official", "contact"),
    "incident_task": ("official", "owner", "done_by"),
    "digest_entry": ("official", "post"),
}


def upgrade() -> None:
    for name in ("incident", "thread", "contact"):
        op.add_column("outbox", Column(name, NAME, nullable=False, server_default=""))
    op.add_column("outbox", Column("step", Integer, nullable=False, server_default="0"))
    op.create_index("outbox_thread", "outbox", ["thread"])
    _incident()
    _incident_post()
    _incident_event()
    _incident_link()
    _incident_task()
    _digest_entry()
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')


def _incident() -> None:
    op.create_table(
        "incident",
        Column("id", NAME, primary_key=True),
        Column("kind", NAME, nullable=False),
        Column("tenant", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("subject", NAME, nullable=False),
        Column("severity", Integer, nullable=False),
        Column("threat", Integer, nullable=False),
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
        sqlite_with_rowid=False,
    )
    op.create_index(
        "incident_next",
        "incident",
        ["next_at"],
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    )
    op.create_index("incident_official", "incident", ["official", "state"])
    op.create_index("incident_state", "incident", ["state", "severity"])


def _incident_post() -> None:
    op.create_table(
        "incident_post",
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
        Column("signature", LargeBinary, nullable=False),
    )
    op.create_index("incident_post_alert", "incident_post", ["alert"], unique=True)
    op.create_index("incident_post_incident", "incident_post", ["incident", "account"])
    op.create_index("incident_post_official", "incident_post", ["official", "at"])
    op.create_index("incident_post_post", "incident_post", ["post"])


def _incident_event() -> None:
    op.create_table(
        "incident_event",
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
    )
    op.create_index("incident_event_at", "incident_event", ["at"])
    op.create_index("incident_event_delivery", "incident_event", ["delivery"])
    op.create_index("incident_event_incident", "incident_event", ["incident", "number"])
    op.create_index("incident_event_official", "incident_event", ["official"])
    _append_only()


def _incident_link() -> None:
    op.create_table(
        "incident_link",
        Column("delivery", NAME, primary_key=True),
        Column("incident", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("contact", NAME, nullable=False),
        Column("language", NAME, nullable=False),
        Column("show_text", Boolean, nullable=False),
        Column("expires", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("incident_link_incident", "incident_link", ["incident"])
    op.create_index("incident_link_official", "incident_link", ["official"])


def _incident_task() -> None:
    op.create_table(
        "incident_task",
        Column("incident", NAME, primary_key=True),
        Column("task", NAME, primary_key=True),
        Column("official", NAME, nullable=False),
        Column("owner", NAME, nullable=False),
        Column("due", MOMENT, nullable=False),
        Column("done_at", MOMENT),
        Column("done_by", NAME, nullable=False),
        Column("reminded_at", MOMENT),
        sqlite_with_rowid=False,
    )
    op.create_index("incident_task_due", "incident_task", ["due"])
    op.create_index("incident_task_official", "incident_task", ["official"])


def _digest_entry() -> None:
    op.create_table(
        "digest_entry",
        Column("number", Integer, primary_key=True),
        Column("contact", NAME, nullable=False),
        Column("incident", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("post", NAME, nullable=False),
        Column("severity", Integer, nullable=False),
        Column("label", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
    )
    op.create_index("digest_entry_contact", "digest_entry", ["contact", "at"])
    op.create_index("digest_entry_incident", "digest_entry", ["incident"])
    op.create_index("digest_entry_official", "digest_entry", ["official"])


def _append_only() -> None:
    before = "CREATE TRIGGER incident_event_is_final BEFORE UPDATE ON incident_event "
    message = "'the history of an incident is never changed'"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION incident_event_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION {message}; END $$"
        )
        op.execute(f"{before}FOR EACH STATEMENT EXECUTE FUNCTION incident_event_is_final()")
    else:
        op.execute(f"{before}BEGIN SELECT RAISE(ABORT, {message}); END")
