"""The tables of people, their sign-in, and the audit log."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

PERSON = Table(
    "access_person",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("email", NAME, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("access_person_email", "email", unique=True),
    sqlite_with_rowid=False,
)
"""``email`` is folded, so that it is found however somebody writes it; ``value`` is the record."""

PASSWORD = Table(
    "access_password",
    METADATA,
    Column("person", NAME, primary_key=True),
    Column("digest", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    sqlite_with_rowid=False,
)

TOTP = Table(
    "access_totp",
    METADATA,
    Column("person", NAME, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("at", MOMENT, nullable=False),
    sqlite_with_rowid=False,
)
"""``secret`` is sealed; ``step`` is that of the last code that was used."""

RECOVERY = Table(
    "access_recovery",
    METADATA,
    Column("person", NAME, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
"""The codes that are left."""

PASSKEY = Table(
    "access_passkey",
    METADATA,
    Column("credential", LargeBinary, primary_key=True),
    Column("id", NAME, nullable=False),
    Column("person", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Index("access_passkey_person", "person"),
    sqlite_with_rowid=False,
)
"""``key`` is a public one; ``uses`` is what the authenticator counts, which shows a copy of it."""

SESSION = Table(
    "access_session",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", NAME, nullable=False),
    Column("person", NAME, nullable=False),
    Column("method", NAME, nullable=False),
    Column("client", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("seen", MOMENT, nullable=False),
    Index("access_session_id", "id", unique=True),
    Index("access_session_person", "person"),
    sqlite_with_rowid=False,
)
"""``digest`` is that of the cookie, which stands nowhere."""

IDENTITY = Table(
    "access_identity",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Index("access_identity_person", "person", unique=True),
    sqlite_with_rowid=False,
)
"""Who has signed in by the organisation's own sign-in; ``digest`` is that of what the provider calls her."""

BREAK_GLASS = Table(
    "access_break_glass",
    METADATA,
    Column("person", NAME, primary_key=True),
    Column("tenant", NAME, primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("ends", MOMENT, nullable=False),
    sqlite_with_rowid=False,
)
"""Who is an officer of a tenant until when, without having the role."""

TICKET = Table(
    "access_ticket",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", NAME, nullable=False),
    Column("purpose", NAME, nullable=False),
    Column("person", NAME, nullable=False),
    Column("by", NAME, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("ends", MOMENT, nullable=False),
    Index("access_ticket_person", "person"),
    sqlite_with_rowid=False,
)
"""What somebody began and may finish once: an invitation, a sign-in, a new factor."""

LETTER = Table(
    "access_letter",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("kind", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("state", NAME, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("content", LargeBinary),
    Index("access_letter_official", "official"),
    sqlite_with_rowid=False,
)
"""``official`` is whose letters, or whose deputies', they are, or empty; ``content`` is NULL once the letter has been sent."""

AUDIT = Table(
    "access_audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("action", NAME, nullable=False),
    Column("tenant", NAME, nullable=False),
    Column("seals", LargeBinary, nullable=False),
    Column("lacks", LargeBinary),
    Column("digest", LargeBinary, nullable=False),
    Index("access_audit_tenant", "tenant", "number"),
    sqlite_with_rowid=False,
)
"""The chain of the audit log; it names nobody. See `access.audit_entry`."""

AUDIT_NAME = Table(
    "access_audit_name",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("naming", NAME, primary_key=True),
    Column("value", NAME, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Index("access_audit_name_value", "naming", "value", "number"),
    sqlite_with_rowid=False,
)
"""What the entries of the audit log name, until it is erased."""

PUSH = Table(
    "access_push",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", NAME, nullable=False),
    Column("endpoint", NAME, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False),
    Index("access_push_person", "person"),
    sqlite_with_rowid=False,
)
"""The browsers in which people have asked for notifications; ``digest`` is that of the endpoint."""

OF_A_PERSON = (PASSWORD, TOTP, RECOVERY, PASSKEY, SESSION, IDENTITY, BREAK_GLASS, TICKET, PUSH)
"""What goes with the person: each has a column ``person``."""
