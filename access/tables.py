"""The tables of people, their sign-in, and the audit log."""

from sqlalchemy import MetaData

METADATA = MetaData()
